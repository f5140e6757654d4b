// What a slice's append is planned from, apart from the cube.

#pragma once

#include "append/logged_slices.h"
#include "journal/site.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "storage/storage.h"

#include "cube/label_match.h"
#include "cube/labels.h"

#include <cstdint>
#include <span>
#include <string>

namespace mdimappend
{

/// Which rows of a slice are new, by its labels.
struct LabelledRows
{
    Labels labels;  ///< in the target's terms
    LabelMatch match;
    std::uint64_t size = 0;  ///< of the target, before
};

struct PlanRequest
{
    const AppendOptions &options;
    const Site &site;
    Storage &storage;
    const Slice &slice;
    LoggedSlices &log;
    /// Of the group around this one whose labels are its own, which is planned
    /// already; null: it has labels of its own, or none.
    const LabelledRows *labelled = nullptr;
    /// The groups of the store that grow in the same commit, by the same slice.
    std::span<const std::string> together{};
};

}  // namespace mdimappend
