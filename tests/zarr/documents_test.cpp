// Documents of whole stores: consolidated copies, patches, new stores.

#include "zarr/documents.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <complex>
#include <functional>

namespace mdimappend
{
namespace
{

std::string zarray(const std::string &shape)
{
    return "{\"chunks\": [1, 2],\"shape\":" + shape +
           ", \"fill_value\": NaN, \"x\":\t1e5, \"zarr_format\": 2 }\n";
}

std::string zarrJson(const std::string &shape)
{
    return "{\"zarr_format\": 3, \"node_type\": \"array\", \"shape\": " +
           shape + ", \"attributes\": {\"shape\": [1, 2], \"nan\": NaN}}";
}

std::string replaced(std::string text, std::string_view from,
                     std::string_view to)
{
    const auto position = text.find(from);
    EXPECT_NE(position, text.npos);
    return text.replace(position, from.size(), to);
}

TEST(PatchShapes, touchesOnlyTheDigitsThatDifferInV2)
{
    const std::string own = zarray("[ 3,\n180 ]");
    const std::string copy = zarray("[3, 180]");
    const std::string consolidated =
        R"({"zarr_consolidated_format": 1, "metadata": {".zgroup": {"zarr_format": 2}, "g\/sst/.zarray": )" +
        copy + R"(, "other/.zarray": )" + copy + "}}";
    const auto patched = patchShapes(
        ZarrFormat::V2, {{"g/sst/.zarray", own}, {".zmetadata", consolidated}},
        ".zmetadata", {{"g/sst", {10, 180}}});
    ASSERT_TRUE(patched) << patched.status().message();
    EXPECT_EQ(patched->size(), 2U);
    EXPECT_EQ(patched->at("g/sst/.zarray"), replaced(own, "[ 3", "[ 10"));
    EXPECT_EQ(patched->at(".zmetadata"),
              replaced(consolidated, "[3, 180]", "[10, 180]"));
}

TEST(PatchShapes, touchesOnlyTheDigitsThatDifferInV3)
{
    const std::string own = zarrJson("[3,180]");
    const std::string root =
        R"({"zarr_format": 3, "shape": [3], "consolidated_metadata": {"kind": "inline", "metadata": {"a/b": )" +
        own + "}}}";
    const auto patched = patchShapes(
        ZarrFormat::V3, {{"a/b/zarr.json", own}, {"zarr.json", root}},
        "zarr.json", {{"a/b", {3, 181}}});
    ASSERT_TRUE(patched) << patched.status().message();
    EXPECT_EQ(patched->at("a/b/zarr.json"),
              replaced(own, "[3,180]", "[3,181]"));
    EXPECT_EQ(patched->at("zarr.json"), replaced(root, "[3,180]", "[3,181]"));
}

TEST(PatchShapes, growsAnArrayThatIsTheRoot)
{
    const auto v3 = patchShapes(
        ZarrFormat::V3, {{"zarr.json", zarrJson("[3]")}}, {}, {{"", {4}}});
    ASSERT_TRUE(v3);
    EXPECT_EQ(v3->at("zarr.json"), zarrJson("[4]"));
    const auto v2 = patchShapes(ZarrFormat::V2, {{".zarray", zarray("[3]")}},
                                {}, {{"", {4}}});
    ASSERT_TRUE(v2);
    EXPECT_EQ(v2->at(".zarray"), zarray("[4]"));
}

TEST(PatchShapes, returnsOnlyDocumentsThatChange)
{
    const auto patched = patchShapes(
        ZarrFormat::V3,
        {{"a/zarr.json", zarrJson("[3]")}, {"b/zarr.json", zarrJson("[5]")}},
        {}, {{"a", {4}}, {"b", {5}}});
    ASSERT_TRUE(patched);
    EXPECT_EQ(patched->size(), 1U);
    EXPECT_TRUE(patched->contains("a/zarr.json"));
}

TEST(PatchShapes, refusesWhatItDoesNotUnderstand)
{
    const auto patch =
        [](const std::string &document, const std::vector<std::uint64_t> &shape)
    {
        const auto patched = patchShapes(
            ZarrFormat::V3, {{"a/zarr.json", document}}, {}, {{"a", shape}});
        return patched ? "patched" : patched.status().message();
    };
    EXPECT_EQ(patch(zarrJson("[3, 4]"), {4}),
              "a/zarr.json: array 'a': 'shape' has 2 dimensions, the new shape "
              "has 1");
    for (const char *shape :
         {"[3.0]", "3", "[[3]]", "{\"a\": 3}", "[\"3\"]", "[null]", "null"})
        EXPECT_NE(patch(zarrJson(shape), {4}).find("expected a list"),
                  std::string::npos)
            << shape;
    EXPECT_NE(patch("{}", {4}).find("no 'shape'"), std::string::npos);
    EXPECT_NE(patch("{", {4}).find("not valid JSON"), std::string::npos);
    EXPECT_FALSE(patchShapes(ZarrFormat::V3, {}, {}, {{"a", {4}}}));
}

TEST(PatchShapes, refusesAnArrayThatTheConsolidatedCopyLacks)
{
    const auto patched = patchShapes(
        ZarrFormat::V2,
        {{"a/.zarray", zarray("[3]")}, {".zmetadata", R"({"metadata": {}})"}},
        ".zmetadata", {{"a", {4}}});
    ASSERT_FALSE(patched);
    EXPECT_EQ(patched.status().message(),
              ".zmetadata: array 'a': it holds no 'shape' of this array");
}

TEST(PatchShapes, isFastOnTenThousandArrays)
{
    Documents documents;
    std::vector<Growth> growths;
    std::string root = R"({"metadata": {".zgroup": {"zarr_format": 2})";
    const std::string attributes =
        R"({"long_name": ")" + std::string(1500, 'x') + R"(", "n": 1})";
    for (int i = 0; i < 10'000; ++i)
    {
        const std::string path = "group/array" + std::to_string(i);
        const std::string own = zarray("[3, 180, 360]");
        documents[path + "/.zarray"] = own;
        root.append(", \"" + path + "/.zarray\": ").append(own);
        root.append(", \"" + path + "/.zattrs\": ").append(attributes);
        growths.push_back({path, {4, 180, 360}});
    }
    documents[".zmetadata"] = root + "}}";
    const auto start = std::chrono::steady_clock::now();
    const auto patched =
        patchShapes(ZarrFormat::V2, documents, ".zmetadata", growths);
    const std::chrono::duration<double> elapsed =
        std::chrono::steady_clock::now() - start;
    ASSERT_TRUE(patched);
    EXPECT_EQ(patched->size(), 10'001U);
    EXPECT_LT(elapsed.count(), 5.0);
    RecordProperty("seconds", std::to_string(elapsed.count()));
    RecordProperty("bytes", std::to_string(root.size()));
}

TEST(ConsolidatedKey, isWhereTheCopyIs)
{
    EXPECT_EQ(consolidatedKey({{".zgroup", "{}"}, {".zmetadata", "{}"}}),
              ".zmetadata");
    EXPECT_EQ(consolidatedKey({{".zgroup", "{}"}}), std::nullopt);
    EXPECT_EQ(
        consolidatedKey({{"zarr.json", R"({"consolidated_metadata": {}})"}}),
        "zarr.json");
    EXPECT_EQ(
        consolidatedKey({{"zarr.json", R"({"consolidated_metadata": null})"}}),
        std::nullopt);
    EXPECT_EQ(
        consolidatedKey({{"zarr.json", R"({"a": 1})"}, {".zmetadata", "{}"}}),
        std::nullopt);
}

TEST(ConsolidatedNodes, listsArraysAndGroups)
{
    const auto v2 = consolidatedNodes(
        ZarrFormat::V2,
        R"({"metadata": {".zgroup": {}, ".zattrs": {}, "b/.zarray": {}, "b/.zattrs": {}, "a/.zgroup": {}, "a/x/.zarray": {}}})");
    ASSERT_TRUE(v2);
    EXPECT_EQ(v2->arrays, (std::vector<std::string>{"a/x", "b"}));
    EXPECT_EQ(v2->groups, (std::vector<std::string>{"a"}));
    const auto v3 = consolidatedNodes(
        ZarrFormat::V3,
        R"({"consolidated_metadata": {"metadata": {"b": {"node_type": "array"}, "a": {"node_type": "group"}}}})");
    ASSERT_TRUE(v3);
    EXPECT_EQ(v3->arrays, (std::vector<std::string>{"b"}));
    EXPECT_EQ(v3->groups, (std::vector<std::string>{"a"}));
    EXPECT_FALSE(consolidatedNodes(ZarrFormat::V3, "{}"));
    EXPECT_FALSE(consolidatedNodes(ZarrFormat::V2, R"({"metadata": 1})"));
}

Status checkV3(const std::string &own, const std::string &copy)
{
    return checkConsolidated(
        ZarrFormat::V3, "zarr.json",
        R"({"consolidated_metadata": {"metadata": {"a": )" + copy + "}}}",
        {{"a/zarr.json", own}}, {"a"});
}

TEST(CheckConsolidated, ignoresOrderAndSpelling)
{
    EXPECT_TRUE(
        checkV3(R"({"shape": [1], "attributes": {"a": NaN, "b": 1}})",
                R"({"attributes": {"b": 1.0, "a": NaN}, "shape":[1]})"));
}

TEST(CheckConsolidated, takesDefaultsThatAreSpelledOutForTheSame)
{
    // What GDAL writes, and what zarr-python makes of it in consolidating.
    EXPECT_TRUE(checkV3(
        R"({"data_type": "uint8", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]})",
        R"({"data_type": "uint8", "codecs": [{"name": "bytes"}], "attributes": {}, "storage_transformers": []})"));
    EXPECT_FALSE(checkV3(
        R"({"data_type": "int16", "codecs": [{"name": "bytes", "configuration": {"endian": "big"}}]})",
        R"({"data_type": "int16", "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}]})"));
}

TEST(CheckConsolidated, otherWordsForTheSame)
{
    const std::pair<const char *, const char *> same[] = {
        {R"({"chunk_key_encoding": {"name": "default"}})",
         R"({"chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}})"},
        {R"({"chunk_key_encoding": "v2"})",
         R"({"chunk_key_encoding": {"name": "v2", "configuration": {"separator": "."}}})"},
        {R"({"codecs": [{"name": "zstd", "configuration": {"level": 3}}]})",
         R"({"codecs": [{"name": "zstd", "configuration": {"level": 3, "checksum": false}}]})"},
        {R"({"codecs": [{"name": "sharding_indexed", "configuration": {"index_codecs": ["crc32c"]}}]})",
         R"({"codecs": [{"name": "sharding_indexed", "configuration": {"index_location": "end", "index_codecs": [{"name": "crc32c", "configuration": {}}]}}]})"},
        {R"({"data_type": "float32", "fill_value": "0x7fc00000"})",
         R"({"data_type": {"name": "float32", "configuration": {}}, "fill_value": "NaN"})"},
        {R"({"data_type": "float64", "fill_value": 0})",
         R"({"data_type": "float64", "fill_value": 0.0})"}};
    for (const auto &[own, copy] : same)
        EXPECT_TRUE(checkV3(own, copy)) << own;
    const std::pair<const char *, const char *> different[] = {
        {R"({"chunk_key_encoding": {"name": "default"}})",
         R"({"chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}}})"},
        {R"({"chunk_key_encoding": "v2"})",
         R"({"chunk_key_encoding": "default"})"},
        {R"({"codecs": [{"name": "zstd", "configuration": {"level": 3}}]})",
         R"({"codecs": [{"name": "zstd", "configuration": {"level": 3, "checksum": true}}]})"},
        {R"({"data_type": "float32", "fill_value": "0x7fc00001"})",
         R"({"data_type": "float32", "fill_value": "NaN"})"},
        {R"({"data_type": "float64", "fill_value": 0.0})",
         R"({"data_type": "float64", "fill_value": -0.0})"}};
    for (const auto &[own, copy] : different)
        EXPECT_FALSE(checkV3(own, copy)) << own;
}

