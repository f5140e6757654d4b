// What the roof takes from a cube that has been made: how its arrays are
// stored, and the small files beside their chunks, which it writes as they are.

#pragma once

#include "roof_source.h"

#include "zarr/array_document.h"

#include <cpl_compressor.h>
#include <cpl_string.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace roof
{

/// An array that grows, and how.
struct CubeArray
{
    std::string name;
    Shape chunk;  ///< the shard, if sharded
    Shape inner;  ///< the same as chunk, if not sharded
    bool sharded = false;
    const CPLCompressor *compressor = nullptr;  ///< null: none
    CPLStringList options;
    std::string keyPrefix;  ///< "c/" or ""
    char separator = '/';
    std::optional<mdimappend::ArrayDocument> document;

    /// The object of one chunk.
    std::string key(const Shape &index) const;
};

struct Cube
{
    std::vector<CubeArray> arrays;
    /// By key: documents and coordinates.
    std::map<std::string, std::string> once;
    /// Those that each append changes: documents of what grows, labels.
    std::map<std::string, std::string> each;
};

/// Reads a cube in `folder`. Throws std::runtime_error for what the roof cannot
/// write.
Cube readCube(const std::string &folder, const std::string &appendDim);

}  // namespace roof
