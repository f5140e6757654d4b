// The order of labels: whether a slice's follow those of the target, and which
// of them are new.

#pragma once

#include "cube/known_labels.h"
#include "status.h"

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace mdimappend
{

/// Whether each comes after the one before it, in one direction. Texts need
/// have no order, but may: that of their bytes.
bool isOrdered(const Labels &labels);

/// Whether all of a slice's labels come after the last ones of a target, in
/// the direction that two of those (at least) have.
bool comeAfter(const Labels &last, const Labels &slice);

/// Which of a slice's labels are new.
struct LabelMatch
{
    /// (row of the slice, row of the target) of labels that are in both.
    std::vector<std::pair<std::uint64_t, std::uint64_t>> present;
    /// Rows [firstNew, size) of the slice are new.
    std::uint64_t firstNew = 0;
};

/// Refuses labels that do not follow the target's last one, that are not in
/// order or twice in the slice, and new labels in front of present ones. Texts
/// have no order, but for ISO 8601 dates. Two labels of the target set the
/// direction, else `descending` does, if it says anything, else those of the
/// slice.
Result<LabelMatch> matchLabels(const KnownLabels &target, const Labels &slice,
                               std::optional<bool> descending = std::nullopt);

}  // namespace mdimappend
