// Slices that the log says are in, for a run that meets one after the other:
// found by one look at each file, not by opening it. What the log says is read
// little by little, from the record of the slice that was met first: a run that
// meets few reads little of a long log.
//
// That a slice is in is a guess until its labels were found in the target
// (batch.h), under the lock.

#pragma once

#include "append/logged_slices.h"
#include "append/slice_input.h"
#include "append/slice_reading.h"
#include "journal/site.h"
#include "journal/slice_index.h"
#include "settings/options.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace mdimappend
{

class KnownSlices
{
  public:
    explicit KnownSlices(const AppendOptions &options)
        : m_reading(options), m_sliceGroup(options.sliceGroup)
    {
    }

    /// How a slice is read, for the log.
    std::string readAs(const SliceInput &input) const
    {
        return m_reading.of(input);
    }

    /// A slice was opened and found in the target, brought by this record:
    /// others of it may follow.
    void met(std::uint64_t sequence);

    /// A slice that may be in by what was read so far. Looks at its file only.
    std::optional<IndexedSlice> find(const SliceInput &input);

    /// Whether more of the log is worth to be read.
    bool wantsMore() const;

    /// Reads some more: as much as was read before, so that it is asked for
    /// seldom. What was read of a whole block is kept beside the log if
    /// `mayWrite`: with the lock or without it, for what two writers of an
    /// index make is the same, or is seen to be torn.
    Status readMore(Storage &storage, const Site &site, const Creation &log,
                    bool mayWrite);

    /// Whether it has read anything.
    bool hasBegun() const
    {
        return m_begun;
    }

    /// Forgets all if the log is not the one that was read.
    Status checkLog(Storage &storage, const Site &site, const Creation &log);

  private:
    struct Range
    {
        std::uint64_t next = 0;
        std::uint64_t last = 0;
    };

    struct Hash
    {
        std::size_t operator()(const SliceKey &key) const
        {
            return static_cast<std::size_t>(key.high);
        }
    };

    bool isRead() const
    {
        return m_begun && m_ahead.next > m_ahead.last &&
               m_before.next > m_before.last;
    }

    std::uint64_t worthReading() const;
    std::string canonicalName(const std::string &name);
    Status begin(Storage &storage, const Site &site, const Creation &log);
    Status readNext(Storage &storage, const Site &site, Range &range,
                    bool mayWrite);
    void take(const std::vector<IndexedSlice> &slices);

    const SliceReading m_reading;
    const std::string m_sliceGroup;
    std::string m_group{};
    std::uint64_t m_met = 0;  ///< 0: none of this log
    std::uint64_t m_looked = 0;
    bool m_begun = false;
    /// What is still to be read: from where the first slice was met, and then
    /// what is before that.
    Range m_ahead{};
    Range m_before{};
    std::uint64_t m_bytes = 0;  ///< read
    std::uint64_t m_last = 0;   ///< record of the log
    std::string m_version{};    ///< of that one
    /// Of the block that is being read record by record, from its first on.
    std::vector<IndexedSlice> m_block{};
    std::uint64_t m_blockFirst = 0;
    std::unordered_map<SliceKey, IndexedSlice, Hash> m_slices{};
    std::map<std::string, std::string> m_folders{};  ///< canonical, by name
};

}  // namespace mdimappend
