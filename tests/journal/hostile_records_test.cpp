// Records of a stranger's sidecar: their checksums are right, and what they say
// is not to be followed.

#include "journal/log.h"
#include "journal/records.h"
#include "storage/checksum.h"
#include "storage/local_storage.h"
#include "transaction/undo.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

namespace mdimappend
{
namespace
{

namespace fs = std::filesystem;

using testing::HasSubstr;

std::string framed(const std::string &kind, const Json &content)
{
    const std::string body = dumpJson(content, -1) + "\n";
    return "mdimappend " + kind + " 1 " + std::to_string(body.size()) + " " +
           sha256(body) + "\n" + body;
}

Json manifestWith(const char *member, const Json &value)
{
    Json manifest = {{"transaction", "t"},
                     {"sequence", 2},
                     {"log", {{"transaction", "t"}, {"sequence", 2}}}};
    manifest[member] = value;
    return manifest;
}

TEST(HostileRecords, aStagedObjectIsOneNameInTheStage)
{
    for (const char *staged : {"../x", "a/b", "/x", "..", ".", ""})
    {
        const Json move = {
            {"staged", staged},
            {"key", "zarr.json"},
            {"base", nullptr},
            {"content", {{"size", 1}, {"checksum", "sha256:0"}}}};
        for (const char *list : {"chunks", "documents"})
        {
            const auto manifest = parseManifest(
                framed("manifest", manifestWith(list, Json::array({move}))));
            ASSERT_FALSE(manifest) << staged;
            EXPECT_THAT(manifest.status().message(), HasSubstr("the stage"));
        }
    }
}

TEST(HostileRecords, aLogRecordIsThatOfItsTransaction)
{
    for (const Json &log : {Json(), Json(5), Json::array(), Json::object(),
                            Json({{"transaction", "t"}, {"sequence", 3}}),
                            Json({{"transaction", "t"}, {"sequence", "2"}}),
                            Json({{"transaction", "other"}, {"sequence", 2}})})
        EXPECT_FALSE(
            parseManifest(framed("manifest", manifestWith("log", log))))
            << dumpJson(log);
}

TEST(HostileRecords, aBoxOfMoreChunksThanCanBeCountedIsRefused)
{
    const auto planOf = [](const Json &high)
    {
        const Json box = {{"low", std::vector<int>(high.size(), 0)},
                          {"high", high}};
        return parsePlan(framed(
            "plan",
            {{"transaction", "t"},
             {"sequence", 2},
             {"arrays", {{{"path", "a"}, {"added", Json::array({box})}}}}}));
    };
    const std::int64_t largest = std::numeric_limits<std::int64_t>::max();
    EXPECT_FALSE(planOf({largest, 3}));
    EXPECT_FALSE(planOf({1LL << 32, 1LL << 33}));
    // Nothing times anything is nothing.
    const auto empty = planOf({largest, largest, 0});
    ASSERT_TRUE(empty);
    EXPECT_EQ(empty->arrays[0].added[0].count(), 0u);
    const auto large = planOf({1LL << 30, 1LL << 30});
    ASSERT_TRUE(large);
    EXPECT_EQ(large->arrays[0].added[0].count(), 1ULL << 60);
}

TEST(HostileRecords, whatIsWholeAndCannotBeFollowedIsNotDamaged)
{
    const Json outside = {{"transaction", "t"}, {"folders", {"../x"}}};
    auto whole = framed("plan", outside);
    EXPECT_EQ(parsePlan(whole).status().kind(), Failure::Conflict);
    auto newer = whole;
    newer.replace(newer.find(" 1 "), 3, " 3 ");
    EXPECT_EQ(parsePlan(newer).status().kind(), Failure::Conflict);
    whole.pop_back();
    EXPECT_EQ(parsePlan(whole).status().kind(), Failure::Error);
}

class HostileSidecar : public testing::Test
{
  protected:
    HostileSidecar()
    {
        char name[] = "/tmp/hostile-sidecar-XXXXXX";
        m_folder = mkdtemp(name);
        site.parent = m_folder;
        site.name = "cube.zarr";
        fs::create_directories(site.store() + "/a");
        fs::create_directories(site.log());
        storage =
            std::move(*LocalStorage::open(site.sidecar(), Durability::Process));
    }

