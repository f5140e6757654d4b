// Finds the group of a target among its parents, and the arrays in it, in as
// few documents as tell it.

#include "cube/target_nodes.h"

#include "trace.h"
#include "zarr/document_key.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// One that cannot be read must not pass for no array: a slice's array of
/// that name would then be left out.
Result<bool> isArrayDocument(const std::string &path, const std::string &bytes)
{
    const auto called = "document '" + documentKey(path, "zarr.json") + "'";
    auto parsed = parseJson(bytes);
    if (!parsed)
        return parsed.takeStatus().prefixed(called);
    const auto type =
        parsed->is_object() ? parsed->value("node_type", Json()) : Json();
    if (type != "group" && type != "array")
        return error(called + " describes neither a group nor an array");
    return type == "array";
}

class GroupReader
{
  public:
    GroupReader(Storage &storage, const Site &site, bool onlyWhatGrows,
                Target &target)
        : m_storage(storage), m_site(site), m_onlyWhatGrows(onlyWhatGrows),
          m_target(target)
    {
    }

    Status read()
    {
        for (const auto &group : pathAndParents(m_site.group))
        {
            MDIMAPPEND_ASSIGN(const auto present, documentsOf(group));
            if (group.empty())
                m_target.rootDocuments = present;
            MDIMAPPEND_ASSIGN(m_target.exists, readGroup(group, present));
            if (!m_target.exists)
                break;
        }
        return Status::ok();
    }

  private:
    /// Those of the group that are there, as far as they are looked for.
    Result<Documents> documentsOf(const std::string &group)
    {
        const bool isV2 =
            m_target.exists && m_target.format == ZarrFormat::V2;  // the root
        const bool listed = isListed(group);
        Documents present;
        for (const std::string_view name :
             {"zarr.json", ".zmetadata", ".zgroup", ".zattrs", ".zarray"})
        {
            if (isV2 && listed && name == "zarr.json")
                continue;
            const auto key = documentKey(group, name);
            MDIMAPPEND_ASSIGN(
                const auto bytes,
                m_storage.read(m_site.object(key), largestDocument));
            if (bytes)
            {
                m_target.documents[key] = *bytes;
                present[std::string(name)] = *bytes;
            }
            if (m_onlyWhatGrows && saysEnough(name, present))
                break;
            // Below a consolidated root there is only to see whether the
            // group has a copy of its own.
            if (!group.empty() && listed &&
                name == (isV2 ? ".zmetadata" : "zarr.json"))
            {
                if (isV2)
                    present.try_emplace(".zgroup");
                break;
            }
        }
        return present;
    }

    /// Whether what was found, `name` last, says what the group is. A copy in
    /// Zarr V2 has the group's own document in it, or that is read, too.
    static bool saysEnough(std::string_view name, Documents &present)
    {
        if (name == "zarr.json")
            return present.contains("zarr.json");
        const auto copy = present.find(".zmetadata");
        if (copy == present.end())
            return false;
        const auto copied = documentsOfCopy(ZarrFormat::V2, copy->second);
        if (copied && copied->contains(".zgroup"))
            present.try_emplace(".zgroup", copied->at(".zgroup"));
        return name == ".zgroup" || present.contains(".zgroup");
    }

    /// Whether the root's copy says that there is this group, where that is
    /// believed.
    bool isListed(const std::string &group) const
    {
        if (!m_onlyWhatGrows || m_target.consolidated.empty() ||
            !m_target.consolidated.front().group.empty())
            return false;
        const auto nodes = consolidatedNodes(
            m_target.format,
            m_target.documents.at(m_target.consolidated.front().key));
        return nodes &&
               std::ranges::find(nodes->groups, group) != nodes->groups.end();
    }

    Result<bool> readGroup(const std::string &group, const Documents &present)
    {
        const std::string called =
            group.empty() ? "the store" : "group '" + group + "'";
        const bool v3 = present.count("zarr.json") != 0;
        const bool v2 = present.count(".zgroup") || present.count(".zmetadata");
        if (v3 && v2)
            return error(called + " has both Zarr V2 and Zarr V3 documents; "
                                  "readers disagree about it");
        bool isArray = present.count(".zarray") != 0;
        if (v3)
        {
            MDIMAPPEND_ASSIGN(isArray,
                              isArrayDocument(group, present.at("zarr.json")));
        }
        if (isArray)
            return error(called + " is a single Zarr array, not a group of "
                                  "arrays with named dimensions");
        if (!v2 && !v3)
            return false;
        m_target.format = v3 ? ZarrFormat::V3 : ZarrFormat::V2;
        if (const auto key = consolidatedKey(present))
            m_target.consolidated.push_back({group, documentKey(group, *key)});
        return true;
    }

