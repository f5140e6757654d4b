// What an array's place in a plan is made of, whether it is new or grows.

#pragma once

#include "append/plan.h"
#include "chunks/chunk_grid.h"
#include "chunks/slab.h"
#include "cube/labels.h"
#include "cube/target.h"

namespace mdimappend
{

/// Plans these chunks of an array that had the shape `committed`. The slab has
/// no rows yet.
Slab planArray(AppendPlan &plan, const TargetArray &array, TouchedBoxes boxes,
               const Extent &committed, const Extent &shape);

/// The label array's values.
Status fillFromLabels(Slab &slab, const Labels &labels,
                      const TargetArray &array);

/// The labels that the plan names: that at `first`, and the last; and the hash
/// of all, if all rows are new.
void nameLabels(AppendPlan &plan, const Labels &labels, std::size_t first);

}  // namespace mdimappend
