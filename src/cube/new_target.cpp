// Makes the documents of a new target of its arrays, and the order in which
// they appear: the root last, since until then there is no store.

#include "cube/new_target.h"

#include "cube/creation_warnings.h"
#include "cube/new_arrays.h"
#include "cube/settings_check.h"
#include "cube/target_nodes.h"
#include "slice/cf_references.h"
#include "trace.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

class Model
{
  public:
    Model(const Slice &slice, const AppendOptions &options, const Site &site,
          ZarrFormat format)
        : m_slice(slice), m_options(options), m_site(site), m_format(format)
    {
    }

    Result<NewTarget> make(const Labels &labels, const Target &existing)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkSettingsFor(m_format, m_options));
        MDIMAPPEND_ASSIGN(m_arrays, newArrays(m_slice, m_options, m_site.group,
                                              m_format, labels));
        MDIMAPPEND_RETURN_IF_ERROR(checkNames());
        MDIMAPPEND_RETURN_IF_ERROR(checkFree(existing));
        MDIMAPPEND_RETURN_IF_ERROR(checkDimensions());
        const bool inStore = !existing.rootDocuments.empty();
        const auto groups = newGroups(existing);
        NewTarget model;
        MDIMAPPEND_ASSIGN(
            model.documents,
            inStore ? addDocuments(m_format, existing.rootDocuments, groups,
                                   m_arrays, presentGroups(existing))
                    : newDocuments(m_format, m_options.consolidated, groups,
                                   m_arrays));
        MDIMAPPEND_RETURN_IF_ERROR(describe(model, existing));
        orderDocuments(model);
        model.warnings = creationWarnings(m_slice, m_site.group, m_arrays);
        trace(m_site.name, "new target shaped like slice '", m_slice.name(),
              "': Zarr V", m_format == ZarrFormat::V2 ? 2 : 3, ", ",
              m_arrays.size(), " arrays, ", model.documents.size(),
              " documents", inStore ? " in a store that is there" : "");
        return model;
    }

  private:
    Status checkNames() const
    {
        for (const auto &[name, ignored] : m_options.encodings)
        {
            const auto found = std::find_if(
                m_arrays.begin(), m_arrays.end(),
                [&, &wanted = name](const NewArray &array)
                { return array.path == documentKey(m_site.group, wanted); });
            // Another group may have it (Batch::checkNames).
            if (name != "*" && found == m_arrays.end() && !m_options.groups)
                return refused("the settings name an array '" + name +
                               "', which it does not have.");
        }
        return Status::ok();
    }

    /// A group that is there may have others below it.
    Status checkFree(const Target &existing) const
    {
        for (const auto &array : m_arrays)
        {
            const auto name = array.path.substr(array.path.rfind('/') + 1);
            if (std::ranges::find(existing.taken, name) != existing.taken.end())
                return refused("array '" + name + "': the group '" +
                               m_site.group +
                               "' has something else of that name. --rename "
                               "or --exclude-array the array, or name another "
                               "--group.");
        }
        return Status::ok();
    }

    /// The target's group and those around it, as far as they are there.
    std::vector<std::string> presentGroups(const Target &existing) const
    {
        std::vector<std::string> groups;
        for (const auto &path : pathAndParents(m_site.group))
        {
            if (!path.empty() &&
                (existing.documents.count(path + "/zarr.json") ||
                 existing.documents.count(path + "/.zgroup")))
                groups.push_back(path);
        }
        return groups;
    }

    Status checkDimensions() const
    {
        for (const auto &[name, size] : m_options.fixedDims)
        {
            bool known = false;
            for (const auto &array : m_arrays)
            {
                for (std::size_t i = 0; i < array.shape.size(); ++i)
                {
                    if (array.dimensions[i] != name)
                        continue;
                    known = true;
                    if (array.shape[i] != size)
                        return refused("dimension '" + name + "' has size " +
                                       std::to_string(array.shape[i]) +
                                       ", the settings (fixed_dims) say " +
                                       std::to_string(size) + ".");
                }
            }
            if (!known)
                return refused("it has no dimension '" + name +
                               "', which the settings (fixed_dims) name.");
        }
        return Status::ok();
    }

    std::vector<NewGroup> newGroups(const Target &existing) const
    {
        std::vector<NewGroup> groups;
        if (existing.rootDocuments.empty())
            groups.push_back({"", Json::object()});
        const auto present = presentGroups(existing);
        for (const auto &path : pathAndParents(m_site.group))
        {
            if (!path.empty() &&
                std::ranges::find(present, path) == present.end())
                groups.push_back({path, Json::object()});
        }
        return groups;
    }

    Status describe(NewTarget &model, const Target &existing) const
    {
        auto &target = model.target;
        target.exists = true;
        target.format = m_format;
        target.documents = existing.documents;
        for (const auto &[key, bytes] : model.documents)
            target.documents[key] = bytes;
        target.consolidated = existing.consolidated;
        Documents root;
        for (const char *name : {".zgroup", ".zmetadata", "zarr.json"})
        {
            const auto found = target.documents.find(name);
            if (found != target.documents.end())
                root[name] = found->second;
        }
        const auto key = consolidatedKey(root);
        if (key && existing.rootDocuments.empty())
            target.consolidated = {{"", *key}};
        target.appendDim = m_slice.appendDim();
        target.size = m_slice.size();
        for (const auto &array : m_arrays)
        {
            auto document = parseArray(m_format, array.path, model.documents);
            if (!document)
                return document.takeStatus().prefixed("array '" + array.path +
                                                      "'");
            target.arrays.push_back(describeArray(
                std::move(*document), m_site.group, target.appendDim));
        }
        return Status::ok();
    }

    /// Arrays before groups, the root last: until then there is no store.
    void orderDocuments(NewTarget &model) const
    {
        std::set<std::string> placed;
        const auto place = [&](const std::string &key)
        {
            if (model.documents.count(key) && placed.insert(key).second)
                model.order.push_back(key);
        };
        for (const bool coordinates : {false, true})
        {
            for (const auto &array : m_arrays)
            {
                const auto name = array.path.substr(array.path.rfind('/') + 1);
                if (isCoordinate(name, array.dimensions) != coordinates)
                    continue;
                for (const char *document : {".zattrs", ".zarray", "zarr.json"})
                    place(array.path + "/" + document);
            }
        }
        for (std::string group = m_site.group;;
             group = group.substr(0, group.rfind('/')))
        {
            for (const char *document :
                 {".zattrs", ".zmetadata", ".zgroup", "zarr.json"})
                place(documentKey(group, document));
            if (group.find('/') == std::string::npos)
                break;
        }
        for (const char *document :
             {".zattrs", ".zmetadata", ".zgroup", "zarr.json"})
            place(document);
    }

    const Slice &m_slice;
    const AppendOptions &m_options;
    const Site &m_site;
    ZarrFormat m_format;
    std::vector<NewArray> m_arrays;
};

}  // namespace

Result<NewTarget> modelNewTarget(const Slice &slice,
                                 const AppendOptions &options, const Site &site,
                                 const Labels &labels, const Target &existing)
{
    const auto format =
        existing.rootDocuments.empty() ? options.zarrFormat : existing.format;
    return Model(slice, options, site, format).make(labels, existing);
}

}  // namespace mdimappend
