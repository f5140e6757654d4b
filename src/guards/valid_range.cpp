// Compares valid_min, valid_max and valid_range of slice and target, unpacked.

#include "guards/valid_range.h"

#include <cmath>
#include <limits>
#include <utility>

namespace mdimappend
{

namespace
{

struct ValidRange
{
    double low = -std::numeric_limits<double>::infinity();
    double high = std::numeric_limits<double>::infinity();
    bool isTold = false;
};

void take(const Json &value, double &limit, bool &isTold)
{
    if (!value.is_number())
        return;
    limit = value.get<double>();
    isTold = true;
}

/// In terms of codes, as CF has them.
ValidRange rangeIn(const Json &attributes)
{
    ValidRange range;
    take(member(attributes, "valid_min"), range.low, range.isTold);
    take(member(attributes, "valid_max"), range.high, range.isTold);
    const auto &both = member(attributes, "valid_range");
    if (both.is_array() && both.size() == 2)
    {
        take(both[0], range.low, range.isTold);
        take(both[1], range.high, range.isTold);
    }
    return range;
}

void unpackRange(ValidRange &range, double scale, double offset)
{
    range.low = range.low * scale + offset;
    range.high = range.high * scale + offset;
    if (scale < 0)
        std::swap(range.low, range.high);
}

bool isClose(double a, double b, double step)
{
    return a == b || std::fabs(a - b) <= step;
}

std::string rangeText(const ValidRange &range)
{
    return dumpJson(Json(range.low), -1) + " to " +
           dumpJson(Json(range.high), -1);
}

}  // namespace

std::string validRangeWarning(const TargetArray &target,
                              const SliceArray &slice)
{
    const auto &attributes = target.document.attributes;
    auto expected = rangeIn(attributes);
    auto found = rangeIn(slice.attributes);
    if (!expected.isTold || !found.isTold || target.units != slice.units)
        return {};
    const double scale = numberMember(attributes, "scale_factor").value_or(1);
    const double ownScale = slice.scale.value_or(1);
    unpackRange(expected, scale,
                numberMember(attributes, "add_offset").value_or(0));
    unpackRange(found, ownScale, slice.offset.value_or(0));
    const bool isPacked = scale != ownScale;
    const double step =
        isPacked ? (std::fabs(scale) + std::fabs(ownScale)) / 2 : 0;
    if (isClose(expected.low, found.low, step) &&
        isClose(expected.high, found.high, step))
        return {};
    return "array '" + target.name + "': the slices' valid values are " +
           rangeText(found) + ", the target's " + rangeText(expected) +
           "; all are stored as they are, and readers that go by valid_range "
           "(NetCDF, GDAL's masks) hide those outside the target's";
}

}  // namespace mdimappend
