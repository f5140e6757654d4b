// An append's part of the log record (docs/format.md, section 7).

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"
#include "zarr/array_document.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

struct LoggedAppend
{
    std::string appendDim;
    ZarrFormat format = ZarrFormat::V3;
    bool hasLabels = false;
    bool creates = false;       ///< the target
    bool createsStore = false;  ///< and the store around it
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;  ///< new ones
    std::uint64_t replacedRows = 0;
    bool labelsOrdered = false;
    std::string firstLabel;
    std::string lastLabel;
    Json slices = Json::array();
    std::vector<std::string> warnings;
    std::string command;
    std::string message;
};

/// `sequence`: the number that the commit will have.
Result<Json> logRecordOf(const LoggedAppend &append, Storage &storage,
                         const Site &site, std::uint64_t sequence);

}  // namespace mdimappend
