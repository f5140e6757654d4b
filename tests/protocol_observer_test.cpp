// Promise T2: what a reader can see at any moment of an append, of an undo and
// of a recovery.

#include "support/campaign.h"

#include <filesystem>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

class ProtocolObserver : public EveryScenario
{
  protected:
    using State = Campaign::State;

    static bool isDocument(const std::string &name)
    {
        return name.ends_with("zarr.json") ||
               name.find("/.z") != std::string::npos;
    }

    static std::string contentIn(const Tree &tree, const std::string &name)
    {
        const auto found = tree.find(name);
        return found == tree.end() ? "" : found->second.content;
    }

    std::string present(const std::string &name) const
    {
        return fileContent(campaign.parent() + "/" + name);
    }

    std::string arrayDocument(const std::string &array) const
    {
        return "cube.zarr/" + array +
               (GetParam().kind.format == ZarrFormat::V2 ? "/.zarray"
                                                         : "/zarr.json");
    }

    /// What is wrong with what a reader sees now; "" if nothing.
    std::string wrongNow() const
    {
        if (GetParam().overwrites())
            return campaign.state() != State::Neither
                       ? ""
                       : "the store is neither the old nor the new one\n" +
                             campaign.describeState();
        const auto &before = campaign.before();
        const auto &after = campaign.after();
        // Each object that a reader of the old cube can see is whole, old or
        // new, and there.
        for (const auto &[name, entry] : before)
        {
            if (entry.folder)
                continue;
            const auto content = present(name);
            if (content != entry.content && content != contentIn(after, name))
                return name + " is neither old nor new";
        }
        const auto isNew = [&](const std::string &name)
        {
            const auto content = present(name);
            return content == contentIn(after, name) &&
                   content != contentIn(before, name);
        };
        const auto firstMissing = [&](bool documentsToo)
        {
            for (const auto &[name, entry] : after)
            {
                // The root group's own document comes last.
                if (!entry.folder && name != "cube.zarr/.zgroup" &&
                    (documentsToo || !isDocument(name)) &&
                    present(name) != entry.content)
                    return name;
            }
            return std::string();
        };
        const auto root = "cube.zarr/" + GetParam().kind.consolidatedKey();
        if (GetParam().kind.consolidated || GetParam().rowsBefore() == 0)
        {
            const auto key = GetParam().kind.consolidated
                                 ? root
                                 : std::string("cube.zarr/") +
                                       (GetParam().kind.format == ZarrFormat::V2
                                            ? ".zgroup"
                                            : "zarr.json");
            if (isNew(key))
            {
                const auto missing = firstMissing(true);
                return missing.empty() ? "" : key + " is ahead of " + missing;
            }
        }
        // Without consolidated metadata: no label beyond the data.
        if (isNew(arrayDocument("time")))
        {
            if (!isNew(arrayDocument("air")))
                return "the labels are ahead of the data's document";
            const auto missing = firstMissing(false);
            if (!missing.empty())
                return "the labels are ahead of chunk " + missing;
        }
        if (isNew(arrayDocument("air")) && !firstMissing(false).empty())
            return "the data's document is ahead of chunk " +
                   firstMissing(false);
        return "";
    }

    void watch(FaultPosix &posix)
    {
        posix.before = [this, &posix](const std::string &call)
        {
            const auto wrong = wrongNow();
            EXPECT_EQ(wrong, "") << "before " << call << ", after\n"
                                 << posix.trace();
        };
    }
};

TEST_P(ProtocolObserver, seesTheOldOrTheNewCubeAtEveryCallOfAnAppend)
{
    campaign.restart();
    FaultPosix posix;
    watch(posix);
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(wrongNow(), "");
    EXPECT_EQ(campaign.state(), State::After);
}

TEST_P(ProtocolObserver, seesTheOldOrTheNewCubeAtEveryCallOfARecovery)
{
    for (std::uint64_t n = 1;; n += 3)
    {
        campaign.restart();
        FaultPosix posix({Fault::Kind::KillAfter, n, EIO, ""});
        static_cast<void>(campaign.append(posix));
        if (!posix.hit())
            break;
        FaultPosix recovery;
        watch(recovery);
        const auto recovered = recoverTarget(campaign.target(), recovery);
        ASSERT_TRUE(recovered) << recovered.message();
        ASSERT_EQ(wrongNow(), "") << posix.trace();
    }
}

TEST_P(ProtocolObserver, ofAnOpenObjectKeepsWhatItReads)
{
    // Replaced by rename, never rewritten: what a reader has open, and what a
    // hard link keeps, stays as it was.
    campaign.restart();
    const auto links = campaign.parent() + "/links";
    std::filesystem::create_directory(links);
    int number = 0;
    std::map<std::string, std::string> kept;
    for (const auto &[name, entry] : campaign.before())
    {
        if (entry.folder)
            continue;
        const auto link = links + "/" + std::to_string(++number);
        std::filesystem::create_hard_link(campaign.parent() + "/" + name, link);
        kept[link] = entry.content;
    }
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    for (const auto &[link, content] : kept)
        EXPECT_EQ(fileContent(link), content) << link;
}

TEST_P(ProtocolObserver, ofTheCallsSeesTheKindsThatTheProtocolNeeds)
{
    campaign.restart();
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    auto kinds = posix.kinds();
    const bool batch = GetParam().slices().size() > 1;
    const bool overwrites = GetParam().overwrites();
    const bool merges = GetParam().rowsBefore() % 2 == 1 && !overwrites;
    EXPECT_EQ(kinds["lock"], 1);
    EXPECT_EQ(kinds["link"], 2) << "decision and log record";
    EXPECT_GE(kinds["rename"], overwrites ? 3 : 5)
        << "plan, manifest, documents, head";
    EXPECT_EQ(kinds["renameExchange"], overwrites ? 2 : 0)
        << "the probe and the stores";
    EXPECT_GE(kinds["write"], 10);
    EXPECT_GE(kinds["mkdir"], 2) << "journal and stage";
    EXPECT_GE(kinds["rmdir"], 2);
    EXPECT_EQ(kinds["ftruncate"], 2) << "the lock's document";
    if (campaign.offersSyncfs)
    {
        EXPECT_EQ(kinds["syncfs"], 3 + (merges ? 1 : 0) + (batch ? 2 : 0))
            << "plan, decision, chunks in place, documents in place; a plan "
               "that is extended\n"
            << posix.trace();
        EXPECT_EQ(kinds["fsync"], 4) << "decision and log, file and folder";
    }
    else
    {
        EXPECT_EQ(kinds["syncfs"], 0);
        EXPECT_GE(kinds["fsync"], 20);
    }
}

MDIMAPPEND_FOR_EVERY_SCENARIO(ProtocolObserver);

}  // namespace
}  // namespace mdimappend
