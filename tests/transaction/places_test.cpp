// Stores in unusual places: behind links, over several file systems, without
// the rights to write; and what a replaced object keeps.

#include "support/left_behind.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using testing::HasSubstr;
namespace fs = std::filesystem;

class ProtocolPlaces : public LeftBehind
{
  protected:
    void SetUp() override
    {
        campaign.restart();
    }

    std::string object(const std::string &key) const
    {
        return campaign.target() + "/" + key;
    }

    /// What the append reports when it is run by somebody without rights.
    std::string reportedToAStranger()
    {
        constexpr uid_t stranger = 1234;
        int channel[2];
        EXPECT_EQ(pipe(channel), 0);
        const pid_t child = fork();
        if (child == 0)
        {
            close(channel[0]);
            if (geteuid() == 0 &&
                (setgid(stranger) != 0 || setuid(stranger) != 0))
                _exit(1);
            FaultPosix posix;
            const auto message = campaign.append(posix).status.message();
            _exit(write(channel[1], message.data(), message.size()) < 0);
        }
        close(channel[1]);
        std::string message(10000, '\0');
        const auto count = read(channel[0], message.data(), message.size());
        message.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
        close(channel[0]);
        int status = 0;
        waitpid(child, &status, 0);
        EXPECT_EQ(status, 0);
        return message;
    }

    /// All that is there belongs to the stranger, but for one folder.
    void giveAwayAllBut(const std::string &kept) const
    {
        if (geteuid() != 0)
        {
            chmod(kept.c_str(), 0555);
            return;
        }
        const std::string parent = campaign.parent();
        EXPECT_EQ(chown(parent.c_str(), 1234, 1234), 0);
        for (const auto &entry : fs::recursive_directory_iterator(parent))
        {
            if (entry.path() != kept)
            {
                EXPECT_EQ(chown(entry.path().c_str(), 1234, 1234), 0);
            }
        }
        if (kept == parent)
        {
            EXPECT_EQ(chown(parent.c_str(), 0, 0), 0);
        }
    }
};

TEST_F(ProtocolPlaces, aStoreBehindALinkIsAppendedToWhereItIs)
{
    ScratchFolder elsewhere;
    const auto link = elsewhere / "link.zarr";
    fs::create_symlink(campaign.target(), link);
    FaultPosix posix;
    const auto report = scenario().append(link, posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(campaign.state(), Campaign::State::After);
    EXPECT_TRUE(fs::is_symlink(link));
    EXPECT_FALSE(fs::exists(link + ".mdimappend"));
}

TEST_F(ProtocolPlaces, anArrayOnAnotherFileSystemIsRefusedBeforeTheDecision)
{
    std::optional<ScratchFolder> other;
    for (const char *above : {"/tmp", "/var/tmp", "."})
    {
        struct stat here = {};
        struct stat there = {};
        stat(campaign.target().c_str(), &here);
        if (!other && stat(above, &there) == 0 && here.st_dev != there.st_dev &&
            access(above, W_OK) == 0)
            other.emplace(above);
    }
    if (!other)
        GTEST_SKIP() << "there is only one file system";
    fs::copy(object("air"), *other / "air", fs::copy_options::recursive);
    fs::remove_all(object("air"));
    fs::create_directory_symlink(*other / "air", object("air"));
    const auto before = readTree(other->path());
    for (int round = 0; round < 2; ++round)
    {
        FaultPosix posix;
        const auto report = campaign.append(posix);
        ASSERT_FALSE(report.status);
        EXPECT_EQ(report.status.kind(), Failure::Error);
        EXPECT_THAT(report.status.message(), HasSubstr("another file system"));
        EXPECT_THAT(report.status.message(), HasSubstr("Nothing was appended"));
        EXPECT_EQ(difference(before, readTree(other->path())), "");
        EXPECT_EQ(namesIn("journal").size(), 0u);
    }
}

TEST_F(ProtocolPlaces, anArrayThatMayNotBeWrittenToIsRefusedBeforeTheDecision)
{
    // Its chunks may be: only the document's replacement would fail.
    giveAwayAllBut(object("air"));
    const auto message = reportedToAStranger();
    EXPECT_THAT(message, HasSubstr("cannot write to folder"));
    EXPECT_THAT(message, HasSubstr("Nothing was appended"));
    EXPECT_EQ(namesIn("journal").size(), 0u);
    EXPECT_EQ(campaign.state(), Campaign::State::Before)
        << campaign.describeState();
}

TEST_F(ProtocolPlaces, aSidecarThatCannotBeMadeIsNamed)
{
    fs::remove_all(campaign.target() + ".mdimappend");
    giveAwayAllBut(campaign.parent());
    const auto message = reportedToAStranger();
    EXPECT_THAT(message, HasSubstr("Permission denied"));
    EXPECT_THAT(message, HasSubstr("sidecar"));
    EXPECT_THAT(message, HasSubstr("Nothing was written"));
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
}

TEST_F(ProtocolPlaces, withoutHardLinksAnAppendIsMadeAllTheSame)
{
    FaultPosix posix;
    posix.offersLinks = false;
    const auto report = campaign.append(posix);
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(campaign.state(), Campaign::State::After);
    EXPECT_GT(posix.kinds()["renameNoReplace"], 0);
}

TEST_F(ProtocolPlaces, whereNothingCanBeCreatedOnlyOnceTheStateStaysOld)
{
    // Neither links nor renames that do not replace: the decision cannot be
    // made, and not undone either, until somebody with another kernel comes.
    FaultPosix posix({Fault::Kind::FromThenOn, 1, EINVAL, "renameNoReplace"});
    posix.offersLinks = false;
    const auto report = campaign.append(posix);
    ASSERT_FALSE(report.status);
    EXPECT_EQ(campaign.recover(), "");
    EXPECT_EQ(campaign.state(), Campaign::State::Before);
    EXPECT_EQ(campaign.retry(), "");
}

TEST_F(ProtocolPlaces, replacedDocumentsAndChunksKeepTheirModeAndOwner)
{
    std::map<std::string, struct stat> before;
    for (const char *key :
         {"zarr.json", "air/zarr.json", "time/zarr.json", "air/c/1/0/0"})
    {
        // A file of its own, since the campaign's is linked.
        writeFile(object(key), fileContent(object(key)));
        if (geteuid() == 0)
        {
            ASSERT_EQ(chown(object(key).c_str(), 1234, 2345), 0);
        }
        ASSERT_EQ(chmod(object(key).c_str(), 0640), 0);
        ASSERT_EQ(stat(object(key).c_str(), &before[key]), 0);
    }
    FaultPosix posix;
    ASSERT_TRUE(campaign.append(posix).status);
    for (const auto &[key, old] : before)
    {
        struct stat now = {};
        ASSERT_EQ(stat(object(key).c_str(), &now), 0);
        EXPECT_NE(now.st_ino, old.st_ino) << key << " was not replaced";
        EXPECT_EQ(now.st_mode, old.st_mode) << key;
        EXPECT_EQ(now.st_uid, old.st_uid) << key;
        EXPECT_EQ(now.st_gid, old.st_gid) << key;
    }
}

}  // namespace
}  // namespace mdimappend
