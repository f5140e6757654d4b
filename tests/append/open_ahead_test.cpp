// The next slice is opened while one is written. What becomes of its file
// meanwhile must make no difference.

#include "append/append.h"
#include "slice/slice_test_support.h"
#include "support/fault_posix.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace mdimappend
{
namespace
{

using namespace slice_testing;

using protocol_testing::FaultPosix;

using testing::HasSubstr;

namespace fs = std::filesystem;

class AppendAhead : public SliceTest
{
  protected:
    void SetUp() override
    {
        SliceTest::SetUp();
        writeDay("first.nc", 0, 100);
        writeDay("second.nc", 1, 200);
    }

    /// A day's `a`: 5000 values from `value` on.
    void writeDay(const std::string &name, double day, double value) const
    {
        GDALDatasetUniquePtr dataset(driver("netCDF").CreateMultiDimensional(
            path(name).c_str(), nullptr, nullptr));
        const auto root = dataset->GetRootGroup();
        const auto time = root->CreateDimension("time", "", "", 1);
        const auto x = root->CreateDimension("x", "", "", 5000);
        const auto labels = makeArray(*root, "time", {time});
        labels->SetUnit("days since 2000-01-01");
        fill(*labels, day);
        fill(*makeArray(*root, "a", {time, x}), value);
    }

    /// Appends both; when the first one is about to be decided, the second is
    /// open already, and `act` happens.
    Report appendWhile(const std::function<void()> &act,
                       const std::function<void(AppendOptions &)> &adjust = {})
    {
        FaultPosix posix;
        posix.before = [&](const std::string &call)
        {
            if (!call.starts_with("link "))
                return;
            const auto now = std::exchange(posix.before, nullptr);
            // Nothing tells when it is open, and nothing else waits for it.
            std::this_thread::sleep_for(std::chrono::milliseconds(200));
            act();
        };
        AppendOptions options;
        options.slices = {{path("first.nc"), {}}, {path("second.nc"), {}}};
        options.target = path("cube.zarr");
        options.threads = 2;
        Surroundings around;
        around.posix = &posix;
        if (adjust)
            adjust(options);
        auto report = append(options, around);
        EXPECT_FALSE(posix.before) << "no append was decided";
        return report;
    }

    /// The first value of each day, by GDAL's own driver.
    std::vector<double> firstValues() const
    {
        const GDALDatasetUniquePtr dataset(GDALDataset::Open(
            path("cube.zarr").c_str(), GDAL_OF_MULTIDIM_RASTER));
        const auto array = dataset->GetRootGroup()->OpenMDArray("a");
        const auto days = array->GetDimensions()[0]->GetSize();
        std::vector<double> values(days);
        const GUInt64 start[] = {0, 0};
        const std::size_t count[] = {static_cast<std::size_t>(days), 1};
        EXPECT_TRUE(array->Read(start, count, nullptr, nullptr,
                                GDALExtendedDataType::Create(GDT_Float64),
                                values.data()));
        return values;
    }
};

TEST_F(AppendAhead, aSliceThatStaysAsItIs)
{
    const auto report = appendWhile([] {});
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(firstValues(), (std::vector<double>{100, 200}));
}

TEST_F(AppendAhead, aSliceThatIsReplacedIsReadAsItIsAtItsTurn)
{
    const auto report = appendWhile(
        [&]
        {
            writeDay("other.nc", 1, 300);
            fs::rename(path("other.nc"), path("second.nc"));
        });
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(firstValues(), (std::vector<double>{100, 300}));
}

TEST_F(AppendAhead, aSliceThatComesInTimeForItsTurn)
{
    fs::rename(path("second.nc"), path("later.nc"));
    const auto report =
        appendWhile([&] { fs::rename(path("later.nc"), path("second.nc")); });
    ASSERT_TRUE(report.status) << report.status.message();
    EXPECT_EQ(firstValues(), (std::vector<double>{100, 200}));
}

TEST_F(AppendAhead, aSliceThatGoesIsMissedAtItsTurn)
{
    const auto report = appendWhile([&] { fs::remove(path("second.nc")); });
    EXPECT_EQ(report.status.kind(), Failure::Unavailable);
    EXPECT_THAT(report.status.message(), HasSubstr("second.nc"));
    EXPECT_EQ(firstValues(), std::vector<double>{100});
}

TEST_F(AppendAhead, aSliceAfterOneThatFailsIsNotTried)
{
    const auto report =
        appendWhile([] {},
                    [&](AppendOptions &options)
                    {
                        options.slices.insert(options.slices.begin() + 1,
                                              {path("missing.nc"), {}});
                    });
    EXPECT_EQ(report.status.kind(), Failure::Unavailable);
    ASSERT_EQ(report.slices.size(), 2u);
    EXPECT_EQ(firstValues(), std::vector<double>{100});
}

}  // namespace
}  // namespace mdimappend
