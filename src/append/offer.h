// What one input brings to a store: a slice for each group that it is about,
// most often one. All of them are in one commit.

#pragma once

#include "append/plan.h"
#include "slice/slice.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{

struct Offer
{
    struct Part
    {
        /// Below the group that the run appends to; "": that group itself.
        std::string group;
        std::unique_ptr<Slice> slice;
    };

    std::vector<Part> parts;

    bool hasGroups() const
    {
        return parts.size() > 1;
    }

    /// Not so once a slice could not be fitted to its cube.
    bool isWhole() const
    {
        return std::ranges::all_of(parts, [](const Part &part)
                                   { return part.slice != nullptr; });
    }

    /// What is the same of all parts is the first one's.
    const Slice &first() const
    {
        return *parts.front().slice;
    }
};

/// Of one group: the slice's own, or with `groups` all that have the append
/// dimension, those around others first. Failure::Refused: there is none, or
/// they do not have it in common.
Result<Offer> openOffer(const SliceRequest &request, bool groups);

/// One plan for each part, in their order.
struct OfferPlan
{
    std::vector<AppendPlan> parts;
    /// What all of them are going to do.
    Intent intent;

    /// All of it is in the target already.
    bool isEmpty() const
    {
        return std::ranges::all_of(parts, &AppendPlan::isEmpty);
    }

    bool replaces() const
    {
        return std::ranges::any_of(parts, [](const AppendPlan &plan)
                                   { return plan.replacedRows > 0; });
    }

    bool needsCommit() const
    {
        return std::ranges::any_of(parts, &AppendPlan::needsCommit);
    }
};

}  // namespace mdimappend
