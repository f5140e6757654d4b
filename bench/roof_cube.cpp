#include "roof_cube.h"

#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace roof
{

namespace
{

namespace fs = std::filesystem;
using Json = nlohmann::json;

std::string readWhole(const fs::path &path)
{
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

void setCompressor(CubeArray &array, const std::string &name,
                   const Json &settings, std::size_t elementSize)
{
    array.compressor = CPLGetCompressor(name.c_str());
    if (!array.compressor)
        throw std::runtime_error("no codec " + name);
    if (name == "blosc")
    {
        const auto shuffle = settings.value("shuffle", Json("shuffle"));
        const bool bit = shuffle == "bitshuffle" || shuffle == 2;
        const bool none = shuffle == "noshuffle" || shuffle == 0;
        array.options.SetNameValue(
            "CNAME", settings.at("cname").get<std::string>().c_str());
        array.options.SetNameValue(
            "CLEVEL", std::to_string(settings.at("clevel").get<int>()).c_str());
        array.options.SetNameValue("SHUFFLE", none  ? "NONE"
                                              : bit ? "BIT"
                                                    : "BYTE");
        array.options.SetNameValue("TYPESIZE",
                                   std::to_string(elementSize).c_str());
    }
    else
    {
        array.options.SetNameValue(
            "LEVEL", std::to_string(settings.at("level").get<int>()).c_str());
    }
}

void setCodecs(CubeArray &array, const Json &codecs, std::size_t elementSize)
{
    for (const auto &codec : codecs)
    {
        const std::string name = codec.at("name");
        const auto settings = codec.value("configuration", Json::object());
        if (name == "sharding_indexed")
        {
            array.sharded = true;
            array.inner = settings.at("chunk_shape").get<Shape>();
            setCodecs(array, settings.at("codecs"), elementSize);
        }
        else if (name != "bytes")
        {
            setCompressor(array, name, settings, elementSize);
        }
    }
}

std::optional<mdimappend::ArrayDocument>
parsed(const std::string &name, const std::string &text, bool v3)
{
    auto array = v3 ? mdimappend::parseArrayV3(name, text)
                    : mdimappend::parseArrayV2(name, text, "");
    if (!array)
        throw std::runtime_error(array.status().message());
    return std::move(*array);
}

CubeArray readArrayV3(const std::string &name, const Json &document)
{
    CubeArray array;
    array.name = name;
    array.chunk = document.at("chunk_grid")
                      .at("configuration")
                      .at("chunk_shape")
                      .get<Shape>();
    array.inner = array.chunk;
    array.keyPrefix = "c/";
    const std::string type = document.at("data_type");
    const std::size_t bits =
        std::stoul(type.substr(type.find_first_of("0123456789")));
    setCodecs(array, document.at("codecs"), bits / 8);
    return array;
}

CubeArray readArrayV2(const std::string &name, const Json &document)
{
    CubeArray array;
    array.name = name;
    array.chunk = document.at("chunks").get<Shape>();
    array.inner = array.chunk;
    array.separator = document.value("dimension_separator", ".").front();
    const std::string type = document.at("dtype");
    if (const auto &compressor = document.at("compressor");
        !compressor.is_null())
        setCompressor(array, compressor.at("id"), compressor,
                      std::stoul(type.substr(2)));
    return array;
}

}  // namespace

std::string CubeArray::key(const Shape &index) const
{
    std::string text = name + "/" + keyPrefix;
    for (std::size_t i = 0; i < index.size(); ++i)
    {
        if (i > 0)
            text += separator;
        text += std::to_string(index[i]);
    }
    return text;
}

Cube readCube(const std::string &folder, const std::string &appendDim)
{
    Cube cube;
    const fs::path root(folder);
    const auto takeFiles = [&](const fs::path &below, auto &into)
    {
        for (const auto &entry : fs::recursive_directory_iterator(below))
            if (entry.is_regular_file())
                into[fs::relative(entry.path(), root)] =
                    readWhole(entry.path());
    };
    for (const auto &entry : fs::directory_iterator(root))
    {
        const std::string name = entry.path().filename();
        if (!entry.is_directory())
        {
            // Consolidated metadata, or what stands for the group.
            auto &into = name == ".zmetadata" || name == "zarr.json"
                             ? cube.each
                             : cube.once;
            into[name] = readWhole(entry.path());
            continue;
        }
        const bool v3 = fs::exists(entry.path() / "zarr.json");
        const auto text =
            readWhole(entry.path() / (v3 ? "zarr.json" : ".zarray"));
        const auto document = Json::parse(text);
        if (document.at("shape").size() < 2)
        {
            takeFiles(entry.path(), name == appendDim ? cube.each : cube.once);
            continue;
        }
        cube.arrays.push_back(v3 ? readArrayV3(name, document)
                                 : readArrayV2(name, document));
        cube.arrays.back().document = parsed(name, text, v3);
        for (const auto *file : {"zarr.json", ".zarray"})
            if (fs::exists(entry.path() / file))
                cube.each[name + "/" + file] = readWhole(entry.path() / file);
        if (fs::exists(entry.path() / ".zattrs"))
            cube.once[name + "/.zattrs"] = readWhole(entry.path() / ".zattrs");
    }
    if (cube.arrays.empty())
        throw std::runtime_error(folder + " has no arrays to append to");
    return cube;
}

}  // namespace roof
