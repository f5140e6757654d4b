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

/// Which have other parameters for the same, and other names.
bool areOfTwoEditions(const SliceArray &slice, const TargetArray &target)
{
    constexpr const char *ofFirst = "product_definition_octets";
    return slice.attributes.contains(ofFirst) !=
           target.document.attributes.contains(ofFirst);
}

/// What a cube that does not grow along time may grow along.
bool mayVary(const std::string &part)
{
    return part == "member" || part == "period" || part == "level";
}

std::string about(const std::string &part, const GribPart *found,
                  const GribPart *expected)
{
    const auto value = [](const GribPart *given)
    { return given ? given->value : std::string("not told"); };
    return "its " + part + " is " + value(found) + ", the target's is " +
           value(expected);
}

/// In words; "" if there is none that counts.
std::string differenceOf(const GribProduct &found, const GribProduct &expected,
                         bool alongTime)
{
    const auto counts = [&](const GribPart &part)
    { return alongTime || !mayVary(part.name); };
    for (const GribPart &part : expected.parts)
    {
        const GribPart *own = found.find(part.name);
        if (counts(part) && (!own || !(*own == part)))
            return about(part.name, own, &part);
    }
    for (const GribPart &part : found.parts)
        if (counts(part) && !expected.find(part.name))
            return about(part.name, &part, nullptr);
    return {};
}

}  // namespace

Status checkGribProduct(const Target &target, const TargetArray &array,
                        const SliceArray &slice)
{
    const auto found = gribProduct(slice.attributes);
    const auto expected = gribProduct(array.document.attributes);
    if (!found || !expected || areOfTwoEditions(slice, array))
        return Status::ok();
    const std::string difference =
        differenceOf(*found, *expected, target.appendDim == "time");
    if (difference.empty())
        return Status::ok();
    return refused("its messages are of another product (" + found->words +
                   ") than the target's (" + expected->words +
                   "): " + difference +
                   ". Append them to a cube or a group of their own.");
}

std::string otherGribName(const Slice &slice, const TargetArray &missing)
{
    const auto expected = gribProduct(missing.document.attributes);
    if (!expected)
        return {};
    for (const auto &array : slice.arrays())
    {
        const auto found = gribProduct(array.attributes);
        if (!found || array.name == missing.name)
            continue;
        if (*found == *expected)
            return " The slice has it under another name: --rename " +
                   array.name + "=" + missing.name + ".";
        if (found->find("period") && expected->find("period") &&
            withoutHours(array.name) == withoutHours(missing.name))
            return " The slice has '" + array.name +
                   "': GDAL puts the hours of an accumulation into its name, "
                   "and accumulations over different periods are different "
                   "arrays. Append those of one length only.";
    }
    return {};
}

}  // namespace mdimappend
