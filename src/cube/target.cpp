// Reads the documents of a target, checks that all copies of them agree, and
// finds its append dimension.

#include "cube/target.h"

#include "journal/log.h"
#include "storage/requests_at_once.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <set>
#include <span>

namespace mdimappend
{

namespace
{

/// "", "a", "a/b" of "a/b".
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

std::optional<std::size_t> axisOf(const ArrayDocument &document,
                                  const std::string &appendDim)
{
    const auto &names = document.dimensions;
    const auto found = std::find(names.begin(), names.end(), appendDim);
    if (appendDim.empty() || found == names.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

class TargetReader
{
  public:
    TargetReader(Storage &storage, const Site &site, bool onlyWhatGrows)
        : m_storage(storage), m_site(site), m_onlyWhatGrows(onlyWhatGrows)
    {
    }

    Result<Target> read(const std::string &appendDim)
    {
        MDIMAPPEND_RETURN_IF_ERROR(readGroups());
        if (!m_target.exists)
            return std::move(m_target);
        MDIMAPPEND_ASSIGN(const auto paths, arrayPaths());
        MDIMAPPEND_RETURN_IF_ERROR(takeFromCopy(appendDim));
        MDIMAPPEND_RETURN_IF_ERROR(readAhead(paths));
        for (const auto &path : paths)
            MDIMAPPEND_RETURN_IF_ERROR(readArray(path));
        for (const auto &copy : m_target.consolidated)
            MDIMAPPEND_RETURN_IF_ERROR(checkCopy(copy, paths));
        MDIMAPPEND_ASSIGN(m_target.appendDim, findAppendDim(appendDim));
        MDIMAPPEND_RETURN_IF_ERROR(findAxes());
        MDIMAPPEND_RETURN_IF_ERROR(readCoordinatesAhead());
        return std::move(m_target);
    }

  private:
    /// Of arrays that do not grow, and of attributes, the copy says enough.
    Status takeFromCopy(const std::string &appendDim)
    {
        if (!m_onlyWhatGrows || appendDim.empty() ||
            m_target.consolidated.empty())
            return Status::ok();
        const auto &copy = m_target.consolidated.back();
        MDIMAPPEND_ASSIGN(
            const auto documents,
            documentsOfCopy(m_target.format, m_target.documents.at(copy.key)));
        for (const auto &[key, text] : documents)
        {
            const auto path = documentKey(copy.group, key);
            const bool isV2 = m_target.format == ZarrFormat::V2;
            // Which arrays grow is said in the attributes.
            const auto described = isV2 ? sibling(key, ".zattrs") : key;
            const auto found = documents.find(described);
            const bool grows =
                found != documents.end() && mentions(found->second, appendDim);
            if (!grows || key.ends_with("/.zattrs"))
                m_fromCopy[path] = text;
        }
        return Status::ok();
    }

    static std::string sibling(const std::string &key, const char *name)
    {
        const auto slash = key.rfind('/');
        return slash == std::string::npos ? name
                                          : key.substr(0, slash + 1) + name;
    }

    /// Whether an array with this document or these attributes can have the
    /// dimension.
    static bool mentions(const std::string &text, const std::string &dimension)
    {
        return text.find(dumpJson(Json(dimension), -1)) != std::string::npos;
    }

    /// The documents of arrays, several at once where each costs a request.
    Status readAhead(const std::vector<std::string> &paths)
    {
        if (!m_storage.waitsForAnswers())
            return Status::ok();
        std::vector<std::string> keys;
        for (const auto &path : paths)
        {
            if (m_target.format == ZarrFormat::V3)
                keys.push_back(documentKey(path, "zarr.json"));
            else
                for (const char *name : {".zarray", ".zattrs"})
                    keys.push_back(documentKey(path, name));
        }
        std::erase_if(keys, [&](const std::string &key)
                      { return m_fromCopy.contains(key); });
        return forEachAtOnce(
            requestsAtOnce, keys.size(),
            [&](std::size_t i)
            {
                return m_storage.read(m_site.object(keys[i]), largestDocument)
                    .takeStatus();
            });
    }

    /// Chunks that guards will ask for: coordinates, and the last labels.
    Status readCoordinatesAhead()
    {
        if (!m_onlyWhatGrows)
            return Status::ok();
        constexpr std::uint64_t most = 4;
        std::vector<std::string> keys;
        for (const auto &array : m_target.arrays)
        {
            const auto &document = array.document;
            if (document.rank() != 1 || document.dimensions.size() != 1 ||
                document.dimensions[0] != array.name || document.shape[0] == 0)
                continue;
            const auto chunks =
                (document.shape[0] + document.chunk[0] - 1) / document.chunk[0];
            if (!array.axis && chunks > most)
                continue;
            for (auto i = array.axis ? chunks - 1 : 0; i < chunks; ++i)
                keys.push_back(documentKey(
                    document.path, document.keys.key(std::span(&i, 1))));
        }
        return forEachAtOnce(
            requestsAtOnce, keys.size(), [&](std::size_t i)
            { return m_storage.read(m_site.object(keys[i])).takeStatus(); });
    }

    Result<std::optional<std::string>> readDocument(const std::string &key)
    {
        if (const auto copied = m_fromCopy.find(key);
            copied != m_fromCopy.end())
            return std::optional(copied->second);
        MDIMAPPEND_ASSIGN(auto bytes,
                          m_storage.read(m_site.object(key), largestDocument));
        if (bytes)
            m_target.documents[key] = *bytes;
        return bytes;
    }

    Status readGroups()
    {
        for (const auto &group : pathAndParents(m_site.group))
        {
            Documents present;
            for (const char *name :
                 {"zarr.json", ".zmetadata", ".zgroup", ".zattrs", ".zarray"})
            {
                if (isV2() && isListed(group) &&
                    std::string_view(name) == "zarr.json")
                    continue;
                MDIMAPPEND_ASSIGN(const auto bytes,
                                  readDocument(documentKey(group, name)));
                if (bytes)
                    present[name] = *bytes;
                const bool saysEnough = std::string_view(name) == "zarr.json" ||
                                        std::string_view(name) == ".zmetadata";
                if (bytes && saysEnough && m_onlyWhatGrows)
                    break;
                // Below a consolidated root there is only to see whether the
                // group has a copy of its own.
                if (!group.empty() && isListed(group) &&
                    std::string_view(name) ==
                        (isV2() ? ".zmetadata" : "zarr.json"))
                {
                    if (isV2())
                        present.try_emplace(".zgroup");
                    break;
                }
            }
            if (group.empty())
                m_target.rootDocuments = present;
            MDIMAPPEND_ASSIGN(const bool found, readGroup(group, present));
            m_target.exists = found;
            if (!found)
                break;
        }
        return Status::ok();
    }

    /// As the root is.
    bool isV2() const
    {
        return m_target.exists && m_target.format == ZarrFormat::V2;
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

    /// Full paths of the arrays directly in the group.
    Result<std::vector<std::string>> arrayPaths()
    {
        std::vector<std::string> paths;
        if (m_target.consolidated.empty())
        {
            MDIMAPPEND_ASSIGN(const auto names,
                              m_storage.list(m_site.object(m_site.group)));
            // Of a store's answer nothing tells that it is one.
            if (names.empty())
                return error("the arrays of '" + m_site.object(m_site.group) +
                             "' cannot be listed, and it has no consolidated "
                             "metadata that would name them");
            const char *document =
                m_target.format == ZarrFormat::V2 ? ".zarray" : "zarr.json";
            for (const auto &name : names)
            {
                const auto path = documentKey(m_site.group, name);
                MDIMAPPEND_ASSIGN(
                    const auto bytes,
                    m_storage.read(m_site.object(documentKey(path, document)),
                                   largestDocument));
                if (!bytes)
                    continue;
                bool isArray = true;
                if (m_target.format == ZarrFormat::V3)
                {
                    MDIMAPPEND_ASSIGN(isArray, isArrayDocument(path, *bytes));
                }
                if (isArray)
                    paths.push_back(path);
            }
            return paths;
        }
        const auto &copy = m_target.consolidated.back();
        auto nodes =
            consolidatedNodes(m_target.format, m_target.documents.at(copy.key));
        if (!nodes)
            return nodes.takeStatus().prefixed("document '" + copy.key + "'");
        const std::string prefix =
            m_site.group.empty() ? "" : m_site.group + "/";
        for (const auto &node : nodes->arrays)
        {
            // What is listed is read, and written to.
            if (!isKeyBelow(node))
                return error("document '" + copy.key + "' lists an array " +
                             dumpJson(node, -1) +
                             ", which would lead out of the store");
            const auto path = documentKey(copy.group, node);
            if (path.starts_with(prefix) &&
                path.find('/', prefix.size()) == std::string::npos)
                paths.push_back(path);
        }
        return paths;
    }

    /// One that cannot be read must not pass for no array: a slice's array of
    /// that name would then be left out.
    static Result<bool> isArrayDocument(const std::string &path,
                                        const std::string &bytes)
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

    Status readArray(const std::string &path)
    {
        const auto parse = [&]() -> Result<ArrayDocument>
        {
            if (m_target.format == ZarrFormat::V3)
            {
                MDIMAPPEND_ASSIGN(const auto document,
                                  readDocument(documentKey(path, "zarr.json")));
                if (!document)
                    return error("its document is missing");
                return parseArrayV3(path, *document);
            }
            MDIMAPPEND_ASSIGN(const auto document,
                              readDocument(documentKey(path, ".zarray")));
            if (!document)
                return error("its document is missing");
            MDIMAPPEND_ASSIGN(const auto attributes,
                              readDocument(documentKey(path, ".zattrs")));
            return parseArrayV2(path, *document, attributes.value_or(""));
        };
        auto document = parse();
        if (!document)
            return document.takeStatus().prefixed("array '" + path + "'");
        // netCDF-C keeps sizes in a second place, which no other reader knows.
        for (const auto *json : {&document->metadata, &document->attributes})
        {
            for (const char *key : {"_NCZARR_ARRAY", "_nczarr_array"})
            {
                if (json->contains(key))
                    return error("array '" + path +
                                 "' was written as NCZarr, whose own copy of "
                                 "the sizes an append would leave behind");
            }
        }
        m_target.arrays.push_back(
            describeArray(std::move(*document), m_site.group, ""));
        return Status::ok();
    }

    Status checkCopy(const Target::Consolidated &copy,
                     const std::vector<std::string> &paths)
    {
        Documents own;
        std::vector<std::string> relative;
        const std::size_t skip = copy.group.empty() ? 0 : copy.group.size() + 1;
        for (const auto &path : paths)
        {
            relative.push_back(path.substr(skip));
            for (const char *name : {".zarray", ".zattrs", "zarr.json"})
            {
                const auto key = documentKey(path, name);
                const auto found = m_target.documents.find(key);
                if (found != m_target.documents.end())
                    own[key.substr(skip)] = found->second;
                else if (const auto copied = m_fromCopy.find(key);
                         copied != m_fromCopy.end())
                    own[key.substr(skip)] = copied->second;
            }
        }
        return checkConsolidated(m_target.format, copy.key.substr(skip),
                                 m_target.documents.at(copy.key), own, relative)
            .prefixed("document '" + copy.key + "'");
    }

    bool hasDimension(const std::string &name) const
    {
        return std::any_of(m_target.arrays.begin(), m_target.arrays.end(),
                           [&](const TargetArray &array)
                           {
                               const auto &names = array.document.dimensions;
                               return std::find(names.begin(), names.end(),
                                                name) != names.end();
                           });
    }

    Result<std::string> findAppendDim(const std::string &asked)
    {
        if (!asked.empty())
            return asked;
        MDIMAPPEND_ASSIGN(const auto last, lastSequence(m_storage, m_site));
        MDIMAPPEND_ASSIGN(const auto record,
                          readLogRecord(m_storage, m_site, last));
        if (record && record->value("group", "") == m_site.group)
        {
            const auto recorded = record->value("append_dim", std::string());
            if (hasDimension(recorded))
                return recorded;
        }
        if (hasDimension("time"))
            return std::string("time");
        std::set<std::string> temporal;
        for (const auto &array : m_target.arrays)
        {
            if (array.document.rank() == 1 &&
                array.document.dimensions.size() == 1 &&
                array.document.dimensions[0] == array.name &&
                textMember(array.document.attributes, "axis") == "T")
                temporal.insert(array.name);
        }
        return temporal.size() == 1 ? *temporal.begin() : std::string();
    }

    Status findAxes()
    {
        const TargetArray *first = nullptr;
        for (auto &array : m_target.arrays)
        {
            array.axis = axisOf(array.document, m_target.appendDim);
            if (!array.axis)
                continue;
            const auto size = array.document.shape[*array.axis];
            if (!first)
            {
                first = &array;
                m_target.size = size;
            }
            else if (size != m_target.size)
            {
                return {Failure::Conflict,
                        "the target is torn: along '" + m_target.appendDim +
                            "' array '" + first->name + "' has " +
                            std::to_string(m_target.size) + " steps and '" +
                            array.name + "' has " + std::to_string(size)};
            }
        }
        return Status::ok();
    }

    Storage &m_storage;
    const Site &m_site;
    bool m_onlyWhatGrows;
    /// By key below the store.
    Documents m_fromCopy;
    Target m_target;
};

}  // namespace

const TargetArray *Target::find(const std::string &name) const
{
    const auto found =
        std::find_if(arrays.begin(), arrays.end(), [&](const TargetArray &array)
                     { return array.name == name; });
    return found == arrays.end() ? nullptr : &*found;
}

const TargetArray *Target::labels() const
{
    const auto *array = find(appendDim);
    return array && array->axis && array->document.rank() == 1 ? array
                                                               : nullptr;
}

TargetArray describeArray(ArrayDocument document, const std::string &group,
                          const std::string &appendDim)
{
    TargetArray array;
    array.name =
        group.empty() ? document.path : document.path.substr(group.size() + 1);
    array.axis = axisOf(document, appendDim);
    array.units = textMember(document.attributes, "units");
    array.calendar = textMember(document.attributes, "calendar");
    array.document = std::move(document);
    return array;
}

Result<Target> readTarget(Storage &storage, const Site &site,
                          const std::string &appendDim, bool onlyWhatGrows)
{
    if (!site.exists)
        return Target{};
    return TargetReader(storage, site, onlyWhatGrows).read(appendDim);
}

Result<Documents> grownDocuments(const Target &target,
                                 const std::vector<Growth> &growths)
{
    MDIMAPPEND_ASSIGN(
        Documents grown,
        patchShapes(target.format, target.documents, std::nullopt, growths));
    for (const auto &copy : target.consolidated)
    {
        // Patched as a store of its own whose root is the copy's group; what
        // was patched above is carried along where documents coincide (an
        // inner group's copy lies in that group's own zarr.json).
        const std::size_t skip = copy.group.empty() ? 0 : copy.group.size() + 1;
        Documents relative;
        for (const auto &[key, bytes] : target.documents)
        {
            if (key.size() > skip &&
                key.compare(0, skip, copy.group + "/", 0, skip) == 0)
                relative[key.substr(skip)] = bytes;
        }
        std::vector<Growth> inside;
        for (const auto &growth : growths)
            inside.push_back({growth.path.substr(skip), growth.shape});
        const auto key = copy.key.substr(skip);
        MDIMAPPEND_ASSIGN(const Documents patched,
                          patchShapes(target.format, relative, key, inside));
        if (const auto found = patched.find(key); found != patched.end())
            grown[copy.key] = found->second;
    }
    return grown;
}

}  // namespace mdimappend
