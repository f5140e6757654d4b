// Knows a raster by the names that its bands get.

#include "guards/band_advice.h"

#include <algorithm>

namespace mdimappend
{

std::string bandAdvice(const Slice &slice)
{
    const bool isRaster = std::ranges::any_of(
        slice.arrays(), [](const SliceArray &array)
        { return array.name == "band1" || array.name == "band2"; });
    return isRaster ? " If these files are bands of one scene, `gdal raster "
                      "stack BAND1 BAND2 ... scene.tif` makes one slice of "
                      "them."
                    : "";
}

}  // namespace mdimappend
