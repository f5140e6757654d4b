// All objects below a folder, with their sizes: in an object store by one
// listing.

#pragma once

#include "storage/storage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

struct ListedObject
{
    std::string key;  ///< below the folder
    std::uint64_t size = 0;
    std::string version{};      ///< its ETag without quotes; "" if not told
    std::int64_t modified = 0;  ///< seconds; 0 if not told
};

/// Sorted by key; none if there is no such folder.
Result<std::vector<ListedObject>> allObjects(Storage &storage,
                                             const std::string &folder);

}  // namespace mdimappend
