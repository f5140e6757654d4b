// Arrays of characters (NC_CHAR) of netCDF files, as arrays of texts.
//
// Which of their dimensions are lengths of texts is decided as xarray does: the
// last one, if no variable is its coordinate, and if it is nothing but the last
// dimension of arrays of characters. Else each character is a text.

#pragma once

#include "slice/multidim_array.h"
#include "slice/slice_source.h"

#include <span>

namespace mdimappend
{

using OpenedArrays = std::vector<std::shared_ptr<GDALMDArray>>;

/// Describes those of a file that GDAL's netCDF driver has opened. `arrays`:
/// what `contents` was made of.
void makeTexts(SourceContents &contents, const OpenedArrays &arrays,
               const MultidimSource &source, const SliceRequest &request);

/// From what makeTexts has described back to what the driver has.
void undoTexts(const CharLayout &layout, std::vector<std::uint64_t> &shape,
               GDALExtendedDataType &type);

/// Reads texts, which the caller frees (CPLFree), whatever is returned: UTF-8,
/// without NULs at the end. Refused: bytes that are not what `_Encoding` says,
/// NULs inside of a text.
Status readChars(const GDALMDArray &array, const CharLayout &layout,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count, char **texts);

}  // namespace mdimappend
