// What is in a folder of an object store, as one listing has it. Of a name that
// is not in it nobody need ask the store whether it is there.

#pragma once

#include "storage/all_objects.h"

#include <cpl_string.h>
#include <cpl_vsi.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

class ObjectListing
{
  public:
    explicit ObjectListing(const std::vector<ListedObject> &objects);

    /// Null if there is no object of this key below the folder.
    const ListedObject *find(std::string_view key) const;

    /// Whether there are objects below this key, or the folder itself ("").
    bool isFolder(std::string_view key) const;

    /// As VSIStatL has it; false if there is neither object nor folder.
    bool stat(std::string_view key, VSIStatBufL &state) const;

    /// The names in a folder; a list that is null if there is none.
    CPLStringList names(std::string_view folder) const;

    /// Keys of Zarr's documents, wherever they are.
    std::vector<std::string> documents(std::size_t most) const;

    /// What changes when an object is added, removed or replaced.
    std::string state() const;

  private:
    std::map<std::string, ListedObject, std::less<>> m_objects{};
};

}  // namespace mdimappend
