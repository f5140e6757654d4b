// How an array is to be stored, as the settings say.

#pragma once

#include "cube/target.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <gdal.h>

#include <optional>
#include <set>
#include <string>

namespace mdimappend
{

/// The arrays that are data: no coordinates, and nothing that others refer to
/// (bounds, grid mappings, ...).
std::set<std::string> dataArrays(const Slice &slice);
std::set<std::string> dataArrays(const Target &target);

/// What applies to an array: its own settings, over those of "*". Of "*" only
/// shapes of the same rank hold, and for what is no data only how it is
/// compressed.
ArrayEncoding encodingFor(const AppendOptions &options, const std::string &name,
                          std::size_t rank, bool isData);

/// The type that the settings ask for, as GDAL calls it.
std::optional<GDALDataType> askedType(const ArrayEncoding &encoding);

/// Whether the settings ask for this type of an array, and so for rounding to
/// it.
bool asksForType(const AppendOptions &options, const std::string &name,
                 GDALDataType type);

}  // namespace mdimappend
