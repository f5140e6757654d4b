// The private views in GDAL's file systems: what GDAL calls when its Zarr
// driver opens /vsimdimappend/<view>/<array>.<mode>.<generation>/<key>.
//
// Everything is answered from memory but chunk reads and writes, which go to
// the View. A chunk is buffered whole and handed over at close.

#pragma once

#include <string>

namespace mdimappend
{

class View;

namespace ViewFileSystem
{

/// "/vsimdimappend/"
std::string prefix();

/// Makes a view reachable; its name below the prefix. Installs the file system
/// handler on first use.
std::string enter(View *view);
void leave(const std::string &id);

}  // namespace ViewFileSystem

}  // namespace mdimappend
