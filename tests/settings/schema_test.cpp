// The schema that is shipped, and the parser: the same keys, and the schema's
// examples are what the parser takes and refuses.

#include "settings/settings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace mdimappend
{
namespace
{

/// One key of the schema, and how a settings file has it.
struct SchemaKey
{
    std::string path;
    Json definition;
    std::function<Json(Json)> inFile;
};

const Json &schema()
{
    static const Json parsed = []
    {
        std::ifstream file(SETTINGS_SCHEMA);
        std::stringstream text;
        text << file.rdbuf();
        auto json = parseJson(text.str());
        return json ? *json : Json();
    }();
    return parsed;
}

const Json &resolved(const Json &node)
{
    if (!node.contains("$ref"))
        return node;
    const auto pointer = node["$ref"].get<std::string>().substr(1);
    return schema().at(Json::json_pointer(pointer));
}

void collect(const Json &node, const std::string &prefix,
             const std::function<Json(Json)> &inFile,
             std::vector<SchemaKey> &keys)
{
    const Json &here = resolved(node);
    for (const auto &each : member(here, "anyOf"))
        collect(each, prefix, inFile, keys);
    if (here.contains("items"))
        collect(
            here["items"], prefix + "[]", [inFile](Json value)
            { return inFile(Json::array({std::move(value)})); }, keys);
    if (!here.contains("additionalProperties"))
        return;
    if (here["additionalProperties"].is_object())
        collect(
            here["additionalProperties"], prefix + ".*",
            [inFile](Json value)
            {
                Json object;
                object["air"] = std::move(value);
                return inFile(std::move(object));
            },
            keys);
    for (const auto &[name, definition] : member(here, "properties").items())
    {
        Json others = Json::object();
        for (const auto &required : member(here, "required"))
            others[required.get<std::string>()] = here["properties"].at(
                required.get<std::string>())["examples"][0];
        const auto inObject = [inFile, others, key = name](Json value)
        {
            Json object = others;
            object[key] = std::move(value);
            return inFile(std::move(object));
        };
        const auto path = prefix.empty() ? name : prefix + "." + name;
        keys.push_back({path, definition, inObject});
        if (!definition.contains("x-same-as"))
            collect(definition, path, inObject, keys);
    }
}

std::vector<SchemaKey> schemaKeys()
{
    std::vector<SchemaKey> keys;
    collect(schema(), "", [](Json value) { return value; }, keys);
    return keys;
}

Status apply(const Json &content)
{
    Settings settings;
    return applySettings(content, "settings file 'x.yaml'", settings);
}

TEST(SettingsSchema, hasTheKeysOfTheParser)
{
    std::vector<std::string> names;
    for (const auto &key : schemaKeys())
        names.push_back(key.path);
    EXPECT_THAT(names, testing::UnorderedElementsAreArray(settingsKeys()));
    std::vector<std::string> refused;
    for (const auto &[name, ignored] : schema()["x-refused"].items())
        refused.push_back(name);
    EXPECT_THAT(refused,
                testing::UnorderedElementsAreArray(refusedSettingsKeys()));
}

TEST(SettingsSchema, describesEachKey)
{
    for (const auto &key : schemaKeys())
    {
        EXPECT_FALSE(key.definition.value("description", "").empty())
            << key.path;
        EXPECT_FALSE(key.definition.value("examples", Json()).empty())
            << key.path;
    }
}

TEST(SettingsSchema, examplesAreAccepted)
{
    for (const auto &key : schemaKeys())
    {
        for (const auto &example : key.definition["examples"])
        {
            const auto applied = apply(key.inFile(example));
            EXPECT_TRUE(applied) << key.path << ": " << applied.message();
        }
    }
}

TEST(SettingsSchema, wrongValuesAreRefusedByNameOfFileAndKey)
{
    for (const auto &key : schemaKeys())
    {
        for (const auto &value : key.definition["x-invalid"])
        {
            const auto applied = apply(key.inFile(value));
            ASSERT_FALSE(applied) << key.path << ": " << value;
            EXPECT_EQ(applied.kind(), Failure::Usage) << key.path;
            EXPECT_THAT(applied.message(),
                        testing::HasSubstr("settings file 'x.yaml'"));
            const auto last = key.path.substr(key.path.rfind('.') + 1);
            EXPECT_THAT(applied.message(), testing::HasSubstr(last));
        }
    }
}

TEST(SettingsSchema, defaultsAreTheParsers)
{
    for (const auto &key : schemaKeys())
    {
        if (!key.definition.contains("default"))
            continue;
        Settings settings;
        const auto applied =
            applySettings(key.inFile(key.definition["default"]), "x", settings);
        ASSERT_TRUE(applied) << applied.message();
        EXPECT_EQ(toSettings(settings.options), toSettings({})) << key.path;
    }
}

TEST(SettingsSchema, namesWhatIsRefusedWithTheReason)
{
    for (const auto &[name, why] : schema()["x-refused"].items())
    {
        Json content;
        content[name] = "anything";
        const auto applied = apply(content);
        ASSERT_FALSE(applied) << name;
        std::string reason = why["reason"];
        std::erase(reason, '`');
        EXPECT_EQ(applied.message(), "settings file 'x.yaml', key '" + name +
                                         "': refused: " + reason);
    }
}

}  // namespace
}  // namespace mdimappend
