// The arguments that a transaction of many parts has besides those of an
// append: tokens and receipts as JSON, places in the target as text.

#pragma once

#include "distributed/begin.h"
#include "distributed/token.h"
#include "distributed/written_part.h"

#include <gdal.h>

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// JSON as it stands, or the file that it is in; '-' is standard input.
Result<std::string> jsonArgument(const std::string &word);

/// Each word is a receipt, a line for each of several, or a list.
Result<std::vector<Receipt>>
readReceipts(const std::vector<std::string> &words);

/// "time=24", or "24" along the append dimension.
Result<std::map<std::string, std::uint64_t>>
parseOffsets(const std::vector<std::string> &words, const Token &token);

/// "lat=0:90"
Result<IndexRanges> parseRegion(const std::vector<std::string> &words);

/// GDAL's progress function, for those who report a fraction.
std::function<bool(double)> progressOf(GDALProgressFunc progress,
                                       void *progressData);

/// What a verb prints for a program: JSON on one line.
std::string jsonLine(const Json &json);

}  // namespace mdimappend
