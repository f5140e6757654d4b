// Reads name, level and shuffle of an array's compressor from its document.

#include "zarr/stored_compression.h"

namespace mdimappend
{

namespace
{

std::optional<int> integerIn(const Json &object,
                             std::initializer_list<const char *> names)
{
    for (const char *name : names)
    {
        const auto &value = member(object, name);
        if (value.is_number_integer())
            return value.get<int>();
    }
    return std::nullopt;
}

Compression describe(const std::string &codec, const Json &configuration)
{
    Compression found;
    found.name = codec;
    found.level =
        integerIn(configuration, {"clevel", "level", "preset", "acceleration"});
    if (codec != "blosc")
        return found;
    const auto &inner = member(configuration, "cname");
    found.name += ":" + (inner.is_string() ? inner.get<std::string>() : "lz4");
    const auto &shuffle = member(configuration, "shuffle");
    if (shuffle == 0 || shuffle == "noshuffle")
        found.shuffle = "none";
    else if (shuffle == 2 || shuffle == "bitshuffle")
        found.shuffle = "bit";
    else
        found.shuffle = "byte";
    return found;
}

}  // namespace

Compression compressionOf(const ArrayDocument &document)
{
    Compression none{"none", {}, {}};
    if (document.format == ZarrFormat::V2)
    {
        const auto &compressor = member(document.metadata, "compressor");
        return compressor.is_object()
                   ? describe(textMember(compressor, "id"), compressor)
                   : none;
    }
    const Json *codecs = &member(document.metadata, "codecs");
    if (document.sharded && !codecs->empty())
        codecs = &member(member(codecs->front(), "configuration"), "codecs");
    for (const auto &codec : *codecs)
    {
        const auto name = textMember(codec, "name");
        if (name == "blosc" || name == "zstd" || name == "gzip")
            return describe(name, member(codec, "configuration"));
    }
    return none;
}

}  // namespace mdimappend
