#include "cube/inherited_labels.h"

#include "cube/target_nodes.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <set>

namespace mdimappend
{

namespace
{

/// The documents of a store's nodes: from the root's copy, or one by one.
class Nodes
{
  public:
    Nodes(Storage &storage, const Site &site, const Target &target)
        : m_storage(storage), m_site(site), m_target(target)
    {
    }

    /// The array at a path; nothing if there is none, or one that cannot be
    /// read as such.
    Result<std::optional<ArrayDocument>> array(const std::string &path)
    {
        const bool isV2 = m_target.format == ZarrFormat::V2;
        MDIMAPPEND_ASSIGN(
            const auto document,
            read(documentKey(path, isV2 ? ".zarray" : "zarr.json")));
        if (!document)
            return std::optional<ArrayDocument>();
        std::string attributes;
        if (isV2)
        {
            MDIMAPPEND_ASSIGN(const auto text,
                              read(documentKey(path, ".zattrs")));
            attributes = text.value_or("");
        }
        auto parsed = isV2 ? parseArrayV2(path, *document, attributes)
                           : parseArrayV3(path, *document);
        return parsed ? std::make_optional(std::move(*parsed))
                      : std::optional<ArrayDocument>();
    }

    /// The arrays below a group, those in it left out.
    Result<std::vector<std::string>> arraysBelow(const std::string &group)
    {
        std::vector<std::string> paths;
        if (!m_target.consolidated.empty())
        {
            MDIMAPPEND_RETURN_IF_ERROR(openCopy());
            const auto prefix = group.empty() ? "" : group + "/";
            for (const auto &path : m_arrays)
            {
                if (path.starts_with(prefix) &&
                    path.find('/', prefix.size()) != std::string::npos)
                    paths.push_back(path);
            }
            return paths;
        }
        MDIMAPPEND_RETURN_IF_ERROR(listBelow(group, false, 0, paths));
        return paths;
    }

  private:
    Result<std::optional<std::string>> read(const std::string &key)
    {
        if (m_target.consolidated.empty())
            return m_storage.read(m_site.object(key), largestDocument);
        MDIMAPPEND_RETURN_IF_ERROR(openCopy());
        const auto found = m_documents.find(key);
        return found == m_documents.end() ? std::optional<std::string>()
                                          : std::optional(found->second);
    }

    Status openCopy()
    {
        if (m_isOpen)
            return Status::ok();
        const auto &copy = m_target.consolidated.front();
        const auto &text = m_target.documents.at(copy.key);
        MDIMAPPEND_ASSIGN(const auto nodes,
                          consolidatedNodes(m_target.format, text));
        MDIMAPPEND_ASSIGN(const auto documents,
                          documentsOfCopy(m_target.format, text));
        for (const auto &path : nodes.arrays)
            m_arrays.push_back(documentKey(copy.group, path));
        for (const auto &[key, document] : documents)
            m_documents[documentKey(copy.group, key)] = document;
        m_isOpen = true;
        return Status::ok();
    }

    Status listBelow(const std::string &group, bool takesArrays, int depth,
                     std::vector<std::string> &paths)
    {
        constexpr int deepest = 32;
        // Links may lead round in circles.
        constexpr std::size_t most = 1 << 16;
        MDIMAPPEND_ASSIGN(const auto names,
                          m_storage.list(m_site.object(group)));
        m_listed += names.size();
        if (m_listed > most)
            return error("the groups below '" + m_site.object(m_site.group) +
                         "' are too many to look at one by one. Consolidate "
                         "the store's metadata");
        for (const auto &name : names)
        {
            const auto path = documentKey(group, name);
            MDIMAPPEND_ASSIGN(const bool isGroup, isGroupAt(path));
            if (isGroup && depth < deepest)
                MDIMAPPEND_RETURN_IF_ERROR(
                    listBelow(path, true, depth + 1, paths));
            else if (!isGroup && takesArrays)
                paths.push_back(path);
        }
        return Status::ok();
    }

    Result<bool> isGroupAt(const std::string &path)
    {
        const bool isV2 = m_target.format == ZarrFormat::V2;
        MDIMAPPEND_ASSIGN(
            const auto document,
            m_storage.read(m_site.object(documentKey(path, isV2 ? ".zgroup"
                                                                : "zarr.json")),
                           largestDocument));
        if (!document || isV2)
            return document.has_value();
        const auto parsed = parseJson(*document);
        return parsed && textMember(*parsed, "node_type") == "group";
    }

    Storage &m_storage;
    const Site &m_site;
    const Target &m_target;
    bool m_isOpen = false;
    std::size_t m_listed = 0;
    std::vector<std::string> m_arrays{};
    Documents m_documents{};
};

bool areLabels(const ArrayDocument &array, const std::string &dimension)
{
    return array.dimensions == std::vector{dimension};
}

/// The nearest group around the target that has labels of its dimension.
Result<std::optional<std::string>> labelledBy(Nodes &nodes, const Site &site,
                                              const Target &target)
{
    auto groups = pathAndParents(site.group);
    groups.pop_back();
    for (auto group = groups.rbegin(); group != groups.rend(); ++group)
    {
        MDIMAPPEND_ASSIGN(const auto labels,
                          nodes.array(documentKey(*group, target.appendDim)));
        if (labels && areLabels(*labels, target.appendDim))
            return std::make_optional(*group);
    }
    return std::optional<std::string>();
}

/// Those below that have arrays along the dimension, and no labels between them
/// and the target.
Result<std::vector<std::string>> dependents(Nodes &nodes, const Site &site,
                                            const Target &target)
{
    MDIMAPPEND_ASSIGN(const auto paths, nodes.arraysBelow(site.group));
    std::set<std::string> labelled;
    std::set<std::string> growing;
    for (const auto &path : paths)
    {
        MDIMAPPEND_ASSIGN(const auto array, nodes.array(path));
        if (!array || !axisOf(array->dimensions, target.appendDim))
            continue;
        const auto group = parentOf(path);
        growing.insert(group);
        if (path == documentKey(group, target.appendDim) &&
            areLabels(*array, target.appendDim))
            labelled.insert(group);
    }
    std::vector<std::string> found;
    for (const auto &group : growing)
    {
        bool hasOwn = false;
        for (auto above = group; above.size() > site.group.size();
             above = parentOf(above))
            hasOwn = hasOwn || labelled.contains(above);
        if (!hasOwn)
            found.push_back(group);
    }
    return found;
}

}  // namespace

Status readInheritedLabels(Storage &storage, const Site &site, Target &target)
{
    if (target.appendDim.empty())
        return Status::ok();
    Nodes nodes(storage, site, target);
    if (target.labels() && target.mayHaveGroups)
    {
        MDIMAPPEND_ASSIGN(target.dependents, dependents(nodes, site, target));
    }
    else if (!target.labels() && !site.group.empty())
    {
        MDIMAPPEND_ASSIGN(target.labelledBy, labelledBy(nodes, site, target));
    }
    return Status::ok();
}

}  // namespace mdimappend
