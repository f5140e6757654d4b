// The target as its documents say it is, read fresh and believed only where all
// copies agree.

#pragma once

#include "journal/site.h"
#include "status.h"
#include "storage/storage.h"
#include "zarr/documents.h"

#include <optional>
#include <set>
#include <string>
#include <vector>

namespace mdimappend
{

struct TargetArray
{
    std::string name;  ///< below the group
    ArrayDocument document;
    std::optional<std::size_t> axis;  ///< of the append dimension
    std::string units;
    std::string calendar;
};

struct Target
{
    /// The group is there, and has arrays. One without can become a target.
    bool exists = false;
    ZarrFormat format = ZarrFormat::V3;

    /// Groups (paths below the root, outermost first) that hold consolidated
    /// metadata which list the target's arrays, with the document's key.
    struct Consolidated
    {
        std::string group;
        std::string key;
    };

    std::vector<Consolidated> consolidated;
    Documents documents;  ///< all that were read, by key below the root
    Documents rootDocuments;
    /// What lies in the folder of a group without arrays: other groups.
    std::vector<std::string> taken;
    std::vector<TargetArray> arrays;
    /// Documents of arrays that do not grow, and V2's attributes, were taken
    /// from a consolidated copy: `documents` has not all.
    bool isPartlyRead = false;
    /// There may be arrays in groups below its own.
    bool mayHaveGroups = false;
    std::string appendDim;
    std::uint64_t size = 0;  ///< along the append dimension
    /// Of one without labels: the group around it whose labels are its own.
    std::optional<std::string> labelledBy;
    /// Of one with labels: groups below it whose labels these are.
    std::vector<std::string> dependents;

    const TargetArray *find(const std::string &name) const;
    /// 1D along the append dimension and named as it; null if there is none.
    const TargetArray *labels() const;
};

/// Failure::Error for what cannot be understood, Failure::Conflict where copies
/// of metadata disagree. `appendDim` may be "": then it is found (recorded in
/// the log, `time`, axis T); if it cannot be, it stays "". (read_target.cpp)
Result<Target> readTarget(Storage &storage, const Site &site,
                          const std::string &appendDim,
                          bool onlyWhatGrows = false);

/// Arrays whose value says nothing: the CRS is in their attributes.
std::set<std::string> gridMappings(const Target &target);

/// Where the dimension `name` stands among an array's; nothing if it is none of
/// them, or "".
std::optional<std::size_t> axisOf(const std::vector<std::string> &dimensions,
                                  const std::string &name);

/// An array's document with what the append needs to know of it.
TargetArray describeArray(ArrayDocument document, const std::string &group,
                          const std::string &appendDim);

/// Those of a group (all, if it is ""), by key below it.
Documents documentsBelow(const Documents &documents, const std::string &group);

/// The new bytes of each document when arrays grow as told: their own, and each
/// consolidated copy.
Result<Documents> grownDocuments(const Target &target,
                                 const std::vector<Growth> &growths);

}  // namespace mdimappend
