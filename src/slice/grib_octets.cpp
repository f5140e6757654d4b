#include "slice/grib_octets.h"

namespace mdimappend
{

std::uint64_t octetsAt(const std::string &section, std::size_t first,
                       std::size_t size)
{
    std::uint64_t number = 0;
    for (std::size_t i = first - 1; i < first - 1 + size; ++i)
        number =
            number << 8 |
            (i < section.size() ? static_cast<unsigned char>(section[i]) : 0U);
    return number;
}

std::int64_t signedOctetsAt(const std::string &section, std::size_t first,
                            std::size_t size)
{
    const std::uint64_t sign = std::uint64_t{1} << (8 * size - 1);
    const std::uint64_t number = octetsAt(section, first, size);
    const auto magnitude = static_cast<std::int64_t>(number & (sign - 1));
    return number & sign ? -magnitude : magnitude;
}

}  // namespace mdimappend
