// GDAL configuration that holds for the slice only.

#include "slice/slice_config.h"
#include "slice/slice_test_support.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using testing::HasSubstr;

/// A file system that tells what its calls found configured.
struct Calls
{
    std::atomic<int> configured{0};
    std::atomic<int> other{0};
};

Calls calls;

constexpr const char *mount = "/vsimdimappendconfigtest/";

void record()
{
    const char *value = CPLGetConfigOption("MDIMAPPEND_TEST_CREDENTIAL", "");
    ++(std::string_view(value) == "a=b" ? calls.configured : calls.other);
}

int statFile(void *, const char *name, VSIStatBufL *state, int)
{
    record();
    return VSIStatL((std::string("/") + name).c_str(), state);
}

void *openFile(void *, const char *name, const char *)
{
    record();
    return VSIFOpenL((std::string("/") + name).c_str(), "rb");
}

vsi_l_offset tell(void *file)
{
    return VSIFTellL(static_cast<VSILFILE *>(file));
}

int seek(void *file, vsi_l_offset offset, int whence)
{
    return VSIFSeekL(static_cast<VSILFILE *>(file), offset, whence);
}

std::size_t readFile(void *file, void *buffer, std::size_t size,
                     std::size_t count)
{
    record();
    return VSIFReadL(buffer, size, count, static_cast<VSILFILE *>(file));
}

int isAtEnd(void *file)
{
    return VSIFEofL(static_cast<VSILFILE *>(file));
}

int closeFile(void *file)
{
    return VSIFCloseL(static_cast<VSILFILE *>(file));
}

class SliceConfig : public SliceTest
{
  protected:
    static void SetUpTestSuite()
    {
        auto *callbacks = VSIAllocFilesystemPluginCallbacksStruct();
        callbacks->stat = statFile;
        callbacks->open = openFile;
        callbacks->tell = tell;
        callbacks->seek = seek;
        callbacks->read = readFile;
        callbacks->eof = isAtEnd;
        callbacks->close = closeFile;
        VSIInstallPluginHandler(mount, callbacks);
        VSIFreeFilesystemPluginCallbacksStruct(callbacks);
    }

    SliceRequest request(std::vector<std::string> config)
    {
        GDALDatasetUniquePtr raster(driver("GTiff").Create(
            path("a.tif").c_str(), 300, 200, 1, GDT_UInt16, nullptr));
        raster->GetRasterBand(1)->Fill(7);
        raster.reset();
        SliceRequest asked;
        asked.name = mount + path("a.tif").substr(1);
        asked.label = "2020-01-01";
        asked.config = std::move(config);
        calls.configured = calls.other = 0;
        return asked;
    }
};

TEST_F(SliceConfig, holdsWhenTheSliceIsOpenedLookedAtAndRead)
{
    const auto slice = mustOpen(request({"MDIMAPPEND_TEST_CREDENTIAL=a=b"}));
    const int opened = calls.configured;
    EXPECT_GT(opened, 0);
    EXPECT_FALSE(slice->fingerprint().empty());
    const int looked = calls.configured;
    EXPECT_GT(looked, opened);
    std::vector<double> values;
    std::thread([&] { values = valuesOf(*slice, "band1"); }).join();
    EXPECT_EQ(values.back(), 7);
    EXPECT_GT(calls.configured, looked + 1);
    EXPECT_EQ(calls.other, 0);
}

TEST_F(SliceConfig, holdsAtNoOtherTime)
{
    CPLSetThreadLocalConfigOption("MDIMAPPEND_TEST_CREDENTIAL", "mine");
    const auto slice = mustOpen(request(
        {"MDIMAPPEND_TEST_CREDENTIAL=a=c", "mdimappend_test_credential=a=b"}));
    EXPECT_STREQ(CPLGetConfigOption("MDIMAPPEND_TEST_CREDENTIAL", ""), "mine");
    const auto reader = slice->reader();
    ASSERT_TRUE(reader);
    EXPECT_STREQ(CPLGetConfigOption("MDIMAPPEND_TEST_CREDENTIAL", ""), "mine");
    CPLSetThreadLocalConfigOption("MDIMAPPEND_TEST_CREDENTIAL", nullptr);
    EXPECT_EQ(calls.other, 0);
}

TEST_F(SliceConfig, ofAnotherFormIsWrongUsage)
{
    for (const char *bad : {"", "KEY", "=VALUE"})
    {
        const auto slice = Slice::open(request({bad}));
        ASSERT_FALSE(slice) << bad;
        EXPECT_EQ(slice.status().kind(), Failure::Usage);
        EXPECT_THAT(slice.status().message(),
                    HasSubstr("is not of the form KEY=VALUE"));
    }
    EXPECT_TRUE(parseConfig({"KEY="}));
}

}  // namespace
}  // namespace mdimappend
