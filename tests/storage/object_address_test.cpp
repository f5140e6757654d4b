// Where object stores are.

#include "storage/object_address.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

TEST(ObjectAddress, aPathAndAUriNameTheSame)
{
    for (const char *text :
         {"/vsis3/bucket/a/cube.zarr", "s3://bucket/a/cube.zarr",
          "s3://bucket/a/cube.zarr/"})
    {
        const auto address = parseObjectAddress(text);
        ASSERT_TRUE(address) << text;
        EXPECT_EQ(address->kind, StoreKind::S3) << text;
        EXPECT_EQ(address->bucket, "bucket") << text;
        EXPECT_EQ(address->key, "a/cube.zarr") << text;
        EXPECT_EQ(address->path(), "/vsis3/bucket/a/cube.zarr") << text;
    }
    EXPECT_EQ(parseObjectAddress("gs://b/c")->kind, StoreKind::Gcs);
    EXPECT_EQ(parseObjectAddress("/vsiaz/b/c")->kind, StoreKind::Azure);
}

TEST(ObjectAddress, otherPlacesAreNoObjectStores)
{
    for (const char *text :
         {"cube.zarr", "/data/cube.zarr", "/vsimem/cube.zarr", "/vsioss/b/c",
          "https://example.com/c"})
        EXPECT_FALSE(parseObjectAddress(text)) << text;
}

}  // namespace
}  // namespace mdimappend
