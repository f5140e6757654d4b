// Reads messages whose missing values cannot be known by their headers.

#include "slice/gdal_messages.h"
#include "slice/grib_fields.h"
#include "slice/grib_missing.h"

namespace mdimappend
{

namespace
{

/// All that GDAL reads of a message.
Result<std::vector<double>> valuesOf(const FieldPiece &piece,
                                     const GDALGroup &root)
{
    const auto array = root.OpenMDArray(piece.path);
    std::vector<GUInt64> start;
    std::vector<std::size_t> count;
    std::size_t elements = 1;
    for (const auto &dimension : array->GetDimensions())
    {
        start.push_back(0);
        count.push_back(static_cast<std::size_t>(dimension->GetSize()));
        elements *= count.back();
    }
    if (piece.index)
    {
        start[0] = *piece.index;
        elements /= count[0];
        count[0] = 1;
    }
    std::vector<double> values(elements);
    const GdalMessages messages;
    if (!array->Read(start.data(), count.data(), nullptr, nullptr,
                     GDALExtendedDataType::Create(GDT_Float64), values.data()))
        return unavailable("its values cannot be read: " +
                           messages.failure("the driver does not say why") +
                           ".");
    return values;
}

Result<std::vector<double>> missingOf(const GribMessage &message,
                                      const FieldPiece &piece,
                                      const GDALGroup &root)
{
    auto missing = gribMissing(message.sections);
    if (!missing.isInDoubt)
        return std::move(missing.values);
    MDIMAPPEND_ASSIGN(const auto values, valuesOf(piece, root));
    return missingAmong(message.sections, values);
}

}  // namespace

void settleMissing(std::vector<GribField> &fields, const GDALGroup &root)
{
    for (GribField &field : fields)
        for (auto &[instant, piece] : field.pieces)
        {
            if (!field.problem)
                break;
            auto missing = missingOf(*field.messages.at(instant), piece, root);
            if (missing)
                piece.missing = std::move(*missing);
            else
                field.problem =
                    Status(missing.status())
                        .prefixed("array '" + field.name + "'")
                        .suffixed("Leave it out with --exclude-array " +
                                  field.name +
                                  ", or have it written as NetCDF by other "
                                  "software.");
        }
}

}  // namespace mdimappend
