// Puts together the documents of new stores, and of groups and arrays that an
// existing store gets.

#include "json/utf8.h"
#include "zarr/document_key.h"
#include "zarr/documents.h"
#include "zarr/new_array.h"

#include <set>

namespace mdimappend
{

namespace
{

constexpr int indent = 2;  // zarr-python's

/// Members of the consolidated metadata, in the order of the arrays given:
/// GDAL's driver finds a CRS only if its grid mapping variable comes before the
/// arrays that name it.
using InlineDocuments = std::vector<std::pair<std::string, Json>>;

/// One part of a path, which becomes a folder's name.
bool isNodeName(std::string_view name)
{
    return !name.empty() && name != "." && name != ".." &&
           name != "zarr.json" && !name.starts_with(".z") &&
           name.find('\0') == name.npos && isUtf8(name);
}

Status checkPath(const std::string &path)
{
    std::string_view rest = path;
    while (!path.empty())
    {
        const auto slash = rest.find('/');
        if (!isNodeName(rest.substr(0, slash)))
            return error("'" + path + "' is not the path of a Zarr node");
        if (slash == rest.npos)
            break;
        rest.remove_prefix(slash + 1);
    }
    return Status::ok();
}

Status checkNodes(const std::vector<NewGroup> &groups,
                  const std::vector<NewArray> &arrays)
{
    std::set<std::string> paths;
    const auto add = [&paths](const std::string &path) -> Status
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkPath(path));
        if (!paths.insert(path).second)
            return error("two new nodes have the path '" + path + "'");
        return Status::ok();
    };
    for (const NewGroup &group : groups)
    {
        MDIMAPPEND_RETURN_IF_ERROR(add(group.path));
        Status status = checkAttributes(group.attributes);
        if (!status)
            return std::move(status).prefixed("new group '" + group.path + "'");
    }
    for (const NewArray &array : arrays)
        MDIMAPPEND_RETURN_IF_ERROR(add(array.path));
    return Status::ok();
}

Status checkParents(const std::vector<NewGroup> &groups,
                    const std::vector<NewArray> &arrays,
                    std::set<std::string> parents)
{
    for (const NewGroup &group : groups)
        parents.insert(group.path);
    const auto check = [&parents](const std::string &path)
    {
        return parents.contains(parentOf(path))
                   ? Status::ok()
                   : error("the group '" + parentOf(path) + "' of '" + path +
                           "' is missing");
    };
    for (const NewGroup &group : groups)
        MDIMAPPEND_RETURN_IF_ERROR(check(group.path));
    for (const NewArray &array : arrays)
        MDIMAPPEND_RETURN_IF_ERROR(check(array.path));
    return Status::ok();
}

Json inlineMetadata(const InlineDocuments &copies)
{
    Json metadata = Json::object();
    for (const auto &[key, value] : copies)
        appendMember(metadata, key, value);
    return {{"kind", "inline"},
            {"must_understand", false},
            {"metadata", std::move(metadata)}};
}

/// `copies`: what the group consolidates; null for no consolidated metadata.
Json groupV3(const Json &attributes, const InlineDocuments *copies)
{
    Json group = {{"attributes", attributes}, {"zarr_format", 3}};
    if (copies)
        group["consolidated_metadata"] = inlineMetadata(*copies);
    group["node_type"] = "group";
    return group;
}

void addGroup(ZarrFormat format, const NewGroup &group, Documents &documents,
              InlineDocuments &copies)
{
    const std::string &path = group.path;
    if (format == ZarrFormat::V3)
    {
        documents[documentKey(path, "zarr.json")] =
            dumpJson(groupV3(group.attributes, nullptr), indent);
        // Within consolidated metadata zarr-python gives each group its own,
        // empty ones: all that is below it stands in the root's.
        const InlineDocuments none;
        if (!path.empty())
            copies.emplace_back(path, groupV3(group.attributes, &none));
        return;
    }
    const std::pair<std::string_view, Json> parts[] = {
        {".zgroup", Json{{"zarr_format", 2}}}, {".zattrs", group.attributes}};
    for (const auto &[name, json] : parts)
    {
        const std::string key = documentKey(path, name);
        documents[key] = dumpJson(json, indent);
        copies.emplace_back(key, json);
    }
}

Status addArray(ZarrFormat format, const NewArray &array, Documents &documents,
                InlineDocuments &copies)
{
    MDIMAPPEND_ASSIGN(NewArrayDocuments made, newArrayDocuments(format, array));
    const bool isV3 = format == ZarrFormat::V3;
    const std::string key =
        documentKey(array.path, isV3 ? "zarr.json" : ".zarray");
    documents[key] = dumpJson(made.metadata, indent);
    copies.emplace_back(isV3 ? array.path : key, std::move(made.metadata));
    if (isV3)
        return Status::ok();
    const std::string attributesKey = documentKey(array.path, ".zattrs");
    documents[attributesKey] = dumpJson(made.attributes, indent);
    copies.emplace_back(attributesKey, std::move(made.attributes));
    return Status::ok();
}

