// Names below a prefix of GDAL's file systems.

#include "vsi/mounts.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

TEST(Mounts, areFoundByTheirNameAndThePathBelowIt)
{
    Mounts<const int *> mounts("/vsitest/");
    const int one = 1;
    const int two = 2;
    const auto first = mounts.enter(&one);
    const auto second = mounts.enter(&two);
    EXPECT_EQ(mounts.locate("/vsitest/" + first + "/a/b").mounted, &one);
    EXPECT_EQ(mounts.locate("/vsitest/" + first + "/a/b").path, "a/b");
    const auto below = mounts.locate("/vsitest/" + second + "//vsimem/c");
    EXPECT_EQ(below.mounted, &two);
    EXPECT_EQ(below.path, "/vsimem/c");
    EXPECT_EQ(mounts.locate("/vsitest/" + second + "/").path, "");
}

TEST(Mounts, areNotFoundElsewhereOrWithoutAPath)
{
    Mounts<const int *> mounts("/vsitest/");
    const int one = 1;
    const auto name = mounts.enter(&one);
    EXPECT_FALSE(mounts.locate("/vsitest/" + name).mounted);
    EXPECT_FALSE(mounts.locate("/vsitest/" + name + "0/a").mounted);
    EXPECT_FALSE(mounts.locate("/vsiother/" + name + "/a").mounted);
    EXPECT_FALSE(mounts.locate("").mounted);
}

TEST(Mounts, leaveTheirNameToNobody)
{
    Mounts<const int *> mounts("/vsitest/");
    const int one = 1;
    const auto name = mounts.enter(&one);
    mounts.leave(name);
    EXPECT_FALSE(mounts.locate("/vsitest/" + name + "/a").mounted);
    EXPECT_NE(mounts.enter(&one), name);
}

}  // namespace
}  // namespace mdimappend
