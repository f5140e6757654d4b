// Reads grids of latitudes and longitudes (regular and Gaussian) as such;
// of others the octets are compared.

#include "slice/grib_grid.h"

#include <cmath>
#include <format>
#include <optional>

namespace mdimappend
{

namespace
{

/// Where a section has what; first octets.
struct LatLonLayout
{
    std::size_t width, height, sizeOctets;
    std::size_t firstLat, firstLon, flags, lastLat, lastLon, degreeOctets;
    std::size_t scan;
    double degree;
};

constexpr LatLonLayout layout1 = {7, 9, 2, 11, 14, 17, 18, 21, 3, 28, 1e3};
constexpr LatLonLayout layout2 = {31, 35, 4, 47, 51, 55, 56, 60, 4, 72, 1e6};

/// Rows from south to north.
constexpr unsigned char upwards = 0x40;
/// Winds are along the grid.
constexpr unsigned char alongGrid = 0x08;

const LatLonLayout *layoutOf(const GribSections &message)
{
    if (!message.grid)
        return nullptr;
    const bool isFirst = message.edition == 1;
    const std::uint64_t type = isFirst ? octetsAt(*message.grid, 6, 1)
                                       : octetsAt(*message.grid, 13, 2);
    const bool isLatLon = type == 0 || type == (isFirst ? 4U : 40U);
    const LatLonLayout *layout = isFirst ? &layout1 : &layout2;
    return isLatLon && message.grid->size() >= layout->scan ? layout : nullptr;
}

void swapOctets(std::string &octets, std::size_t a, std::size_t b,
                std::size_t count)
{
    for (std::size_t i = 0; i < count; ++i)
        std::swap(octets[a - 1 + i], octets[b - 1 + i]);
}

void clearBits(std::string &octets, std::size_t octet, unsigned char bits)
{
    octets[octet - 1] = static_cast<char>(
        static_cast<unsigned char>(octets[octet - 1]) & ~bits);
}

/// The list of vertical coordinates (4 octets each) of edition 1.
void eraseVertical(std::string &octets)
{
    const std::size_t count = octetsAt(octets, 4, 1);
    const std::size_t at = octetsAt(octets, 5, 1);
    if (count > 0 && at >= 1 && at - 1 < octets.size())
        octets.erase(at - 1, count * 4);
    // Length, count and place of the list.
    octets.erase(0, 5);
    octets.insert(0, 5, '\0');
}

std::string degreesText(double degrees, const char *positive,
                        const char *negative)
{
    return std::format("{:g} {}", std::fabs(degrees),
                       degrees < 0 ? negative : positive);
}

}  // namespace

std::string gribGrid(const GribSections &message)
{
    if (!message.grid)
        return "number " + std::to_string(octetsAt(*message.product, 7, 1)) +
               " of centre " + std::to_string(octetsAt(*message.product, 5, 1));
    const LatLonLayout *layout = layoutOf(message);
    std::string octets = *message.grid;
    if (layout)
    {
        clearBits(octets, layout->flags, alongGrid);
        if (octetsAt(octets, layout->scan, 1) & upwards)
        {
            swapOctets(octets, layout->firstLat, layout->lastLat,
                       layout->degreeOctets);
            clearBits(octets, layout->scan, upwards);
        }
    }
    if (message.edition == 1 && octets.size() >= 6)
        eraseVertical(octets);
    return std::to_string(message.edition) + octets;
}

std::string gribGridWords(const GribSections &message)
{
    if (!message.grid)
        return "grid " + gribGrid(message);
    const std::string &grid = *message.grid;
    const LatLonLayout *layout = layoutOf(message);
    const LatLonLayout &usual = message.edition == 1 ? layout1 : layout2;
    const auto sizeAt = [&](std::size_t octet)
    { return std::to_string(octetsAt(grid, octet, usual.sizeOctets)); };
    std::string words =
        sizeAt(usual.width) + " x " + sizeAt(usual.height) + " points";
    if (!layout)
        return words + " of template " +
               std::to_string(message.edition == 1 ? octetsAt(grid, 6, 1)
                                                   : octetsAt(grid, 13, 2));
    const auto degrees = [&](std::size_t octet)
    {
        return static_cast<double>(
                   signedOctetsAt(grid, octet, layout->degreeOctets)) /
               layout->degree;
    };
    const auto place = [&](std::size_t lat, std::size_t lon)
    {
        return degreesText(degrees(lat), "N", "S") + ", " +
               degreesText(degrees(lon), "E", "W");
    };
    return words + " from " + place(layout->firstLat, layout->firstLon) +
           " to " + place(layout->lastLat, layout->lastLon);
}

}  // namespace mdimappend
