// Makes a text of sizes, times and identities of a slice's files, which changes
// when they do.

#include "slice/fingerprint.h"

#include "slice/slice_name.h"
#include "vsi/paths.h"

#include <cpl_string.h>
#include <cpl_vsi.h>

#include <algorithm>
#include <array>
#include <sys/stat.h>
#include <vector>

namespace mdimappend
{

namespace
{

/// Of remote files the time is in whole seconds, and there is no inode.
template <class State> std::string describe(const State &state)
{
    return std::to_string(state.st_size) + ":" +
           std::to_string(state.st_mtime) + "." +
           std::to_string(state.st_mtim.tv_nsec) + ":" +
           std::to_string(state.st_ino);
}

std::string stateOfVirtualFile(const std::string &path)
{
    VSIStatBufL state;
    if (VSIStatExL(path.c_str(), &state, VSI_STAT_SIZE_FLAG) != 0)
        return {};
    return describe(state);
}

std::string file(const std::string &path)
{
    return isVirtual(path) ? stateOfVirtualFile(path) : stateOfLocalFile(path);
}

std::string documents(const std::string &root, const std::string &group)
{
    constexpr std::array<const char *, 5> names = {
        ".zgroup", ".zarray", ".zattrs", ".zmetadata", "zarr.json"};
    const std::string folder = root + group;
    CPLStringList below(VSIReadDir(folder.c_str()));
    below.Sort();
    std::vector<std::string> folders{folder};
    for (const char *entry : below)
        if (entry[0] != '.')
            folders.push_back(folder + "/" + entry);
    std::string all;
    for (const std::string &place : folders)
        for (const char *name : names)
            if (const std::string state = file(place + "/" + name);
                !state.empty())
                all +=
                    place.substr(root.size()) + "/" + name + "=" + state + ";";
    return all;
}

FoundState stateOfListing(const std::string &path)
{
    auto folder = ObjectFolder::list(path);
    return folder ? FoundState{folder->listing().state(), std::move(folder)}
                  : FoundState();
}

FoundState stateOfAll(const std::string &path, const std::string &group)
{
    // Answers of object stores are cached for the whole process.
    if (isVirtual(path))
        VSICurlPartialClearCache(path.c_str());
    // Whether it is a folder is two requests, and its listing says so, too.
    if (path.ends_with(".zarr"))
        if (auto found = stateOfListing(path); found.folder)
            return found;
    // A compressed file is what it is made of: its size takes reading all of
    // it, and GDAL gives it another time once it has been opened.
    if (path.starts_with("/vsigzip/"))
    {
        const auto compressed = stateOfAll(archiveOf(path), "").fingerprint;
        return {compressed.empty() ? "" : "@" + compressed};
    }
    VSIStatBufL state;
    if (VSIStatExL(path.c_str(), &state,
                   VSI_STAT_EXISTS_FLAG | VSI_STAT_NATURE_FLAG) != 0)
        return {};
    const bool isFolder = VSI_ISDIR(state.st_mode);
    if (isFolder)
        if (auto found = stateOfListing(path); found.folder)
            return found;
    std::string own = isFolder ? documents(path, "") : file(path);
    for (std::size_t end = 0; isFolder && end < group.size();)
    {
        end = std::min(group.find('/', end + 1), group.size());
        own += documents(path, group.substr(0, end));
    }
    // Another archive may have a member of the same size and time.
    const std::string archive = archiveOf(path);
    return {archive.empty() ? own
                            : own + "@" + stateOfAll(archive, "").fingerprint};
}

}  // namespace

std::string stateOfLocalFile(const std::string &path)
{
    struct stat state;
    if (stat(path.c_str(), &state) != 0)
        return {};
    return describe(state);
}

std::string stateOfLocalFile(const struct stat &file)
{
    return describe(file);
}

std::string fingerprintOf(const std::string &path)
{
    return stateOf(path).fingerprint;
}

std::string stateOfGroup(const std::string &state, const std::string &group)
{
    return state.empty() || group.empty() ? state : state + ", group " + group;
}

FoundState stateOf(const std::string &path, const std::string &group)
{
    auto found = stateOfAll(path, group);
    found.fingerprint = stateOfGroup(found.fingerprint, group);
    return found;
}

}  // namespace mdimappend
