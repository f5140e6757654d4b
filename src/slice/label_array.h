// Labels that have another name than their dimension: XTIME along Time, JULD
// along N_PROF, texts (WRF's Times).

#pragma once

#include "slice/slice_source.h"

#include <optional>
#include <string>

namespace mdimappend
{

/// The labels of a dimension that has no array of its name, or why it has none:
/// "" if no array of times lies along it.
struct FoundLabels
{
    /// Named as the dimension: the times as they are, in their own units; of
    /// texts, dates.
    std::optional<SourceArray> array{};
    std::string whyNone{};
};

/// Labels of the one array of times along `dimension`, if all its values are
/// there and each comes after the one before it. Failure::Unavailable: it
/// cannot be read.
Result<FoundLabels> labelsOfAnotherName(SourceContents &contents,
                                        const std::string &dimension,
                                        const SourceDataset &source);

}  // namespace mdimappend
