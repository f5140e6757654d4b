// Finds a chunk in the boxes of the plan, and keeps its record.

#include "transaction/chunk_table.h"

#include <utility>

namespace mdimappend
{

ChunkTable::ChunkTable(const std::vector<ViewArray> &arrays)
    : m_arrays(arrays), m_records(arrays.size())
{
    extend();
}

void ChunkTable::extend()
{
    const MutexLock lock(m_mutex);
    const auto addRecords =
        [](const std::vector<ChunkBox> &boxes, std::vector<BoxRecords> &records)
    {
        for (std::size_t box = records.size(); box < boxes.size(); ++box)
            records.emplace_back(static_cast<std::size_t>(boxes[box].count()));
    };
    for (std::size_t array = 0; array < m_arrays.size(); ++array)
    {
        addRecords(m_arrays[array].planned.added, m_records[array].added);
        addRecords(m_arrays[array].planned.replaced, m_records[array].replaced);
    }
}

std::optional<ChunkSlot> ChunkTable::find(std::size_t array,
                                          const ChunkIndex &index) const
{
    for (const bool replaced : {false, true})
    {
        // The newest first: those of the slice that is written now.
        const auto &boxes = m_arrays[array].boxes(replaced);
        for (std::size_t box = boxes.size(); box-- > 0;)
        {
            if (boxes[box].contains(index))
                return ChunkSlot{
                    array, replaced, box,
                    static_cast<std::size_t>(boxes[box].position(index))};
        }
    }
    return std::nullopt;
}

ChunkRecord &ChunkTable::record(const ChunkSlot &slot)
{
    auto &records = m_records[slot.array];
    return (slot.replaced ? records.replaced
                          : records.added)[slot.box][slot.position];
}

ChunkRecord ChunkTable::at(const ChunkSlot &slot) const
{
    const MutexLock lock(m_mutex);
    return m_records[slot.array].of(slot.replaced)[slot.box][slot.position];
}

void ChunkTable::set(const ChunkSlot &slot, ChunkRecord chunk)
{
    const MutexLock lock(m_mutex);
    record(slot) = std::move(chunk);
}

void ChunkTable::setBase(const ChunkSlot &slot, const Content &base)
{
    const MutexLock lock(m_mutex);
    record(slot).base = base;
}

void ChunkTable::setPut(const ChunkSlot &slot, ChunkRecord chunk)
{
    const MutexLock lock(m_mutex);
    m_bytesPut += chunk.size;
    ++m_chunksPut;
    record(slot) = std::move(chunk);
}

std::uint64_t ChunkTable::bytesPut() const
{
    const MutexLock lock(m_mutex);
    return m_bytesPut;
}

std::uint64_t ChunkTable::chunksPut() const
{
    const MutexLock lock(m_mutex);
    return m_chunksPut;
}

}  // namespace mdimappend
