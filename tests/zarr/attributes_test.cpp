// Attributes of nodes that exist: patches of their documents.

#include "zarr/documents.h"

#include <gtest/gtest.h>

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>

#include <cmath>

namespace mdimappend
{
namespace
{

std::string replaced(std::string text, std::string_view from,
                     std::string_view to)
{
    const auto position = text.find(from);
    EXPECT_NE(position, text.npos) << from << " in " << text;
    return text.replace(position, from.size(), to);
}

Json json(const std::string &text)
{
    const auto parsed = parseJson(text);
    EXPECT_TRUE(parsed) << text;
    return *parsed;
}

std::string removed(const std::string &text, const std::string &key)
{
    const std::string left = removeMember(text, {0, text.size()}, key);
    EXPECT_TRUE(parseJson(left)) << left;
    return left;
}

TEST(RemoveMember, takesTheCommaAndTheLine)
{
    EXPECT_EQ(removed(R"({"a": 1, "b": [2], "c": {"a": 3}})", "a"),
              R"({"b": [2], "c": {"a": 3}})");
    EXPECT_EQ(removed(R"({"a": 1, "b": [2], "c": {"a": 3}})", "b"),
              R"({"a": 1, "c": {"a": 3}})");
    EXPECT_EQ(removed(R"({"a": 1, "b": [2], "c": {"a": 3}})", "c"),
              R"({"a": 1, "b": [2]})");
    EXPECT_EQ(removed(R"({"a":1,"b":2})", "b"), R"({"a":1})");
    EXPECT_EQ(removed("{\n  \"a\": 1,\n  \"b\": 2\n}", "a"),
              "{\n  \"b\": 2\n}");
    EXPECT_EQ(removed("{\r\n\t\"a\" : 1 ,\r\n\t\"b\" : 2\r\n}", "b"),
              "{\r\n\t\"a\" : 1\r\n}");
    EXPECT_EQ(removed("{\n  \"a\": 1\n}", "a"), "{}");
}

TEST(RemoveMember, knowsEscapedKeysAndLeavesOthersAlone)
{
    EXPECT_EQ(removed(R"({"\u0061\/b": 1, "c": "}"})", "a/b"), R"({"c": "}"})");
    EXPECT_EQ(removed(R"({"a": {"b": 1}})", "b"), R"({"a": {"b": 1}})");
    EXPECT_EQ(removed("{}", "a"), "{}");
}

std::string set(const std::string &text, const std::string &members)
{
    const auto edited = setMembers(text, {0, text.size()}, json(members));
    EXPECT_TRUE(edited) << edited.status().message();
    EXPECT_TRUE(sameJson(json(*edited), json(members))) << *edited;
    return *edited;
}

TEST(SetMembers, touchesOnlyWhatDiffers)
{
    const std::string text =
        R"({"x":  1e0, "\u0061": NaN,"c":[1, 2 ],  "d": {"e" : -Infinity}})";
    EXPECT_EQ(
        set(text, R"({"d": {"e": -Infinity}, "c": [1, 2], "a": NaN, "x": 1})"),
        text);
    EXPECT_EQ(
        set(text, R"({"x": 2, "a": NaN, "c": [1, 2], "d": {"e": -Infinity}})"),
        replaced(text, "1e0", "2"));
    EXPECT_EQ(set(text, R"({"x": 1, "c": [1, 2], "d": {}})"),
              R"({"x":  1e0, "c":[1, 2 ],  "d": {}})");
    EXPECT_EQ(
        set(text,
            R"({"x": 1, "a": NaN, "c": [1, 2], "d": {"e": -Infinity}, "f": "g"})"),
        replaced(text, "}}", R"(},  "f": "g"})"));
}

