// The group of a source that is the slice: its root, or another one
// (--slice-group) with those above it, whose dimensions and coordinates are
// seen in it.

#pragma once

#include "status.h"

#include <gdal_multidim.h>

#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

/// "/a/b" of "a/b", "/a//b/", ...; "" of "/". Failure::Usage: no path of a
/// group.
Result<std::string> groupPath(const std::string &spelled);

struct SourceGroup
{
    std::string path{};  ///< "/a/b"; "": the root
    /// The root first, then each on the way to the slice's, which is the last.
    std::vector<std::shared_ptr<GDALGroup>> groups{};

    const GDALGroup &own() const
    {
        return *groups.back();
    }

    std::size_t level() const
    {
        return groups.size() - 1;
    }

    bool isRoot() const
    {
        return path.empty();
    }

    /// Of the group at a level (0: the root), without a slash in front.
    std::string keyOf(std::size_t level) const;

    /// Of an array in the group at a level: "a/b/array", or "array".
    std::string keyOf(std::size_t level, const std::string &array) const;

    /// Of all levels, from the root's ("") on.
    std::vector<std::string> keys() const;
};

/// `path`: of groupPath. Failure::Refused: there is no such group; says which
/// there are.
Result<SourceGroup> openGroup(const std::shared_ptr<GDALGroup> &root,
                              const std::string &path);

/// Opens an array by its name in the root, or by its path from "/" on; null if
/// it cannot be opened.
std::shared_ptr<GDALMDArray> openArrayAt(const GDALGroup &root,
                                         const std::string &path);

}  // namespace mdimappend
