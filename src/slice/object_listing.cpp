// Answers from a sorted list of keys: what is below a folder follows it.

#include "slice/object_listing.h"

#include "storage/checksum.h"

#include <algorithm>
#include <array>
#include <set>

#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// What everything below a folder begins with.
std::string beginningIn(std::string_view folder)
{
    return folder.empty() ? "" : std::string(folder) + "/";
}

}  // namespace

ObjectListing::ObjectListing(const std::vector<ListedObject> &objects)
{
    for (const auto &object : objects)
        m_objects.emplace(object.key, object);
}

const ListedObject *ObjectListing::find(std::string_view key) const
{
    const auto found = m_objects.find(key);
    return found == m_objects.end() ? nullptr : &found->second;
}

bool ObjectListing::isFolder(std::string_view key) const
{
    const auto beginning = beginningIn(key);
    const auto next = m_objects.lower_bound(beginning);
    return next != m_objects.end() && next->first.starts_with(beginning);
}

bool ObjectListing::stat(std::string_view key, VSIStatBufL &state) const
{
    state = {};
    if (const auto *object = find(key))
    {
        state.st_mode = S_IFREG;
        state.st_size = static_cast<decltype(state.st_size)>(object->size);
        state.st_mtime = static_cast<time_t>(object->modified);
        return true;
    }
    state.st_mode = S_IFDIR;
    return isFolder(key);
}

CPLStringList ObjectListing::names(std::string_view folder) const
{
    // An object may have the name of a folder.
    std::set<std::string> found;
    const auto beginning = beginningIn(folder);
    auto next = m_objects.lower_bound(beginning);
    while (next != m_objects.end() && next->first.starts_with(beginning))
    {
        const auto slash = next->first.find('/', beginning.size());
        const auto end = std::min(slash, next->first.size());
        const auto name =
            next->first.substr(beginning.size(), end - beginning.size());
        if (!name.empty())
            found.insert(name);
        // '0' is the character after '/': what is below the name is passed
        // over.
        next = slash == std::string::npos
                   ? std::next(next)
                   : m_objects.lower_bound(beginning + name + '0');
    }
    CPLStringList names;
    for (const auto &name : found)
        names.AddString(name.c_str());
    return names;
}

std::vector<std::string> ObjectListing::documents(std::size_t most) const
{
    constexpr std::array<std::string_view, 4> names = {"zarr.json", ".zgroup",
                                                       ".zarray", ".zattrs"};
    std::vector<std::string> keys;
    for (const auto &[key, object] : m_objects)
    {
        const auto name = std::string_view(key).substr(key.rfind('/') + 1);
        if (keys.size() < most && std::ranges::find(names, name) != names.end())
            keys.push_back(key);
    }
    return keys;
}

std::string ObjectListing::state() const
{
    Xxh3 sum;
    for (const auto &[key, object] : m_objects)
        sum.add(key + '\n' + std::to_string(object.size) + '\n' +
                std::to_string(object.modified) + '\n' + object.version + '\n');
    return std::to_string(m_objects.size()) + " objects, " + sum.digest();
}

}  // namespace mdimappend
