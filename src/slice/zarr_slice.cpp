#include "slice/zarr_slice.h"
#include "zarr/codecs.h"

#include "slice/missing_value.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>

#include <memory>

namespace mdimappend
{

namespace
{

constexpr GIntBig largestDocument = GIntBig{256} << 20;

std::unique_ptr<Json> readDocument(const std::string &path)
{
    GByte *bytes = nullptr;
    vsi_l_offset size = 0;
    VSIStatBufL stat;
    if (VSIStatL(path.c_str(), &stat) != 0 ||
        !VSIIngestFile(nullptr, path.c_str(), &bytes, &size, largestDocument))
        return {};
    const std::string text(reinterpret_cast<const char *>(bytes), size);
    VSIFree(bytes);
    if (auto parsed = parseJson(text))
        return std::make_unique<Json>(std::move(*parsed));
    return {};
}

std::string keyBelow(const std::string &name, const char *document)
{
    return name.empty() ? document : name + "/" + document;
}

bool isZero(const Json &value)
{
    return value.is_number() && value == 0;
}

}  // namespace

std::optional<ZarrSlice> ZarrSlice::open(const std::string &root)
{
    ZarrSlice store;
    store.m_root = root;
    if (auto document = readDocument(root + "/zarr.json"))
    {
        store.m_v3 = true;
        store.m_documents["zarr.json"] = *document;
        const auto consolidated = document->find("consolidated_metadata");
        if (consolidated != document->end() && consolidated->is_object() &&
            consolidated->contains("metadata"))
            store.readConsolidated((*consolidated)["metadata"]);
        else
            store.readEach();
        return store;
    }
    if (auto document = readDocument(root + "/.zmetadata");
        document && document->contains("metadata"))
        store.readConsolidated((*document)["metadata"]);
    else
        store.readEach();
    if (store.m_documents.empty())
        return {};
    return store;
}

void ZarrSlice::readConsolidated(const Json &nodes)
{
    if (!nodes.is_object())
        return;
    for (const auto &[key, value] : nodes.items())
        m_documents[m_v3 ? keyBelow(key, "zarr.json") : key] = value;
}

void ZarrSlice::readEach()
{
    const std::vector<const char *> names =
        m_v3 ? std::vector<const char *>{"zarr.json"}
             : std::vector<const char *>{".zgroup", ".zarray", ".zattrs"};
    CPLStringList entries(VSIReadDir(m_root.c_str()));
    entries.AddString("");
    for (const char *entry : entries)
    {
        const std::string folder = entry;
        if (folder.starts_with('.'))
            continue;
        for (const char *name : names)
        {
            const std::string key = keyBelow(folder, name);
            if (m_documents.contains(key))
                continue;
            if (auto document = readDocument(m_root + "/" + key))
                m_documents[key] = std::move(*document);
        }
    }
}

const Json *ZarrSlice::document(const std::string &key) const
{
    const auto found = m_documents.find(key);
    return found == m_documents.end() || !found->second.is_object()
               ? nullptr
               : &found->second;
}

std::vector<std::string> ZarrSlice::arrayNames() const
{
    std::vector<std::string> names;
    for (const auto &[key, value] : m_documents)
    {
        const std::size_t slash = key.find('/');
        if (slash == std::string::npos || slash != key.rfind('/') ||
            !value.is_object())
            continue;
        const std::string document = key.substr(slash + 1);
        if (document == ".zarray" ||
            (document == "zarr.json" &&
             value.value("node_type", std::string()) == "array"))
            names.push_back(key.substr(0, slash));
    }
    return names;
}

const Json *ZarrSlice::attributes(const std::string &name) const
{
    if (!m_v3)
        return document(keyBelow(name, ".zattrs"));
    const Json *node = document(keyBelow(name, "zarr.json"));
    if (!node)
        return nullptr;
    const auto found = node->find("attributes");
    return found == node->end() || !found->is_object() ? nullptr : &*found;
}

std::string ZarrSlice::misread(const std::string &name) const
{
    const Json *node = document(keyBelow(name, m_v3 ? "zarr.json" : ".zarray"));
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

std::optional<std::string> ZarrSlice::missingValue(const std::string &name,
                                                   GDALDataType type) const
{
    const Json *declared = attributes(name);
    if (declared && declared->contains("_FillValue"))
        return elementOf((*declared)["_FillValue"], type, m_v3);
    const Json *array =
        document(keyBelow(name, m_v3 ? "zarr.json" : ".zarray"));
    if (!array || !array->contains("fill_value"))
        return {};
    const Json &fill = (*array)["fill_value"];
    if (m_v3 && isZero(fill))
        return {};
    if (auto element = elementOf(fill, type))
        return element;
    if (declared && declared->contains("missing_value"))
        return elementOf((*declared)["missing_value"], type);
    return {};
}

}  // namespace mdimappend
