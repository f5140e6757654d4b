// A listing of objects as a tree of folders.

#include "slice/object_listing.h"

#include <gtest/gtest.h>

#include <set>
#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{
namespace
{

const std::vector<ListedObject> objects = {{"zarr.json", 10, "a", 1},
                                           {"air/zarr.json", 11, "b", 1},
                                           {"air/c/0/0", 12, "c", 1},
                                           {"air/c/0/1", 13, "d", 1},
                                           {"air.txt", 1, "e", 1},
                                           {"air0", 2, "f", 1},
                                           {"air", 3, "g", 1},
                                           {"wind/.zarray", 4, "h", 1},
                                           {"wind/.zmetadata", 5, "i", 1}};

std::set<std::string> namesIn(const char *folder)
{
    std::set<std::string> found;
    for (const char *name : ObjectListing(objects).names(folder))
        EXPECT_TRUE(found.insert(name).second) << name;
    return found;
}

using Names = std::set<std::string>;

TEST(SliceObjectListing, NamesAreThoseOfAFolder)
{
    EXPECT_EQ(namesIn(""),
              (Names{"zarr.json", "air", "air.txt", "air0", "wind"}));
    EXPECT_EQ(namesIn("air"), (Names{"zarr.json", "c"}));
    EXPECT_EQ(namesIn("air/c"), (Names{"0"}));
    EXPECT_EQ(namesIn("air/c/0"), (Names{"0", "1"}));
    EXPECT_EQ(namesIn("ai"), Names());
    EXPECT_EQ(namesIn("zarr.json"), Names());
}

TEST(SliceObjectListing, FoldersAreWhatObjectsAreBelow)
{
    const ObjectListing listing(objects);
    VSIStatBufL state;
    EXPECT_TRUE(listing.stat("", state));
    EXPECT_TRUE(VSI_ISDIR(state.st_mode));
    EXPECT_TRUE(listing.stat("air/c", state));
    EXPECT_TRUE(VSI_ISDIR(state.st_mode));
    EXPECT_TRUE(listing.stat("air/c/0/1", state));
    EXPECT_TRUE(VSI_ISREG(state.st_mode));
    EXPECT_EQ(state.st_size, 13);
    for (const char *missing : {"ai", "air/", "air/c/0/", "wind/.zattrs", "x"})
        EXPECT_FALSE(listing.stat(missing, state)) << missing;
    EXPECT_FALSE(ObjectListing({}).isFolder(""));
}

TEST(SliceObjectListing, DocumentsAreFoundWhereverTheyAre)
{
    const ObjectListing listing(objects);
    EXPECT_EQ(listing.documents(10),
              (std::vector<std::string>{"air/zarr.json", "wind/.zarray",
                                        "zarr.json"}));
    EXPECT_EQ(listing.documents(2).size(), 2U);
}

TEST(SliceObjectListing, ItsStateIsThatOfEachObject)
{
    const auto state = ObjectListing(objects).state();
    auto other = objects;
    std::swap(other.front(), other.back());
    EXPECT_EQ(ObjectListing(other).state(), state);
    for (std::size_t i = 0; i < objects.size(); ++i)
    {
        for (int what = 0; what < 5; ++what)
        {
            other = objects;
            if (what == 0)
                other[i].key += "x";
            else if (what == 1)
                ++other[i].size;
            else if (what == 2)
                other[i].version = "other";
            else if (what == 3)
                ++other[i].modified;
            else
                other.erase(other.begin() + static_cast<std::ptrdiff_t>(i));
            EXPECT_NE(ObjectListing(other).state(), state) << i << what;
        }
    }
}

}  // namespace
}  // namespace mdimappend
