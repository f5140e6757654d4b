// Labels of the target, and those of this commit after them.

#include "append/target_labels.h"

#include "cube/label_match.h"

#include <utility>

namespace mdimappend
{

Status readLastLabels(LoggedSlices &log, Storage &storage, const Site &site,
                      TargetValues &values, CubeState &cube)
{
    if (cube.labelsKnown)
        return Status::ok();
    const auto size = cube.committedRows;
    MDIMAPPEND_ASSIGN(const Creation creation,
                      log.creation(storage, site, cube.documents));
    const bool ordered = creation.orderedRows == size;
    cube.labelsFrom = ordered && size > 2 ? size - 2 : 0;
    MDIMAPPEND_ASSIGN(Labels labels, values.labels(cube.labelsFrom, size));
    if (ordered && labels.values.size() > 1 &&
        isSame(labels.values[0], labels.values[1]))
        return error("the last two labels of the target are both " +
                     labels.describe(0) +
                     ", and its log says that they were different: a chunk of "
                     "labels has been removed, or another program has written "
                     "them. Put that file back from a copy of the cube, or "
                     "write the labels anew with another tool.");
    cube.labelsOrdered = ordered || isOrdered(labels);
    cube.labels = KnownLabels(std::move(labels));
    cube.labelsKnown = true;
    return Status::ok();
}

Status readAllLabels(TargetValues &values, CubeState &cube)
{
    if (cube.labelsFrom == 0)
        return Status::ok();
    const auto size = cube.committedRows;
    MDIMAPPEND_ASSIGN(Labels all, values.labels(0, size));
    const Labels own = cube.labels.part(
        static_cast<std::size_t>(size - cube.labelsFrom), cube.labels.size());
    all.values.insert(all.values.end(), own.values.begin(), own.values.end());
    cube.labelsFrom = 0;
    cube.labelsOrdered = isOrdered(all);
    cube.labels = KnownLabels(std::move(all));
    return Status::ok();
}

}  // namespace mdimappend
