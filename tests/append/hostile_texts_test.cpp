// Texts of strangers: keys, units, durations, references, and messages that
// quote them.

#include "append/report.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "slice/zarr_references.h"
#include "units/unit_conversion.h"
#include "zarr/document_key.h"

#include <gmock/gmock.h>

#include <filesystem>

namespace mdimappend
{
namespace
{

using testing::HasSubstr;
using namespace std::string_literals;

TEST(HostileTexts, aKeyStaysBelowItsFolder)
{
    for (const auto &key : {"a"s, "a/b/c"s, "..a"s, "a..b"s, "..."s, "é"s})
        EXPECT_TRUE(isKeyBelow(key)) << key;
    for (const auto &key : {""s, "/"s, "/a"s, "a/"s, "a//b"s, "."s, ".."s,
                            "a/.."s, "../a"s, "a/./b"s, "a\0"s, "..\0"s})
        EXPECT_FALSE(isKeyBelow(key)) << key;
}

TEST(HostileTexts, unitsOfAnyLengthAreRefused)
{
    const std::size_t length = 200'000;
    for (const auto &units :
         {"(0" + std::string(length, ' ') + "- 1)",
          std::string(length, '[') + "c" + std::string(length, ']'),
          std::string(length, '(') + "m" + std::string(length, ')'),
          std::string(length, 'm')})
    {
        const auto made = UnitConversion::make(units, "m");
        ASSERT_FALSE(made);
        EXPECT_LT(made.status().message().size(), 500u);
        // The same unknown unit on both sides is still the same.
        EXPECT_TRUE(UnitConversion::make(units, units));
    }
}

TEST(HostileTexts, aDurationIsOneThatClocksCanAddUp)
{
    for (const char *text : {"1e308W", "1e300s", "9e99", "inf", "nan", "-1"})
        EXPECT_FALSE(parseDuration(text)) << text;
    EXPECT_TRUE(parseDuration("3650D"));
    EXPECT_TRUE(parseDuration("0"));
}

TEST(HostileTexts, aMessageMovesNoCursorAndFillsNoScreen)
{
    EXPECT_EQ(printable("a\x1b[2J\x07\x7f\r\n\tb é"),
              "a\\x1b[2J\\x07\\x7f\\x0d\n\tb é");
    std::string book;
    while (book.size() < 100'000)
        book += "é";
    const auto text = messageText(error("begin " + book + " end"));
    EXPECT_LT(text.size(), 5000u);
    EXPECT_THAT(text, testing::StartsWith("begin é"));
    EXPECT_THAT(text, testing::EndsWith("é end"));
    EXPECT_TRUE(parseJson(dumpJson(Json(text))));
    EXPECT_THAT(dumpJson(Json(text)), testing::Not(HasSubstr("\xEF\xBF\xBD")));
}

TEST(HostileTexts, whatIsReadAsAWholeHasASaneSize)
{
    const auto isSane = [](std::vector<std::uint64_t> shape)
    { return bool(checkReadWhole("a", shape)); };
    EXPECT_TRUE(isSane({}));
    EXPECT_TRUE(isSane({1000, 1000}));
    EXPECT_TRUE(isSane({0, 1ULL << 63, 1ULL << 63}));
    EXPECT_FALSE(isSane({1ULL << 31}));
    EXPECT_FALSE(isSane({1ULL << 32, 1ULL << 32}));
    EXPECT_FALSE(isSane({1ULL << 63, 2}));
}

TEST(HostileTexts, aReferenceLeadsToTheNetOrBelowItsFolder)
{
    char name[] = "/tmp/hostile-texts-XXXXXX";
    const std::string folder = mkdtemp(name);
    std::filesystem::create_directory(folder + "/inside");
    std::filesystem::create_symlink("/etc", folder + "/inside/link");
    const auto place = folder + "/inside";
    for (const auto &uri :
         {"x.nc"s, "below/x.nc"s, "./x.nc"s, "below/../x.nc"s, place + "/x.nc",
          "file://" + place + "/x.nc", "https://host/x.nc"s, "s3://bucket/x"s,
          "/vsis3/bucket/x"s, "/vsicurl/https://host/x"s})
        EXPECT_TRUE(isReferenceAllowed(uri, place)) << uri;
    for (const auto &uri : {"/etc/passwd"s, "file:///etc/passwd"s, "../x.nc"s,
                            "below/../../x.nc"s, "link/passwd"s,
                            folder + "/x.nc", "/vsicurl/file:///etc/passwd"s,
                            "/vsizip//etc/x.zip"s, "/vsimem/x"s, "/vsistdin/"s})
        EXPECT_FALSE(isReferenceAllowed(uri, place)) << uri;
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace mdimappend
