// Puts rows into a stored chunk by replacing the blocks of Blosc that they lie
// in, or says that this chunk does not allow it.

#include "zarr/chunk_rows.h"

#include "zarr/blosc_codec.h"
#include "zarr/blosc_object.h"
#include "zarr/encoded_chunk.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

/// `old` with blocks from `first` on that decode to `bytes`. Where it splits
/// blocks, Blosc makes them larger than it is told, by the size of an element;
/// not all versions do.
std::optional<std::string> withBlocks(const BloscObject &old,
                                      std::uint64_t first,
                                      std::string_view bytes,
                                      BloscSettings settings)
{
    settings.shuffle = old.shuffle();
    settings.typeSize = old.typeSize();
    std::array<std::uint64_t, 2> sizes = {
        old.blockSize(), old.blockSize() / std::max(1U, old.typeSize())};
    if (old.isSplit())
        std::ranges::reverse(sizes);
    for (const auto size : sizes)
    {
        settings.blockSize = size;
        std::string room;
        const auto encoded = bloscEncode(settings, bytes, room);
        const auto part =
            encoded ? BloscObject::parse(*encoded, bytes.size()) : std::nullopt;
        if (auto whole = part ? old.withPart(first, *part) : std::nullopt)
            return whole;
    }
    return std::nullopt;
}

}  // namespace

std::optional<std::string> replaceRows(const ArrayDocument &array,
                                       std::string_view object,
                                       std::uint64_t firstRow,
                                       std::string_view rows)
{
    if (array.sharded)
        return std::nullopt;
    const auto settings = BloscSettings::of(array);
    const auto size = chunkBytes(array.chunk, array.dataType.size);
    const auto old = BloscObject::parse(object, size);
    const auto low = firstRow * (size / array.chunk[0]);
    const auto high = low + rows.size();
    if (!settings || !old || rows.empty() || high > size)
        return std::nullopt;
    auto first = low / old->blockSize();
    const auto end = (high - 1) / old->blockSize() + 1;
    if (end == old->blocks() && end - first == 1 && first > 0)
        --first;
    if (2 * (end - first) > old->blocks())
        return std::nullopt;

    auto changed =
        decodeObject("blosc", old->part(first, end), old->sizeOf(first, end));
    if (!changed)
        return std::nullopt;
    changed->replace(low - first * old->blockSize(), rows.size(), rows);
    return withBlocks(*old, first, *changed, *settings);
}

}  // namespace mdimappend
