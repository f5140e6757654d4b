// What the log knows of slices that are in: a shortcut past comparing values,
// and all there is where the append dimension has no labels.

#pragma once

#include "journal/document_state.h"
#include "journal/log_reader.h"
#include "journal/site.h"
#include "slice/slice.h"
#include "status.h"
#include "storage/storage.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

/// One spelling for each file: absolute, links resolved. Names that are no
/// local files stay as they are.
std::string canonicalPath(const std::string &slice);

/// The sequence numbers of the commits that made the store and the target (a
/// group of it, or the store itself); 0 where the log does not say.
struct Creation
{
    std::uint64_t store = 0;
    std::uint64_t target = 0;
    std::uint64_t last = 0;                 ///< of all commits
    std::vector<std::string> lastGroups{};  ///< those that it has changed
    /// The target's rows after its last commit, if they were known to have
    /// labels in order then; else 0.
    std::uint64_t orderedRows = 0;
    /// From this commit of the target on all have slice entries; 0: none has.
    std::uint64_t entriesFrom = 0;
    /// From this commit of the target on nobody else was seen to change its
    /// documents between two commits; 0: from the first that can be known of.
    std::uint64_t chainFrom = 0;
    /// They are not as its last commit has left them.
    bool isForeign = false;
    /// What its records say of attributes that were changed.
    Json attributes = Json::object();

    /// What records before this one name may be gone, or replaced: they are
    /// about a store, a target or values that others have written since.
    std::uint64_t believedFrom() const
    {
        return std::max({store, target, isForeign ? last + 1 : chainFrom});
    }
};

/// `documents`: the target's, as they are stored.
Result<Creation> creationOf(Storage &storage, const Site &site,
                            const DocumentState &documents);

/// Finds slices in the log. What it has read serves a whole run.
class LoggedSlices
{
  public:
    /// As creationOf tells it.
    Result<Creation> creation(Storage &storage, const Site &site,
                              const DocumentState &documents);

    /// The record that says that this very file, by path, size and time stamp,
    /// brought the rows [firstRow, firstRow + rows) of the target, and nothing
    /// else; 0 if none does. Looks at about log2 of the log's records.
    Result<std::uint64_t> whoBrought(Storage &storage, const Site &site,
                                     const DocumentState &documents,
                                     const Slice &slice, std::uint64_t firstRow,
                                     std::uint64_t rows);

    /// The record that names this very file, if the rows it brought are among
    /// the target's `size`; 0 if none does. Looks at its entry, and at the
    /// records that have none. Failure::Refused if it may be gone, unless it is
    /// to be appended `again` then.
    Result<std::uint64_t> whoNames(Storage &storage, const Site &site,
                                   const DocumentState &documents,
                                   const Slice &slice, std::uint64_t size,
                                   bool again);

  private:
    Result<std::uint64_t> findNamed(Storage &storage, const Site &site,
                                    const Creation &log, const Slice &slice,
                                    std::uint64_t size);
    Result<bool> isIn(Storage &storage, const Site &site,
                      std::uint64_t sequence, const Slice &slice,
                      const std::string &path, std::uint64_t size);

    LogReader m_log{};
    /// As the log said when this was its newest record.
    Creation m_creation{};
    DocumentState m_documents{};
    std::string m_newest{};
};

}  // namespace mdimappend