TEST(SetMembers, keepsTheStyleWhenAllMembersChange)
{
    EXPECT_EQ(set("{\n    \"a\": 1\n}", R"({"b": [1], "c": {"d": {}}})"),
              "{\n    \"b\": [\n        1\n    ],\n    \"c\": {\n"
              "        \"d\": {}\n    }\n}");
    EXPECT_EQ(set("{\r\n\t\"a\": 1\r\n}", R"({"b": [1]})"),
              "{\r\n\t\"b\": [\r\n\t\t1\r\n\t]\r\n}");
    EXPECT_EQ(set(R"({"a":1})", R"({"b": 2, "c": 3})"), R"({"b":2,"c":3})");
    EXPECT_EQ(set("{}", R"({"b": 2, "c": 3})"), R"({"b": 2, "c": 3})");
    EXPECT_EQ(set("{\n \"a\": 1\n}", "{}"), "{}");
}

TEST(SameJson, takesNumbersForTheirValue)
{
    EXPECT_TRUE(sameJson(json(R"({"a": NaN, "b": 1})"),
                         json(R"({"b": 1.0, "a": NaN})")));
    EXPECT_FALSE(sameJson(json("[1, 2]"), json("[2, 1]")));
    EXPECT_FALSE(sameJson(json("1"), json("\"1\"")));
    EXPECT_FALSE(sameJson(json("{\"a\": null}"), json("{}")));
}

/// The documents as they are afterwards.
Documents patched(ZarrFormat format, Documents documents,
                  const std::optional<std::string> &key,
                  const std::string &path, const std::string &attributes,
                  const std::string &expectedKeys)
{
    const auto patches =
        patchAttributes(format, documents, key, path, json(attributes));
    EXPECT_TRUE(patches) << patches.status().message();
    std::string keys;
    for (const auto &[name, bytes] : *patches)
    {
        keys += (keys.empty() ? "" : " ") + name;
        documents[name] = bytes;
    }
    EXPECT_EQ(keys, expectedKeys);
    return documents;
}

const std::string zgroup = R"({"zarr_format": 2})";

TEST(PatchAttributes, makesTheRootsZattrs)
{
    const auto documents =
        patched(ZarrFormat::V2, {{".zgroup", zgroup}}, {}, "",
                R"({"title": "é", "n": NaN})", ".zattrs");
    EXPECT_EQ(documents.at(".zattrs"),
              "{\n  \"title\": \"é\",\n  \"n\": NaN\n}");
    patched(ZarrFormat::V2, {{".zgroup", zgroup}}, {}, "", "{}", "");
}

TEST(PatchAttributes, patchesTheRootsZattrsAndItsCopy)
{
    const std::string zattrs = "{ \"a\":NaN,\t\"b\" : 1e2 }\n";
    const std::string zmetadata =
        R"({"metadata":{".zgroup":{"zarr_format":2},".zattrs":{"a":NaN,"b":1e2},"t\/.zattrs":{"b":1e2}},"zarr_consolidated_format":1})";
    const auto documents = patched(
        ZarrFormat::V2,
        {{".zgroup", zgroup}, {".zattrs", zattrs}, {".zmetadata", zmetadata}},
        ".zmetadata", "", R"({"a": NaN, "b": 7})", ".zattrs .zmetadata");
    EXPECT_EQ(documents.at(".zattrs"), replaced(zattrs, "1e2", "7"));
    EXPECT_EQ(documents.at(".zmetadata"), replaced(zmetadata, "1e2", "7"));
    patched(ZarrFormat::V2, documents, ".zmetadata", "",
            R"({"b": 7.0, "a": NaN})", "");
}

TEST(PatchAttributes, makesTheCopyThatZmetadataLacks)
{
    const std::string zmetadata =
        "{\n    \"metadata\": {\n        \".zgroup\": {\n            "
        "\"zarr_format\": 2\n        }\n    }\n}";
    const auto documents = patched(
        ZarrFormat::V2, {{".zgroup", zgroup}, {".zmetadata", zmetadata}},
        ".zmetadata", "", R"({"a": 1})", ".zattrs .zmetadata");
    EXPECT_EQ(documents.at(".zmetadata"),
              replaced(zmetadata, "2\n        }",
                       "2\n        },\n        \".zattrs\": {\n            "
                       "\"a\": 1\n        }"));
}

