// Reads whole arrays into memory, and boxes out of it.

#include "slice/read_ahead.h"

#include "slice/copy_box.h"
#include "slice/slice.h"

#include <algorithm>
#include <string>
#include <utility>

namespace mdimappend
{

namespace
{

/// A slice of more takes its time to be read, and a reader knows better ways.
constexpr std::uint64_t mostBytes = 64 << 10;

bool isWorthIt(const SliceState &state)
{
    const SourceAddress &address = state.address;
    if ((address.driver != "netCDF" && address.driver != "HDF5") ||
        address.borrowed)
        return false;
    std::uint64_t bytes = 0;
    for (const SourceArray &source : state.sources)
    {
        const auto &type = source.array.type;
        if (type.GetClass() != GEDTC_NUMERIC)
            return false;
        // Of sizes that may be absurd.
        std::uint64_t size = type.GetSize();
        for (const auto length : source.array.shape)
        {
            if (length > mostBytes)
                return false;
            size = std::min(size * length, mostBytes + 1);
        }
        bytes += size;
        if (bytes > mostBytes)
            return false;
    }
    return true;
}

}  // namespace

bool readAheadWhole(const std::shared_ptr<const SliceState> &state)
{
    if (!isWorthIt(*state))
        return false;
    const auto reader = openReader(state);
    for (std::size_t i = 0; i < state->sources.size(); ++i)
    {
        const SourceArray &source = state->sources[i];
        if (source.origin == SourceArray::Origin::Memory)
            continue;
        const Extent &shape = source.array.shape;
        auto values = std::make_shared<std::string>(
            static_cast<std::size_t>(elementCount(shape) *
                                     source.array.type.GetSize()),
            '\0');
        if (!reader->read(i, Extent(shape.size(), 0), shape, values->data()))
            return false;
        const MutexLock guard(state->aheadLock);
        state->ahead[i] = std::move(values);
    }
    return true;
}

bool copyFromAhead(const SliceState &state, std::size_t array,
                   std::span<const std::uint64_t> start,
                   std::span<const std::uint64_t> count, void *buffer)
{
    std::shared_ptr<const std::string> values;
    {
        const MutexLock guard(state.aheadLock);
        const auto found = state.ahead.find(array);
        if (found == state.ahead.end())
            return false;
        values = found->second;
    }
    const SourceArray &source = state.sources[array];
    const Extent extent(count.begin(), count.end());
    copyBox(values->data(), source.array.shape,
            Extent(start.begin(), start.end()), buffer, extent,
            Extent(extent.size(), 0), extent, source.array.type.GetSize());
    return true;
}

}  // namespace mdimappend
