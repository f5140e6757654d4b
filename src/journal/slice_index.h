// What the log knows of slices, by what they are found by: so that a slice that
// is in is known by one look at its file. docs/format.md, section 4.
//
// Of each block of records there is an object, `<sidecar>/log/index/<sequence>`
// (of its last record), which is made by whoever has read all of them. It is a
// cache: it holds size and checksum of the block's last record, and counts only
// if that is the log's. Records are never changed, and their transactions have
// names of their own; so whoever has this record has those before it.

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// A hash of a slice's group, path, state, and how it was read.
struct SliceKey
{
    std::uint64_t high = 0;
    std::uint64_t low = 0;

    auto operator<=>(const SliceKey &) const = default;
};

SliceKey sliceKey(const std::string &group, const std::string &path,
                  const std::string &state, const std::string &readAs);

/// A slice that brought all of its rows as new ones.
struct IndexedSlice
{
    SliceKey key;
    std::uint64_t sequence = 0;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    std::uint64_t labels = 0;  ///< hash of its labels; 0: it has none
};

constexpr std::uint64_t recordsPerIndexBlock = 256;

/// The last record of the block that this one is in.
std::uint64_t endOfIndexBlock(std::uint64_t sequence);

/// Of a record. `bytes` counts what was read.
Result<std::vector<IndexedSlice>> slicesOfRecord(Storage &storage,
                                                 const Site &site,
                                                 std::uint64_t sequence,
                                                 std::uint64_t &bytes);

/// Of the block that ends with the record `last`, whatever the group; nothing
/// if there is no object for it, or one that is not to be believed.
Result<std::optional<std::vector<IndexedSlice>>>
readIndexBlock(Storage &storage, const Site &site, std::uint64_t last,
               std::uint64_t &bytes);

/// Makes the object, but of a block that is too large for one: its records are
/// few and large, too.
Status writeIndexBlock(Storage &storage, const Site &site, std::uint64_t last,
                       const std::vector<IndexedSlice> &slices);

/// 16 hexadecimal digits, and back: 0 if the text is not that.
std::string hashText(std::uint64_t hash);
std::uint64_t hashOfText(std::string_view text);

}  // namespace mdimappend
