// Reads the documents of a target, checks that all copies of them agree, and
// finds its append dimension: groups, then arrays, then the axis.

#include "chunks/chunk_grid.h"
#include "cube/append_axis.h"
#include "cube/inherited_labels.h"
#include "cube/target.h"
#include "cube/target_nodes.h"
#include "slice/cf_references.h"
#include "storage/requests_at_once.h"
#include "trace.h"
#include "zarr/document_key.h"

#include <span>

namespace mdimappend
{

namespace
{

class TargetReader
{
  public:
    TargetReader(Storage &storage, const Site &site, bool onlyWhatGrows)
        : m_storage(storage), m_site(site), m_onlyWhatGrows(onlyWhatGrows)
    {
    }

    Result<Target> read(const std::string &appendDim)
    {
        m_target.isPartlyRead = m_onlyWhatGrows;
        MDIMAPPEND_RETURN_IF_ERROR(
            readGroups(m_storage, m_site, m_onlyWhatGrows, m_target));
        if (!m_target.exists)
        {
            trace(m_site.name, "the group '", m_site.group,
                  "' is not in the store");
            return std::move(m_target);
        }
        MDIMAPPEND_ASSIGN(const auto paths,
                          arrayPaths(m_storage, m_site, m_target));
        if (paths.empty())
        {
            MDIMAPPEND_RETURN_IF_ERROR(
                readEmptyGroup(m_storage, m_site, m_target));
            return std::move(m_target);
        }
        MDIMAPPEND_RETURN_IF_ERROR(takeFromCopy(appendDim));
        MDIMAPPEND_RETURN_IF_ERROR(readAhead(paths));
        for (const auto &path : paths)
            MDIMAPPEND_RETURN_IF_ERROR(readArray(path));
        for (const auto &copy : m_target.consolidated)
            MDIMAPPEND_RETURN_IF_ERROR(checkCopy(copy, paths));
        MDIMAPPEND_ASSIGN(
            m_target.appendDim,
            findAppendDim(m_storage, m_site, m_target, appendDim));
        MDIMAPPEND_RETURN_IF_ERROR(findAxes(m_target));
        MDIMAPPEND_RETURN_IF_ERROR(
            readInheritedLabels(m_storage, m_site, m_target));
        MDIMAPPEND_RETURN_IF_ERROR(readComparedAhead());
        trace(m_site.name, "target read: ", m_target.arrays.size(), " arrays, ",
              m_fromCopy.size(),
              " documents taken from the consolidated copy; append dimension '",
              m_target.appendDim, "' of size ", m_target.size);
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

    /// Chunks that guards will ask for: the last labels, and arrays that all
    /// steps have in common.
    Status readComparedAhead()
    {
        if (!m_onlyWhatGrows)
            return Status::ok();
        const auto mappings = gridMappings(m_target);
        std::vector<std::string> keys;
        for (const auto &array : m_target.arrays)
        {
            if (mappings.contains(array.name))
                continue;
            if (!array.axis)
                addAllChunks(keys, array.document);
            else if (array.document.rank() == 1 &&
                     isCoordinate(array.name, array.document.dimensions))
                addLastChunk(keys, array.document);
        }
        return forEachAtOnce(
            requestsAtOnce, keys.size(), [&](std::size_t i)
            { return m_storage.read(m_site.object(keys[i])).takeStatus(); });
    }

    /// If they are few and small.
    static void addAllChunks(std::vector<std::string> &keys,
                             const ArrayDocument &document)
    {
        constexpr std::uint64_t most = 4;
        constexpr std::uint64_t largest = 1ULL << 20;
        const auto grid =
            allChunks(document.shape, document.chunk).added.front();
        const auto count = grid.count();
        if (count > most || elementCount(document.shape) > largest)
            return;
        for (std::uint64_t i = 0; i < count; ++i)
            keys.push_back(
                documentKey(document.path, document.keys.key(grid.at(i))));
    }

    static void addLastChunk(std::vector<std::string> &keys,
                             const ArrayDocument &document)
    {
        if (document.shape[0] == 0)
            return;
        const auto last = (document.shape[0] - 1) / document.chunk[0];
        keys.push_back(
            documentKey(document.path, document.keys.key(std::span(&last, 1))));
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
        const auto called = "array '" + path + "'";
        auto document = parse();
        if (!document && document.status().message().starts_with(called))
            return document.takeStatus();
        if (!document)
            return document.takeStatus().prefixed(called);
        MDIMAPPEND_RETURN_IF_ERROR(checkPacking(path, document->attributes));
        // netCDF-C keeps sizes in a second place, which no other reader knows.
        for (const auto *json : {&document->metadata, &document->attributes})
        {
            for (const char *key : {"_NCZARR_ARRAY", "_nczarr_array"})
            {
                if (json->contains(key))
                    return error("array '" + path +
                                 "' was written as NCZarr, whose own copy of "
                                 "the sizes ('" +
                                 key +
                                 "') an append would not update. If the store "
                                 "is not for netCDF-C, delete that attribute "
                                 "and consolidate the metadata again");
            }
        }
        m_target.arrays.push_back(
            describeArray(std::move(*document), m_site.group, ""));
        return Status::ok();
    }

    /// Readers differ in what a text means there, or fail.
    static Status checkPacking(const std::string &path, const Json &attributes)
    {
        for (const char *name : {"scale_factor", "add_offset"})
        {
            const auto &value = member(attributes, name);
            if (!value.is_null() && !value.is_number())
                return error("array '" + path + "': its attribute '" + name +
                             "' is " + dumpJson(value, -1) +
                             ", which is no number");
        }
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

    Storage &m_storage;
    const Site &m_site;
    bool m_onlyWhatGrows;
    /// By key below the store.
    Documents m_fromCopy;
    Target m_target;
};

}  // namespace

Result<Target> readTarget(Storage &storage, const Site &site,
                          const std::string &appendDim, bool onlyWhatGrows)
{
    if (!site.exists)
        return Target{};
    return TargetReader(storage, site, onlyWhatGrows).read(appendDim);
}

}  // namespace mdimappend