    Storage &m_storage;
    const Site &m_site;
    bool m_onlyWhatGrows;
    Target &m_target;
};

Result<std::vector<std::string>> pathsInCopy(const Site &site, Target &target,
                                             const Target::Consolidated &copy)
{
    auto nodes =
        consolidatedNodes(target.format, target.documents.at(copy.key));
    if (!nodes)
        return nodes.takeStatus().prefixed("document '" + copy.key + "'");
    const std::string prefix = site.group.empty() ? "" : site.group + "/";
    std::vector<std::string> paths;
    for (const auto &node : nodes->arrays)
    {
        // What is listed is read and written to, wherever it leads.
        if (!isKeyBelow(node))
            return error("document '" + copy.key + "' lists an array " +
                         dumpJson(node, -1) +
                         ", which would lead out of the store");
        const auto path = documentKey(copy.group, node);
        if (!path.starts_with(prefix))
            continue;
        if (path.find('/', prefix.size()) == std::string::npos)
            paths.push_back(path);
        else
            target.mayHaveGroups = true;
    }
    return paths;
}

Result<std::vector<std::string>> pathsInFolder(Storage &storage,
                                               const Site &site, Target &target)
{
    MDIMAPPEND_ASSIGN(const auto names, storage.list(site.object(site.group)));
    // An object store answers so, too, for a folder that it may not list.
    if (names.empty())
        return error("the arrays of '" + site.object(site.group) +
                     "' cannot be listed, and it has no consolidated metadata "
                     "that would name them");
    const bool isV2 = target.format == ZarrFormat::V2;
    std::vector<std::string> paths;
    for (const auto &name : names)
    {
        const auto path = documentKey(site.group, name);
        const auto key = documentKey(path, isV2 ? ".zarray" : "zarr.json");
        MDIMAPPEND_ASSIGN(const auto bytes,
                          storage.read(site.object(key), largestDocument));
        const bool isDocument = name == "zarr.json" || name.starts_with(".z");
        if (!bytes)
        {
            target.mayHaveGroups = target.mayHaveGroups || !isDocument;
            continue;
        }
        bool isArray = true;
        if (!isV2)
        {
            MDIMAPPEND_ASSIGN(isArray, isArrayDocument(path, *bytes));
        }
        if (isArray)
            paths.push_back(path);
        else
            target.mayHaveGroups = true;
    }
    return paths;
}

}  // namespace

std::vector<std::string> pathAndParents(const std::string &group)
{
    std::vector<std::string> groups = {""};
    for (std::size_t slash = group.find('/'); !group.empty();
         slash = group.find('/', slash + 1))
    {
        groups.push_back(group.substr(0, slash));
        if (slash == std::string::npos)
            break;
    }
    return groups;
}

Status readGroups(Storage &storage, const Site &site, bool onlyWhatGrows,
                  Target &target)
{
    return GroupReader(storage, site, onlyWhatGrows, target).read();
}

Result<std::vector<std::string>> arrayPaths(Storage &storage, const Site &site,
                                            Target &target)
{
    return target.consolidated.empty()
               ? pathsInFolder(storage, site, target)
               : pathsInCopy(site, target, target.consolidated.back());
}

Status readEmptyGroup(Storage &storage, const Site &site, Target &target)
{
    const auto &group = site.group;
    const auto &copies = target.consolidated;
    if (!group.empty() && !copies.empty() && copies.back().group == group)
        return error("group '" + group +
                     "' has no arrays, but consolidated metadata of its own, "
                     "which would not list new ones. Remove these from '" +
                     copies.back().key + "' or make another group");
    MDIMAPPEND_ASSIGN(target.taken, storage.list(site.object(group)));
    // They were not read if the root's copy lists the group.
    const auto key = documentKey(group, ".zattrs");
    if (target.format == ZarrFormat::V2)
    {
        MDIMAPPEND_ASSIGN(const auto attributes,
                          storage.read(site.object(key), largestDocument));
        if (attributes)
            target.documents[key] = *attributes;
    }
    target.exists = false;
    trace(site.name, "the group '", group, "' has no arrays");
    return Status::ok();
}

}  // namespace mdimappend
