// Slabs, and the arrays of the private view that they are written to.

#include "append/plan_slabs.h"

#include "chunks/planned_arrays.h"
#include "guards/array_labels.h"

#include <utility>

namespace mdimappend
{

namespace
{

std::string labelText(const Labels &labels, std::size_t position)
{
    return position < labels.values.size() ? labels.describe(position)
                                           : std::string();
}

}  // namespace

Slab planArray(AppendPlan &plan, const TargetArray &array, TouchedBoxes boxes,
               const Extent &committed, const Extent &shape)
{
    const auto &document = array.document;
    auto &arrays = plan.intent.arrays;
    arrays.push_back(plannedArray(document, std::move(boxes), shape));
    Slab slab;
    slab.path = document.path;
    slab.boxes = plannedBoxes(arrays.back());
    slab.axis = array.axis;
    slab.committed = committed;
    slab.shape = shape;
    slab.conversion = Conversion::none(document.dataType.size);
    return slab;
}

Status fillFromLabels(Slab &slab, const Labels &labels,
                      const TargetArray &array)
{
    MDIMAPPEND_ASSIGN(auto stored, storeLabels(labels, labelForm(array)));
    slab.memory = std::move(stored.elements);
    slab.memoryStrings = std::move(stored.texts);
    return Status::ok();
}

void nameLabels(AppendPlan &plan, const Labels &labels, std::size_t first)
{
    plan.firstLabel = labelText(labels, first);
    if (!labels.values.empty())
        plan.lastLabel = labelText(labels, labels.values.size() - 1);
    if (!labels.values.empty() && plan.rows == labels.values.size())
        plan.labelsHash = hashOfLabels(labels);
}

}  // namespace mdimappend
