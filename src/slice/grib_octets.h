// Numbers of GRIB: big-endian, and negative by their first bit.

#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace mdimappend
{

/// The number in `size` octets, the first of which is octet `first`; 0 where
/// there are none.
std::uint64_t octetsAt(const std::string &section, std::size_t first,
                       std::size_t size);

/// The same with the sign in the first bit.
std::int64_t signedOctetsAt(const std::string &section, std::size_t first,
                            std::size_t size);

}  // namespace mdimappend
