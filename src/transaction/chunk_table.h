// Which chunks a transaction has planned, and what became of each: that record
// is what the transaction believes.

#pragma once

#include "journal/records.h"
#include "mutex.h"
#include "transaction/view_array.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

enum class ChunkState : unsigned char
{
    Planned,
    Put,    ///< complete at its final key or in the stage
    Absent  ///< to be without an object: all fill
};

// An object at the key of an added chunk is what an interrupted foreign append
// has left, or what a foreign writer has just made its own: a moment later its
// documents may be there. So it is treated as committed data are: nothing of it
// is touched before the decision, and then only if it still is what was seen.

struct ChunkRecord
{
    ChunkState state = ChunkState::Planned;
    std::uint64_t size = 0;
    std::string checksum;
    /// Of a chunk that takes the place of another, as that was read; nothing if
    /// it was not yet.
    std::optional<Content> base;
    /// An added chunk at whose key there was something: it takes its place with
    /// the commit, as a replaced one does.
    bool keyTaken = false;
    /// Of an added chunk at its final key: a hash of the object's version.
    std::size_t version = 0;
    /// In an object store, how often it has been staged before: a name is used
    /// once, since an attempt to put it may come late.
    unsigned staging = 0;
    /// Its name in the stage, if another process has put it there.
    std::string staged{};

    Content content() const
    {
        return {true, size, checksum};
    }
};

/// Where a planned chunk stands: in which of the boxes of its array, and where
/// in that, in C order.
struct ChunkSlot
{
    std::size_t array = 0;
    bool replaced = false;
    std::size_t box = 0;
    std::size_t position = 0;
};

class ChunkTable
{
  public:
    /// The arrays outlive it.
    explicit ChunkTable(const std::vector<ViewArray> &arrays);
    ChunkTable(const ChunkTable &) = delete;
    ChunkTable &operator=(const ChunkTable &) = delete;

    /// Makes records for boxes that the arrays have got since.
    void extend();

    /// Nothing: it is not planned.
    std::optional<ChunkSlot> find(std::size_t array,
                                  const ChunkIndex &index) const;

    /// Of a chunk, planned or not, in the store.
    std::string key(std::size_t array, const ChunkIndex &index) const
    {
        return m_arrays[array].key(index);
    }

    ChunkRecord at(const ChunkSlot &slot) const;
    void set(const ChunkSlot &slot, ChunkRecord record);
    void setBase(const ChunkSlot &slot, const Content &base);

    /// The same for a chunk that has just been put, which is counted.
    void setPut(const ChunkSlot &slot, ChunkRecord record);

    std::uint64_t bytesPut() const;
    std::uint64_t chunksPut() const;

    /// Calls `visit` with the slot, the index and the record of each chunk.
    /// Nobody else can use the table meanwhile, the visitor included.
    template <class Visit> void forEach(Visit visit) const;

  private:
    /// One box's records, in C order of its chunks.
    using BoxRecords = std::vector<ChunkRecord>;

    struct ArrayRecords
    {
        std::vector<BoxRecords> added;
        std::vector<BoxRecords> replaced;

        const std::vector<BoxRecords> &of(bool isReplaced) const
        {
            return isReplaced ? replaced : added;
        }
    };

    ChunkRecord &record(const ChunkSlot &slot) MDIMAPPEND_REQUIRES(m_mutex);

    const std::vector<ViewArray> &m_arrays;
    mutable Mutex m_mutex;
    std::vector<ArrayRecords> m_records MDIMAPPEND_GUARDED_BY(m_mutex){};
    std::uint64_t m_bytesPut MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
    std::uint64_t m_chunksPut MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
};

template <class Visit> void ChunkTable::forEach(Visit visit) const
{
    const MutexLock lock(m_mutex);
    for (std::size_t array = 0; array < m_arrays.size(); ++array)
    {
        for (const bool replaced : {false, true})
        {
            const auto &boxes = m_arrays[array].boxes(replaced);
            const auto &records = m_records[array].of(replaced);
            for (std::size_t box = 0; box < boxes.size(); ++box)
                for (std::size_t i = 0; i < records[box].size(); ++i)
                    visit(ChunkSlot{array, replaced, box, i}, boxes[box].at(i),
                          records[box][i]);
        }
    }
}

}  // namespace mdimappend
