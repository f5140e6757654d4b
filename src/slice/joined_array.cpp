// Goes through the box's indices but for the last two.

#include "slice/joined_array.h"

#include "slice/gdal_messages.h"

#include <algorithm>
#include <cstring>

namespace mdimappend
{

namespace
{

using Indices = std::vector<std::uint64_t>;

Status cannotReadPiece(const FieldPiece &piece, const std::string &why)
{
    return {Failure::Unavailable,
            "'" + piece.path + "' of the file: read failed: " + why + "."};
}

Status readPiece(const GDALGroup &root, const FieldPiece &piece,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count,
                 const GDALExtendedDataType &type, void *buffer)
{
    GdalMessages messages;
    const auto array = root.OpenMDArray(piece.path);
    if (!array)
        return cannotReadPiece(piece, messages.failure("it is not there"));
    std::vector<GUInt64> first(start.begin(), start.end());
    std::vector<std::size_t> counts(count.begin(), count.end());
    if (piece.index)
    {
        first.insert(first.begin(), *piece.index);
        counts.insert(counts.begin(), 1);
    }
    if (array->GetDimensionCount() == first.size() &&
        array->Read(first.data(), counts.data(), nullptr, nullptr, type,
                    buffer) &&
        !messages.failed())
        return Status::ok();
    return cannotReadPiece(piece,
                           messages.failure("the driver does not say why"));
}

/// The array's missing value in place of the piece's.
void replaceMissing(const FieldPiece &piece, const SourceArray &source,
                    std::span<double> values)
{
    if (piece.missing.empty() || !source.array.missingValue)
        return;
    double missing = 0;
    std::memcpy(&missing, source.array.missingValue->data(), sizeof missing);
    for (double &value : values)
        if (std::ranges::find(piece.missing, value) != piece.missing.end())
            value = missing;
}

/// The next one in C order within the box; false if there is none.
bool advance(Indices &at, std::span<const std::uint64_t> start,
             std::span<const std::uint64_t> count)
{
    for (std::size_t i = at.size(); i-- > 0;)
    {
        if (++at[i] < start[i] + count[i])
            return true;
        at[i] = start[i];
    }
    return false;
}

}  // namespace

Status readJoined(const GDALGroup &root, const SourceArray &source,
                  std::span<const std::uint64_t> start,
                  std::span<const std::uint64_t> count, void *buffer)
{
    // The append dimension may have been put in front.
    const std::span<const std::uint64_t> shape =
        std::span(source.array.shape).last(start.size());
    const std::size_t leading = start.size() - 2;
    const auto &type = source.array.type;
    const auto elements =
        static_cast<std::size_t>(count[leading] * count[leading + 1]);
    const std::size_t bytes = elements * type.GetSize();
    auto *to = static_cast<char *>(buffer);
    Indices at(start.begin(), start.begin() + static_cast<long>(leading));
    do
    {
        std::size_t piece = 0;
        for (std::size_t i = 0; i < leading; ++i)
            piece = piece * static_cast<std::size_t>(shape[i]) +
                    static_cast<std::size_t>(at[i]);
        MDIMAPPEND_RETURN_IF_ERROR(readPiece(root, source.pieces.at(piece),
                                             start.subspan(leading),
                                             count.subspan(leading), type, to));
        if (type.GetNumericDataType() == GDT_Float64)
            replaceMissing(source.pieces.at(piece), source,
                           {reinterpret_cast<double *>(to), elements});
        to += bytes;
    } while (advance(at, start, count));
    return Status::ok();
}

}  // namespace mdimappend