TEST(CheckConsolidated, namesTheArrayAndTheDifference)
{
    EXPECT_EQ(checkV3(R"({"shape": [4]})", R"({"shape": [3]})").message(),
              "array 'a': its own metadata and the consolidated copy disagree: "
              "'shape' is [4] in a/zarr.json and [3] in zarr.json. If "
              "a/zarr.json is right, make the copy anew "
              "(zarr.consolidate_metadata in Python), or remove it (the member "
              "'consolidated_metadata' of zarr.json): the arrays' own metadata "
              "are enough.");
    EXPECT_NE(checkV3(R"({"shape": [4], "x": null})", R"({"shape": [4]})")
                  .message()
                  .find("'x'"),
              std::string::npos);
    EXPECT_FALSE(checkV3(R"({"attributes": {"a": 1}})", "{}"));
    EXPECT_FALSE(checkV3(R"({"attributes": {"a": [1, 2]}})",
                         R"({"attributes": {"a": [1]}})"));
}

TEST(CheckConsolidated, comparesAttributesOfV2)
{
    const auto check = [](const Documents &own, const std::string &copies)
    {
        return checkConsolidated(ZarrFormat::V2, ".zmetadata",
                                 R"({"metadata": {)" + copies + "}}", own,
                                 {"a"});
    };
    const std::string array = R"("a/.zarray": {"shape": [1]})";
    EXPECT_TRUE(check({{"a/.zarray", R"({"shape": [1]})"}}, array));
    EXPECT_TRUE(check({{"a/.zarray", R"({"shape": [1], "filters": null})"},
                       {"a/.zattrs", "{}"}},
                      array));
    EXPECT_FALSE(check({{"a/.zarray", R"({"shape": [1]})"},
                        {"a/.zattrs", R"({"units": "K"})"}},
                       array));
    EXPECT_FALSE(check({{"a/.zarray", R"({"shape": [1]})"}}, ""));
    EXPECT_FALSE(check({}, array));
}

