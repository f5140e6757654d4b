// JSON text: what is accepted, located, replaced and written.

#include "json/json_text.h"
#include "json/utf8.h"

#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <functional>
#include <limits>

namespace mdimappend
{
namespace
{

std::string textAt(std::string_view text, const JsonPath &path)
{
    const auto spans = locate(text, {path});
    if (!spans)
        return "error: " + spans.status().message();
    if (!spans->front())
        return "nothing";
    return std::string(
        text.substr((*spans)[0]->begin, (*spans)[0]->end - (*spans)[0]->begin));
}

std::string reasonAgainst(std::string_view text)
{
    const auto parsed = parseJson(text);
    const auto located = locate(text, {{"a"}});
    EXPECT_FALSE(parsed) << text.substr(0, 50);
    EXPECT_EQ(parsed.status().message(), located.status().message());
    return parsed.status().message();
}

double secondsFor(const std::function<void()> &work)
{
    const auto start = std::chrono::steady_clock::now();
    work();
    return std::chrono::duration<double>(std::chrono::steady_clock::now() -
                                         start)
        .count();
}

TEST(Locate, findsTheBytesOfAValue)
{
    const std::string text =
        R"( {"a" : {"b":[ 1, 2 ],"c" : "x\"}" }, "d":-1e5 } )";
    EXPECT_EQ(textAt(text, {"a", "b"}), "[ 1, 2 ]");
    EXPECT_EQ(textAt(text, {"a", "c"}), R"("x\"}")");
    EXPECT_EQ(textAt(text, {"d"}), "-1e5");
    EXPECT_EQ(textAt(text, {"a"}), R"({"b":[ 1, 2 ],"c" : "x\"}" })");
    EXPECT_EQ(textAt(text, {}), text.substr(1, text.size() - 2));
}

TEST(Locate, findsNothingWhereThePathDoesNotExist)
{
    const std::string text = R"({"a": {"b": 1}, "list": [{"b": 2}]})";
    EXPECT_EQ(textAt(text, {"b"}), "nothing");
    EXPECT_EQ(textAt(text, {"a", "b", "c"}), "nothing");
    EXPECT_EQ(textAt(text, {"list", "b"}), "nothing");
    EXPECT_EQ(textAt(text, {"list", "0"}), "nothing");
}

TEST(Locate, comparesKeysAsTheyAreMeant)
{
    const std::string text = R"({"a\/\u00e9\ud834\udd1e": 7})";
    EXPECT_EQ(textAt(text, {"a/\u00e9\U0001D11E"}), "7");
}

TEST(Locate, findsPathsThatArePrefixesOfOthersAndTheSamePathTwice)
{
    const std::string text = R"({"a": {"b": 1}})";
    const auto spans = locate(text, {{"a", "b"}, {"a"}, {"a", "b"}, {"z"}});
    ASSERT_TRUE(spans);
    EXPECT_EQ((*spans)[0]->begin, 12U);
    EXPECT_EQ((*spans)[1]->begin, 6U);
    EXPECT_EQ((*spans)[2]->begin, 12U);
    EXPECT_FALSE((*spans)[3]);
}

TEST(ParseJson, keepsIntegersExactly)
{
    const auto json = parseJson("[9223372036854775807, -9223372036854775808, "
                                "18446744073709551615, 9007199254740993]");
    ASSERT_TRUE(json);
    EXPECT_EQ((*json)[0].get<std::int64_t>(), INT64_MAX);
    EXPECT_EQ((*json)[1].get<std::int64_t>(), INT64_MIN);
    EXPECT_EQ((*json)[2].get<std::uint64_t>(), UINT64_MAX);
    EXPECT_EQ((*json)[3].get<std::int64_t>(), 9007199254740993);
}

TEST(ParseJson, makesDoublesOfLargerIntegersAndOfFractions)
{
    const auto json = parseJson("[18446744073709551616, 1.5, 1e3, 1e-400]");
    ASSERT_TRUE(json);
    EXPECT_TRUE((*json)[0].is_number_float());
    EXPECT_EQ((*json)[0].get<double>(), 18446744073709551616.0);
    EXPECT_EQ((*json)[1].get<double>(), 1.5);
    EXPECT_TRUE((*json)[2].is_number_float());
    EXPECT_EQ((*json)[3].get<double>(), 0.0);
}

TEST(ParseJson, acceptsBareNaNAndInfinities)
{
    const auto json = parseJson(R"({"a": NaN, "b": [Infinity, -Infinity]})");
    ASSERT_TRUE(json);
    EXPECT_TRUE(std::isnan((*json)["a"].get<double>()));
    EXPECT_EQ((*json)["b"][0].get<double>(), INFINITY);
    EXPECT_EQ((*json)["b"][1].get<double>(), -INFINITY);
}

TEST(ParseJson, keepsTheOrderOfMembers)
{
    const auto json = parseJson(R"({"z": 1, "a": {"y": 2, "b": 3}})");
    ASSERT_TRUE(json);
    EXPECT_EQ(dumpJson(*json, -1), R"({"z": 1, "a": {"y": 2, "b": 3}})");
}

