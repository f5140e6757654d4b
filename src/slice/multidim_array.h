// One array of what GDAL opens as multidimensional, as the slice has it.

#pragma once

#include "slice/slice_source.h"
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
    const GDALGroup &root;
    std::string driver;
    std::string file;  ///< as GDAL has opened it
    std::optional<ZarrSlice> zarr{};
    /// Its objects can be read as they are, too.
    bool hasFiles = false;
    /// Of HDF5 files: attributes that have none, by array; "": of the group.
    std::map<std::string, std::vector<std::string>> withoutValue{};
};

/// Of the array `object` ("": of the group): its attributes without a value.
std::vector<std::string> namesWithoutValue(const MultidimSource &source,
                                           const std::string &object);

/// Shape, type, attributes and missing value. A driver's mistakes are put
/// right, or become the array's `problem`.
SourceArray describeArray(const MultidimSource &source, const std::string &path,
                          const GDALMDArray &array);

}  // namespace mdimappend
