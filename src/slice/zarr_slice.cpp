// Reads the documents of a slice that is a Zarr store, beside GDAL's driver.

#include "slice/zarr_slice.h"

#include "slice/checked_files.h"
#include "slice/missing_value.h"
#include "slice/slice_source.h"
#include "slice/whole_file.h"
#include "zarr/codecs.h"
#include "zarr/document_key.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>

#include <memory>

namespace mdimappend
{

namespace
{

Result<std::unique_ptr<Json>> readDocument(const std::string &path)
{
    VSIStatBufL stat;
    if (VSIStatL(path.c_str(), &stat) != 0)
        return std::unique_ptr<Json>();
    const auto damaged = [&](const char *how)
    {
        return Status(Failure::Unavailable,
                      "document '" + withPlainNames(path) + "' " + how + ".");
    };
    const auto text = readWholeFile(path);
    if (!text)
        return damaged("cannot be read");
    auto parsed = parseJson(*text);
    if (!parsed)
        return damaged("is not JSON: it may be incomplete");
    return std::make_unique<Json>(std::move(*parsed));
}

}  // namespace

Result<std::optional<ZarrSlice>>
ZarrSlice::open(const std::string &root, const std::vector<std::string> &groups)
{
    ZarrSlice store;
    store.m_root = root;
    MDIMAPPEND_ASSIGN(auto document, readDocument(root + "/zarr.json"));
    if (document)
    {
        store.m_v3 = true;
        store.m_documents["zarr.json"] = *document;
        const auto consolidated = document->find("consolidated_metadata");
        if (consolidated != document->end() && consolidated->is_object() &&
            consolidated->contains("metadata"))
            store.readConsolidated((*consolidated)["metadata"]);
        else
            MDIMAPPEND_RETURN_IF_ERROR(store.readEach(groups));
        return std::optional(std::move(store));
    }
    MDIMAPPEND_ASSIGN(document, readDocument(root + "/.zmetadata"));
    if (document && document->contains("metadata"))
        store.readConsolidated((*document)["metadata"]);
    else
        MDIMAPPEND_RETURN_IF_ERROR(store.readEach(groups));
    if (store.m_documents.empty())
        return std::optional<ZarrSlice>();
    return std::optional(std::move(store));
}

void ZarrSlice::readConsolidated(const Json &nodes)
{
    if (!nodes.is_object())
        return;
    for (const auto &[key, value] : nodes.items())
        m_documents[m_v3 ? documentKey(key, "zarr.json") : key] = value;
}

Status ZarrSlice::readEach(const std::vector<std::string> &groups)
{
    m_listed = true;
    for (const auto &group : groups)
        MDIMAPPEND_RETURN_IF_ERROR(readEachIn(group));
    return Status::ok();
}

Status ZarrSlice::readEachIn(const std::string &group)
{
    const std::vector<const char *> names =
        m_v3 ? std::vector<const char *>{"zarr.json"}
             : std::vector<const char *>{".zgroup", ".zarray", ".zattrs"};
    CPLStringList entries(VSIReadDir(
        group.empty() ? m_root.c_str() : (m_root + "/" + group).c_str()));
    entries.AddString("");
    for (const char *entry : entries)
    {
        if (*entry == '.')
            continue;
        const std::string folder = *entry ? documentKey(group, entry) : group;
        for (const char *name : names)
        {
            const std::string key = documentKey(folder, name);
            if (m_documents.contains(key))
                continue;
            MDIMAPPEND_ASSIGN(auto document, readDocument(m_root + "/" + key));
            if (document)
                m_documents[key] = std::move(*document);
        }
    }
    return Status::ok();
}

std::shared_ptr<const ArrayDocument>
ZarrSlice::arrayDocument(const std::string &name) const
{
    const Json *metadata =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    if (!metadata)
        return nullptr;
    const auto path = withPlainNames(m_root) + "/" + name;
    const auto text = dumpJson(*metadata, -1);
    auto parsed =
        m_v3 ? parseArrayV3(path, text) : parseArrayV2(path, text, "");
    return parsed ? std::make_shared<const ArrayDocument>(std::move(*parsed))
                  : nullptr;
}

const Json *ZarrSlice::document(const std::string &key) const
{
    const auto found = m_documents.find(key);
    return found == m_documents.end() || !found->second.is_object()
               ? nullptr
               : &found->second;
}

std::vector<std::string> ZarrSlice::arrayNames(const std::string &group) const
{
    const std::string start = group.empty() ? "" : group + "/";
    std::vector<std::string> names;
    for (const auto &[key, value] : m_documents)
    {
        const std::size_t slash = key.rfind('/');
        if (!key.starts_with(start) || slash == std::string::npos ||
            slash < start.size() || key.find('/', start.size()) != slash)
            continue;
        const auto name = key.substr(start.size(), slash - start.size());
        if (key.substr(slash + 1) == (m_v3 ? "zarr.json" : ".zarray") &&
            hasArray(documentKey(group, name)))
            names.push_back(name);
    }
    return names;
}

bool ZarrSlice::hasArray(const std::string &name) const
{
    const Json *node =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    return node &&
           (!m_v3 || node->value("node_type", std::string()) == "array");
}

bool ZarrSlice::overlooked(const std::string &name) const
{
    return m_listed &&
           !document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
}

std::string ZarrSlice::emptyDimension(const std::string &name) const
{
    const Json *array =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    const Json *found = attributes(name);
    if (!array || !member(*array, "shape").is_array())
        return {};
    const Json names = m_v3    ? member(*array, "dimension_names")
                       : found ? member(*found, "_ARRAY_DIMENSIONS")
                               : Json();
    const Json &shape = member(*array, "shape");
    for (std::size_t i = 0; i < shape.size(); ++i)
    {
        if (shape[i] != 0)
            continue;
        const bool isNamed =
            names.is_array() && i < names.size() && names[i].is_string();
        return isNamed ? validKey(names[i].get<std::string>())
                       : "dim" + std::to_string(i);
    }
    return {};
}

std::string ZarrSlice::typeName(const std::string &name) const
{
    const Json *array =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    const Json type =
        array ? array->value(m_v3 ? "data_type" : "dtype", Json()) : Json();
    return type.is_string() ? type.get<std::string>() : dumpJson(type, -1);
}

const Json *ZarrSlice::attributes(const std::string &name) const
{
    if (!m_v3)
        return document(documentKey(name, ".zattrs"));
    const Json *node = document(documentKey(name, "zarr.json"));
    if (!node)
        return nullptr;
    const auto found = node->find("attributes");
    return found == node->end() || !found->is_object() ? nullptr : &*found;
}

std::string ZarrSlice::misread(const std::string &name) const
{
    const Json *node =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    if (!node)
        return {};
    if (m_v3 && rotatesAxes(node->value("codecs", Json())))
        return "order of its transpose codec";
    const Json fill = node->value("fill_value", Json());
    if (fill.is_number_unsigned() &&
        fill.get<std::uint64_t>() > std::uint64_t{INT64_MAX})
        return "fill value " + dumpJson(fill, -1);
    return {};
}

std::vector<std::string> ZarrSlice::missingValues(const std::string &name,
                                                  GDALDataType type) const
{
    const Json *array =
        document(documentKey(name, m_v3 ? "zarr.json" : ".zarray"));
    const Json *found = attributes(name);
    const Json declared = found ? *found : Json::object();
    std::optional<std::string> first;
    if (array && !m_v3)
        first = elementOf(member(*array, "fill_value"), type);
    if (!first)
        first = elementOf(member(declared, "_FillValue"), type, m_v3);
    return withDeclaredMissing(first, declared, type);
}

bool ZarrSlice::isBool(const std::string &name) const
{
    const auto array = arrayDocument(name);
    return array && array->dataType.kind == DataType::Kind::Bool;
}

}  // namespace mdimappend