NewArray temperature(const std::string &path)
{
    NewArray array;
    array.path = path;
    array.shape = {4, 6};
    array.chunk = {2, 3};
    array.gdal = GDT_Float32;
    array.dimensions = {"y", "x"};
    array.attributes = {{"units", "K"}, {"nan", std::nan("")}};
    const float nan = std::nanf("");
    array.missingValue.emplace(reinterpret_cast<const char *>(&nan),
                               sizeof(nan));
    return array;
}

const std::vector<NewGroup> rootOnly = {{"", Json::object()}};

Json parsed(const Documents &documents, const std::string &key)
{
    const auto json = parseJson(documents.at(key));
    EXPECT_TRUE(json) << key;
    return *json;
}

TEST(NewDocuments, areWhatXarrayWritesInV3)
{
    const auto documents =
        newDocuments(ZarrFormat::V3, false, rootOnly, {temperature("t")});
    ASSERT_TRUE(documents) << documents.status().message();
    EXPECT_EQ(documents->size(), 2U);
    EXPECT_EQ(
        dumpJson(parsed(*documents, "t/zarr.json"), -1),
        R"({"shape": [4, 6], "data_type": "float32", "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [2, 3]}}, )"
        R"("chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}}, "fill_value": "NaN", )"
        R"("codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "blosc", "configuration": )"
        R"({"typesize": 4, "cname": "zstd", "clevel": 3, "shuffle": "shuffle", "blocksize": 0}}], )"
        R"("attributes": {"units": "K", "nan": NaN, "_FillValue": "AAAAAAAA+H8="}, "dimension_names": ["y", "x"], )"
        R"("zarr_format": 3, "node_type": "array", "storage_transformers": []})");
    EXPECT_EQ(dumpJson(parsed(*documents, "zarr.json"), -1),
              R"({"attributes": {}, "zarr_format": 3, "node_type": "group"})");
}

