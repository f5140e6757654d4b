// What the commit of a transaction of parts did.

#pragma once

#include "json/json_text.h"

#include <cstdint>
#include <set>
#include <map>
#include <string>

namespace mdimappend
{

struct CommitReport
{
    bool dryRun = false;
    bool isRegion = false;
    bool created = false;
    std::string appendDim;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;
    std::string firstLabel;
    std::string lastLabel;
    std::size_t parts = 0;
    std::uint64_t chunks = 0;
    std::uint64_t bytes = 0;
    std::uint64_t alteredValues = 0;
    /// What slices of parts have otherwise than the target, which stays.
    std::set<std::string> ignoredStatic;
    std::map<std::string, double> roundings = {};  ///< as in SliceReport
    std::uint64_t sequence = 0;
    /// It had been decided before, by a commit that did not come to its end.
    bool finished = false;
};

/// Of a transaction that was decided before, from its log record.
CommitReport reportOf(const Json &record);

Json toJson(const CommitReport &report);
std::string toText(const CommitReport &report);

}  // namespace mdimappend
