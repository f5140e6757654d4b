// The messages of a GRIB file, each with its own time, product and grid, and
// where GDAL has put them.

#pragma once

#include "slice/grib_product.h"
#include "slice/grib_sections.h"
#include "slice/slice_source.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct GribMessage
{
    std::string array;  ///< GDAL's
    std::string name;   ///< that without the number by order: UGRD_10-HTGL
    std::optional<std::uint64_t> index{};  ///< along GDAL's TIME, if it has it
    double validity = 0;                   ///< seconds since 1970
    std::string reference{};               ///< when its run begins
    std::optional<GribProduct> product{};
    /// The attributes that the product is told by, which GDAL gives to arrays
    /// as the first of their messages has them, if at all.
    Json definition = Json::object();
    GribSections sections{};
    std::string problem{};  ///< why it cannot be taken; "" if it can
};

/// In the order of the file. GDAL's driver says little of arrays of one message
/// and less of others: it joins messages by parameter, level and one of two
/// times, and takes TIME axes for the same that have the same length and the
/// same beginning, and grids for the same that have the same size. So the
/// messages themselves are asked. Failure::Unavailable: they cannot be read, or
/// are others than GDAL's.
Result<std::vector<GribMessage>> gribMessages(const GDALGroup &root,
                                              const std::string &file);

}  // namespace mdimappend