TEST(NewDocuments, areWhatXarrayWritesInV2)
{
    const auto documents =
        newDocuments(ZarrFormat::V2, true, rootOnly, {temperature("t")});
    ASSERT_TRUE(documents) << documents.status().message();
    EXPECT_EQ(dumpJson(parsed(*documents, "t/.zarray"), -1),
              R"({"shape": [4, 6], "chunks": [2, 3], "dtype": "<f4", )"
              R"("fill_value": "NaN", "order": "C", "filters": null, )"
              R"("dimension_separator": ".", "compressor": {"id": "blosc", )"
              R"("cname": "zstd", "clevel": 3, "shuffle": 1, "blocksize": 0}, )"
              R"("zarr_format": 2})");
    EXPECT_EQ(dumpJson(parsed(*documents, "t/.zattrs"), -1),
              R"({"units": "K", "nan": NaN, "_ARRAY_DIMENSIONS": ["y", "x"]})");
    const Json zmetadata = parsed(*documents, ".zmetadata");
    EXPECT_EQ(zmetadata["zarr_consolidated_format"], 1);
    EXPECT_EQ(zmetadata["metadata"][".zgroup"]["zarr_format"], 2);
    for (const char *key : {"t/.zarray", "t/.zattrs", ".zattrs"})
        EXPECT_EQ(dumpJson(zmetadata["metadata"][key]),
                  dumpJson(parsed(*documents, key)));
}

