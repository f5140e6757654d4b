// Patches attributes in documents, and nothing but those that differ.

#include "zarr/document_key.h"
#include "zarr/documents.h"
#include "zarr/new_array.h"

namespace mdimappend
{

namespace
{

/// What stands in a document, as bytes or as nothing.
Result<const std::string *> documentOf(const Documents &current,
                                       const std::string &key)
{
    const auto found = current.find(key);
    if (found == current.end())
        return error("the document " + key + " is missing");
    return &found->second;
}

/// The document with `attributes` as member `key` of the object at `parent`.
/// Where there is none, nothing is as good as no attributes.
Result<std::string> withAttributes(const std::string &document,
                                   const JsonPath &parent,
                                   const std::string &key,
                                   const Json &attributes)
{
    JsonPath path = parent;
    path.push_back(key);
    MDIMAPPEND_ASSIGN(const auto spans, locate(document, {parent, path}));
    if (!spans[0] || document[spans[0]->begin] != '{')
        return error("it does not hold this node");
    if (!spans[1])
        return attributes.empty()
                   ? document
                   : insertMembers(document, *spans[0], {{key, attributes}});
    if (document[spans[1]->begin] != '{')
        return error("'" + key + "' is not an object");
    return setMembers(document, *spans[1], attributes);
}

/// One node's documents: its own, and the copies.
class NodeDocuments
{
  public:
    NodeDocuments(ZarrFormat format, const Documents &current,
                  const std::optional<std::string> &consolidatedKey,
                  const std::string &path)
        : m_isV3(format == ZarrFormat::V3), m_current(current),
          m_consolidatedKey(consolidatedKey), m_path(path),
          m_attributesKey(documentKey(path, m_isV3 ? "zarr.json" : ".zattrs"))
    {
    }

    Result<Documents> patched(const Json &attributes) const
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkAttributes(attributes));
        MDIMAPPEND_RETURN_IF_ERROR(checkReserved(attributes));
        Documents documents;
        MDIMAPPEND_ASSIGN(std::string own, patchedOwn(attributes));
        add(documents, m_attributesKey, std::move(own));
        // In V3 the root's attributes stand beside the copies of all others.
        if (!m_consolidatedKey || (m_isV3 && m_path.empty()))
            return documents;
        auto copies = patchedCopy(attributes);
        if (!copies)
            return copies.takeStatus().prefixed(*m_consolidatedKey);
        add(documents, *m_consolidatedKey, std::move(*copies));
        return documents;
    }

  private:
    /// Returns whether the node is an array.
    Result<bool> isArray() const
    {
        if (!m_isV3)
        {
            const bool found =
                m_current.contains(documentKey(m_path, ".zarray"));
            if (!found && !m_current.contains(documentKey(m_path, ".zgroup")))
                return error("its documents are missing");
            return found;
        }
        MDIMAPPEND_ASSIGN(const auto *bytes,
                          documentOf(m_current, m_attributesKey));
        MDIMAPPEND_ASSIGN(const Json json, parseJson(*bytes));
        return member(json, "node_type") == "array";
    }

    Result<Json> presentAttributes() const
    {
        const auto found = m_current.find(m_attributesKey);
        if (found == m_current.end())
            return Json(nullptr);
        MDIMAPPEND_ASSIGN(const Json json, parseJson(found->second));
        return m_isV3 ? member(json, "attributes") : json;
    }

    /// What says how an array's bytes are read is not for attributes to change.
    Status checkReserved(const Json &attributes) const
    {
        MDIMAPPEND_ASSIGN(const bool array, isArray());
        if (!array)
            return Status::ok();
        MDIMAPPEND_ASSIGN(const Json present, presentAttributes());
        for (const char *name :
             {"_ARRAY_DIMENSIONS", "_FillValue", "scale_factor", "add_offset"})
        {
            const bool isSame =
                present.contains(name) == attributes.contains(name) &&
                sameJson(member(present, name), member(attributes, name));
            if (!isSame)
                return error("the attribute '" + std::string(name) +
                             "' says what the stored values mean, and cannot "
                             "be changed");
        }
        return Status::ok();
    }

    Result<std::string> patchedOwn(const Json &attributes) const
    {
        const auto patch = [&]() -> Result<std::string>
        {
            if (m_isV3)
            {
                MDIMAPPEND_ASSIGN(const auto *bytes,
                                  documentOf(m_current, m_attributesKey));
                return withAttributes(*bytes, {}, "attributes", attributes);
            }
            const auto found = m_current.find(m_attributesKey);
            if (found == m_current.end())
                return attributes.empty() ? std::string()
                                          : dumpJson(attributes, 2);
            MDIMAPPEND_ASSIGN(const auto spans, locate(found->second, {{}}));
            return setMembers(found->second, *spans.front(), attributes);
        };
        auto bytes = patch();
        if (!bytes)
            return bytes.takeStatus().prefixed(m_attributesKey);
        return bytes;
    }

    Result<std::string> patchedCopy(const Json &attributes) const
    {
        MDIMAPPEND_ASSIGN(const auto *bytes,
                          documentOf(m_current, *m_consolidatedKey));
        if (m_isV3)
            return withAttributes(*bytes,
                                  {"consolidated_metadata", "metadata", m_path},
                                  "attributes", attributes);
        // Attributes of a node whose other document is not there are no copy.
        MDIMAPPEND_ASSIGN(
            const auto spans,
            locate(*bytes, {{"metadata", documentKey(m_path, ".zarray")},
                            {"metadata", documentKey(m_path, ".zgroup")}}));
        if (!spans[0] && !spans[1])
            return error("it does not hold this node");
        return withAttributes(*bytes, {"metadata"}, m_attributesKey,
                              attributes);
    }

    void add(Documents &documents, const std::string &key,
             std::string bytes) const
    {
        const auto present = m_current.find(key);
        const bool isSame = present == m_current.end()
                                ? bytes.empty()
                                : bytes == present->second;
        if (!isSame)
            documents.emplace(key, std::move(bytes));
    }

    bool m_isV3;
    const Documents &m_current;
    const std::optional<std::string> &m_consolidatedKey;
    const std::string &m_path;
    std::string m_attributesKey;
};

}  // namespace

Result<Documents>
patchAttributes(ZarrFormat format, const Documents &current,
                const std::optional<std::string> &consolidatedKey,
                const std::string &path, const Json &attributes)
{
    auto patched = NodeDocuments(format, current, consolidatedKey, path)
                       .patched(attributes);
    if (!patched)
        return patched.takeStatus().prefixed(path.empty() ? "the root"
                                                          : "'" + path + "'");
    return patched;
}

}  // namespace mdimappend
