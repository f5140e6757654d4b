// Finds the element that stands for "missing" in an array of the target, from
// its fill value and its attributes.

#include "cube/missing_value.h"

#include <cmath>

namespace mdimappend
{

Result<std::optional<std::string>> missingOf(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingValueBytes(document));
    if (missing)
        return missing;
    const Json &fill = document.fillValue;
    if (document.format == ZarrFormat::V3 && fill.is_number() && fill == 0)
        return missing;
    return fillBytes(document);
}

Result<std::optional<std::string>>
missingForAllReaders(const ArrayDocument &document)
{
    MDIMAPPEND_ASSIGN(auto missing, missingValueBytes(document));
    const auto type = document.dataType.gdal;
    if (missing || document.dataType.kind != DataType::Kind::Numeric ||
        !GDALDataTypeIsFloating(type) || GDALDataTypeIsComplex(type))
        return missing;
    std::string nan(document.dataType.size, '\0');
    const double value = std::nan("");
    GDALCopyWords64(&value, GDT_Float64, 0, nan.data(), type, 0, 1);
    return std::optional(nan);
}

Result<std::optional<std::string>> fillFor(const ArrayDocument &document)
{
    if (document.dataType.isString())
        return std::optional<std::string>("");
    return missingForAllReaders(document);
}

}  // namespace mdimappend
