// Knows which codecs, in which order, GDAL's Zarr driver can write, and refuses
// the others by name.

#include "zarr/codecs.h"

#include <cpl_compressor.h>
#include <cpl_string.h>

#include <algorithm>

namespace mdimappend
{

namespace
{

template <std::size_t n>
bool isOneOf(std::string_view name, const std::string_view (&names)[n])
{
    return std::ranges::find(names, name) != std::end(names);
}

enum class Step
{
    ArrayToArray,
    ArrayToBytes,
    BytesToBytes,
    Unknown
};

Step stepOf(std::string_view name)
{
    if (name == "transpose")
        return Step::ArrayToArray;
    if (isOneOf(name, {"bytes", "endian", "vlen-utf8", "sharding_indexed"}))
        return Step::ArrayToBytes;
    if (isOneOf(name, {"blosc", "zstd", "gzip", "crc32c"}))
        return Step::BytesToBytes;
    return Step::Unknown;
}

Status checkArrayToBytes(const std::string &name, const DataType &type)
{
    const bool isVariable = type.kind == DataType::Kind::VariableUnicode;
    if (isVariable != (name == "vlen-utf8"))
        return error("the codec '" + name + "' does not fit the data type '" +
                     type.name + "'");
    return Status::ok();
}

/// One chunk's codecs: any array to array, one array to bytes, any bytes to
/// bytes.
Status checkChain(const Json &codecs, const DataType &type, bool mayShard)
{
    if (!codecs.is_array())
        return error("'codecs' is missing or not a list");
    Step last = Step::ArrayToArray;
    for (const Json &codec : codecs)
    {
        const std::string name = textMember(codec, "name");
        const Step step = stepOf(name);
        if (step == Step::Unknown)
            return cannotEncode("codec", codec);
        if (name == "sharding_indexed" && !mayShard)
            return error("shards within shards (sharding_indexed in "
                         "sharding_indexed) are not supported");
        const bool isInOrder = step == Step::BytesToBytes
                                   ? last != Step::ArrayToArray
                                   : last == Step::ArrayToArray;
        if (!isInOrder)
            return error("the codec '" + name + "' is in the wrong place in " +
                         dumpJson(codecs, -1));
        if (step == Step::ArrayToBytes && name != "sharding_indexed")
            MDIMAPPEND_RETURN_IF_ERROR(checkArrayToBytes(name, type));
        if (step == Step::BytesToBytes && name != "crc32c")
            MDIMAPPEND_RETURN_IF_ERROR(checkBuilt(
                name, textMember(member(codec, "configuration"), "cname")));
        last = step;
    }
    if (last == Step::ArrayToArray)
        return error("'codecs' has no codec that makes bytes of an array");
    return Status::ok();
}

Status checkIndexCodecs(const Json &codecs)
{
    const bool isKnown =
        codecs.is_array() && !codecs.empty() &&
        textMember(codecs[0], "name") == "bytes" &&
        (codecs.size() == 1 ||
         (codecs.size() == 2 && textMember(codecs[1], "name") == "crc32c"));
    return isKnown ? Status::ok() : cannotEncode("shard index codecs", codecs);
}

}  // namespace

Status cannotEncode(std::string_view what, const Json &codec,
                    std::string_view reason)
{
    return error("the " + std::string(what) + " " + dumpJson(codec, -1) +
                 " cannot be written by GDAL's Zarr driver" +
                 (reason.empty() ? "" : " (" + std::string(reason) + ")"));
}

Status checkBuilt(const std::string &name, const std::string &cname)
{
    const auto *compressor = CPLGetCompressor(name.c_str());
    if (!compressor)
        return error("this GDAL was built without the compressor '" + name +
                     "'");
    const std::string options =
        CSLFetchNameValueDef(compressor->papszMetadata, "OPTIONS", "");
    if (name == "blosc" && !cname.empty() &&
        options.find("<Value>" + cname + "</Value>") == options.npos)
        return error("this GDAL's blosc has no compressor '" + cname + "'");
    return Status::ok();
}

Status checkCompressorV2(const Json &compressor)
{
    if (compressor.is_null())
        return Status::ok();
    const std::string id = textMember(compressor, "id");
    if (!isOneOf(id, {"blosc", "zlib", "gzip", "lzma", "zstd", "lz4"}))
        return cannotEncode("compressor", compressor);
    // The driver writes .xz whatever the document says, and zarr-python
    // believes the document.
    const Json &format = member(compressor, "format");
    if (id == "lzma" && ((!format.is_null() && format != 1) ||
                         !member(compressor, "filters").is_null()))
        return cannotEncode("compressor", compressor,
                            "it knows format 1 without filters only");
    return checkBuilt(id, textMember(compressor, "cname"));
}

bool rotatesAxes(const Json &codecs)
{
    for (const Json &codec : codecs.is_array() ? codecs : Json::array())
    {
        if (!codec.is_object())
            continue;
        const Json configuration = codec.value("configuration", Json::object());
        if (!configuration.is_object())
            continue;
        if (rotatesAxes(configuration.value("codecs", Json())))
            return true;
        const Json order = configuration.value("order", Json());
        if (codec.value("name", Json()) != "transpose" || !order.is_array())
            continue;
        for (std::size_t i = 0; i < order.size(); ++i)
        {
            const auto to = order[i].is_number_integer()
                                ? order[i].get<std::size_t>()
                                : order.size();
            if (to >= order.size() || order[to] != i)
                return true;
        }
    }
    return false;
}

Result<const Json *> checkCodecsV3(const Json &codecs, const DataType &type)
{
    if (rotatesAxes(codecs))
        return error("a transpose codec has an order that GDAL's Zarr driver "
                     "misreads");
    MDIMAPPEND_RETURN_IF_ERROR(checkChain(codecs, type, true));
    const auto sharding = std::ranges::find_if(
        codecs, [](const Json &codec)
        { return textMember(codec, "name") == "sharding_indexed"; });
    if (sharding == codecs.end())
        return nullptr;
    if (codecs.size() > 1)
        return error(
            "the codec 'sharding_indexed' is combined with others in " +
            dumpJson(codecs, -1) + ": such shards cannot be read in parts");
    const Json &configuration = member(*sharding, "configuration");
    MDIMAPPEND_RETURN_IF_ERROR(
        checkChain(member(configuration, "codecs"), type, false));
    MDIMAPPEND_RETURN_IF_ERROR(
        checkIndexCodecs(member(configuration, "index_codecs")));
    return &configuration;
}

}  // namespace mdimappend