TEST(PatchAttributes, patchesACopyThatAloneDiffers)
{
    patched(ZarrFormat::V2,
            {{".zgroup", zgroup},
             {".zattrs", R"({"a": 1})"},
             {".zmetadata",
              R"({"metadata": {".zgroup": {}, ".zattrs": {"a": 2}}})"}},
            ".zmetadata", "", R"({"a": 1})", ".zmetadata");
}

TEST(PatchAttributes, takesTheV3RootsAttributesForItsOwn)
{
    // The one document holds both, and an array's copy the same names.
    const std::string root =
        R"({"attributes": {"a": 1}, "zarr_format": 3, "consolidated_metadata": {"metadata": {"t": {"node_type": "array", "attributes": {"a": 1}}}}, "node_type": "group"})";
    const auto documents = patched(ZarrFormat::V3, {{"zarr.json", root}},
                                   "zarr.json", "", R"({"a": 2})", "zarr.json");
    EXPECT_EQ(documents.at("zarr.json"), replaced(root, "1", "2"));
}

TEST(PatchAttributes, makesTheMemberOfV3)
{
    const std::string root =
        "{\n\t\"zarr_format\": 3,\n\t\"node_type\": \"group\"\n}";
    const auto documents = patched(ZarrFormat::V3, {{"zarr.json", root}}, {},
                                   "", R"({"a": {"b": [1]}})", "zarr.json");
    EXPECT_EQ(documents.at("zarr.json"),
              "{\n\t\"zarr_format\": 3,\n\t\"node_type\": \"group\",\n"
              "\t\"attributes\": {\n\t\t\"a\": {\n\t\t\t\"b\": [\n"
              "\t\t\t\t1\n\t\t\t]\n\t\t}\n\t}\n}");
    patched(ZarrFormat::V3, {{"zarr.json", root}}, {}, "", "{}", "");
}

TEST(PatchAttributes, patchesInnerNodesOfV3AndTheirCopies)
{
    const std::string group =
        R"({"zarr_format":3,"node_type":"group","attributes":{"a":1,"b":2}})";
    const std::string array =
        R"({"shape": [3], "node_type": "array", "fill_value": NaN, "attributes": {"_FillValue": "AAAAAAAA+H8=", "units": "K"}})";
    const std::string root =
        R"({"zarr_format": 3, "node_type": "group", "consolidated_metadata": {"metadata": {"g": )" +
        group + R"(, "g\/t": )" + array + "}}}";
    Documents documents = {
        {"zarr.json", root}, {"g/zarr.json", group}, {"g/t/zarr.json", array}};
    documents = patched(ZarrFormat::V3, documents, "zarr.json", "g",
                        R"({"b": 2})", "g/zarr.json zarr.json");
    const auto shortGroup = replaced(group, R"("a":1,)", "");
    EXPECT_EQ(documents.at("g/zarr.json"), shortGroup);
    EXPECT_EQ(documents.at("zarr.json"), replaced(root, R"("a":1,)", ""));
    documents = patched(ZarrFormat::V3, documents, "zarr.json", "g/t",
                        R"({"units": "degC", "_FillValue": "AAAAAAAA+H8="})",
                        "g/t/zarr.json zarr.json");
    const auto celsius = replaced(array, "\"K\"", "\"degC\"");
    EXPECT_EQ(documents.at("g/t/zarr.json"), celsius);
    EXPECT_EQ(documents.at("zarr.json"),
              replaced(replaced(root, R"("a":1,)", ""), array, celsius));
}

std::string refusal(ZarrFormat format, const Documents &documents,
                    const std::string &path, const Json &attributes)
{
    const auto key = consolidatedKey(documents);
    const auto patches =
        patchAttributes(format, documents, key, path, attributes);
    return patches ? "accepted" : patches.status().message();
}

