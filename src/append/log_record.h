// An append's part of the log record (docs/format.md, section 4).

#pragma once

#include "append/logged_slices.h"
#include "journal/document_state.h"
#include "json/json_text.h"
#include "rows/row_map.h"
#include "zarr/array_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// What a commit does to one group.
struct LoggedMember
{
    std::string group;
    Creation log{};  ///< what the log says of it, before this commit
    std::string appendDim;
    ZarrFormat format = ZarrFormat::V3;
    bool hasLabels = false;
    bool creates = false;
    std::uint64_t firstRow = 0;
    std::uint64_t rows = 0;  ///< new ones
    std::uint64_t replacedRows = 0;
    std::uint64_t size = 0;  ///< all of them, after the commit
    std::optional<RowMap> map{};
    bool labelsOrdered = false;
    std::string firstLabel;
    std::string lastLabel;
    DocumentState before{};
    DocumentState after{};
    Json attributesBefore{};  ///< of the target's group
    Json attributesAfter{};
    Json slices = Json::array();
};

struct LoggedCommit
{
    std::vector<LoggedMember> members;  ///< at least one
    bool createsStore = false;
    std::vector<std::string> warnings;
    std::string command;
    std::string message;
};

/// `sequence`: the number that the commit will have.
Json logRecordOf(const LoggedCommit &commit, std::uint64_t sequence);

}  // namespace mdimappend
