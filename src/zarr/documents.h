// The documents of a store as bytes: which exist, what changes when arrays
// grow, and the patched bytes. Pure: the caller reads and writes the objects.

#pragma once

#include "status.h"
#include "zarr/array_document.h"

#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// Documents by key below the store's root ("temp/.zarray", "zarr.json").
using Documents = std::map<std::string, std::string>;

/// Where a Zarr group's consolidated metadata are: ".zmetadata", or "zarr.json"
/// of the root with a non-null `consolidated_metadata`; nothing if there are
/// none. `root` holds the documents that exist among .zgroup, .zattrs,
/// .zmetadata, zarr.json at the store's root.
std::optional<std::string> consolidatedKey(const Documents &root);

/// The paths (below the root) of all arrays and groups that the consolidated
/// metadata in `text` list, sorted, without the root group itself. V2 keys
/// "a/b/.zarray", V3 keys "a/b".
struct NodeList
{
    std::vector<std::string> arrays;
    std::vector<std::string> groups;
};

Result<NodeList> consolidatedNodes(ZarrFormat format, std::string_view text);

/// The documents that the consolidated metadata in `text` hold, by key below
/// their group ("temp/.zattrs", "temp/zarr.json"): the same values, spelled
/// anew.
Result<Documents> documentsOfCopy(ZarrFormat format, std::string_view text);

/// Refuses (naming the array) where an array's own documents and the copy in
/// the consolidated metadata disagree in any value (compared as parsed JSON,
/// NaN equal to NaN, member order ignored, and members that are absent equal to
/// the default that another writer spells out).
/// `own` holds each array's own documents by full key.
Status checkConsolidated(ZarrFormat format, const std::string &consolidatedKey,
                         std::string_view consolidated, const Documents &own,
                         const std::vector<std::string> &arrayPaths);

/// An array and its new shape.
struct Growth
{
    std::string path;
    std::vector<std::uint64_t> shape;
};

/// The documents that must be replaced so that each array has its new shape,
/// with their new bytes: `shape` numbers only, in each array's own document and
/// in the consolidated copy (if `consolidatedKey`). `current` holds the present
/// bytes of all of them. Within `shape` only the numbers that differ are
/// touched.
Result<Documents> patchShapes(ZarrFormat format, const Documents &current,
                              const std::optional<std::string> &consolidatedKey,
                              const std::vector<Growth> &growths);

/// The documents that must be replaced so that the node at `path` ("": the
/// root) has the attributes `attributes`, all of them and no others, with their
/// new bytes: its own (V2 .zattrs, which is made if absent; V3 `attributes` in
/// zarr.json) and the consolidated copy (if `consolidatedKey`). Only members
/// that differ as JSON values are touched, new ones become the last. `current`
/// holds the present bytes; a key that is not in it is a document that does not
/// exist. Works upon what patchShapes returned, and the other way round.
///
/// Refuses what is not UTF-8, and for an array another `_FillValue`,
/// `scale_factor`, `add_offset` or `_ARRAY_DIMENSIONS` than it has: those say
/// what the stored values mean, and must be given as they are.
Result<Documents>
patchAttributes(ZarrFormat format, const Documents &current,
                const std::optional<std::string> &consolidatedKey,
                const std::string &path, const Json &attributes);

/// An array to be made.
struct NewArray
{
    std::string path;
    std::vector<std::uint64_t> shape;
    std::vector<std::uint64_t> chunk;       ///< the shard, if sharded
    std::vector<std::uint64_t> innerChunk;  ///< empty: not sharded
    DataType::Kind kind = DataType::Kind::Numeric;
    GDALDataType gdal = GDT_Unknown;
    std::size_t stringLength = 0;  ///< FixedUnicode, FixedBytes: characters
    std::vector<std::string> dimensions;
    Json attributes = Json::object();  ///< without _FillValue and
                                       ///< _ARRAY_DIMENSIONS
    /// One element, native byte order; nothing: no missing value is
    /// declared (V2: null; V3: a padding that is unlikely to be data: NaN, the
    /// lowest signed or the largest unsigned value but one). V2 complex ones
    /// must be real; those, and NaN of float16, keep GDAL from opening the
    /// array, but not zarr-python or xarray.
    std::optional<std::string> missingValue;
    /// "none", "zstd", "gzip", in Zarr V2 also "zlib", "lzma" and "lz4", or
    /// "blosc:" and "zstd", "lz4", "lz4hc", "blosclz", "zlib" or "snappy";
    /// "blosc" is "blosc:zstd".
    std::string compressor = "blosc:zstd";
    /// Nothing: 3 for zstd and blosc:zstd, 5 for blosc with others inside, 6
    /// for gzip, zlib and lzma, 1 (the acceleration) for lz4.
    std::optional<int> level;
    /// Blosc's: "none", "byte" or "bit"; "": "byte", and "none" for strings.
    std::string shuffle;
    /// Zarr V2: null or a list of numcodecs configurations, of those that
    /// GDAL's driver writes: delta (of integers) and shuffle.
    Json filters;
    char separator = 0;  ///< 0: the format's own ('.' for V2, '/' for V3)
};

/// A group to be made or that exists: its path ("" is the root) and attributes.
struct NewGroup
{
    std::string path;
    Json attributes = Json::object();
};

/// All documents of a new store with these groups and arrays, as zarr-python
/// and xarray would have written them: readable by both and by GDAL, V2 with
/// `.zmetadata` or V3 with inline `consolidated_metadata` if `consolidated`.
/// `groups` must contain the root and all parents. Missing values: V2
/// fill_value; V3 fill_value and the attribute `_FillValue` as xarray
/// encodes it (base64 of little-endian bytes for floating point, plain for
/// integers). V2 attributes get `_ARRAY_DIMENSIONS`.
Result<Documents> newDocuments(ZarrFormat format, bool consolidated,
                               const std::vector<NewGroup> &groups,
                               const std::vector<NewArray> &arrays);

/// The same for groups and arrays that are added below an existing root: their
/// own documents, and the patched consolidated document of the root if it has
/// one. `root`: as for consolidatedKey. Groups that the consolidated metadata
/// list, and the root, are taken as they are; where nothing is consolidated
/// only new ones may be given (and the root, for their parent), and `parents`
/// are those that are there.
Result<Documents> addDocuments(ZarrFormat format, const Documents &root,
                               const std::vector<NewGroup> &groups,
                               const std::vector<NewArray> &arrays,
                               const std::vector<std::string> &parents = {});

}  // namespace mdimappend
