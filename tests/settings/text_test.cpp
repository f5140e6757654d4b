// The text of settings files: YAML's scalars, environment variables, and files
// that mean no good.

#include "settings/settings_text.h"

#include <cpl_vsi.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

namespace mdimappend
{
namespace
{

using testing::HasSubstr;
using testing::StartsWith;

Json yaml(const std::string &text)
{
    auto parsed = parseYaml(text);
    EXPECT_TRUE(parsed) << parsed.status().message();
    return parsed ? *parsed : Json();
}

std::string yamlError(const std::string &text)
{
    const auto parsed = parseYaml(text);
    EXPECT_FALSE(parsed) << dumpJson(*parsed, -1).substr(0, 200);
    if (parsed)
        return "";
    EXPECT_EQ(parsed.status().kind(), Failure::Usage);
    return parsed.status().message();
}

/// A settings file in memory, for as long as the test runs.
class File
{
  public:
    File(const std::string &name, const std::string &text)
        : m_path("/vsimem/settings_text_test/" + name), m_text(text)
    {
        VSIFCloseL(VSIFileFromMemBuffer(
            m_path.c_str(), reinterpret_cast<GByte *>(m_text.data()),
            m_text.size(), FALSE));
    }

    ~File()
    {
        VSIUnlink(m_path.c_str());
    }

    File(const File &) = delete;
    File &operator=(const File &) = delete;

    const std::string &path() const
    {
        return m_path;
    }

