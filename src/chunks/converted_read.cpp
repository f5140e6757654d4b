// Reads a box, and converts it if there is anything to convert.

#include "chunks/converted_read.h"

#include "convert/about_array.h"

namespace mdimappend
{

Status readConverted(SliceReader &reader, const ConvertedArray &from,
                     const Extent &start, const Extent &size, void *values,
                     std::vector<char> &room)
{
    const auto &conversion = from.conversion;
    if (conversion.isNone())
        return reader.read(from.number, start, size, values);
    const auto count = static_cast<std::size_t>(elementCount(size));
    room.resize(count * conversion.sourceSize());
    MDIMAPPEND_RETURN_IF_ERROR(
        reader.read(from.number, start, size, room.data()));
    auto converted = conversion.apply(room.data(), values, count);
    if (converted)
        return converted;
    const auto told = aboutArray(converted, from.array);
    return {told.kind(), "slice '" + from.slice + "', " + told.message()};
}

}  // namespace mdimappend
