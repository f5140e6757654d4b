// Reads consolidated metadata, and compares them with what they copy.

#include "json/utf8.h"
#include "zarr/canonical_document.h"
#include "zarr/document_key.h"
#include "zarr/documents.h"

#include <algorithm>
#include <unordered_map>

namespace mdimappend
{

std::optional<std::string> consolidatedKey(const Documents &root)
{
    // zarr-python takes a root that has both for V3.
    const auto v3 = root.find("zarr.json");
    if (v3 == root.end())
        return root.contains(".zmetadata") ? std::optional(".zmetadata")
                                           : std::nullopt;
    const auto spans = locate(v3->second, {{"consolidated_metadata"}});
    if (!spans || !spans->front())
        return {};
    const TextSpan span = *spans->front();
    if (v3->second.compare(span.begin, span.end - span.begin, "null") == 0)
        return {};
    return "zarr.json";
}

namespace
{

Result<Json> parseConsolidated(ZarrFormat format, std::string_view text)
{
    MDIMAPPEND_ASSIGN(Json document, parseJson(text));
    Json *metadata = &document;
    const bool isV3 = format == ZarrFormat::V3;
    for (const char *key : {isV3 ? "consolidated_metadata" : "", "metadata"})
    {
        if (*key && !member(*metadata, key).is_object())
            return error("the consolidated metadata have no object '" +
                         std::string(key) + "'");
        if (*key)
            metadata = &(*metadata)[key];
    }
    return std::move(*metadata);
}

bool endsWithName(std::string_view key, std::string_view name)
{
    return key == name || (key.size() > name.size() && key.ends_with(name) &&
                           key[key.size() - name.size() - 1] == '/');
}

std::string withoutName(std::string_view key, std::string_view name)
{
    const std::size_t tail = std::min(key.size(), name.size() + 1);
    return std::string(key.substr(0, key.size() - tail));
}

}  // namespace

Result<NodeList> consolidatedNodes(ZarrFormat format, std::string_view text)
{
    MDIMAPPEND_ASSIGN(const Json metadata, parseConsolidated(format, text));
    NodeList nodes;
    for (const auto &[key, document] : metadata.items())
    {
        if (format == ZarrFormat::V3)
        {
            const bool isArray = member(document, "node_type") == "array";
            (isArray ? nodes.arrays : nodes.groups).push_back(key);
        }
        else if (endsWithName(key, ".zarray"))
            nodes.arrays.push_back(withoutName(key, ".zarray"));
        else if (key != ".zgroup" && endsWithName(key, ".zgroup"))
            nodes.groups.push_back(withoutName(key, ".zgroup"));
    }
    std::ranges::sort(nodes.arrays);
    std::ranges::sort(nodes.groups);
    return nodes;
}

Result<Documents> documentsOfCopy(ZarrFormat format, std::string_view text)
{
    MDIMAPPEND_ASSIGN(const Json metadata, parseConsolidated(format, text));
    Documents documents;
    for (const auto &[key, document] : metadata.items())
        documents[format == ZarrFormat::V3 ? key + "/zarr.json" : key] =
            dumpJson(document, -1);
    return documents;
}

namespace
{

std::string shortened(const Json &value)
{
    std::string text = dumpJson(value, -1);
    if (text.size() > 200)
        text = std::string(utf8Beginning(text, 200)) + "...";
    return text;
}

/// What mends a copy. zarr-python does not copy everything as it is.
std::string copyAnew(const std::string &copyKey)
{
    return "make the copy anew (zarr.consolidate_metadata in Python), or "
           "remove it (" +
           (copyKey == ".zmetadata"
                ? std::string("the file .zmetadata")
                : "the member 'consolidated_metadata' of " + copyKey) +
           "): the arrays' own metadata are enough.";
}

/// Names the first member in which they differ.
Status compare(const std::string &path, const std::string &ownKey,
               const Json &own, const std::string &copyKey, const Json &copy)
{
    if (sameJson(own, copy))
        return Status::ok();
    std::string difference = "they differ";
    if (own.is_object() && copy.is_object())
    {
        Json keys = own;
        keys.update(copy);
        for (const auto &[key, value] : keys.items())
        {
            const Json &here = member(own, key);
            const Json &there = member(copy, key);
            if (sameJson(here, there) &&
                own.contains(key) == copy.contains(key))
                continue;
            difference = "'" + key + "' is " + shortened(here) + " in " +
                         ownKey + " and " + shortened(there) + " in " + copyKey;
            break;
        }
    }
    return error("array '" + path +
                 "': its own metadata and the consolidated copy disagree: " +
                 difference + ". If " + ownKey + " is right, " +
                 copyAnew(copyKey));
}

/// The consolidated copies by key, for many look-ups.
class Copies
{
  public:
    explicit Copies(const Json &metadata)
    {
        for (const auto &[key, value] :
             metadata.get_ref<const Json::object_t &>())
            m_copies.emplace(key, &value);
    }

    const Json *find(const std::string &key) const
    {
        const auto found = m_copies.find(key);
        return found == m_copies.end() ? nullptr : found->second;
    }

  private:
    std::unordered_map<std::string_view, const Json *> m_copies;
};

Result<Json> parseOwn(const Documents &own, const std::string &path,
                      const std::string &key)
{
    const auto found = own.find(key);
    if (found == own.end())
        return error("array '" + path + "': its document " + key +
                     " is missing");
    auto json = parseJson(found->second);
    if (!json)
        return json.takeStatus().prefixed("array '" + path + "' (" + key + ")");
    return json;
}

Status checkArray(ZarrFormat format, const std::string &consolidatedKey,
                  const Copies &copies, const Documents &own,
                  const std::string &path)
{
    const bool isV3 = format == ZarrFormat::V3;
    const std::string key = documentKey(path, isV3 ? "zarr.json" : ".zarray");
    const Json *copy = copies.find(isV3 ? path : key);
    if (!copy)
        return error("array '" + path +
                     "' is missing in the consolidated metadata (" +
                     consolidatedKey + "): " + copyAnew(consolidatedKey));
    MDIMAPPEND_ASSIGN(Json mine, parseOwn(own, path, key));
    const auto canonical = isV3 ? canonicalV3 : canonicalV2;
    MDIMAPPEND_RETURN_IF_ERROR(compare(path, key, canonical(std::move(mine)),
                                       consolidatedKey, canonical(*copy)));
    if (isV3)
        return Status::ok();

    const std::string attributesKey = documentKey(path, ".zattrs");
    Json attributes = Json::object();
    if (own.contains(attributesKey))
    {
        MDIMAPPEND_ASSIGN(attributes, parseOwn(own, path, attributesKey));
    }
    const Json *copied = copies.find(attributesKey);
    return compare(path, attributesKey, attributes, consolidatedKey,
                   copied ? *copied : Json::object());
}

}  // namespace

Status checkConsolidated(ZarrFormat format, const std::string &consolidatedKey,
                         std::string_view consolidated, const Documents &own,
                         const std::vector<std::string> &arrayPaths)
{
    auto metadata = parseConsolidated(format, consolidated);
    if (!metadata)
        return metadata.takeStatus().prefixed(consolidatedKey);
    const Copies copies(*metadata);
    for (const std::string &path : arrayPaths)
        MDIMAPPEND_RETURN_IF_ERROR(
            checkArray(format, consolidatedKey, copies, own, path));
    return Status::ok();
}

}  // namespace mdimappend
