// What compressors there are, which levels each has, and what of numcodecs'
// configurations is understood.

#include "settings/encoding_compressor.h"

#include <algorithm>
#include <map>
#include <utility>

namespace mdimappend
{

namespace
{

const std::vector<std::string> shuffles = {"none", "byte", "bit"};

const std::vector<std::string> compressors = {
    "none",          "blosc:zstd", "blosc:lz4",    "blosc:lz4hc",
    "blosc:blosclz", "blosc:zlib", "blosc:snappy", "zstd",
    "gzip",          "zlib",       "lzma",         "lz4"};

/// cname, shuffle and blocksize; the level is read as that of others is.
Status readBlosc(const Value &value, EncodingReading &into)
{
    const Json &json = value.json();
    auto &encoding = into.encoding;
    std::string cname = "lz4";  // numcodecs' default
    if (json.contains("cname"))
    {
        MDIMAPPEND_ASSIGN(cname, value.at("cname").name());
    }
    encoding.compressor = "blosc:" + cname;
    if (!std::ranges::count(compressors, *encoding.compressor))
        return value.fail("blosc has no '" + cname + "'");
    if (json.contains("shuffle"))
    {
        // -1 lets numcodecs choose, and us.
        MDIMAPPEND_ASSIGN(const auto which, value.at("shuffle").whole(-1, 2));
        if (which >= 0)
            encoding.shuffle = shuffles[static_cast<std::size_t>(which)];
    }
    if (json.contains("blocksize") && json["blocksize"] != 0)
        into.warnings.push_back(value.at("blocksize").where() +
                                ": ignored; blosc chooses");
    return Status::ok();
}

/// What only numcodecs can say, and has one value that is written.
Status requireUsualValues(const Value &value)
{
    const Json &json = value.json();
    const std::pair<const char *, Json> usual[] = {
        {"checksum", false}, {"format", 1}, {"check", -1}, {"filters", {}}};
    for (const auto &[key, expected] : usual)
    {
        if (json.contains(key) && json[key] != expected)
            return value.at(key).wrong(dumpJson(expected, -1) +
                                       ", which is all that is written");
    }
    return Status::ok();
}

/// A configuration of numcodecs: all of it, so what an earlier file said of
/// level and shuffle is forgotten.
Status readNumcodecs(const Value &value, EncodingReading &into)
{
    const Json &json = value.json();
    if (!member(json, "id").is_string())
        return value.fail("a compressor has an 'id', as in {id: zstd, level: "
                          "3}");
    const std::string id = json["id"].get<std::string>();
    static const std::map<std::string, std::vector<std::string>> known = {
        {"blosc",
         {"id", "cname", "clevel", "shuffle", "blocksize", "typesize"}},
        {"zstd", {"id", "level", "checksum"}},
        {"gzip", {"id", "level"}},
        {"zlib", {"id", "level"}},
        {"lz4", {"id", "acceleration"}},
        {"lzma", {"id", "preset", "format", "check", "filters"}}};
    const auto keys = known.find(id);
    if (keys == known.end())
        return value.fail("the compressor '" + id +
                          "' is not one of blosc, zstd, gzip, zlib, lzma, lz4");
    for (const auto &[key, ignored] : json.items())
    {
        if (!std::ranges::count(keys->second, key))
            return unknownKey(value, key, keys->second);
    }
    auto &encoding = into.encoding;
    encoding.compressor = id;
    encoding.level.reset();
    encoding.shuffle.reset();
    if (id == "blosc")
        MDIMAPPEND_RETURN_IF_ERROR(readBlosc(value, into));
    for (const char *key : {"clevel", "level", "acceleration", "preset"})
    {
        if (json.contains(key) && !json[key].is_null())
            MDIMAPPEND_RETURN_IF_ERROR(readLevel(value.at(key), into));
    }
    return requireUsualValues(value);
}

}  // namespace

Status readLevel(const Value &value, EncodingReading &into)
{
    // lz4 counts acceleration; others have at most 22.
    const bool isLz4 = into.encoding.compressor == "lz4";
    MDIMAPPEND_ASSIGN(const auto level, value.whole(0, isLz4 ? 65537 : 22));
    into.encoding.level = static_cast<int>(level);
    return Status::ok();
}

Status readShuffle(const Value &value, EncodingReading &into)
{
    MDIMAPPEND_ASSIGN(const auto which, value.choice(shuffles));
    into.encoding.shuffle = shuffles[which];
    return Status::ok();
}

Status readCompressor(const Value &value, EncodingReading &into)
{
    auto &encoding = into.encoding;
    if (value.json().is_object())
        return readNumcodecs(value, into);
    if (!value.json().is_null() && !value.json().is_string())
        return value.wrong("a compressor's name, an object with its id, or "
                           "null");
    encoding.compressor = "none";
    if (value.json() == "blosc")
        encoding.compressor = "blosc:zstd";
    else if (value.json().is_string())
    {
        MDIMAPPEND_ASSIGN(const auto which, value.choice(compressors));
        encoding.compressor = compressors[which];
    }
    if (encoding.compressor == "none")
    {
        encoding.level.reset();
        encoding.shuffle.reset();
    }
    return Status::ok();
}

Status checkLevel(const Value &place, const ArrayEncoding &encoding)
{
    if (!encoding.compressor)
        return Status::ok();
    const std::string &name = *encoding.compressor;
    const bool isBlosc = name.starts_with("blosc");
    if (encoding.shuffle && !isBlosc)
        return place.fail("the compressor '" + name +
                          "' does not shuffle: shuffle is blosc's");
    if (!encoding.level || name == "none")
        return Status::ok();
    const bool isLz4 = name == "lz4";
    const int lowest = isLz4 || name == "zstd" ? 1 : 0;
    const int highest = isLz4 ? 65537 : name == "zstd" ? 22 : 9;
    if (*encoding.level < lowest || *encoding.level > highest)
        return place.fail("the compressor '" + name + "' has no level " +
                          std::to_string(*encoding.level) + ": expected " +
                          std::to_string(lowest) + " to " +
                          std::to_string(highest));
    return Status::ok();
}

}  // namespace mdimappend
