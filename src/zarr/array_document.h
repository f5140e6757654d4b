// What the metadata documents of one Zarr array say, V2 or V3.
//
// Reading only: documents are changed by byte-level patches (documents.h) and
// made anew by new_documents.h.

#pragma once

#include "json/json_text.h"
#include "settings/zarr_format.h"
#include "status.h"

#include <gdal.h>

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// Texts of more bytes are neither read nor written (Zarr V3 `string`).
constexpr std::size_t longestVariableText = 4096;

/// One element's type, as stored.
struct DataType
{
    enum class Kind
    {
        Numeric,         ///< integers, floats, complex; `gdal` says which
        Bool,            ///< one byte, 0 or 1; handled as GDT_UInt8
        FixedBytes,      ///< V2 |S<n>, V3 null_terminated_bytes
        FixedUnicode,    ///< V2 <U<n>, V3 fixed_length_utf32
        VariableUnicode  ///< V3 string
    };

    Kind kind = Kind::Numeric;
    GDALDataType gdal = GDT_Unknown;  ///< Numeric and Bool only
    std::size_t size = 0;             ///< bytes; 0 for VariableUnicode
    std::string name;                 ///< as the document spells it

    bool isString() const
    {
        return kind != Kind::Numeric && kind != Kind::Bool;
    }
};

/// How chunk indices become object keys below the array's folder.
struct ChunkKeys
{
    enum class Style
    {
        Default,  ///< V3 default: c/0/0 or c.0.0, and `c` for no dimension
        V2        ///< 0.0 or 0/0, and `0` for no dimension
    };

    Style style = Style::Default;
    char separator = '/';

    std::string key(std::span<const std::uint64_t> index) const;

    /// The index that `key` names; nothing if it is not exactly what
    /// `this->key` would write for `rank` dimensions.
    std::optional<std::vector<std::uint64_t>> parse(std::string_view key,
                                                    std::size_t rank) const;
};

struct ArrayDocument
{
    ZarrFormat format = ZarrFormat::V3;
    std::string path;  ///< below the store's root, without slashes at its ends
    std::vector<std::uint64_t> shape;
    std::vector<std::uint64_t> chunk;       ///< one object; a shard if sharded
    std::vector<std::uint64_t> innerChunk;  ///< == chunk if not sharded
    bool sharded = false;
    DataType dataType;
    Json fillValue;  ///< null: undefined (V2)
    /// One per axis, "" where unnamed; empty if the document names none.
    std::vector<std::string> dimensions;
    ChunkKeys keys;
    Json attributes = Json::object();
    Json metadata;  ///< .zarray or zarr.json, parsed

    std::size_t rank() const
    {
        return shape.size();
    }
};

std::uint64_t chunkBytes(const std::vector<std::uint64_t> &chunk,
                         std::size_t elementSize);

/// `zattrs` is empty where there is none. Refuses (Failure::Error) by name what
/// GDAL's driver cannot read or write: V2 |O, M8, m8 and structured types,
/// unknown codecs, filters and storage transformers, an irregular chunk grid, a
/// size of 0 in shape, rank above 32, a shape whose
/// element count overflows 2^63, chunks above 2^31 bytes, `dimensions` with
/// duplicates or another rank.
Result<ArrayDocument> parseArrayV2(const std::string &path,
                                   std::string_view zarray,
                                   std::string_view zattrs);
Result<ArrayDocument> parseArrayV3(const std::string &path,
                                   std::string_view zarrJson);

/// The array at `path` from its own documents among `documents`, which are by
/// key below the store's root.
Result<ArrayDocument>
parseArray(ZarrFormat format, const std::string &path,
           const std::map<std::string, std::string> &documents);

/// One element of the array's fill value as it lies in memory, native byte
/// order, `dataType.size` bytes. Nothing if it is undefined (V2 null).
/// Numeric and Bool only. Handles "NaN", "Infinity", "-Infinity", "0x..." (V3),
/// complex pairs, 64-bit integers exactly, V2 strings of bytes in base64.
Result<std::optional<std::string>> fillBytes(const ArrayDocument &array);

/// One element of the missing value that users of the array see, same layout:
/// V2: fill_value, or where that is null a plain number in the attribute
/// `_FillValue`. V3: the attribute (plain number, or base64 of little-endian
/// bytes, as xarray encodes it). Else nothing.
Result<std::optional<std::string>>
missingValueBytes(const ArrayDocument &array);

/// The document (`.zarray` or `zarr.json`) that the private view serves to
/// GDAL's driver in place of the array's own: shape replaced, no attributes, no
/// dimension names, no consolidated metadata, Bool as uint8. `fill` replaces
/// fill_value unless it is nothing; both are spelled as the driver reads them.
///
/// The driver elides inner chunks of a shard that hold nothing but the fill
/// value served here, and readers put the array's own there: for a sharded
/// array give no other. What the driver cannot read is served as undefined
/// (V2: complex fill values that are not real;
/// V3: strings in shards, which makes the driver warn): it then takes zeros for
/// empty.
std::string privateDocument(const ArrayDocument &array,
                            std::span<const std::uint64_t> shape,
                            const std::optional<Json> &fill);

}  // namespace mdimappend
