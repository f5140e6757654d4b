// By the range of packed numbers, which the header of the data tells.

#include "slice/grib_missing.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

namespace mdimappend
{

namespace
{

/// For a message with a bitmap; the second in edition 1, where the first is
/// among the values.
constexpr std::array<double, 2> ofBitmap = {9999, 9.999e20};

struct Range
{
    double least;
    double greatest;
};

float ieee(const std::string &packing, std::size_t first)
{
    return std::bit_cast<float>(
        static_cast<std::uint32_t>(octetsAt(packing, first, 4)));
}

/// A sign, an exponent of 16 less 64, and a fraction of 24 bits.
double ibm(const std::string &packing, std::size_t first)
{
    const auto bits = static_cast<std::uint32_t>(octetsAt(packing, first, 4));
    const int exponent = static_cast<int>(bits >> 24 & 0x7f) - 64;
    const double fraction =
        std::ldexp(static_cast<double>(bits & 0xffffff), -24);
    return (bits >> 31 ? -1 : 1) * std::ldexp(fraction, 4 * exponent);
}

Range rangeOf(double reference, long binary, long decimal, std::uint64_t bits)
{
    const double scale = std::pow(10.0, -static_cast<double>(decimal));
    const double span = std::ldexp(std::ldexp(1.0, static_cast<int>(bits)) - 1,
                                   static_cast<int>(binary));
    return {reference * scale, (reference + span) * scale};
}

/// Simple packing, and those that have the same header. Nothing of others.
std::optional<Range> rangeOf(const GribSections &message)
{
    const std::string &packing = message.packing;
    if (message.edition == 1)
    {
        constexpr std::uint64_t complexOrSpherical = 0xc0;
        if (octetsAt(packing, 4, 1) & complexOrSpherical)
            return std::nullopt;
        return rangeOf(ibm(packing, 7), signedOctetsAt(packing, 5, 2),
                       signedOctetsAt(*message.product, 27, 2),
                       octetsAt(packing, 11, 1));
    }
    constexpr std::array<std::uint64_t, 6> alike = {0,  40,    41,
                                                    42, 40000, 40010};
    if (std::ranges::find(alike, octetsAt(packing, 10, 2)) == alike.end())
        return std::nullopt;
    return rangeOf(ieee(packing, 12), signedOctetsAt(packing, 16, 2),
                   signedOctetsAt(packing, 18, 2), octetsAt(packing, 20, 1));
}

/// GDAL may be configured to make kelvins degrees Celsius.
bool mayContain(const std::optional<Range> &range, double value)
{
    constexpr double shift = 300;
    return !range || !std::isfinite(range->least) ||
           !std::isfinite(range->greatest) ||
           (value >= range->least - shift && value <= range->greatest + shift);
}

/// Complex packing may have values of its own for what is missing.
void addOfComplexPacking(GribMissing &missing, const GribSections &message)
{
    const std::uint64_t packing = octetsAt(message.packing, 10, 2);
    if (message.edition != 2 || (packing != 2 && packing != 3))
        return;
    const std::uint64_t count = octetsAt(message.packing, 23, 1);
    const bool areFloats = octetsAt(message.packing, 21, 1) == 0;
    for (std::size_t i = 0; i < 2 && i < count; ++i)
    {
        const std::size_t at = 24 + 4 * i;
        missing.values.push_back(
            areFloats
                ? static_cast<double>(ieee(message.packing, at))
                : static_cast<double>(signedOctetsAt(message.packing, at, 4)));
    }
}

}  // namespace

GribMissing gribMissing(const GribSections &message)
{
    GribMissing missing;
    addOfComplexPacking(missing, message);
    if (!message.hasBitmap)
        return missing;
    const auto range = rangeOf(message);
    for (const double value : ofBitmap)
    {
        missing.values.push_back(value);
        missing.isInDoubt = missing.isInDoubt || mayContain(range, value);
    }
    return missing;
}

Result<std::vector<double>> missingAmong(const GribSections &message,
                                         std::span<const double> read)
{
    const auto unclear = []
    {
        return refused(
            "it leaves values out, and has others that GDAL's driver does not "
            "tell from these.");
    };
    if (!message.missing)
        return unclear();
    GribMissing known;
    addOfComplexPacking(known, message);
    if (*message.missing == 0)
        return known.values;
    const auto range = rangeOf(message);
    std::vector<double> found;
    for (const double value : ofBitmap)
    {
        if (static_cast<std::uint64_t>(std::ranges::count(read, value)) !=
            *message.missing)
            continue;
        // What cannot be a value is what stands for none.
        if (!mayContain(range, value))
            found.clear();
        found.push_back(value);
        if (!mayContain(range, value))
            break;
    }
    if (found.size() != 1)
        return unclear();
    known.values.push_back(found.front());
    return known.values;
}

}  // namespace mdimappend
