// What an append is asked to do: one plain struct, filled by whichever face is
// in front (the GDAL algorithm, Python, a settings file).

#pragma once

#include "status.h"
#include "storage/storage.h"
#include "zarr/array_document.h"

#include <gdal_priv.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class Posix;

using Seconds = std::chrono::duration<double>;

/// How one array of a new target is stored. What is not set is chosen.
struct ArrayEncoding
{
    std::vector<std::uint64_t> chunk;  ///< 0 in it: the whole dimension
    std::vector<std::uint64_t> shard;
    std::optional<std::string> compressor;
    std::optional<int> level;
};

struct SliceInput
{
    std::string name;
    std::optional<std::string> label;
    GDALDataset *dataset = nullptr;  ///< already open, or null
};

struct AppendOptions
{
    std::vector<SliceInput> slices;
    std::string target;
    std::string group;
    std::string appendDim;
    std::string labelFrom;
    /// Only these arrays of a slice (and those they need), or all but those.
    std::vector<std::string> arrays;
    std::vector<std::string> excludedArrays;
    std::vector<std::string> allowedDrivers;
    std::vector<std::string> openOptions;

    ZarrFormat zarrFormat = ZarrFormat::V3;
    bool consolidated = true;
    std::map<std::string, ArrayEncoding> encodings;  ///< "*": all others

    bool ignoreCoordinates = false;
    bool requireAligned = false;
    bool mergeShards = false;

    bool lock = true;
    std::optional<Seconds> lockTimeout = Seconds(60);  ///< none: for ever
    Durability durability = Durability::Full;
    int slicesPerCommit = 1;
    bool keepGoing = false;
    int threads = 0;  ///< 0: all processors
    bool dryRun = false;
    std::string message;
    std::string command;     ///< for the lock and the log
    Posix *posix = nullptr;  ///< the system's, unless a test brings its own

    /// Called with 0..1; false asks the append to stop and undo.
    std::function<bool(double)> progress;
    std::function<bool()> cancelled;
    std::function<void(const std::string &)> warn;
};

/// A number and a unit: s, min, h, D, W ("0.2s", "1D"; also ms); "forever" is
/// nothing; a bare number is seconds.
Result<std::optional<Seconds>> parseDuration(const std::string &text);

/// "NAME:key=value,...": chunk=4x50x50, shard=..., compress=..., level=....
Status parseEncoding(const std::string &spec,
                     std::map<std::string, ArrayEncoding> &encodings);

}  // namespace mdimappend
