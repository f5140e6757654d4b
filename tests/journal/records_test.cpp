// The journal's records: what is written is read back, and what is damaged or
// would lead out of the store is not believed.

#include "journal/records.h"
#include "storage/checksum.h"

#include <gmock/gmock.h>

#include <random>

namespace mdimappend
{
namespace
{

using testing::HasSubstr;

Plan samplePlan()
{
    Plan plan;
    plan.transaction = "000000000007-0123456789abcdef";
    plan.sequence = 7;
    plan.arrays = {{"group/air",
                    {ChunkKeys::Style::Default, '/'},
                    {{{2, 0, 0}, {3, 4, 5}}},
                    {{{1, 0, 0}, {2, 4, 5}}}},
                   {"time", {ChunkKeys::Style::V2, '.'}, {{{0}, {1}}}, {}},
                   {"scalar", {ChunkKeys::Style::V2, '.'}, {{{}, {}}}, {}}};
    plan.documents = {{"zarr.json", {true, 12, sha256("x")}},
                      {"new/zarr.json", {}}};
    plan.folders = {"cube.zarr", "cube.zarr/new"};
    return plan;
}

Manifest sampleManifest()
{
    Manifest manifest;
    manifest.transaction = "000000000007-0123456789abcdef";
    manifest.sequence = 7;
    manifest.chunks = {
        {"0-1", "air/c/1/0", {true, 9, "xxh3:1"}, {true, 8, "xxh3:2"}},
        {"", "air/c/1/1", {true, 9, "xxh3:3"}, {}}};
    manifest.deletions = {"air/.zarray.gmac"};
    manifest.documents = {
        {"document-0", "zarr.json", {}, {true, 3, "sha256:a"}}};
    manifest.bootId = "a-b-c";
    manifest.puts = {{"air/c/2/0", {true, 5, "xxh3:4"}}};
    manifest.logRecord = {{"sequence", 7},
                          {"transaction", manifest.transaction},
                          {"slices", {"a", "b\u00e9\n"}}};
    return manifest;
}

/// A record with another body, with a header that vouches for it.
std::string framed(const std::string &kind, const std::string &body)
{
    return "mdimappend " + kind + " 1 " + std::to_string(body.size()) + " " +
           sha256(body) + "\n" + body;
}

TEST(JournalRecords, aPlanIsReadBackAsItWasWritten)
{
    const auto text = toText(samplePlan());
    const auto plan = parsePlan(text);
    ASSERT_TRUE(plan) << plan.status().message();
    EXPECT_EQ(toText(*plan), text);
    EXPECT_EQ(plan->sequence, 7u);
    EXPECT_EQ(plan->arrays.size(), 3u);
    EXPECT_EQ(plan->arrays[0].added[0].high, (ChunkIndex{3, 4, 5}));
    EXPECT_EQ(plan->arrays[2].added[0].count(), 1u);
    EXPECT_EQ(plan->documents[0].content, samplePlan().documents[0].content);
    EXPECT_FALSE(plan->documents[1].content.exists);
    EXPECT_EQ(plan->folders, samplePlan().folders);
}

Overwrite sampleOverwrite()
{
    return {"12-1700000000.5",
            "13-1700000001.25",
            {{".zgroup", {true, 12, sha256("x")}}}};
}

TEST(JournalRecords, anOverwriteIsReadBackFromPlanAndManifest)
{
    auto plan = samplePlan();
    plan.overwrite = sampleOverwrite();
    const auto samePlan = parsePlan(toText(plan));
    ASSERT_TRUE(samePlan) << samePlan.status().message();
    EXPECT_EQ(toText(*samePlan), toText(plan));
    EXPECT_EQ(samePlan->overwrite->oldIdentity, "12-1700000000.5");

    auto manifest = sampleManifest();
    manifest.overwrite = sampleOverwrite();
    manifest.documents[0].staged = "";
    const auto sameManifest = parseManifest(toText(manifest));
    ASSERT_TRUE(sameManifest) << sameManifest.status().message();
    EXPECT_EQ(toText(*sameManifest), toText(manifest));
    EXPECT_EQ(sameManifest->overwrite->newIdentity, "13-1700000001.25");
    EXPECT_EQ(sameManifest->overwrite->oldDocuments[0].content,
              sampleOverwrite().oldDocuments[0].content);
}

TEST(JournalRecords, anOverwriteIsNotFollowedByWhoDoesNotKnowIt)
{
    // Version 2 says so in the first line, and nothing else has it.
    auto plan = samplePlan();
    EXPECT_TRUE(toText(plan).starts_with("mdimappend plan 1 "));
    plan.overwrite = sampleOverwrite();
    auto text = toText(plan);
    ASSERT_TRUE(text.starts_with("mdimappend plan 2 "));
    text.replace(text.find(" 2 "), 3, " 1 ");
    EXPECT_FALSE(parsePlan(text));
    text = toText(samplePlan());
    text.replace(text.find(" 1 "), 3, " 2 ");
    EXPECT_FALSE(parsePlan(text));
}

TEST(JournalRecords, anOverwriteThatDoesNotSayOfWhatIsRefused)
{
    for (const char *overwrite :
         {"null", "{}", "[]", R"({"old": "1"})", R"({"old": "1", "new": 2})",
          R"({"old": "1", "new": "2", "documents": [{"key": "../x"}]})"})
    {
        const std::string body =
            std::string(R"({"transaction": "t", "overwrite": )") + overwrite +
            "}\n";
        auto text = framed("plan", body);
        text.replace(text.find(" 1 "), 3, " 2 ");
        EXPECT_FALSE(parsePlan(text)) << overwrite;
        text = framed("manifest", body);
        text.replace(text.find(" 1 "), 3, " 2 ");
        EXPECT_FALSE(parseManifest(text)) << overwrite;
    }
}

TEST(JournalRecords, aManifestIsReadBackAsItWasWritten)
{
    const auto text = toText(sampleManifest());
    const auto manifest = parseManifest(text);
    ASSERT_TRUE(manifest) << manifest.status().message();
    EXPECT_EQ(toText(*manifest), text);
    EXPECT_EQ(manifest->chunks[1].content, Content{});
    EXPECT_EQ(manifest->chunks[0].base, (Content{true, 9, "xxh3:1"}));
    EXPECT_EQ(manifest->bootId, "a-b-c");
    EXPECT_EQ(manifest->logRecord, sampleManifest().logRecord);
}

TEST(JournalRecords, aDecisionIsReadBackAsItWasWritten)
{
    for (const bool commit : {true, false})
    {
        const auto decision =
            parseDecision(toText(Decision{commit, {true, 5, "sha256:b"}}));
        ASSERT_TRUE(decision);
        EXPECT_EQ(decision->commit, commit);
        EXPECT_EQ(decision->manifest, (Content{true, 5, "sha256:b"}));
    }
}

TEST(JournalRecords, chunkIndicesOfAnySizeAreReadBack)
{
    auto plan = samplePlan();
    plan.arrays[1].added = {{{1ULL << 40}, {(1ULL << 62) + 1}}};
    const auto back = parsePlan(toText(plan));
    ASSERT_TRUE(back) << back.status().message();
    EXPECT_EQ(back->arrays[1].added[0].low, plan.arrays[1].added[0].low);
    EXPECT_EQ(back->arrays[1].added[0].high, plan.arrays[1].added[0].high);
}

TEST(JournalRecords, noPrefixOfARecordIsBelieved)
{
    const auto plan = toText(samplePlan());
    const auto manifest = toText(sampleManifest());
    const auto decision = toText(Decision{true, {true, 5, "sha256:b"}});
    for (std::size_t size = 0; size < plan.size(); ++size)
        EXPECT_FALSE(parsePlan(plan.substr(0, size))) << size;
    for (std::size_t size = 0; size < manifest.size(); ++size)
        EXPECT_FALSE(parseManifest(manifest.substr(0, size))) << size;
    for (std::size_t size = 0; size < decision.size(); ++size)
        EXPECT_FALSE(parseDecision(decision.substr(0, size))) << size;
}

TEST(JournalRecords, noFlippedBitIsBelieved)
{
    const auto text = toText(samplePlan());
    for (std::size_t i = 0; i < text.size(); ++i)
    {
        for (const int bit : {1, 32, 128})
        {
            auto flipped = text;
            flipped[i] = static_cast<char>(flipped[i] ^ bit);
            EXPECT_FALSE(parsePlan(flipped)) << i << " " << bit;
        }
    }
    EXPECT_FALSE(parsePlan(text + "\n"));
    EXPECT_FALSE(parsePlan(std::string(text.size(), '\0')));
}

TEST(JournalRecords, noRecordIsTakenForAnother)
{
    EXPECT_FALSE(parsePlan(toText(sampleManifest())));
    EXPECT_FALSE(parseManifest(toText(samplePlan())));
    EXPECT_FALSE(parseDecision(toText(samplePlan())));
}

TEST(JournalRecords, aLaterFormatIsNamedAsThat)
{
    auto text = toText(samplePlan());
    text.replace(text.find(" 1 "), 3, " 5 ");
    const auto plan = parsePlan(text);
    ASSERT_FALSE(plan);
    EXPECT_THAT(plan.status().message(), HasSubstr("does not know"));
}

TEST(JournalRecords, keysThatLeadOutOfTheStoreAreRefused)
{
    const std::vector<std::string> keys = {
        "..",  "../x", "a/../../x", "a/..", "/etc/passwd",         "a//b",
        "./a", "a/.",  "a/",        "",     std::string("a\0b", 3)};
    for (const auto &key : keys)
    {
        auto plan = samplePlan();
        plan.documents[0].key = key;
        EXPECT_FALSE(parsePlan(toText(plan))) << "document " << key;
        plan = samplePlan();
        plan.folders[0] = key;
        EXPECT_FALSE(parsePlan(toText(plan))) << "folder " << key;
        if (!key.empty())  // the root group itself may be an array
        {
            plan = samplePlan();
            plan.arrays[0].path = key;
            EXPECT_FALSE(parsePlan(toText(plan))) << "array " << key;
        }
        auto manifest = sampleManifest();
        manifest.chunks[0].key = key;
        EXPECT_FALSE(parseManifest(toText(manifest))) << "chunk " << key;
        manifest = sampleManifest();
        manifest.chunks[0].staged = key;
        EXPECT_FALSE(parseManifest(toText(manifest))) << "staged " << key;
        manifest = sampleManifest();
        manifest.documents[0].key = key;
        EXPECT_FALSE(parseManifest(toText(manifest))) << "document " << key;
        manifest = sampleManifest();
        manifest.deletions[0] = key;
        EXPECT_FALSE(parseManifest(toText(manifest))) << "deletion " << key;
        manifest = sampleManifest();
        manifest.puts[0].key = key;
        EXPECT_FALSE(parseManifest(toText(manifest))) << "put " << key;
    }
}

TEST(JournalRecords, valuesOfTheWrongTypeAreRefusedAndNeverCrash)
{
    for (const char *body :
         {"[]\n", "1\n", "null\n", "{\n",
          R"({"arrays":[{"path":"a","added":[{"low":[0],"high":[0,1]}]}]})"
          "\n",
          R"({"arrays":[{"path":"a","added":[{"low":["0"],"high":[1]}]}]})"
          "\n",
          R"({"arrays":[{"path":"a","added":[{"low":[-1],"high":[1]}]}]})"
          "\n",
          R"({"arrays":[{"path":"a","added":[{"low":[0.5],"high":[1]}]}]})"
          "\n",
          R"({"documents":[{"content":5}]})"
          "\n",
          R"({"documents":[7]})"
          "\n",
          R"({"folders":[1]})"
          "\n"})
        EXPECT_FALSE(parsePlan(framed("plan", body))) << body;
    for (const char *body : {R"({"chunks":[{"key":5}]})"
                             "\n",
                             R"({"deletions":[{}]})"
                             "\n",
                             R"({"puts":["a"]})"
                             "\n",
                             R"({"documents":[null]})"
                             "\n"})
        EXPECT_FALSE(parseManifest(framed("manifest", body))) << body;
    EXPECT_FALSE(parseDecision(framed("decision", "{}\n")));
    EXPECT_FALSE(parseDecision(framed("decision", R"({"decision":"maybe"})"
                                                  "\n")));
    EXPECT_FALSE(parseDecision(framed("decision", R"({"decision":1})"
                                                  "\n")));
}

TEST(JournalRecords, aBoxOfChunksCountsAndNumbersItsIndices)
{
    std::mt19937 random(7);
    for (int round = 0; round < 200; ++round)
    {
        ChunkBox box;
        const auto rank = random() % 5;
        for (std::size_t i = 0; i < rank; ++i)
        {
            box.low.push_back(random() % 6);
            box.high.push_back(box.low.back() + random() % 4);
        }
        std::uint64_t found = 0;
        for (; found < box.count(); ++found)
        {
            const auto index = box.at(found);
            ASSERT_TRUE(box.contains(index));
            ASSERT_EQ(box.position(index), found);
        }
        ChunkIndex outside = box.high;
        EXPECT_FALSE(rank > 0 && box.contains(outside));
        EXPECT_FALSE(box.contains(ChunkIndex(rank + 1, 0)));
    }
}

TEST(JournalRecords, aDecisionCanHaveItsManifestInIt)
{
    auto manifest = sampleManifest();
    manifest.documents[0].staged.clear();
    manifest.documents[0].text = "{\"shape\": [\"é\", 1]}\n";
    manifest.documents[0].content = contentOf(manifest.documents[0].text);
    manifest.atOnce = 1;
    const auto text = toText(manifest);
    const auto decision =
        parseDecision(toText(Decision{true, contentOf(text), text}));
    ASSERT_TRUE(decision) << decision.status().message();
    EXPECT_EQ(decision->record, text);
    const auto read = parseManifest(decision->record);
    ASSERT_TRUE(read) << read.status().message();
    EXPECT_EQ(read->documents[0].text, manifest.documents[0].text);
    EXPECT_EQ(read->atOnce, 1U);
}

TEST(JournalRecords, aDocumentThatIsNotWhatItSaysIsRefused)
{
    auto manifest = sampleManifest();
    manifest.documents[0].text = "{}";
    const auto read = parseManifest(toText(manifest));
    ASSERT_FALSE(read);
    EXPECT_EQ(read.status().kind(), Failure::Conflict);
}

TEST(JournalRecords, eachBeginningOfADecisionIsTornAndNothingElseIs)
{
    Decision decision{true, contentOf("x")};
    decision.record = toText(sampleManifest());
    const auto whole = toText(decision);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_TRUE(isTornDecision(whole.substr(0, size))) << size;
    EXPECT_FALSE(isTornDecision(whole));
    EXPECT_FALSE(isTornDecision(whole + "x"));
    EXPECT_FALSE(isTornDecision("mdimappend manifest 1 9 sha256:0\n{"));
    EXPECT_FALSE(isTornDecision("mdimappend decision 1 x sha256:0\n{"));
    EXPECT_FALSE(isTornDecision("mdimappend decision 1\n{"));
    EXPECT_FALSE(isTornDecision("mdimappend decision \n"));
    EXPECT_FALSE(isTornDecision("{}"));
    EXPECT_FALSE(isTornDecision(std::string(200, 'x')));
    EXPECT_FALSE(
        isTornDecision("mdimappend decision " + std::string(200, '1')));
}

}  // namespace
}  // namespace mdimappend