TEST(NewDocuments, spellShardsAsZarrPythonDoes)
{
    NewArray array = temperature("t");
    array.innerChunk = {1, 3};
    array.compressor = "none";
    const auto documents =
        newDocuments(ZarrFormat::V3, false, rootOnly, {array});
    ASSERT_TRUE(documents);
    EXPECT_EQ(
        dumpJson(parsed(*documents, "t/zarr.json")["codecs"], -1),
        R"([{"name": "sharding_indexed", "configuration": {"chunk_shape": [1, 3], )"
        R"("codecs": [{"name": "bytes", "configuration": {"endian": "little"}}], )"
        R"("index_codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}], )"
        R"("index_location": "end"}}])");
    EXPECT_FALSE(newDocuments(ZarrFormat::V2, false, rootOnly, {array}));
}

TEST(NewDocuments, agreeWithTheirOwnConsolidatedCopy)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        const auto documents =
            newDocuments(format, true,
                         {{"", {{"title", "x"}}},
                          {"g", Json::object()},
                          {"g/h", {{"k", 1}}}},
                         {temperature("t"), temperature("g/h/t")});
        ASSERT_TRUE(documents);
        const auto key = consolidatedKey(*documents);
        ASSERT_TRUE(key);
        const auto nodes = consolidatedNodes(format, documents->at(*key));
        ASSERT_TRUE(nodes);
        EXPECT_EQ(nodes->arrays, (std::vector<std::string>{"g/h/t", "t"}));
        EXPECT_EQ(nodes->groups, (std::vector<std::string>{"g", "g/h"}));
        EXPECT_TRUE(checkConsolidated(format, *key, documents->at(*key),
                                      *documents, nodes->arrays));
    }
}

TEST(NewDocuments, canBePatched)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        auto documents =
            newDocuments(format, true, rootOnly, {temperature("t")});
        const auto key = consolidatedKey(*documents);
        const auto patched =
            patchShapes(format, *documents, key, {{"t", {14, 6}}});
        ASSERT_TRUE(patched) << patched.status().message();
        EXPECT_EQ(patched->size(), 2U);
        for (const auto &[name, bytes] : *patched)
            (*documents)[name] = bytes;
        EXPECT_TRUE(checkConsolidated(format, *key, documents->at(*key),
                                      *documents, {"t"}));
    }
}

TEST(NewDocuments, refuseWhatCannotBeStored)
{
    const auto reason = [](ZarrFormat format, auto change)
    {
        NewArray array = temperature("t");
        change(array);
        const auto documents = newDocuments(format, true, rootOnly, {array});
        return documents ? "accepted" : documents.status().message();
    };
    using K = DataType::Kind;
    const std::vector<std::pair<std::string, std::function<void(NewArray &)>>>
        v3{{"does not exist in Zarr V3",
            [](auto &a) { a.compressor = "lzma"; }},
           {"is unknown", [](auto &a) { a.compressor = "brotli"; }},
           {"is unknown", [](auto &a) { a.compressor = "blosc:brotli"; }},
           {"has no level 10", [](auto &a) { a.level = 10; }},
           {"differ in rank", [](auto &a) { a.chunk = {1}; }},
           {"differ in rank", [](auto &a) { a.dimensions = {"y"}; }},
           {"a size of 0", [](auto &a) { a.shape = {0, 6}; }},
           {"does not divide", [](auto &a) { a.innerChunk = {2, 2}; }},
           {"used twice", [](auto &a) { a.dimensions = {"x", "x"}; }},
           {"bytes", [](auto &a) { a.missingValue = "x"; }},
           {"no data type for GDAL's CInt16",
            [](auto &a)
            {
                a.gdal = GDT_CInt16;
                a.missingValue.reset();
            }},
           {"1 to 10 MiB",
            [](auto &a)
            {
                a.kind = K::FixedUnicode;
                a.missingValue.reset();
            }},
           {"missing value of strings",
            [](auto &a) { a.kind = K::VariableUnicode; }},
           {"'_FillValue' is made",
            [](auto &a) { a.attributes["_FillValue"] = 1; }},
           {"'b' is not UTF-8",
            [](auto &a) { a.attributes["b"] = {{"c", "\xB0"}}; }},
           {"is not the path of a Zarr node", [](auto &a) { a.path = "/t"; }},
           {"is not the path of a Zarr node", [](auto &a) { a.path = "a//t"; }},
           {"is not the path of a Zarr node", [](auto &a) { a.path = "t/"; }},
           {"is not the path of a Zarr node", [](auto &a) { a.path = "../t"; }},
           {"group 'a' of 'a/t' is missing", [](auto &a) { a.path = "a/t"; }},
           {"two new nodes", [](auto &a) { a.path = ""; }}};
    for (const auto &[expected, change] : v3)
    {
        const std::string message = reason(ZarrFormat::V3, change);
        EXPECT_NE(message.find(expected), std::string::npos) << message;
    }
    EXPECT_NE(reason(ZarrFormat::V2,
                     [](auto &a)
                     {
                         a.kind = K::VariableUnicode;
                         a.missingValue.reset();
                     })
                  .find("|O"),
              std::string::npos);
    const std::complex<float> imaginary(0, 1);
    EXPECT_NE(reason(ZarrFormat::V2,
                     [&](auto &a)
                     {
                         a.gdal = GDT_CFloat32;
                         a.missingValue.emplace(
                             reinterpret_cast<const char *>(&imaginary), 8);
                     })
                  .find("cannot have the missing value [0.0, 1.0]"),
              std::string::npos);
}

