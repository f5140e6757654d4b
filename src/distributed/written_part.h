// What one part of a transaction has written: chunks, and rows of arrays whose
// chunks it shares with other parts. A part keeps it in the stage; its receipt
// is a few words that name it and say what it must be.

#pragma once

#include "journal/records.h"
#include "json/json_text.h"
#include "status.h"
#include "transaction/view.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct WrittenChunk
{
    ChunkIndex index;
    ChunkRecord record;  ///< with its name in the stage, if it is there
    std::string stagedVersion;
};

/// Rows that the commit writes, in the target's encoding.
struct CarriedRows
{
    std::uint64_t first = 0;  ///< of the array
    std::uint64_t rows = 0;
    std::string values;              ///< elements, native byte order
    std::vector<std::string> texts;  ///< of an array of texts

    bool operator==(const CarriedRows &) const = default;
};

Json toJson(const CarriedRows &rows);
/// Nothing if it is none.
std::optional<CarriedRows> carriedRowsFrom(const Json &json);

struct WrittenArray
{
    std::string path;
    std::vector<WrittenChunk> chunks;
    std::optional<CarriedRows> rows;
};

struct WrittenPart
{
    std::string part;
    std::string slice;  ///< its name
    std::vector<WrittenArray> arrays;
    std::uint64_t alteredValues = 0;
    /// What its slice has otherwise than the target (guards/static_guard.h).
    std::vector<std::string> ignoredStatic;
    /// What its slice was warned of.
    std::vector<std::string> warnings = {};
    /// By array, as in SliceReport.
    std::map<std::string, double> roundings = {};
};

std::string toText(const WrittenPart &written);
/// Failure::Error: damaged.
Result<WrittenPart> parseWrittenPart(const std::string &text);

struct Receipt
{
    std::string transaction;
    std::string part;
    Content written;  ///< the text of the WrittenPart
    /// For whoever looks at it.
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
};

Json toJson(const Receipt &receipt);
/// Failure::Usage if it is none.
Result<Receipt> parseReceipt(const Json &json);

}  // namespace mdimappend
