// Waiting for slices that are on their way.

#include "slice/slice_name.h"
#include "slice/slice_test_support.h"
#include "slice/slice_wait.h"

#include <gmock/gmock.h>

#include <atomic>
#include <cpl_vsi.h>
#include <thread>

namespace mdimappend
{
namespace
{

Result<std::unique_ptr<Slice>> openWhenComplete(const SliceRequest &request,
                                                const WaitRequest &wait,
                                                Sightings *seen = nullptr)
{
    std::unique_ptr<Slice> slice;
    const auto open = [&]() -> Status
    {
        MDIMAPPEND_ASSIGN(slice, Slice::open(request));
        return Status::ok();
    };
    MDIMAPPEND_RETURN_IF_ERROR(
        mdimappend::openWhenComplete(request, wait, open, seen));
    return slice;
}

using namespace slice_testing;

using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

using Clock = Sightings::Clock;
using Seconds = WaitRequest::Seconds;

namespace fs = std::filesystem;

class SliceWaited : public SliceTest
{
  protected:
    /// Called at each look, and while waiting for the next one: where tests
    /// let things happen.
    std::function<void()> meanwhile = [] {};
    int calls = 0;

    void SetUp() override
    {
        SliceTest::SetUp();
        writeNetcdf("whole.nc");
    }

    void writeNetcdf(const std::string &name, double first = 0)
    {
        GDALDatasetUniquePtr dataset(driver("netCDF").CreateMultiDimensional(
            path(name).c_str(), nullptr, nullptr));
        const auto root = dataset->GetRootGroup();
        const auto time = root->CreateDimension("time", "", "", 2);
        const auto x = root->CreateDimension("x", "", "", 5000);
        const auto array = makeArray(*root, "time", {time});
        array->SetUnit("days since 2000-01-01");
        fill(*array);
        fill(*makeArray(*root, "a", {time, x}), first);
    }

