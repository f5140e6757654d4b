// What there is in a target, for whoever looks: its steps, its arrays, how
// large they are.

#pragma once

#include "json/json_text.h"
#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

struct TargetSummary
{
    struct Array
    {
        std::string name;
        std::vector<std::string> dimensions;
        std::vector<std::uint64_t> shape;
        std::string type;
        double bytes = 0;  ///< of the elements, before they are encoded
    };

    std::string appendDim;  ///< "" if it is not clear
    std::uint64_t steps = 0;
    std::string firstLabel;  ///< "" if there are no labels
    std::string lastLabel;
    /// Its documents are not as the log's last commit has left them.
    bool isForeign = false;
    std::vector<Array> arrays;  ///< those that grow first
};

/// `appendDim`: as the log has it, or "". Reads documents, and two labels.
Result<TargetSummary> summaryOf(Storage &storage, const Site &site,
                                const std::string &appendDim);

/// A line for the steps and one for each array.
std::string toText(const TargetSummary &summary);
Json toJson(const TargetSummary &summary);

}  // namespace mdimappend
