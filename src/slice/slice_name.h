// What a slice's name says: which file it is in, and what stands beside that.

#pragma once

#include "status.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// `NETCDF:"file":array`, `NETCDF:file:array`.
struct NetcdfName
{
    std::string file;
    std::string array;
};

std::optional<NetcdfName> parseNetcdfName(const std::string &name);

/// Refuses `ZARR:"s.zarr":/group/array`: GDAL opens the whole store for such a
/// name, whatever is named inside. Without the slice's name.
Status checkNotInside(const std::string &name);

/// The file or folder that holds what `name` names, as GDAL wants it and
/// without a slash at the end: /vsis3/b/x.zarr of s3://b/x.zarr/, x.nc of
/// NETCDF:"x.nc":sst. `name` itself where it says nothing of a file.
std::string fileOf(const std::string &name);

/// Whether the name can be that of a local file only: it has no prefix, and is
/// in no virtual file system.
bool isPlainName(const std::string &name);

/// The archive that holds `file`, the outermost one: a.zip of
/// /vsizip/a.zip/b.nc, whether it exists or not; "" if `file` is in none.
std::string archiveOf(const std::string &file);

}  // namespace mdimappend
