// The messages of a GRIB file, each with its own time and product, and where
// GDAL has put them.

#pragma once

#include "slice/grib_product.h"
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
    std::optional<GribProduct> product{};
    /// The attributes that the product is told by, which GDAL gives to arrays
    /// as the first of their messages has them.
    Json definition = Json::object();
};

/// In the order of the file. GDAL's multidimensional driver says so of arrays
/// of one message only: it joins messages by parameter, level and one of two
/// times, and takes TIME axes for the same that have the same length and the
/// same beginning. Of longer ones the raster driver is asked, which has a band
/// for each message. Failure::Unavailable: it does not open, or has others.
Result<std::vector<GribMessage>> gribMessages(const GDALGroup &root,
                                              const std::string &file);

}  // namespace mdimappend