TEST(ParseJson, decodesEscapes)
{
    const auto json =
        parseJson(R"("\"\\\/\b\f\n\r\t\u00e9\u20ac\ud834\udd1e")");
    ASSERT_TRUE(json);
    EXPECT_EQ(json->get<std::string>(),
              "\"\\/\b\f\n\r\t\u00e9\u20ac\U0001D11E");
}

TEST(ParseJson, saysWhereAndWhy)
{
    EXPECT_EQ(reasonAgainst(R"({"a": 1,})"),
              "not valid JSON, at byte 8: a key in double quotes expected");
}

TEST(ParseJson, refusesWhatTwoReadersCouldReadDifferently)
{
    EXPECT_NE(reasonAgainst("\xEF\xBB\xBF{}").find("byte order mark"),
              std::string::npos);
    EXPECT_NE(reasonAgainst(R"({"a": 1, "b": 2, "a": 3})").find("'a' appears"),
              std::string::npos);
    EXPECT_NE(reasonAgainst(R"([{"b": {"/": 1, "\u002f": 3}}])").find("twice"),
              std::string::npos);
    EXPECT_NE(reasonAgainst("{} {}").find("after the end"), std::string::npos);
    EXPECT_NE(reasonAgainst(std::string("{}\0", 3)).find("after the end"),
              std::string::npos);
}

TEST(ParseJson, allowsTheSameKeyInDifferentObjects)
{
    EXPECT_TRUE(parseJson(R"({"a": {"a": {"a": 1}}, "b": {"a": 2}})"));
}

TEST(ParseJson, refusesWhatIsNotJson)
{
    for (const char *text :
         {"",          " ",           "{",         "[",         "\"",
          "{\"a\"",    "{\"a\":",     "{\"a\":1",  "[1",        "[1,",
          "[1,]",      "{,}",         "[,]",       "01",        "-",
          "+1",        "1.",          ".5",        "1e",        "1e+",
          "0x1",       "nul",         "True",      "nan",       "-NaN",
          "Inf",       "--1",         "'a'",       "{a: 1}",    "\"\\x\"",
          "\"\\u12\"", "\"\\u12g4\"", "\"\t\"",    "\"\x01\"",  "]",
          "}",         "[1}",         "{\"a\":1]", "{\"a\" 1}", "[1 2]",
          "// c\n1",   "1//"})
        reasonAgainst(text);
}

TEST(ParseJson, refusesLoneSurrogatesAndInvalidUtf8)
{
    for (const char *text :
         {R"("\ud834")", R"("\ud834x")", R"("\ud834\n")", R"("\ud834\u0041")",
          R"("\udd1e")", R"("\udd1e\ud834")", "\"\x80\"", "\"\xC3\"",
          "\"\xC0\xAF\"", "\"\xE0\x80\xAF\"", "\"\xED\xA0\x80\"",
          "\"\xF0\x80\x80\xAF\"", "\"\xF4\x90\x80\x80\"", "\"\xFF\"",
          "\"\xE2\x82\"", "{\"\xFF\": 1}"})
        reasonAgainst(text);
}

TEST(ParseJson, refusesNumbersBeyondDoubles)
{
    EXPECT_FALSE(parseJson("1e999"));
    EXPECT_FALSE(parseJson("-1e999"));
    EXPECT_FALSE(parseJson("[" + std::string(400, '9') + "]"));
}

TEST(ParseJson, endsAtADepthOf256)
{
    const auto nested = [](std::size_t depth)
    { return std::string(depth, '[') + std::string(depth, ']'); };
    EXPECT_TRUE(parseJson(nested(256)));
    EXPECT_NE(reasonAgainst(nested(257)).find("too deeply"), std::string::npos);
    EXPECT_FALSE(parseJson(std::string(1'000'000, '[')));
    std::string objects;
    for (int i = 0; i < 300; ++i)
        objects += "{\"a\":";
    EXPECT_FALSE(parseJson(objects));
}

TEST(ParseJson, refusesEveryTruncation)
{
    const std::string text =
        R"({"a": [1.5e3, -2, NaN], "\u00e9\ud834\udd1e": "x\n", "b": {"c": null}})";
    ASSERT_TRUE(parseJson(text));
    for (std::size_t size = 0; size < text.size(); ++size)
        EXPECT_FALSE(parseJson(text.substr(0, size))) << size;
}