TEST(NewDocuments, spellV2FillValuesAsTheFormatDoesNotAsGdal)
{
    const auto fillOf = [](GDALDataType type, const std::string &element)
    {
        NewArray array = temperature("t");
        array.gdal = type;
        array.missingValue = element;
        const auto documents =
            newDocuments(ZarrFormat::V2, false, rootOnly, {array});
        EXPECT_TRUE(documents) << documents.status().message();
        return dumpJson(parsed(*documents, "t/.zarray")["fill_value"], -1);
    };
    EXPECT_EQ(fillOf(GDT_Float16, std::string("\x00\x7E", 2)), "\"NaN\"");
    EXPECT_EQ(fillOf(GDT_CFloat32, std::string("\x00\x00\xC0\x7F\0\0\0\0", 8)),
              "[\"NaN\", 0.0]");
    EXPECT_EQ(fillOf(GDT_CFloat64, std::string(16, '\0')), "[0.0, 0.0]");
}

TEST(AddDocuments, extendTheConsolidatedCopyAndKeepItsBytes)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        auto documents = newDocuments(
            format, true, {{"", {{"title", "x"}}}, {"g", Json::object()}},
            {temperature("t")});
        const auto key = consolidatedKey(*documents);
        const auto added =
            addDocuments(format, *documents,
                         {{"g", Json::object()}, {"g/h", Json::object()}},
                         {temperature("g/h/u"), temperature("v")});
        ASSERT_TRUE(added) << added.status().message();
        EXPECT_EQ(added->size(), format == ZarrFormat::V3 ? 4U : 7U);
        for (const auto &[name, bytes] : *added)
            (*documents)[name] = bytes;
        const auto nodes = consolidatedNodes(format, documents->at(*key));
        ASSERT_TRUE(nodes);
        EXPECT_EQ(nodes->arrays, (std::vector<std::string>{"g/h/u", "t", "v"}));
        EXPECT_EQ(nodes->groups, (std::vector<std::string>{"g", "g/h"}));
        EXPECT_TRUE(checkConsolidated(format, *key, documents->at(*key),
                                      *documents, nodes->arrays));
        EXPECT_FALSE(addDocuments(format, *documents, {}, {temperature("t")}));
        EXPECT_FALSE(addDocuments(format, *documents, {}, {temperature("g")}));
        EXPECT_FALSE(
            addDocuments(format, *documents, {}, {temperature("t/u")}));
    }
}

TEST(AddDocuments, writeNoCopyWhereThereIsNone)
{
    const auto documents =
        newDocuments(ZarrFormat::V3, false, rootOnly, {temperature("t")});
    const auto added =
        addDocuments(ZarrFormat::V3, *documents, {}, {temperature("u")});
    ASSERT_TRUE(added);
    EXPECT_EQ(added->size(), 1U);
    EXPECT_TRUE(added->contains("u/zarr.json"));
    EXPECT_FALSE(addDocuments(ZarrFormat::V2, *documents, {}, {}));
}

}  // namespace
}  // namespace mdimappend
