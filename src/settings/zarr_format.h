// Which Zarr a target is: a word of the settings that zarr/ carries out.

#pragma once

namespace mdimappend
{

enum class ZarrFormat
{
    V2 = 2,
    V3 = 3
};

}  // namespace mdimappend
