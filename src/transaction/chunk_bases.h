// What is at the keys of planned chunks before the commit, and whether it still
// is what was seen there. Nothing of it is changed here.

#pragma once

#include "journal/site.h"
#include "storage/storage.h"
#include "transaction/chunk_table.h"
#include "transaction/known_contents.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// What a chunk holds, by the checksum that chunks have.
Content chunkContent(const std::optional<std::string> &bytes);

class ChunkBases
{
  public:
    /// All of them outlive it.
    ChunkBases(const Site &site, Storage &storage, ChunkTable &table,
               KnownContents &known)
        : m_site(site), m_storage(storage), m_table(table), m_known(known)
    {
    }

    /// What a replaced chunk takes the place of. It is read if it was not yet.
    Result<Content> of(const ChunkSlot &slot, const std::string &key);

    /// What is at an added chunk's key.
    Result<Content> at(const std::string &key);

    /// Notes that `content` is at a key. It need not be read again before it is
    /// replaced, where that is done under the condition that it is the same.
    Status noteSeen(const std::string &key, const Content &content);

    /// Failure::Conflict: something else than `base` is at the key by now. What
    /// is merged gets a new checksum, which would hide a wrong bit in what was
    /// read: so it is read twice.
    Status checkUnchanged(const std::string &key, const Content &base);

    /// An added chunk that is written again, with the rows of the next slice of
    /// a batch, must be what this transaction made of it.
    Status checkOwn(const std::string &key, const ChunkRecord &chunk);

  private:
    const Site &m_site;
    Storage &m_storage;
    ChunkTable &m_table;
    KnownContents &m_known;
};

}  // namespace mdimappend
