// Links in a store and its sidecar: what they lead to is never written to, and
// nothing of it is removed.

#include "storage/local_storage.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sys/stat.h>

namespace mdimappend
{
namespace
{

namespace fs = std::filesystem;

using testing::HasSubstr;

class HostileLinks : public testing::Test
{
  protected:
    HostileLinks()
    {
        char name[] = "/tmp/hostile-links-XXXXXX";
        m_folder = fs::canonical(mkdtemp(name)).string();
        anchor = m_folder + "/cube.zarr.mdimappend";
        store = m_folder + "/cube.zarr";
        victim = m_folder + "/elsewhere/victim";
        for (const auto &folder : {anchor, store, victim})
            fs::create_directories(folder);
        std::ofstream(victim + "/0") << "mine";
        std::ofstream(anchor + "/new") << "new";
        fs::create_directory_symlink(victim, store + "/c");
        storage = std::move(*LocalStorage::open(anchor, Durability::Process));
    }

    ~HostileLinks() override
    {
        EXPECT_TRUE(fs::exists(victim + "/0"));
        EXPECT_EQ(fs::file_size(victim + "/0"), 4u);
        EXPECT_EQ(std::distance(fs::directory_iterator(victim), {}), 1);
        fs::remove_all(m_folder);
    }

    template <class Answer> static void expectRefused(const Answer &answer)
    {
        ASSERT_FALSE(answer);
        if constexpr (std::is_same_v<Answer, Status>)
            EXPECT_THAT(answer.message(), HasSubstr("is a link"));
        else
            EXPECT_THAT(answer.status().message(), HasSubstr("is a link"));
    }

    std::string anchor;
    std::string store;
    std::string victim;
    std::unique_ptr<LocalStorage> storage;

  private:
    std::string m_folder;
};

TEST_F(HostileLinks, nothingIsWrittenThroughOne)
{
    for (const char *key : {"/c/0", "/c/1", "/c/new/1"})
    {
        expectRefused(storage->put(store + key, "x"));
        expectRefused(storage->create(store + key, "x"));
        expectRefused(storage->createFrom(anchor + "/new", store + key));
        expectRefused(storage->publish(anchor + "/new", store + key));
        expectRefused(storage->stage(anchor + "/staged", "x", store + key));
    }
    expectRefused(storage->makeFolders(store + "/c"));
    expectRefused(storage->makeFolders(store + "/c/folder"));
}

TEST_F(HostileLinks, nothingIsRemovedThroughOne)
{
    fs::create_directory(victim + "/../empty");
    fs::create_directory_symlink(victim + "/..", store + "/up");
    expectRefused(storage->remove(store + "/c/0"));
    expectRefused(storage->removeFolderIfEmpty(store + "/up/empty"));
    expectRefused(storage->publish(store + "/c/0", store + "/0"));
    const auto identity = storage->identity(store + "/c");
    ASSERT_TRUE(identity);
    EXPECT_FALSE(*identity);  // it is no folder that could be exchanged
    expectRefused(storage->list(store + "/c"));
    EXPECT_TRUE(fs::exists(victim + "/../empty"));
}

TEST_F(HostileLinks, aLinkItselfIsReplacedOrRemoved)
{
    for (const char *name : {"/a", "/b", "/d"})
        fs::create_symlink(victim + "/0", store + name);
    EXPECT_TRUE(storage->put(store + "/a", "x"));
    EXPECT_TRUE(storage->publish(anchor + "/new", store + "/b"));
    EXPECT_TRUE(storage->remove(store + "/d"));
    EXPECT_FALSE(fs::is_symlink(store + "/a"));
    EXPECT_FALSE(fs::is_symlink(store + "/b"));
    EXPECT_FALSE(fs::exists(fs::symlink_status(store + "/d")));
}

TEST_F(HostileLinks, aDocumentNeverBecomesAProgram)
{
    fs::permissions(victim + "/0", fs::perms(04755));
    fs::create_symlink(victim + "/0", store + "/zarr.json");
    ASSERT_TRUE(storage->stage(anchor + "/staged", "x", store + "/zarr.json"));
    struct stat staged = {};
    ASSERT_EQ(stat((anchor + "/staged").c_str(), &staged), 0);
    EXPECT_EQ(staged.st_mode & 07777, 0755u);
}

TEST_F(HostileLinks, theyAreReadThroughAsAllReadersDo)
{
    const auto bytes = storage->read(store + "/c/0", largestObject);
    ASSERT_TRUE(bytes);
    EXPECT_EQ(*bytes, "mine");
}

TEST_F(HostileLinks, aFifoIsNoObject)
{
    ASSERT_EQ(mkfifo((store + "/fifo").c_str(), 0600), 0);
    const auto bytes = storage->read(store + "/fifo", largestObject);
    ASSERT_FALSE(bytes);
    EXPECT_THAT(bytes.status().message(), HasSubstr("not a regular file"));
}

}  // namespace
}  // namespace mdimappend
