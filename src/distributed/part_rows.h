// What a part brings of an array whose chunks it shares with other parts: rows,
// if they are small, which it carries to the commit.

#pragma once

#include "convert/conversion.h"
#include "distributed/session.h"
#include "slice/slice.h"

namespace mdimappend
{

/// One array of a part's slice, and where it goes.
struct PartArray
{
    const SessionArray *written = nullptr;
    std::size_t sliceArray = 0;
    ElementBox box;
    Conversion conversion;
};

/// Failure::Refused where the rows are too large, or not whole: then parts
/// have to be cut elsewhere.
Result<CarriedRows> carriedRows(const Slice &slice, const PartArray &part,
                                const TargetArray &target);

}  // namespace mdimappend
