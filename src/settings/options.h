// What an append is asked to do: one plain struct, filled by whichever face is
// in front (the GDAL algorithm, Python, a settings file). All of it can be
// written down; what the process around an append provides is in
// surroundings.h.

#pragma once

#include "json/json_text.h"
#include "settings/durability.h"
#include "settings/lock_mode.h"
#include "settings/number_type.h"
#include "settings/step.h"
#include "settings/zarr_format.h"
#include "status.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

using Seconds = std::chrono::duration<double>;

/// How one array is stored. What is not set is chosen for a new target; what is
/// set must be so in an existing one.
struct ArrayEncoding
{
    std::optional<NumberType> dtype;
    /// One size per dimension, 0: the whole dimension. Empty: the whole array.
    std::optional<std::vector<std::uint64_t>> chunk;
    std::optional<std::vector<std::uint64_t>> shard;
    /// "none", "blosc:zstd", "zstd", "gzip", ...
    std::optional<std::string> compressor;
    std::optional<int> level;
    /// blosc: "none", "byte" or "bit".
    std::optional<std::string> shuffle;
    /// Zarr V2: a list of numcodecs configurations.
    std::optional<Json> filters;
    std::optional<double> scale;
    std::optional<double> offset;
    /// The missing value: a number, "NaN", "Infinity", "-Infinity"; null: none.
    std::optional<Json> nodata;
    /// "keep": the slice's own, also of a new target's time.
    std::optional<std::string> units;
    std::optional<std::string> calendar;
    std::optional<char> separator;  ///< '.' or '/'
    /// Set on a new target's array, over those of the slice; null removes one.
    Json attributes = Json::object();
    /// The names that the array's dimensions must have.
    std::optional<std::vector<std::string>> dimensions;

    /// What `over` sets, else what this one does.
    ArrayEncoding mergedWith(const ArrayEncoding &over) const;
};

/// Encodings by array, "*" for all others.
using Encodings = std::map<std::string, ArrayEncoding>;

/// What applies to array `name`: its own settings, over those of "*".
ArrayEncoding encodingOf(const Encodings &encodings, const std::string &name);

enum class OnDuplicate
{
    Identical,  ///< skipped if the stored values are equal, else refused
    Error,
    Skip,
    Replace
};

enum class OnOverflow
{
    Error,
    Clamp,  ///< the nearest value that fits
    Fill    ///< the missing value
};

/// What the slices' attributes are to the target's.
enum class AttributesMode
{
    Keep,     ///< those of the first slice stay
    Replace,  ///< each slice's take the place of all
    Update,   ///< each slice's are set over those present
    Ignore    ///< only those of the settings
};

struct NamedSlice
{
    std::string name;
    std::optional<std::string> label;
};

struct AppendOptions
{
    std::vector<NamedSlice> slices;
    std::string target;
    std::string group;
    std::string appendDim;
    std::string labelFrom;
    /// The path of the group of each slice that is taken; "" = its root.
    std::string sliceGroup;
    /// All groups of a slice that have the append dimension, each into the
    /// group of the same name.
    bool groups = false;
    /// Only these arrays of a slice (and those they need), or all but those.
    std::vector<std::string> arrays;
    std::vector<std::string> excludedArrays;
    /// The slice's name of an array, and the target's.
    std::map<std::string, std::string> renamedArrays;
    /// Of a new target: arrays that get the append dimension.
    std::vector<std::string> vary;
    std::vector<std::string> allowedDrivers;
    std::vector<std::string> openOptions;
    /// GDAL configuration ("KEY=VALUE") for one side only.
    std::vector<std::string> sliceConfig;
    std::vector<std::string> targetConfig;

    /// More slices, one a line, from this file, or "-" for standard input.
    std::string slicesFrom;
    bool wait = false;
    std::optional<Seconds> waitTimeout;  ///< none: for ever
    Seconds pollInterval{2};
    std::string readySuffix;

    ZarrFormat zarrFormat = ZarrFormat::V3;
    bool consolidated = true;
    Encodings encodings;

    bool overwrite = false;
    /// Sizes that dimensions of a new target must have.
    std::map<std::string, std::uint64_t> fixedDims;
    AttributesMode attributesMode = AttributesMode::Keep;
    /// The target's own, over those of slices; may have templates
    /// (cube/attribute_templates.h).
    Json attributes = Json::object();

    bool ignoreCoordinates = false;
    /// Of arrays without the append dimension: the target's stay.
    bool ignoreStatic = false;
    bool ignoreCrs = false;
    bool ignoreUnits = false;
    /// Of slices that are packed in much finer steps than the target.
    bool roundFinerSteps = false;
    bool fillMissingArrays = false;
    bool refuseExtraArrays = false;
    OnOverflow onOverflow = OnOverflow::Error;
    OnDuplicate onDuplicate = OnDuplicate::Identical;
    /// Slices that the log names, too, where they may be gone.
    bool again = false;
    StepRule step;
    bool requireAligned = false;
    bool mergeShards = false;

    LockMode lock = LockMode::Auto;
    std::optional<Seconds> lockTimeout = Seconds(60);  ///< none: for ever
    /// How long a writer with --lock lease counts as there after its last sign
    /// of life.
    Seconds lease = Seconds(30);
    Durability durability = Durability::Full;
    int slicesPerCommit = 1;
    bool keepGoing = false;
    int threads = 0;  ///< 0: as many as the work is worth, and processors
    bool dryRun = false;
    std::string message;
    std::string command;  ///< for the lock and the log
};

/// A number and a unit (unit_of_time.h) but months and years: "0.2s", "1 day";
/// "forever" is nothing; a bare number is seconds.
Result<std::optional<Seconds>> parseDuration(const std::string &text);

/// "NAME:key=value,...", the text of --encoding: sets those keys of NAME, over
/// what `encodings` has. The keys are those of a settings file (encoding.h);
/// shapes are 4x50x50, filters are joined by +.
Status parseEncoding(const std::string &spec, Encodings &encodings);

}  // namespace mdimappend
