// What lies about: objects that no reader looks at, which undone appends and
// killed writers have left. Nothing is deleted by anybody here: a deletion that
// comes late would remove what others have committed since.

#pragma once

#include "journal/site.h"
#include "storage/all_objects.h"

#include <set>
#include <string>
#include <vector>

namespace mdimappend
{

struct LeftObjects
{
    /// Chunks of arrays outside their shapes.
    std::vector<ListedObject> beyondShape{};
    /// Below the store, and neither a document nor a chunk of an array that is
    /// there.
    std::vector<ListedObject> ofNoArray{};
    /// Below the stage: "<transaction>/<name>".
    std::vector<ListedObject> staged{};
    /// Transactions that are over, and whose word `abort` stays.
    std::vector<std::string> decisions{};
};

/// By one listing of the store and one of its sidecar, against the arrays' own
/// documents. An array that cannot be read counts for all that is in its
/// folder. `pending`: transactions that are not over.
Result<LeftObjects> leftObjects(Storage &storage, const Site &site,
                                const std::set<std::string> &pending);

}  // namespace mdimappend