TEST(PatchAttributes, refusesToChangeWhatStoredValuesMean)
{
    const Documents v3 = {
        {"t/zarr.json",
         R"({"node_type": "array", "attributes": {"scale_factor": 0.5, "units": "K"}})"},
        {"g/zarr.json",
         R"({"node_type": "group", "attributes": {"scale_factor": 0.5}})"}};
    const auto array = [&](const char *attributes)
    { return refusal(ZarrFormat::V3, v3, "t", json(attributes)); };
    EXPECT_EQ(array(R"({"scale_factor": 0.5})"), "accepted");
    const std::string reason = "' says what the stored values mean, and cannot "
                               "be changed";
    EXPECT_EQ(array(R"({"scale_factor": 0.25})"),
              "'t': the attribute 'scale_factor" + reason);
    EXPECT_EQ(array("{}"), "'t': the attribute 'scale_factor" + reason);
    EXPECT_EQ(array(R"({"scale_factor": 0.5, "add_offset": 0})"),
              "'t': the attribute 'add_offset" + reason);
    EXPECT_EQ(array(R"({"scale_factor": 0.5, "_FillValue": null})"),
              "'t': the attribute '_FillValue" + reason);
    EXPECT_EQ(refusal(ZarrFormat::V3, v3, "g", json("{}")), "accepted");

    const Documents v2 = {{"t/.zarray", "{}"},
                          {"t/.zattrs", R"({"_ARRAY_DIMENSIONS": ["x"]})"}};
    EXPECT_EQ(refusal(ZarrFormat::V2, v2, "t",
                      json(R"({"_ARRAY_DIMENSIONS": ["y"]})")),
              "'t': the attribute '_ARRAY_DIMENSIONS" + reason);
    EXPECT_EQ(refusal(ZarrFormat::V2, v2, "t",
                      json(R"({"_ARRAY_DIMENSIONS": ["x"], "a": 1})")),
              "accepted");
}

TEST(PatchAttributes, refusesWhatItDoesNotUnderstand)
{
    const Json none = Json::object();
    const Documents v2 = {{".zgroup", zgroup}};
    EXPECT_EQ(refusal(ZarrFormat::V2, v2, "", Json{{"a", "\xB0"}}),
              "the root: the attribute 'a' is not UTF-8");
    EXPECT_EQ(refusal(ZarrFormat::V2, v2, "", Json::array()),
              "the root: its attributes are not an object");
    EXPECT_EQ(refusal(ZarrFormat::V2, v2, "g", none),
              "'g': its documents are missing");
    EXPECT_EQ(refusal(ZarrFormat::V3, {}, "g", none),
              "'g': the document g/zarr.json is missing");
    EXPECT_EQ(refusal(ZarrFormat::V2, {{".zgroup", zgroup}, {".zattrs", "[1]"}},
                      "", none),
              "the root: .zattrs: not a JSON object");
    EXPECT_EQ(refusal(ZarrFormat::V3, {{"zarr.json", R"({"attributes": 1})"}},
                      "", none),
              "the root: zarr.json: 'attributes' is not an object");
    EXPECT_EQ(refusal(ZarrFormat::V2,
                      {{"g/.zgroup", zgroup},
                       {".zmetadata", R"({"metadata": {"g/.zattrs": {}}})"}},
                      "g", none),
              "'g': .zmetadata: it does not hold this node");
    EXPECT_EQ(refusal(ZarrFormat::V3,
                      {{"g/zarr.json", "{}"},
                       {"zarr.json",
                        R"({"consolidated_metadata": {"metadata": {}}})"}},
                      "g", none),
              "'g': zarr.json: it does not hold this node");
    EXPECT_NE(refusal(ZarrFormat::V3, {{"zarr.json", "{"}}, "", none)
                  .find("not valid JSON"),
              std::string::npos);
}

Documents merged(Documents documents, const Result<Documents> &patches)
{
    EXPECT_TRUE(patches) << patches.status().message();
    for (const auto &[key, bytes] : *patches)
        documents[key] = bytes;
    return documents;
}

NewArray counts(const std::string &path)
{
    NewArray array;
    array.path = path;
    array.shape = {4, 6};
    array.chunk = {2, 3};
    array.gdal = GDT_Int16;
    array.dimensions = {"y", "x"};
    array.attributes = {{"units", "1"}, {"nan", std::nan("")}};
    return array;
}

