// Reference files that GDAL's Zarr driver opens as stores (Kerchunk): chunks
// are bytes of other files.
//
// Such a file can have any bytes that the user may read stored as data, in a
// cube that others read. GDAL's rule for the raw bands of its VRT format holds
// here, too: on this machine only what is beside the reference file, or below
// its folder. References to web servers and object stores are followed. The
// configuration option MDIMAPPEND_REFERENCES=ANYWHERE (--slice-config) allows
// all.
//
// GDAL's own format that refers to other files (VRT) is left to its driver.

#pragma once

#include "status.h"

#include <string>
#include <string_view>

namespace mdimappend
{

constexpr const char *referencesAllowed = "MDIMAPPEND_REFERENCES=ANYWHERE";

/// Whether the configuration follows them wherever they lead.
bool areReferencesAllowed();

/// Whether `reference`, of a reference file in `folder`, may be followed. Links
/// are resolved.
bool isReferenceAllowed(std::string_view reference, const std::string &folder);

/// Refuses a slice of the Zarr driver that refers to files elsewhere. `file` is
/// the slice's (fileOf): a store is a folder, and refers to nothing.
Status checkReferences(const std::string &file);

}  // namespace mdimappend
