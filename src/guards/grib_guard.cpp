// Compares the product definitions that GDAL tells as attributes.

#include "guards/grib_guard.h"

#include "slice/grib_product.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// "APCP_0-SFC" of "APCP06_0-SFC".
std::string withoutHours(const std::string &name)
{
    const auto parameter = std::min(name.find('_'), name.size());
    const auto stem = name.find_last_not_of("0123456789", parameter - 1);
    return name.substr(0, stem == name.npos ? 0 : stem + 1) +
           name.substr(parameter);
}

}  // namespace

Status checkGribProduct(const Target &target, const TargetArray &array,
                        const SliceArray &slice)
{
    auto found = gribProduct(slice.attributes);
    auto expected = gribProduct(array.document.attributes);
    if (!found || !expected)
        return Status::ok();
    if (target.appendDim != "time")
        found->member = expected->member;
    if (*found == *expected)
        return Status::ok();
    return refused("its messages are of another product (" + found->words +
                   ") than the target's (" + expected->words +
                   "). Append them to a cube or a group of their own.");
}

std::string otherPeriod(const Slice &slice, const TargetArray &missing)
{
    if (!gribProduct(missing.document.attributes))
        return {};
    for (const auto &array : slice.arrays())
        if (array.name != missing.name && gribProduct(array.attributes) &&
            withoutHours(array.name) == withoutHours(missing.name))
            return " The slice has '" + array.name +
                   "': GDAL puts the hours of an accumulation into its name, "
                   "and accumulations over different periods are different "
                   "arrays. Append those of one length only.";
    return {};
}

}  // namespace mdimappend
