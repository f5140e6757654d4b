// Which spellings mean the same: zarr-python changes some when it consolidates
// what others wrote, and so do other libraries.

#include "zarr/canonical_document.h"

#include "zarr/data_type.h"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace mdimappend
{

namespace
{

bool hasOneByteElements(const Json &dataType)
{
    return dataType == "bool" || dataType == "int8" || dataType == "uint8" ||
           member(dataType, "name") == "null_terminated_bytes";
}

/// An extension may be its name alone.
Json asObject(Json extension)
{
    return extension.is_string() ? Json{{"name", std::move(extension)}}
                                 : std::move(extension);
}

void eraseIf(Json &object, const char *key, const Json &value)
{
    if (object.is_object() && object.contains(key) && object[key] == value)
        object.erase(key);
}

void eraseEmpty(Json &object, const char *key)
{
    const Json &value = member(object, key);
    if (value.is_null() || value.empty())
        object.erase(key);
}

struct CodecDefault
{
    const char *codec;
    const char *key;
    Json value;
};

Json canonicalCodecs(Json codecs, bool isOneByte);

Json canonicalCodec(Json codec, bool isOneByte)
{
    static const std::array<CodecDefault, 4> defaults = {
        {{"zstd", "checksum", false},
         {"blosc", "blocksize", 0},
         {"blosc", "typesize", nullptr},
         {"sharding_indexed", "index_location", "end"}}};
    codec = asObject(std::move(codec));
    if (!codec.is_object())
        return codec;
    Json &configuration = codec["configuration"];
    const auto name = textMember(codec, "name");
    if (name == "bytes" && isOneByte && configuration.is_object())
        configuration.erase("endian");
    for (const auto &each : defaults)
        if (name == each.codec)
            eraseIf(configuration, each.key, each.value);
    for (const char *inner : {"codecs", "index_codecs"})
        if (member(configuration, inner).is_array())
            configuration[inner] = canonicalCodecs(
                configuration[inner],
                isOneByte && std::string_view(inner) == "codecs");
    eraseEmpty(codec, "configuration");
    eraseIf(codec, "must_understand", true);
    return codec;
}

Json canonicalCodecs(Json codecs, bool isOneByte)
{
    for (Json &codec : codecs)
        codec = canonicalCodec(std::move(codec), isOneByte);
    return codecs;
}

Json canonicalKeyEncoding(Json encoding)
{
    encoding = asObject(std::move(encoding));
    if (!encoding.is_object())
        return encoding;
    const auto name = textMember(encoding, "name");
    Json &configuration = encoding["configuration"];
    eraseIf(configuration, "separator", name == "default" ? "/" : ".");
    eraseEmpty(encoding, "configuration");
    return encoding;
}

/// The bits, where they are known.
Json canonicalFill(const DataType &type, Json fill)
{
    ArrayDocument array;
    array.dataType = type;
    array.fillValue = fill;
    const auto bytes = fillBytes(array);
    if (!bytes || !*bytes || fill.is_null())
        return fill;
    Json list = Json::array();
    for (const char byte : **bytes)
        list.push_back(static_cast<unsigned char>(byte));
    return list;
}

}  // namespace

Json canonicalV3(Json document)
{
    if (!document.is_object())
        return document;
    for (const char *key : {"attributes", "storage_transformers"})
        eraseEmpty(document, key);
    for (const char *key : {"dimension_names", "consolidated_metadata"})
        eraseIf(document, key, nullptr);
    Json dataType = member(document, "data_type");
    if (dataType.is_object())
    {
        eraseEmpty(dataType, "configuration");
        if (dataType.size() == 1 && dataType.contains("name"))
            dataType = Json(dataType["name"]);
    }
    document["data_type"] = dataType;
    if (member(document, "codecs").is_array())
        document["codecs"] =
            canonicalCodecs(document["codecs"], hasOneByteElements(dataType));
    document["chunk_key_encoding"] =
        canonicalKeyEncoding(document["chunk_key_encoding"]);
    if (const auto type = parseDataTypeV3(dataType))
        document["fill_value"] = canonicalFill(*type, document["fill_value"]);
    return document;
}

Json canonicalV2(Json document)
{
    if (!document.is_object())
        return document;
    eraseEmpty(document, "filters");
    eraseIf(document, "dimension_separator", ".");
    if (Json &compressor = document["compressor"]; compressor.is_object())
    {
        eraseIf(compressor, "checksum", false);
        eraseIf(compressor, "blocksize", 0);
        eraseIf(compressor, "typesize", nullptr);
    }
    if (const auto type = parseDataTypeV2(document["dtype"]))
    {
        document["fill_value"] = canonicalFill(*type, document["fill_value"]);
        if (const auto spelled = dataTypeV2(*type))
            document["dtype"] = *spelled;
    }
    return document;
}

}  // namespace mdimappend
