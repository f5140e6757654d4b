// What the messages of a GRIB file say of themselves, in octets: GDAL tells
// little of a message's grid, and in edition 1 nothing of its product.
//
// The layout: WMO, FM 92 GRIB, editions 1 and 2. Octets are counted from 1, as
// there.

#pragma once

#include "slice/grib_octets.h"
#include "status.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// One field. A message of edition 2 may have several, which share sections.
struct GribSections
{
    using Octets = std::shared_ptr<const std::string>;

    int edition = 0;
    long discipline = 0;      ///< edition 2
    Octets identification{};  ///< section 1 of edition 2
    Octets product{};         ///< section 4; section 1 of edition 1
    Octets grid{};            ///< section 3; section 2 of edition 1, or null
    /// How numbers are packed: the beginning of section 5; of section 4 of
    /// edition 1.
    std::string packing{};
    bool hasBitmap = false;
    /// How many points the bitmap leaves out. Nothing if it is not in the file,
    /// but one of the centre's own.
    std::optional<std::uint64_t> missing{};
};

/// In the order of the file. Failure::Unavailable: it cannot be read, or ends
/// before its last message does. Failure::Refused: it is damaged, or of an
/// edition that is not known here.
Result<std::vector<GribSections>> gribSections(const std::string &file);

}  // namespace mdimappend