TEST(ParseJson, takesLinearTime)
{
    std::string keys = "{";
    for (int i = 0; i < 200'000; ++i)
        keys += "\"key\\u0041" + std::to_string(i) + "\": 1,";
    keys.back() = '}';
    const std::string text = "\"" + std::string(5'000'000, 'x') + "\"";
    const std::string digits = "[0." + std::string(1'000'000, '1') + "]";
    EXPECT_LT(secondsFor(
                  [&]
                  {
                      EXPECT_TRUE(parseJson(keys));
                      EXPECT_TRUE(parseJson(text));
                      EXPECT_TRUE(parseJson(digits));
                  }),
              5.0);
}

TEST(ReplaceSpans, replacesInAnyOrder)
{
    EXPECT_EQ(replaceSpans("abcdef", {{{4, 6}, "XYZ"}, {{0, 1}, ""}}),
              "bcdXYZ");
    EXPECT_EQ(replaceSpans("abc", {}), "abc");
}

std::string withMember(std::string_view text, const JsonPath &object)
{
    const auto spans = locate(text, {object});
    EXPECT_TRUE(spans && spans->front());
    const std::string inserted =
        insertMember(text, *spans->front(), "new", "7");
    EXPECT_TRUE(parseJson(inserted)) << inserted;
    return inserted;
}

TEST(InsertMember, followsTheStyleOfTheMembersBefore)
{
    EXPECT_EQ(withMember(R"({"a": 1, "b": [2, {"c": 3}]})", {}),
              R"({"a": 1, "b": [2, {"c": 3}], "new": 7})");
    EXPECT_EQ(withMember(R"({"a":1,"b":2})", {}), R"({"a":1,"b":2,"new":7})");
    EXPECT_EQ(withMember(R"({"a": 1})", {}), R"({"a": 1, "new": 7})");
    EXPECT_EQ(withMember("{\n  \"a\": {\n    \"b\": 1\n  }\n}\n", {"a"}),
              "{\n  \"a\": {\n    \"b\": 1,\n    \"new\": 7\n  }\n}\n");
    EXPECT_EQ(withMember("{\n\t\"a\" :1 }", {}),
              "{\n\t\"a\" :1,\n\t\"new\" :7 }");
}

TEST(InsertMember, fillsAnEmptyObject)
{
    EXPECT_EQ(withMember("{}", {}), R"({"new": 7})");
    EXPECT_EQ(withMember(R"({"a": { }})", {"a"}), R"({"a": {"new": 7 }})");
}

TEST(InsertMembers, indentsWhatItInserts)
{
    const std::string text = "{\n  \"a\": {\n    \"b\": 1\n  }\n}";
    const auto spans = locate(text, {{"a"}});
    EXPECT_EQ(insertMembers(text, *spans->front(),
                            {{"c", Json{{"d", {1}}}}, {"\"", Json(2)}}),
              "{\n  \"a\": {\n    \"b\": 1,\n    \"c\": {\n      \"d\": [\n"
              "        1\n      ]\n    },\n    \"\\\"\": 2\n  }\n}");
}

TEST(DumpJson, writesNumbersAsPythonDoes)
{
    const auto number = [](double value) { return dumpJson(Json(value), -1); };
    EXPECT_EQ(number(0.1), "0.1");
    EXPECT_EQ(number(1), "1.0");
    EXPECT_EQ(number(-0.0), "-0.0");
    EXPECT_EQ(number(100000), "100000.0");
    EXPECT_EQ(number(1e16), "1e+16");
    EXPECT_EQ(number(9.969209968386869e36), "9.969209968386869e+36");
    EXPECT_EQ(number(1e-5), "1e-05");
    EXPECT_EQ(number(5e-324), "5e-324");
    EXPECT_EQ(number(NAN), "NaN");
    EXPECT_EQ(number(-INFINITY), "-Infinity");
    EXPECT_EQ(dumpJson(Json(UINT64_MAX)), "18446744073709551615");
    EXPECT_EQ(dumpJson(Json(INT64_MIN)), "-9223372036854775808");
}

TEST(DumpJson, readsBackTheSame)
{
    const std::string text =
        R"({"z": [1, -2, 2.5, NaN, true, false, null, {}, []], "\u0000\"\\": "é€𝄞\n"})";
    const auto json = parseJson(text);
    ASSERT_TRUE(json);
    for (const int indent : {-1, 0, 2, 4})
    {
        const auto again = parseJson(dumpJson(*json, indent));
        ASSERT_TRUE(again);
        EXPECT_EQ(dumpJson(*again), dumpJson(*json));
    }
    const double values[] = {0.1 + 0.2, 1.0 / 3, 1.7976931348623157e308,
                             2.2250738585072014e-308, 123456789012345680.0};
    for (const double value : values)
        EXPECT_EQ(parseJson(dumpJson(Json(value)))->get<double>(), value);
}

TEST(DumpJson, indentsAsPythonDoes)
{
    EXPECT_EQ(dumpJson(Json{{"a", {1, 2}}, {"b", Json::object()}}, 2),
              "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST(DumpJson, isAlwaysJson)
{
    EXPECT_EQ(dumpJson(Json("a\xFF\x01"), -1), "\"a\uFFFD\\u0001\"");
}

TEST(Utf8Beginning, isNotCutWithinACharacter)
{
    const std::string text = "aä€𝄞";
    const std::string expected[] = {"",    "a",   "a",   "aä",  "aä", "aä",
                                    "aä€", "aä€", "aä€", "aä€", text, text};
    for (std::size_t bytes = 0; bytes < std::size(expected); ++bytes)
        EXPECT_EQ(utf8Beginning(text, bytes), expected[bytes]) << bytes;
}

}  // namespace
}  // namespace mdimappend
