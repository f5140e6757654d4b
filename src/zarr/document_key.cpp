// Joins names to keys of documents, and refuses keys that would lead out of the
// store.

#include "zarr/document_key.h"

#include <algorithm>

namespace mdimappend
{

bool isKeyBelow(std::string_view key)
{
    if (key.find('\0') != key.npos)
        return false;
    for (std::size_t begin = 0; begin <= key.size();)
    {
        const auto end = std::min(key.find('/', begin), key.size());
        const auto part = key.substr(begin, end - begin);
        if (part.empty() || part == "." || part == "..")
            return false;
        begin = end + 1;
    }
    return true;
}

}  // namespace mdimappend
