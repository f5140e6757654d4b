// Finds the window of each array, and the labels that are there.

#include "distributed/region.h"

#include "cube/label_match.h"
#include "distributed/part_labels.h"
#include "guards/coordinate_guard.h"
#include "guards/target_values.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

Result<ElementBox> windowOf(const IndexRanges &region, const TargetArray &array)
{
    const auto &document = array.document;
    ElementBox window{Extent(document.rank(), 0), document.shape};
    for (std::size_t i = 0; i < document.rank(); ++i)
    {
        const auto found = region.find(document.dimensions[i]);
        if (found == region.end())
            continue;
        const auto &[first, end] = found->second;
        if (first >= end || end > document.shape[i])
            return Status(Failure::Usage,
                          "--region " + found->first + "=" +
                              std::to_string(first) + ":" +
                              std::to_string(end) + ": '" + found->first +
                              "' has the indices 0 to " +
                              std::to_string(document.shape[i]) +
                              ", and a region never makes it longer");
        window.low[i] = first;
        window.high[i] = end;
    }
    return window;
}

Status readRegionLabels(const RegionRequest &request, CubeState &cube,
                        Session &session)
{
    TargetValues values(request.site, request.storage, cube.target);
    MDIMAPPEND_RETURN_IF_ERROR(readCoordinates(values, cube));
    const auto *array = cube.target.labels();
    if (!array)
        return Status::ok();
    const auto first = session.firstRow;
    MDIMAPPEND_ASSIGN(const Labels labels,
                      values.labels(first, first + session.rows));
    session.firstLabel = labels.describe(0);
    session.lastLabel = labels.describe(labels.values.size() - 1);
    session.labelsOrdered = isOrdered(labels);
    MDIMAPPEND_ASSIGN(session.labels, carriedLabels(labels, *array, first));
    if (request.like.size() != session.rows)
        return Status::ok();
    auto same = labelsOfPart(session, request.like, first);
    return same ? Status::ok()
                : same.takeStatus()
                      .prefixed("template '" + request.like.name() + "'")
                      .suffixed("Nothing was written.");
}

}  // namespace

Status describeRegion(const RegionRequest &request, CubeState &cube,
                      Session &session)
{
    auto &target = cube.target;
    for (const auto &[dimension, range] : request.region)
    {
        const bool is = std::ranges::any_of(
            target.arrays, [&](const TargetArray &array)
            { return axisOf(array.document, dimension).has_value(); });
        if (!is)
            return {Failure::Usage, "--region: the target has no dimension '" +
                                        dimension + "'"};
    }
    session.isRegion = true;
    session.target = target;
    const char *document =
        target.format == ZarrFormat::V2 ? "/.zarray" : "/zarr.json";
    for (std::size_t i = 0; i < target.arrays.size(); ++i)
    {
        const auto &array = target.arrays[i];
        const auto &offered = request.like.arrays();
        const bool has = std::ranges::find(offered, array.name,
                                           &SliceArray::name) != offered.end();
        if (!array.axis || !has || &array == target.labels())
            continue;
        MDIMAPPEND_ASSIGN(const auto window, windowOf(request.region, array));
        if (array.document.sharded && !request.options.mergeShards)
            return refused("array '" + array.name +
                           "': writing to a region would replace shards, "
                           "and a reader could fail at that moment. "
                           "--merge-shards allows it. Nothing was "
                           "written.");
        session.arrays.push_back({i, window, array.document.shape, true});
        const auto key = array.document.path + document;
        session.order.push_back(key);
        session.base[key] = target.documents.at(key);
        session.firstRow = window.low[*array.axis];
        session.rows = window.high[*array.axis] - window.low[*array.axis];
    }
    if (session.arrays.empty())
        return refused("template '" + request.like.name() +
                       "': it has none of the target's arrays along '" +
                       target.appendDim + "'. Nothing was written.");
    session.atOnce = session.order.size();
    return readRegionLabels(request, cube, session);
}

}  // namespace mdimappend
