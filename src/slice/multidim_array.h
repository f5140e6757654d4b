// One array of what GDAL opens as multidimensional, as the slice has it.

#pragma once

#include "slice/slice_source.h"
#include "slice/source_group.h"
#include "slice/zarr_slice.h"

#include <gdal_multidim.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct MultidimSource
{
    const SourceGroup &group;  ///< that is the slice
    std::string driver;
    std::string file;  ///< as GDAL has opened it
    std::optional<ZarrSlice> zarr{};
    /// Its objects can be read as they are, too.
    bool hasFiles = false;
    Hdf5Attributes hdf5{};
};

/// Shape, type, attributes and missing value. A driver's mistakes are put
/// right, or become the array's `problem`. `key`: of the array in the source
/// (SourceGroup).
SourceArray describeArray(const MultidimSource &source, const std::string &key,
                          const GDALMDArray &array);

}  // namespace mdimappend
