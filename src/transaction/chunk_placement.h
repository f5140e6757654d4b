// Where the object of a planned chunk goes before the decision:
//
//   added, and nothing is at its key    to its final key
//   added, and its key is taken         into the stage
//   replaced                            into the stage
//   all fill                            nowhere
//
// The commit moves what is in the stage over what is at the keys, and removes
// that where a chunk is all fill. Until then no object is touched that this
// transaction has not put itself.

#pragma once

#include "journal/site.h"
#include "storage/storage.h"
#include "transaction/chunk_bases.h"
#include "transaction/chunk_table.h"
#include "transaction/known_contents.h"

#include <string>
#include <string_view>

namespace mdimappend
{

/// What staged chunks are called.
struct StageNames
{
    std::string folder;
    /// One of several that write to one transaction; "" if there is only one.
    std::string part;

    std::string name(const ChunkSlot &slot, const ChunkRecord &chunk) const;

    std::string path(const ChunkSlot &slot, const ChunkRecord &chunk) const
    {
        return folder + "/" + name(slot, chunk);
    }
};

/// Whether the commit moves the chunk to its key: over another one, or a new
/// one that could not go there.
bool movesWithCommit(const ChunkSlot &slot, const ChunkRecord &chunk);

class ChunkPlacement
{
  public:
    /// All but names outlive it. `transaction` is for what is traced.
    ChunkPlacement(const Site &site, Storage &storage,
                   const std::string &transaction, StageNames names,
                   ChunkTable &table, KnownContents &known);

    const StageNames &names() const
    {
        return m_names;
    }

    ChunkBases &bases()
    {
        return m_bases;
    }

    /// Puts the object of a chunk.
    Status put(std::size_t array, const ChunkIndex &index,
               std::string_view bytes);

    /// The chunk is all fill: it will have no object.
    Status setAbsent(std::size_t array, const ChunkIndex &index);

    /// A chunk that another process has written, or declared absent.
    /// `stagedVersion`: of what it staged, as that process saw it.
    Status adopt(std::size_t array, const ChunkIndex &index, ChunkRecord chunk,
                 const std::string &stagedVersion);

    /// Removes the added chunks that this transaction put at their final keys
    /// and that nobody has touched since.
    Status withdraw();

  private:
    Result<ChunkSlot> planned(std::size_t array, const ChunkIndex &index) const;
    Status putAdded(const std::string &key, const std::string &staged,
                    std::string_view bytes, const Content &content,
                    ChunkRecord &chunk);
    Status freeKey(const std::string &key, ChunkRecord &chunk);
    Status stage(const std::string &key, const std::string &staged,
                 std::string_view bytes, const Content &content);

    const Site &m_site;
    Storage &m_storage;
    std::string m_transaction;
    StageNames m_names;
    ChunkTable &m_table;
    KnownContents &m_known;
    ChunkBases m_bases;
};

}  // namespace mdimappend
