// Walks through groups, of which there may be any number, and links that lead
// back.

#include "slice/group_list.h"

#include "settings/value.h"
#include "slice/attributes_json.h"
#include "slice/gdal_messages.h"
#include "slice/group_arrays.h"
#include "slice/requested_source.h"

#include <algorithm>
#include <cctype>
#include <deque>
#include <functional>
#include <optional>
#include <set>

namespace mdimappend
{

namespace
{

/// A group can be reached by any number of links, and links of the file system
/// may lead back: below this nothing is looked for.
constexpr std::size_t deepest = 32;

/// For a message not more are opened.
constexpr std::size_t mostForMessage = 200;
constexpr std::size_t mostGroups = 100'000;

constexpr std::size_t mostNamed = 8;

using Visit = std::function<void(const std::string &, const GDALGroup &)>;

struct Walked
{
    std::vector<std::string> names{};  ///< also of groups not visited
    bool all = true;
};

/// Visits the groups below the root, level by level.
Walked walk(const GDALGroup &root, std::size_t most, const Visit &visit)
{
    struct Next
    {
        std::shared_ptr<GDALGroup> parent;
        std::string name;
        std::string path;
        std::size_t depth;
    };

    Walked walked;
    std::deque<Next> next;
    const auto addBelow = [&](const std::shared_ptr<GDALGroup> &parent,
                              const GDALGroup &group, const std::string &path,
                              std::size_t depth)
    {
        for (const auto &name : group.GetGroupNames())
        {
            walked.names.push_back(path + "/" + name);
            if (depth <= deepest)
                next.push_back({parent, name, path + "/" + name, depth});
        }
    };
    const GdalMessages quiet;
    addBelow(nullptr, root, "", 1);
    for (std::size_t visited = 0; !next.empty(); ++visited)
    {
        if (visited == most)
        {
            walked.all = false;
            break;
        }
        const Next each = std::move(next.front());
        next.pop_front();
        const auto group = each.parent ? each.parent->OpenGroup(each.name)
                                       : root.OpenGroup(each.name);
        if (!group)
            continue;
        visit(each.path, *group);
        addBelow(group, *group, each.path, each.depth + 1);
    }
    return walked;
}

/// As a message may have it: names of HDF5 are any bytes, of any length.
std::string shown(const std::string &path)
{
    constexpr std::size_t longest = 100;
    std::string text = validUtf8(path.substr(0, longest));
    for (char &c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f')
            c = '_';
    return path.size() > longest ? text + "..." : text;
}

/// "'/a', '/b' and 3 more"
std::string someOf(const std::vector<std::string> &paths, bool all)
{
    std::string list;
    for (std::size_t i = 0; i < std::min(paths.size(), mostNamed); ++i)
        list += (i ? ", '" : "'") + shown(paths[i]) + "'";
    if (!all)
        return list + (paths.size() > mostNamed ? " and others"
                                                : " and perhaps others");
    if (paths.size() > mostNamed)
        list += " and " + std::to_string(paths.size() - mostNamed) + " more";
    return list;
}

std::string inLowerCase(std::string text)
{
    std::ranges::transform(text, text.begin(), [](unsigned char c)
                           { return static_cast<char>(std::tolower(c)); });
    return text;
}

/// One that differs in case only, else one that is spelled alike.
std::optional<std::string> nearestPath(const std::string &path,
                                       const std::vector<std::string> &known)
{
    std::vector<std::string> same;
    for (const auto &each : known)
        if (inLowerCase(each) == inLowerCase(path))
            same.push_back(each);
    if (same.empty())
        return nearest(path, known);
    return nearest(path, same).value_or(same.front());
}

/// What the append dimension is called in the source.
std::set<std::string> appendDimsIn(const SliceRequest &request)
{
    const std::string name =
        request.appendDim.empty() ? "time" : request.appendDim;
    std::set<std::string> names = {name};
    for (const auto &[from, to] : request.renamedArrays)
        if (to == name)
            names.insert(from);
    return names;
}

bool hasArrayAlong(const GDALGroup &group, const std::set<std::string> &names,
                   const SliceRequest &request)
{
    const GdalMessages quiet;
    return std::ranges::any_of(
        group.GetMDArrayNames(),
        [&](const std::string &name)
        {
            const auto array = isExcluded(request, validKey(name))
                                   ? nullptr
                                   : group.OpenMDArray(name);
            return array && !isOnlyDimension(*array) &&
                   std::ranges::any_of(
                       array->GetDimensions(), [&](const auto &dimension)
                       { return names.contains(dimension->GetName()); });
        });
}

/// Messages are without the slice's name.
Result<std::vector<std::string>> listGroups(const SliceRequest &request)
{
    MDIMAPPEND_ASSIGN(const RequestedSource source, openRequested(request));
    const auto &root = source.dataset.root;
    if (!root)
        return std::vector<std::string>();
    const SourceConfig configured(source.address);
    const auto names = appendDimsIn(request);
    std::vector<std::string> found;
    if (hasArrayAlong(*root, names, request))
        found.emplace_back("/");
    const auto walked =
        walk(*root, mostGroups,
             [&](const std::string &path, const GDALGroup &group)
             {
                 if (hasArrayAlong(group, names, request))
                     found.push_back(path);
             });
    MDIMAPPEND_RETURN_IF_ERROR(source.dataset.failure());
    if (!walked.all)
        return refused("has more than " + std::to_string(mostGroups) +
                       " groups.");
    return found;
}

}  // namespace

Status noSuchGroup(const GDALGroup &root, const SourceGroup &opened,
                   const std::string &name)
{
    const auto parent = opened.keyOf(opened.level());
    const auto missing = (parent.empty() ? "/" : "/" + parent + "/") + name;
    const GdalMessages quiet;
    const auto arrays = opened.own().GetMDArrayNames();
    const bool isArray = std::ranges::find(arrays, name) != arrays.end();
    const auto walked = walk(root, mostForMessage, [](const auto &, auto &) {});
    std::string message = "has no group '" + missing + "'";
    const auto meant =
        isArray ? std::nullopt : nearestPath(opened.path, walked.names);
    if (isArray)
        message += ": that is an array";
    else if (meant)
        message += "; did you mean '" + shown(*meant) + "'?";
    if (!meant)
        message += ".";
    return refused(
        message +
        (walked.names.empty()
             ? " It has no groups but its root."
             : " Its groups: " + someOf(walked.names, walked.all) + "."));
}

Status noArraysIn(const SourceGroup &group)
{
    std::vector<std::string> filled;
    const auto walked = walk(*group.groups.front(), mostForMessage,
                             [&](const std::string &path, const GDALGroup &each)
                             {
                                 if (!each.GetMDArrayNames().empty())
                                     filled.push_back(path);
                             });
    const std::string message =
        (group.isRoot() ? "its root group" : "its group '" + group.path + "'") +
        " has no arrays";
    if (filled.empty())
        return refused(message + ".");
    return refused(message + ". Groups that have: " +
                   someOf(filled, walked.all) + ". --slice-group " +
                   shown(filled.front()) + " takes that one as the slice.");
}

std::vector<std::string> groupsBelow(const GDALGroup &root,
                                     const SliceRequest &request)
{
    const auto names = appendDimsIn(request);
    std::vector<std::string> found;
    walk(root, mostForMessage,
         [&](const std::string &path, const GDALGroup &group)
         {
             if (hasArrayAlong(group, names, request))
                 found.push_back(path);
         });
    return found;
}

Result<std::vector<std::string>> groupsOf(const SliceRequest &request)
{
    SliceRequest whole = request;
    whole.group.clear();
    const GdalMessages quiet;
    auto groups = listGroups(whole);
    const std::string name = request.name.empty() && request.dataset
                                 ? request.dataset->GetDescription()
                                 : request.name;
    return groups ? std::move(groups) : aboutSlice(groups.takeStatus(), name);
}

}  // namespace mdimappend
