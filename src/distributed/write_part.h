// Writes one part of a transaction: from any process on any host, as often as
// it takes.

#pragma once

#include "append/slice_input.h"
#include "distributed/token.h"
#include "distributed/written_part.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

struct PartRequest
{
    Token token;
    SliceInput slice;
    /// Where the slice begins in what the transaction writes, by dimension;
    /// 0 where nothing is said.
    std::map<std::string, std::uint64_t> at;
    std::string labelFrom;
    std::vector<std::string> allowedDrivers;
    std::vector<std::string> openOptions;
    std::vector<std::string> sliceConfig;
    std::vector<std::string> targetConfig;
    int threads = 0;
    std::function<bool(double)> progress;
    std::function<void(const std::string &)> warn;
};

/// Guards the slice, and writes its part to where nobody reads it. The receipt
/// is for the commit. A part may be written again, by anybody: only that one
/// counts whose receipt is shown. Failure::Refused: the slice, or a part that
/// shares chunks with others.
Result<Receipt> writePart(const PartRequest &request);

}  // namespace mdimappend