  private:
    std::string m_path;
    std::string m_text;
};

std::string fileError(const std::string &name, const std::string &text)
{
    const File file(name, text);
    const auto read = readSettingsText(file.path());
    EXPECT_FALSE(read);
    if (read)
        return "";
    EXPECT_EQ(read.status().kind(), Failure::Usage);
    EXPECT_THAT(read.status().message(),
                StartsWith("settings file '" + file.path() + "'"));
    return read.status().message();
}

TEST(SettingsYaml, wordsThatYaml11TakesForTruthAreTexts)
{
    for (const char *word : {"NO", "no", "yes", "on", "Off", "y", "N"})
        EXPECT_EQ(yaml(std::string("country: ") + word)["country"], word);
    EXPECT_EQ(yaml("a: true")["a"], true);
    EXPECT_EQ(yaml("a: False")["a"], false);
    EXPECT_EQ(yaml("a: 'true'")["a"], "true");
}

TEST(SettingsYaml, whatVersionsOfYamlReadDifferentlyIsText)
{
    for (const char *text : {"007",
                             "0777",
                             "-012",
                             "0o17",
                             "0x1F",
                             "0b11",
                             "1_000",
                             "12:30",
                             "1:30:45",
                             "2024-01-01",
                             "2024-01-01T00:00:00Z",
                             "1.2.3",
                             "NaN",
                             "Infinity",
                             "nan",
                             "inf",
                             "+",
                             "--1",
                             "1e",
                             "e5",
                             "1,5"})
        EXPECT_EQ(yaml(std::string("a: ") + text)["a"], text);
}

TEST(SettingsYaml, numbersAreNumbers)
{
    const Json json = yaml("[0, -0.5, 12, +7, 1e3, .5, 0.010, "
                           "9223372036854775807, 18446744073709551615]");
    EXPECT_EQ(json[0], 0);
    EXPECT_EQ(json[1], -0.5);
    EXPECT_TRUE(json[2].is_number_integer());
    EXPECT_EQ(json[3], 7);
    EXPECT_EQ(json[4], 1000.0);
    EXPECT_EQ(json[5], 0.5);
    EXPECT_EQ(json[6], 0.01);
    EXPECT_EQ(json[7], INT64_MAX);
    EXPECT_EQ(json[8], UINT64_MAX);
    EXPECT_TRUE(std::isnan(yaml("a: .nan")["a"].get<double>()));
    EXPECT_EQ(yaml("a: -.inf")["a"], -HUGE_VAL);
    EXPECT_EQ(yaml("a: '12'")["a"], "12");
}

TEST(SettingsYaml, keysAreTakenAsTheyAreSpelled)
{
    const Json json = yaml("{True: 1, 007: 2, 1.0: 3, NO: 4}");
    for (const char *key : {"True", "007", "1.0", "NO"})
        EXPECT_TRUE(json.contains(key)) << key;
}

TEST(SettingsYaml, nothingAndTildeAreNull)
{
    EXPECT_TRUE(yaml("a:").at("a").is_null());
    EXPECT_TRUE(yaml("a: ~").at("a").is_null());
    EXPECT_TRUE(yaml("a: null").at("a").is_null());
    EXPECT_EQ(yaml("a: 'null'")["a"], "null");
    EXPECT_EQ(yaml("a: ''")["a"], "");
}

TEST(SettingsYaml, tagsOfScalarsAreObeyedOrRefused)
{
    EXPECT_EQ(yaml("a: !!str 12")["a"], "12");
    EXPECT_EQ(yaml("a: !!int 12")["a"], 12);
    EXPECT_THAT(yamlError("a: !!int x"), HasSubstr("tag"));
    EXPECT_THAT(yamlError("a: !!python/object:os.system ls"), HasSubstr("tag"));
    EXPECT_THAT(yamlError("a: !!set {b, c}"), HasSubstr("tag"));
}

TEST(SettingsYaml, aliasesAndMergeKeysAreFollowed)
{
    const Json json = yaml("a: &x {level: 3, chunks: [1, 2]}\n"
                           "b: *x\n"
                           "c: {<<: *x, level: 5}\n");
    EXPECT_EQ(json["b"], json["a"]);
    EXPECT_EQ(json["c"]["level"], 5);
    EXPECT_EQ(json["c"]["chunks"], json["a"]["chunks"]);
    EXPECT_THAT(yamlError("a: {<<: 3}"), HasSubstr("<<"));
    EXPECT_THAT(yamlError("a: &x [*x]"), HasSubstr("alias"));
}

TEST(SettingsYaml, duplicateKeysAreErrorsWithTheirPlace)
{
    EXPECT_THAT(yamlError("a: 1\nb: 2\na: 3\n"),
                StartsWith("line 3, column 1: the key 'a' is given twice"));
}

TEST(SettingsYaml, brokenTextIsAnErrorWithItsPlace)
{
    EXPECT_THAT(yamlError("a: [1, 2"), HasSubstr("line 1"));
    EXPECT_THAT(yamlError("a: 1\n b: 2"), HasSubstr("line 2"));
    EXPECT_THAT(yamlError("a: *nowhere"), HasSubstr("line 1"));
    EXPECT_THAT(yamlError("a: 1\n---\nb: 2\n"), HasSubstr("documents"));
    EXPECT_THAT(yamlError("? [1]\n: 2"), HasSubstr("key must be a string"));
}

TEST(SettingsYaml, depthAndAliasesAreLimited)
{
    EXPECT_THAT(yamlError(std::string(100, '[') + std::string(100, ']')),
                HasSubstr("deeper"));
    EXPECT_FALSE(parseYaml(std::string(100000, '[')));
    std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
    for (int i = 1; i < 20; ++i)
    {
        const auto before = "*a" + std::to_string(i - 1);
        bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
        for (int j = 0; j < 10; ++j)
            bomb += before + (j < 9 ? ", " : "]\n");
    }
    EXPECT_THAT(yamlError(bomb), HasSubstr("too large"));
}

TEST(SettingsEnvironment, variablesAreReplacedInTextsOnly)
{
    const Environment environment =
        [](const std::string &name) -> std::optional<std::string>
    {
        if (name == "ROOT")
            return "/data";
        if (name == "TRICK")
            return "${ROOT}";
        return std::nullopt;
    };
    Json json = yaml("target_dir: '${ROOT}/cube.zarr'\n"
                     "slices: ['${ROOT}/a${ROOT}', '$${ROOT}', $ROOT, a$]\n"
                     "attrs: {'${ROOT}': '${TRICK}'}\n"
                     "n: 3\n");
    ASSERT_TRUE(replaceVariables(json, environment, "settings file 'x'"));
    EXPECT_EQ(json["target_dir"], "/data/cube.zarr");
    EXPECT_EQ(json["slices"],
              Json::array({"/data/a/data", "${ROOT}", "$ROOT", "a$"}));
    EXPECT_EQ(json["attrs"]["${ROOT}"], "${ROOT}");
    Json unset = yaml("attrs: {history: ['made by ${NOBODY}']}");
    EXPECT_EQ(
        replaceVariables(unset, environment, "settings file 'x'").message(),
        "settings file 'x', key 'attrs.history[0]': the environment variable "
        "'NOBODY' is not set");
    for (const char *broken : {"${", "${}", "${A B}", "${A", "${1}"})
    {
        Json json2 = {{"a", broken}};
        EXPECT_THAT(
            replaceVariables(json2, environment, "settings file 'x'").message(),
            HasSubstr("not of the form ${NAME}"));
    }
}

TEST(SettingsFile, jsonAndYamlAreToldApart)
{
    ::setenv("SETTINGS_TEST_ROOT", "/data", 1);
    const File json("a.json", R"({"target_dir": "${SETTINGS_TEST_ROOT}/c"})");
    EXPECT_EQ((*readSettingsText(json.path()))["target_dir"], "/data/c");
    const File unnamed("settings", " {\"a\": NaN}");
    EXPECT_TRUE(readSettingsText(unnamed.path()));
    const File yml("A.YML", "a: 1  # one");
    EXPECT_EQ((*readSettingsText(yml.path()))["a"], 1);
}

TEST(SettingsFile, whatIsNoSettingsFileIsRefused)
{
    const auto missing = readSettingsText("/vsimem/nowhere.yaml");
    ASSERT_FALSE(missing);
    EXPECT_EQ(missing.status().kind(), Failure::Usage);
    EXPECT_THAT(missing.status().message(), HasSubstr("cannot be read"));
    EXPECT_FALSE(readSettingsText("/"));
    EXPECT_THAT(fileError("a.yaml", ""), HasSubstr("is empty"));
    EXPECT_THAT(fileError("b.yaml", " \n# nothing\n"), HasSubstr("is empty"));
    EXPECT_THAT(fileError("c.json", "  "), HasSubstr("is empty"));
    EXPECT_THAT(fileError("d.yaml", "just text"), HasSubstr("an object"));
    EXPECT_THAT(fileError("e.json", "[1]"), HasSubstr("an object"));
    EXPECT_THAT(fileError("f.json", "{\"a\": 1,}"),
                HasSubstr(": not valid JSON, at byte "));
    EXPECT_THAT(fileError("g.json", "{\"a\": 1, \"a\": 2}"),
                HasSubstr(": not valid JSON, at byte "));
    EXPECT_THAT(fileError("h.yaml", "a: [1"),
                HasSubstr("is not valid YAML: line 1"));
    EXPECT_THAT(fileError("i.yaml", "a: \xff"), HasSubstr("UTF-8"));
    EXPECT_THAT(fileError("j.yaml", std::string("a: \0", 4)),
                HasSubstr("UTF-8"));
    EXPECT_THAT(fileError("k.json", std::string(5 << 20, ' ')),
                HasSubstr("4 MiB"));
    EXPECT_THAT(fileError("l.json", std::string(10000, '[')),
                HasSubstr(": not valid JSON, at byte "));
}

}  // namespace
}  // namespace mdimappend