TEST(PatchAttributes, composesWithShapesInAnyOrder)
{
    for (const ZarrFormat format : {ZarrFormat::V2, ZarrFormat::V3})
    {
        const auto documents = newDocuments(
            format, true, {{"", {{"title", "x"}}}, {"g", Json::object()}},
            {counts("t"), counts("g/t")});
        ASSERT_TRUE(documents);
        const auto key = consolidatedKey(*documents);
        const std::vector<Growth> growths = {{"t", {14, 6}}, {"g/t", {9, 6}}};
        Json attributes = {{"units", "2"}, {"new", {1, std::nan("")}}};
        if (format == ZarrFormat::V2)
            attributes["_ARRAY_DIMENSIONS"] = {"y", "x"};
        const auto withAttributes = [&](Documents current)
        {
            for (const auto &[path, wanted] :
                 {std::pair<std::string, Json>{"", {{"history", "y"}}},
                  {"g", {{"k", 1}}},
                  {"g/t", attributes}})
                current = merged(current, patchAttributes(format, current, key,
                                                          path, wanted));
            return current;
        };
        const auto withShapes = [&](const Documents &current)
        { return merged(current, patchShapes(format, current, key, growths)); };
        const auto one = withShapes(withAttributes(*documents));
        EXPECT_EQ(one, withAttributes(withShapes(*documents)));
        EXPECT_TRUE(
            checkConsolidated(format, *key, one.at(*key), one, {"t", "g/t"}));
        const auto array = format == ZarrFormat::V3
                               ? parseArrayV3("g/t", one.at("g/t/zarr.json"))
                               : parseArrayV2("g/t", one.at("g/t/.zarray"),
                                              one.at("g/t/.zattrs"));
        ASSERT_TRUE(array);
        EXPECT_EQ(array->shape, (std::vector<std::uint64_t>{9, 6}));
        EXPECT_TRUE(sameJson(array->attributes, attributes));
    }
}

std::string bytesOf(const std::string &path)
{
    GByte *bytes = nullptr;
    vsi_l_offset size = 0;
    EXPECT_TRUE(VSIIngestFile(nullptr, path.c_str(), &bytes, &size, -1));
    const std::string text(reinterpret_cast<const char *>(bytes),
                           static_cast<std::size_t>(size));
    VSIFree(bytes);
    return text;
}

/// For autotest/zarr/test_attribute_patches.py: the store <folder>/store.zarr
/// gets the attributes of <folder>/wanted.json, an object by path.
TEST(PatchAttributes, isReadByOthers)
{
    const char *folder = CPLGetConfigOption("MDIMAPPEND_TEST_STORES", nullptr);
    if (!folder || !VSIIsLocal(folder))
        GTEST_SKIP() << "run by the Python test";
    const std::string store = std::string(folder) + "/store.zarr";
    const Json wanted = json(bytesOf(std::string(folder) + "/wanted.json"));
    Documents documents;
    const CPLStringList keys(VSIReadDirRecursive(store.c_str()));
    for (const std::string key : keys)
    {
        const auto name = key.substr(key.rfind('/') + 1);
        if (name == "zarr.json" || name.starts_with(".z"))
            documents[key] = bytesOf(store + "/" + key);
    }
    const auto format =
        documents.contains("zarr.json") ? ZarrFormat::V3 : ZarrFormat::V2;
    const auto key = consolidatedKey(documents);
    Documents patches;
    for (const auto &[path, attributes] : wanted.items())
    {
        const auto changed =
            patchAttributes(format, documents, key, path, attributes);
        ASSERT_TRUE(changed) << changed.status().message();
        for (const auto &[name, bytes] : *changed)
            patches[name] = documents[name] = bytes;
    }
    for (const auto &[name, bytes] : patches)
    {
        VSILFILE *file = VSIFOpenL((store + "/" + name).c_str(), "wb");
        ASSERT_TRUE(file);
        EXPECT_EQ(VSIFWriteL(bytes.data(), 1, bytes.size(), file),
                  bytes.size());
        EXPECT_EQ(VSIFCloseL(file), 0);
    }
}

}  // namespace
}  // namespace mdimappend