    ~HostileSidecar() override
    {
        fs::remove_all(m_folder);
    }

    static void write(const std::string &path, const std::string &text)
    {
        fs::create_directories(fs::path(path).parent_path());
        std::ofstream(path) << text;
    }

    Site site;
    std::unique_ptr<LocalStorage> storage;

  private:
    std::string m_folder;
};

TEST_F(HostileSidecar, undoRemovesNoFolderBesideTheStore)
{
    const auto beside = site.parent + "/beside";
    fs::create_directory(beside);
    fs::create_directory(site.parent + "/cube.zarr2");
    for (const char *folder : {"beside", "cube.zarr2"})
    {
        Plan plan;
        plan.folders = {folder};
        const auto undone = undo(*storage, site, plan);
        ASSERT_FALSE(undone);
        EXPECT_EQ(undone.kind(), Failure::Conflict);
        EXPECT_TRUE(fs::exists(site.parent + "/" + folder));
    }
}

TEST_F(HostileSidecar, undoOfAnAbsurdBoxRemovesWhatIsThereOfIt)
{
    for (const char separator : {'/', '.'})
    {
        for (const auto style :
             {ChunkKeys::Style::Default, ChunkKeys::Style::V2})
        {
            Plan plan;
            PlannedArray array;
            array.path = "a";
            array.keys = {style, separator};
            array.added = {{{3, 0}, {1ULL << 40, 1ULL << 20}}};
            plan.arrays = {array};
            const auto pathOf = [&](ChunkIndex index)
            { return site.store() + "/a/" + array.keys.key(index); };
            write(pathOf({2, 5}), "committed");
            write(pathOf({3, 5}), "added");
            write(pathOf({1ULL << 39, 7}), "added");
            write(site.store() + "/a/zarr.json", "{}");
            const auto undone = undo(*storage, site, plan);
            ASSERT_TRUE(undone) << undone.message();
            EXPECT_TRUE(fs::exists(pathOf({2, 5})));
            EXPECT_FALSE(fs::exists(pathOf({3, 5})));
            EXPECT_FALSE(fs::exists(pathOf({1ULL << 39, 7})));
            EXPECT_TRUE(fs::exists(site.store() + "/a/zarr.json"));
        }
    }
}

TEST_F(HostileSidecar, undoLeavesAFolderInAChunksPlace)
{
    fs::create_directories(site.store() + "/a/c/3/x");
    Plan plan;
    plan.arrays = {{"a", {ChunkKeys::Style::Default, '/'}, {{{3}, {4}}}, {}}};
    EXPECT_TRUE(undo(*storage, site, plan));
    EXPECT_TRUE(fs::exists(site.store() + "/a/c/3/x"));
}

TEST_F(HostileSidecar, aHintBeyondAllCommitsIsNone)
{
    for (const char *hint :
         {"9223372036854775807", "18446744073709551615", "1e400", "-1"})
    {
        write(site.log() + "/head",
              std::string(R"({"sequence": )") + hint + "}");
        const auto last = lastSequence(*storage, site);
        ASSERT_TRUE(last) << hint;
        EXPECT_EQ(*last, 0u) << hint;
    }
}

TEST_F(HostileSidecar, aLogRecordOfOtherTypesIsDamaged)
{
    for (const char *record :
         {R"({"transaction": 5})", R"({"group": ["x"]})", R"({"time": null})",
          R"({"slices": 5})", R"({"slices": [5]})",
          R"({"slices": [{"name": 5}]})", R"({"replaced_rows": -1})",
          R"({"overwrite": "yes"})", "5", "[]"})
    {
        write(logRecordPath(site, 1), record);
        const auto read = readLogRecord(*storage, site, 1);
        ASSERT_FALSE(read) << record;
        EXPECT_EQ(read.status().kind(), Failure::Conflict);
    }
    write(logRecordPath(site, 1), R"({"sequence": 1, "unknown": [{}]})");
    EXPECT_TRUE(readLogRecord(*storage, site, 1));
}

}  // namespace
}  // namespace mdimappend
