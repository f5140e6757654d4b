// Which groups a source has, level by level.

#pragma once

#include "slice/slice.h"
#include "slice/source_group.h"
#include "status.h"

#include <gdal_multidim.h>

#include <string>
#include <vector>

namespace mdimappend
{

/// Failure::Refused: group `opened` has no group `name`. Says if it is an
/// array, which name is the nearest, and which groups there are.
Status noSuchGroup(const GDALGroup &root, const SourceGroup &opened,
                   const std::string &name);

/// Failure::Refused: the group that is to be the slice has no arrays. Names
/// those that have some, and the option that takes one.
Status noArraysIn(const SourceGroup &group);

/// Those below the root that have an array along the append dimension; of many
/// groups some.
std::vector<std::string> groupsBelow(const GDALGroup &root,
                                     const SliceRequest &request);

/// The groups of a source ("/", "/a", "/a/b", ...; `request.group` is not
/// looked at) with an array along the append dimension, which may be a
/// dimension of a group above. The dimension is `request.appendDim`, else
/// "time", or what `request.renamedArrays` makes that. Arrays that are excluded
/// do not count. Those nearest to the root come first.
///
/// Fails as Slice::open does, if the source cannot be opened; Failure::Refused:
/// it has absurdly many groups.
Result<std::vector<std::string>> groupsOf(const SliceRequest &request);

}  // namespace mdimappend
