// Makes object keys of chunk indices, and reads back exactly those that it
// would make.

#include "zarr/array_document.h"

#include <charconv>

namespace mdimappend
{

std::string ChunkKeys::key(std::span<const std::uint64_t> index) const
{
    std::string key;
    if (style == Style::Default)
        key = "c";
    else if (index.empty())
        key = "0";
    for (const std::uint64_t i : index)
    {
        if (!key.empty())
            key += separator;
        key += std::to_string(i);
    }
    return key;
}

std::optional<std::vector<std::uint64_t>>
ChunkKeys::parse(std::string_view key, std::size_t rank) const
{
    std::vector<std::uint64_t> index;
    const char *position = key.data();
    const char *const end = key.data() + key.size();
    if (style == Style::Default && position != end)
        position += rank > 0 && key.size() > 1 ? 2 : 1;
    while (index.size() < rank)
    {
        if (!index.empty() && position != end)
            ++position;
        const auto [next, failure] =
            std::from_chars(position, end, index.emplace_back());
        if (failure != std::errc())
            return {};
        position = next;
    }
    // Separators, the prefix, leading zeros and what follows are checked by
    // writing the key again.
    if (this->key(index) != key)
        return {};
    return index;
}

}  // namespace mdimappend