    std::string bytesOf(const std::string &name) const
    {
        std::ifstream file(folder / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

    SliceRequest request(const std::string &name) const
    {
        SliceRequest asked;
        asked.name = path(name);
        return asked;
    }

    WaitRequest wait(std::optional<double> timeout, double interval = 0.05)
    {
        WaitRequest asked;
        if (timeout)
            asked.timeout = Seconds(*timeout);
        asked.pollInterval = Seconds(interval);
        asked.cancelled = [this]
        {
            ++calls;
            meanwhile();
            return false;
        };
        return asked;
    }

    /// At the n-th call of meanwhile.
    void at(int number, const std::function<void()> &happens)
    {
        meanwhile = [this, number, happens]
        {
            if (calls == number)
                happens();
        };
    }

    std::unique_ptr<Slice> mustCome(const SliceRequest &asked,
                                    const WaitRequest &how)
    {
        auto slice = openWhenComplete(asked, how);
        if (!slice)
            throw std::runtime_error(slice.status().message());
        return std::move(*slice);
    }

    std::string failure(const SliceRequest &asked, const WaitRequest &how,
                        Failure kind = Failure::Unavailable)
    {
        const auto slice = openWhenComplete(asked, how);
        if (slice)
            return "";
        EXPECT_EQ(slice.status().kind(), kind);
        return slice.status().message();
    }

    /// A Zarr store of two chunks, without them.
    void writeZarr(const std::string &name)
    {
        write(name + "/.zgroup", R"({"zarr_format": 2})");
        write(name + "/a/.zattrs", R"({"_ARRAY_DIMENSIONS": ["time"]})");
        write(name + "/a/.zarray", R"({"zarr_format": 2, "shape": [4],
  "chunks": [1], "dtype": "|u1", "fill_value": 0, "order": "C",
  "compressor": null, "filters": null})");
    }
};

TEST_F(SliceWaited, thatWasThereAllAlongCostsOnePollInterval)
{
    const auto started = Clock::now();
    EXPECT_EQ(mustCome(request("whole.nc"), wait(0, 0.1))->size(), 2u);
    EXPECT_GE(Clock::now() - started, Seconds(0.1));
}

TEST_F(SliceWaited, thatWasLookedAtBeforeCostsNothing)
{
    Sightings seen;
    seen.look(request("whole.nc"));
    std::this_thread::sleep_for(Seconds(0.2));
    EXPECT_TRUE(openWhenComplete(request("whole.nc"), wait(0, 0.2), &seen));
    EXPECT_EQ(calls, 1);
    writeNetcdf("whole.nc", 5);
    EXPECT_TRUE(openWhenComplete(request("whole.nc"), wait(0, 0.2), &seen));
    EXPECT_GT(calls, 2);
}

TEST_F(SliceWaited, comesWhenItAppears)
{
    at(4, [&] { fs::rename(folder / "whole.nc", folder / "a.nc"); });
    EXPECT_EQ(mustCome(request("a.nc"), wait({}))->size(), 2u);
    EXPECT_GT(calls, 4);
}

TEST_F(SliceWaited, comesWhenAnotherThreadHasWrittenAllOfIt)
{
    const std::string bytes = bytesOf("whole.nc");
    std::thread writer(
        [&]
        {
            std::ofstream file(folder / "a.nc", std::ios::binary);
            const std::size_t piece = bytes.size() / 20 + 1;
            for (std::size_t i = 0; i < bytes.size(); i += piece)
            {
                file << bytes.substr(i, piece) << std::flush;
                std::this_thread::sleep_for(Seconds(0.02));
            }
        });
    const auto slice = mustCome(request("a.nc"), wait({}, 0.1));
    EXPECT_EQ(fs::file_size(folder / "a.nc"), bytes.size());
    EXPECT_EQ(valuesOf(*slice, "a").back(), 9999);
    writer.join();
}

TEST_F(SliceWaited, comesWhenATruncatedFileBecomesWhole)
{
    const std::string bytes = bytesOf("whole.nc");
    write("a.nc", bytes.substr(0, bytes.size() / 2));
    at(12, [&] { write("a.nc", bytes); });
    EXPECT_EQ(valuesOf(*mustCome(request("a.nc"), wait({}, 0.02)), "a").back(),
              9999);
    EXPECT_GT(calls, 12);
}

TEST_F(SliceWaited, comesInItsLastFormIfItVanishesAndIsReplaced)
{
    fs::copy_file(folder / "whole.nc", folder / "a.nc");
    writeNetcdf("other.nc", 1);
    meanwhile = [&]
    {
        if (calls == 2)
            fs::remove(folder / "a.nc");
        if (calls == 5)
            fs::rename(folder / "other.nc", folder / "a.nc");
    };
    EXPECT_EQ(valuesOf(*mustCome(request("a.nc"), wait({}, 0.2)), "a").front(),
              1);
}

TEST_F(SliceWaited, folderIsCompleteWhenAllBelowItHoldsStill)
{
    writeZarr("a.zarr");
    meanwhile = [&]
    {
        if (calls % 2 == 0 && calls <= 8)
            write("a.zarr/a/" + std::to_string(calls / 2 - 1), "\7");
    };
    const auto slice = mustCome(request("a.zarr/"), wait({}, 0.5));
    EXPECT_THAT(valuesOf(*slice, "a"), Each(7));
}

TEST_F(SliceWaited, fileInAnArchiveIsCompleteWhenTheArchiveIs)
{
    const std::string member = "/vsizip/" + path("a.zip") + "/a.nc";
    ASSERT_EQ(CPLCopyFile(member.c_str(), path("whole.nc").c_str()), 0);
    const std::string bytes = bytesOf("a.zip");
    fs::remove(folder / "a.zip");
    SliceRequest asked;
    asked.name = member;
    std::size_t written = 0;
    meanwhile = [&]
    {
        if (written == bytes.size())
            return;
        const std::size_t piece =
            std::min(bytes.size() / 4 + 1, bytes.size() - written);
        std::ofstream(folder / "a.zip", std::ios::binary | std::ios::app)
            << bytes.substr(written, piece);
        written += piece;
    };
    EXPECT_EQ(valuesOf(*mustCome(asked, wait({}, 0.3)), "a").back(), 9999);

    WaitRequest how = wait(0);
    how.readySuffix = ".ok";
    EXPECT_THAT(failure(asked, how), HasSubstr("a.zip.ok' does not exist"));
    write("a.zip.ok", "");
    EXPECT_TRUE(openWhenComplete(asked, how));
}

TEST_F(SliceWaited, fileInASubdatasetNameIsLookedAt)
{
    SliceRequest asked;
    asked.name = "NETCDF:\"" + path("a.nc") + "\":a";
    EXPECT_THAT(failure(asked, wait(0)), HasSubstr("does not exist"));
    at(4, [&] { fs::rename(folder / "whole.nc", folder / "a.nc"); });
    calls = 0;
    EXPECT_NE(find(*mustCome(asked, wait({})), "a"), nullptr);
    WaitRequest how = wait(0);
    how.readySuffix = ".ok";
    EXPECT_THAT(failure(asked, how), HasSubstr("a.nc.ok' does not exist"));
}

TEST_F(SliceWaited, filesOfNames)
{
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"a.nc", "a.nc"},
        {"/x/a.zarr//", "/x/a.zarr"},
        {"2020-01-01T00:00.nc", "2020-01-01T00:00.nc"},
        {"s3://bucket/a.nc", "/vsis3/bucket/a.nc"},
        {"NETCDF:\"a b.nc\":sst", "a b.nc"},
        {"NETCDF:a.nc:sst", "a.nc"},
        {"NETCDF:\"s3://bucket/a.nc\":sst", "/vsis3/bucket/a.nc"},
        {"HDF5:\"a.h5\"://group/sst", "a.h5"},
        {"ZARR:\"/vsicurl/https://example.org/a.zarr\"",
         "/vsicurl/https://example.org/a.zarr"},
        {"ZARR:/x/a.zarr", "/x/a.zarr"},
        {"vrt:///x/a.tif?bands=1", "vrt:///x/a.tif?bands=1"}};
    for (const auto &[name, file] : cases)
        EXPECT_EQ(fileOf(name), file) << name;
    const std::string content = "MEM:\"" + std::string(1 << 20, 'x') + "\"";
    EXPECT_EQ(fileOf(content), content);
}

TEST_F(SliceWaited, archivesOfFiles)
{
    const std::vector<std::pair<std::string, std::string>> cases = {
        {"/x/a.zip", ""},
        {"/vsizip/a.zip/b/c.nc", "a.zip"},
        {"/vsizip//x/a.zip", "/x/a.zip"},
        {"/vsizip/{/x/a}/b.nc", "/x/a"},
        {"/vsigzip//x/a.nc.gz", "/x/a.nc.gz"},
        {"/vsitar//x/a.tar.gz/b.nc", "/x/a.tar.gz"},
        {"/vsizip//vsizip/a.zip/b.zip/c.nc", "a.zip"},
        {"/vsizip/vsicurl/https://x.org/a.zip/b.nc",
         "/vsicurl/https://x.org/a.zip"}};
    for (const auto &[file, archive] : cases)
        EXPECT_EQ(archiveOf(file), archive) << file;
}

TEST_F(SliceWaited, namesThatAreNoFilesAreOpened)
{
    SliceRequest asked;
    asked.name = "vrt://" + path("a.tif") + "?bands=1";
    asked.label = "2020-01-01";
    driver("GTiff")
        .Create(path("b.tif").c_str(), 3, 2, 1, GDT_UInt8, nullptr)
        ->ReleaseRef();
    EXPECT_THAT(failure(asked, wait(0)), HasSubstr("a.tif"));
    at(calls + 4, [&] { fs::rename(folder / "b.tif", folder / "a.tif"); });
    EXPECT_TRUE(openWhenComplete(asked, wait({}, 0.02)));
}

TEST_F(SliceWaited, memoryFilesAreWaitedForLikeOthers)
{
    SliceRequest asked;
    asked.name = "/vsimem/mdimappend_wait/a.nc";
    EXPECT_THAT(failure(asked, wait(0)), HasSubstr("cannot be opened"));
    at(calls + 4,
       [&] { CPLCopyFile(asked.name.c_str(), path("whole.nc").c_str()); });
    EXPECT_TRUE(openWhenComplete(asked, wait({})));
    VSIUnlink(asked.name.c_str());
}

TEST_F(SliceWaited, companionSaysThatASliceIsComplete)
{
    WaitRequest how = wait({}, 0.02);
    how.readySuffix = ".ok";
    at(6, [&] { write("whole.nc.ok", ""); });
    EXPECT_TRUE(openWhenComplete(request("whole.nc"), how));
    EXPECT_GT(calls, 6);

    // No stillness is needed then.
    calls = 0;
    how.pollInterval = Seconds(60);
    EXPECT_TRUE(openWhenComplete(request("whole.nc"), how));
    EXPECT_EQ(calls, 1);
}

TEST_F(SliceWaited, companionOfAFolderIsBesideIt)
{
    writeZarr("a.zarr");
    write("a.zarr.done", "");
    WaitRequest how = wait(0);
    how.readySuffix = ".done";
    EXPECT_TRUE(openWhenComplete(request("a.zarr/"), how));
}

TEST_F(SliceWaited, companionAloneIsNotEnough)
{
    write("a.nc.ok", "");
    WaitRequest how = wait(0);
    how.readySuffix = ".ok";
    EXPECT_THAT(failure(request("a.nc"), how), HasSubstr("does not exist"));
    write("a.nc", bytesOf("whole.nc").substr(0, 1000));
    EXPECT_THAT(failure(request("a.nc"), how), HasSubstr("cannot be opened"));
}

TEST_F(SliceWaited, missingWhenTheTimeIsUp)
{
    EXPECT_EQ(failure(request("a.nc"), wait(0, 60)),
              "slice '" + path("a.nc") +
                  "' does not exist. Nothing was written. Waited 0.0 s for "
                  "it.");
    const auto started = Clock::now();
    EXPECT_THAT(failure(request("a.nc"), wait(0.2, 60)),
                HasSubstr("does not exist"));
    EXPECT_GE(Clock::now() - started, Seconds(0.2));
}

TEST_F(SliceWaited, danglingLinkIsNamed)
{
    fs::create_symlink("elsewhere.nc", folder / "a.nc");
    EXPECT_THAT(failure(request("a.nc"), wait(0)),
                HasSubstr("does not exist (it is a link to 'elsewhere.nc')"));
    at(calls + 3,
       [&] { fs::rename(folder / "whole.nc", folder / "elsewhere.nc"); });
    EXPECT_TRUE(openWhenComplete(request("a.nc"), wait({})));
}

TEST_F(SliceWaited, stillGrowingWhenTheTimeIsUp)
{
    fs::copy_file(folder / "whole.nc", folder / "a.nc");
    meanwhile = [&]
    { std::ofstream(folder / "a.nc", std::ios::app) << "more"; };
    const std::string why = failure(request("a.nc"), wait(0.3, 0.2));
    EXPECT_THAT(why, AllOf(HasSubstr("is still changing, "),
                           HasSubstr(" bytes so far: the last change was "),
                           HasSubstr("Nothing was written. Waited 0.")));
}

TEST_F(SliceWaited, unreadableWhenTheTimeIsUp)
{
    write("a.nc", bytesOf("whole.nc").substr(0, 1000));
    EXPECT_THAT(failure(request("a.nc"), wait(0.1, 0.02)),
                AllOf(HasSubstr("cannot be opened"), HasSubstr("incomplete"),
                      HasSubstr("Waited 0.")));
}

TEST_F(SliceWaited, refusalsAreNotWaitedFor)
{
    SliceRequest asked = request("whole.nc");
    asked.arrays = {"none"};
    EXPECT_THAT(
        failure(asked, wait({}), Failure::Refused),
        AllOf(HasSubstr("has no array 'none'"), Not(HasSubstr("Waited "))));
    asked.config = {"nonsense"};
    EXPECT_THAT(failure(asked, wait({}), Failure::Usage),
                StartsWith("--slice-config"));
}

TEST_F(SliceWaited, interruptedAtOnce)
{
    std::atomic<bool> stop = false;
    WaitRequest how = wait({}, 1e9);
    how.cancelled = [&] { return stop.load(); };
    std::thread stopper(
        [&]
        {
            std::this_thread::sleep_for(Seconds(0.05));
            stop = true;
        });
    const auto started = Clock::now();
    EXPECT_THAT(failure(request("a.nc"), how, Failure::Interrupted),
                HasSubstr("interrupted while waiting for slice '"));
    EXPECT_LT(Clock::now() - started, Seconds(10));
    stopper.join();
}

TEST_F(SliceWaited, openDatasetsAreTakenAsTheyAre)
{
    GDALDatasetUniquePtr raster(
        driver("MEM").Create("", 3, 2, 1, GDT_UInt8, nullptr));
    SliceRequest asked;
    asked.dataset = raster.get();
    asked.label = "2020-01-01";
    EXPECT_TRUE(openWhenComplete(asked, wait(0, 60)));
    EXPECT_EQ(calls, 0);
}

}  // namespace
}  // namespace mdimappend