Status addNodes(ZarrFormat format, const std::vector<NewGroup> &groups,
                const std::vector<NewArray> &arrays, Documents &documents,
                InlineDocuments &copies)
{
    for (const NewGroup &group : groups)
        addGroup(format, group, documents, copies);
    for (const NewArray &array : arrays)
        MDIMAPPEND_RETURN_IF_ERROR(addArray(format, array, documents, copies));
    return Status::ok();
}

}  // namespace

Result<Documents> newDocuments(ZarrFormat format, bool consolidated,
                               const std::vector<NewGroup> &groups,
                               const std::vector<NewArray> &arrays)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkNodes(groups, arrays));
    MDIMAPPEND_RETURN_IF_ERROR(checkParents(groups, arrays, {}));
    Documents documents;
    InlineDocuments copies;
    MDIMAPPEND_RETURN_IF_ERROR(
        addNodes(format, groups, arrays, documents, copies));
    if (!consolidated)
        return documents;
    if (format == ZarrFormat::V2)
    {
        const Json metadata = inlineMetadata(copies)["metadata"];
        documents[".zmetadata"] = dumpJson(
            Json{{"metadata", metadata}, {"zarr_consolidated_format", 1}},
            indent);
        return documents;
    }
    for (const NewGroup &group : groups)
    {
        if (group.path.empty())
            documents["zarr.json"] =
                dumpJson(groupV3(group.attributes, &copies), indent);
    }
    return documents;
}

namespace
{

Status checkRoot(ZarrFormat format, const Documents &root)
{
    const char *key = format == ZarrFormat::V3 ? "zarr.json" : ".zgroup";
    const auto found = root.find(key);
    if (found == root.end())
        return error(std::string("the store's root has no ") + key);
    if (format == ZarrFormat::V2)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const Json json, parseJson(found->second));
    if (member(json, "node_type") != "group")
        return error("the store's root is not a group");
    return Status::ok();
}

/// No new node may take the place of one that exists.
Status checkAbsent(const NodeList &present, const std::set<std::string> &groups,
                   const std::vector<NewGroup> &newGroups,
                   const std::vector<NewArray> &newArrays)
{
    const std::set<std::string> arrays(present.arrays.begin(),
                                       present.arrays.end());
    const auto check = [&](const std::string &path)
    {
        return groups.contains(path) || arrays.contains(path)
                   ? error("the store has a node '" + path + "' already")
                   : Status::ok();
    };
    for (const NewGroup &group : newGroups)
        MDIMAPPEND_RETURN_IF_ERROR(check(group.path));
    for (const NewArray &array : newArrays)
        MDIMAPPEND_RETURN_IF_ERROR(check(array.path));
    return Status::ok();
}

/// The consolidated document with `copies` as its last members.
Result<std::string> extended(ZarrFormat format, const std::string &document,
                             const InlineDocuments &copies)
{
    const JsonPath path = format == ZarrFormat::V3
                              ? JsonPath{"consolidated_metadata", "metadata"}
                              : JsonPath{"metadata"};
    MDIMAPPEND_ASSIGN(const auto spans, locate(document, {path}));
    if (!spans.front() || document[spans.front()->begin] != '{')
        return error("the consolidated metadata have no object 'metadata'");
    return insertMembers(document, *spans.front(), copies);
}

}  // namespace

Result<Documents> addDocuments(ZarrFormat format, const Documents &root,
                               const std::vector<NewGroup> &groups,
                               const std::vector<NewArray> &arrays,
                               const std::vector<std::string> &presentGroups)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkRoot(format, root));
    MDIMAPPEND_RETURN_IF_ERROR(checkNodes(groups, arrays));
    const auto key = consolidatedKey(root);
    NodeList present;
    if (key)
    {
        MDIMAPPEND_ASSIGN(present, consolidatedNodes(format, root.at(*key)));
    }
    std::set<std::string> existing(present.groups.begin(),
                                   present.groups.end());
    existing.insert("");
    for (const std::string &group : presentGroups)
    {
        if (key && !existing.contains(group))
            return error("the consolidated metadata (" + *key +
                         ") do not list the group '" + group +
                         "', which is there. Consolidate the store again "
                         "(zarr.consolidate_metadata)");
        existing.insert(group);
    }
    std::vector<NewGroup> newGroups;
    for (const NewGroup &group : groups)
    {
        if (!existing.contains(group.path))
            newGroups.push_back(group);
    }
    MDIMAPPEND_RETURN_IF_ERROR(
        checkAbsent(present, existing, newGroups, arrays));
    MDIMAPPEND_RETURN_IF_ERROR(checkParents(newGroups, arrays, existing));

    Documents documents;
    InlineDocuments copies;
    MDIMAPPEND_RETURN_IF_ERROR(
        addNodes(format, newGroups, arrays, documents, copies));
    if (key)
    {
        MDIMAPPEND_ASSIGN(documents[*key],
                          extended(format, root.at(*key), copies));
    }
    return documents;
}

}  // namespace mdimappend
