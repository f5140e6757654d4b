// Reads of the target that go wrong: wherever its values decide what is stored
// (merging, labels, coordinates, duplicates, the log), what cannot be read must
// not count as empty, equal, or not there.

#include "journal/site.h"
#include "slice/slice_test_support.h"
#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/tree.h"

#include <cstdlib>
#include <filesystem>
#include <functional>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
namespace fs = std::filesystem;

constexpr std::size_t rowsBefore = 3;

/// Else every third call, which is enough for each place that reads.
bool triesAll()
{
    return std::getenv("MDIMAPPEND_ALL_FAULTS") != nullptr;
}

/// What an append from a slice in memory is asked, and what must come of it.
struct Road
{
    std::string name;
    std::size_t first = 0;
    std::size_t count = 0;
    OnDuplicate onDuplicate = OnDuplicate::Identical;
    bool anew = false;
    /// Changes the slice, if anything.
    void (*change)(GDALGroup &) = nullptr;
    bool refused = false;
};

void PrintTo(const Road &road, std::ostream *out)
{
    *out << road.name;
}

void setAll(GDALGroup &root, const char *name, double value)
{
    const auto array = root.OpenMDArray(name);
    std::vector<GUInt64> start;
    std::vector<std::size_t> count;
    std::size_t size = 1;
    for (const auto &dimension : array->GetDimensions())
    {
        start.push_back(0);
        count.push_back(static_cast<std::size_t>(dimension->GetSize()));
        size *= count.back();
    }
    const std::vector<double> values(size, value);
    ASSERT_TRUE(array->Write(start.data(), count.data(), nullptr, nullptr,
                             GDALExtendedDataType::Create(GDT_Float64),
                             values.data()));
}

/// All that an empty chunk would hold.
void emptyData(GDALGroup &root)
{
    setAll(root, "air", -999);
}

void emptyCoordinate(GDALGroup &root)
{
    setAll(root, "x", 0);
}

const std::vector<Road> &roads()
{
    static const std::vector<Road> all = {
        {"Merging", 3, 2},
        {"IdenticalRows", 0, 3},
        {"IdenticalAndNewRows", 1, 4},
        {"ReplacedRows", 0, 3, OnDuplicate::Replace, true},
        {"SkippedRows", 1, 4, OnDuplicate::Skip, true},
        {"DuplicatesAreAnError", 1, 1, OnDuplicate::Error, false, nullptr,
         true},
        {"OtherRows", 0, 3, OnDuplicate::Identical, true, nullptr, true},
        {"EmptyRowsAreOtherRows", 0, 2, OnDuplicate::Identical, false,
         emptyData, true},
        {"LabelsInFront", 1, 1, OnDuplicate::Skip, false,
         [](GDALGroup &root) { setAll(root, "time", 30); }, true},
        {"OtherCoordinates", 3, 2, OnDuplicate::Identical, false,
         emptyCoordinate, true},
    };
    return all;
}

using Case = std::tuple<Road, CubeKind, int>;

std::string nameOf(const testing::TestParamInfo<Case> &tried)
{
    return std::get<0>(tried.param).name + std::get<1>(tried.param).name();
}

class TargetReadFaults : public testing::TestWithParam<Case>
{
  protected:
    TargetReadFaults()
    {
        prepare(m_base / "cube.zarr");
    }

    static const Road &road()
    {
        return std::get<0>(GetParam());
    }

    static const CubeKind &kind()
    {
        return std::get<1>(GetParam());
    }

    static void prepare(const std::string &target)
    {
        const auto report = appendRows(kind(), target, 0, {rowsBefore},
                                       Posix::system(), Durability::Process);
        ASSERT_TRUE(report.status) << report.status.message();
    }

    Report append(Posix &posix)
    {
        const auto rows = rowsAsSlice(road().first, road().count, road().anew);
        if (road().change)
            road().change(*rows->GetRootGroup());
        AppendOptions options;
        options.slices = {{"rows", std::nullopt}};
        options.target = m_target;
        options.onDuplicate = road().onDuplicate;
        options.lockTimeout = Seconds(0);
        options.durability = Durability::Process;
        options.threads = std::get<2>(GetParam());
        Surroundings around;
        around.posix = &posix;
        around.datasets = {rows.get()};
        return mdimappend::append(options, around);
    }

    void restart()
    {
        m_work.clear();
        const auto folder = m_work / std::to_string(++m_try);
        linkTree(m_base.path(), folder);
        m_target = folder + "/cube.zarr";
    }

    Tree store() const
    {
        return readTree(fs::path(m_target).parent_path().string(),
                        ".mdimappend");
    }

    QuietGdal m_quiet;
    ScratchFolder m_base;
    ScratchFolder m_work;
    std::string m_target;
    int m_try = 0;
};

TEST_P(TargetReadFaults, areNeverTakenForEmptyChunks)
{
    restart();
    const Tree before = store();
    FaultPosix clean;
    const auto done = append(clean);
    const Tree after = store();
    ASSERT_EQ(bool(done.status), !road().refused) << done.status.message();
    if (road().refused)
    {
        ASSERT_EQ(done.status.kind(), Failure::Refused);
        ASSERT_EQ(difference(before, after), "");
    }
    int tries = 0;
    for (const char *call : {"read", "open", "lstat", "stat"})
    {
        // Each road begins elsewhere.
        const std::uint64_t step = triesAll() ? 1 : 3;
        Fault fault{Fault::Kind::Once, 0, EIO, call};
        for (fault.at = 1 + road().name.size() % step;; fault.at += step)
        {
            restart();
            FaultPosix posix(fault);
            const auto report = append(posix);
            const auto told =
                describe(fault) + "\nreported: " +
                (report.status ? "success" : report.status.message()) + "\n" +
                posix.trace();
            if (!posix.hit())
                break;
            ++tries;
            if (report.status)
            {
                ASSERT_FALSE(road().refused) << told;
                ASSERT_EQ(difference(after, store()), "") << told;
                continue;
            }
            // A value that was not read is no reason to refuse a slice.
            ASSERT_TRUE(road().refused ||
                        report.status.kind() != Failure::Refused)
                << told;
            FaultPosix again;
            const auto retried = append(again);
            ASSERT_EQ(bool(retried.status), !road().refused)
                << retried.status.message() << "\n"
                << told;
            ASSERT_EQ(difference(after, store()), "") << told;
        }
    }
    RecordProperty("tries", tries);
}

INSTANTIATE_TEST_SUITE_P(
    Of, TargetReadFaults,
    testing::Combine(testing::ValuesIn(roads()),
                     testing::Values(CubeKind{ZarrFormat::V2, false},
                                     CubeKind{ZarrFormat::V3, true}),
                     testing::Values(1)),
    nameOf);

INSTANTIATE_TEST_SUITE_P(
    InThreads, TargetReadFaults,
    testing::Combine(testing::Values(roads()[0], roads()[3]),
                     testing::Values(CubeKind{ZarrFormat::V3, false}),
                     testing::Values(4)),
    nameOf);

class TargetReads : public slice_testing::SliceTest
{
  protected:
    /// Rows without labels, in a file: only the log knows them again.
    void writeUnlabelled(const std::string &name) const
    {
        GDALDatasetUniquePtr dataset(
            slice_testing::driver("netCDF").CreateMultiDimensional(
                path(name).c_str(), nullptr, nullptr));
        const auto root = dataset->GetRootGroup();
        const auto time = root->CreateDimension("time", "", "", 2);
        const auto x = root->CreateDimension("x", "", "", 3);
        slice_testing::fill(*slice_testing::makeArray(*root, "air", {time, x}));
    }

    Report append(const std::string &slice, Posix &posix) const
    {
        AppendOptions options;
        options.slices = {{path(slice), std::nullopt}};
        options.target = path("cube.zarr");
        options.appendDim = "time";
        options.lockTimeout = Seconds(0);
        options.durability = Durability::Process;
        options.threads = 1;
        Surroundings around;
        around.posix = &posix;
        return mdimappend::append(options, around);
    }
};

TEST_F(TargetReads, aLogThatCannotBeReadDoesNotMakeASliceNew)
{
    const QuietGdal quiet;
    writeUnlabelled("a.nc");
    ASSERT_TRUE(append("a.nc", Posix::system()).status);
    const Tree before = readTree(path("cube.zarr"));
    for (const char *call : {"read", "open", "lstat", "stat"})
    {
        Fault fault{Fault::Kind::Once, 0, EIO, call};
        for (fault.at = 1;; ++fault.at)
        {
            FaultPosix posix(fault);
            const auto report = append("a.nc", posix);
            ASSERT_EQ(difference(before, readTree(path("cube.zarr"))), "")
                << describe(fault) << "\n"
                << report.status.message() << posix.trace();
            if (!posix.hit())
                break;
        }
    }
}

TEST_F(TargetReads, aStoreThatCannotBeLookedAtIsNotMadeAnew)
{
    const QuietGdal quiet;
    ASSERT_TRUE(appendRows({}, path("cube.zarr"), 0, {2}).status);
    Fault fault{Fault::Kind::Once, 0, EIO, "stat"};
    for (const std::string target : {"cube.zarr", "cube.zarr/air"})
    {
        const auto expected = locateSite(path(target), "");
        ASSERT_TRUE(expected);
        for (fault.at = 1;; ++fault.at)
        {
            FaultPosix posix(fault);
            const auto site = locateSite(path(target), "", posix);
            if (!posix.hit())
                break;
            // Which of the two documents of a kind is there may not matter.
            ASSERT_TRUE(!site || (site->store() == expected->store() &&
                                  site->exists && !site->foreign))
                << posix.trace();
        }
        EXPECT_GT(fault.at, 8u);
    }
}

TEST_F(TargetReads, anAppendDimensionThatCannotBeReadIsNotGuessed)
{
    const QuietGdal quiet;
    const auto write = [&](const char *name, double first)
    {
        GDALDatasetUniquePtr dataset(
            slice_testing::driver("netCDF").CreateMultiDimensional(
                path(name).c_str(), nullptr, nullptr));
        const auto root = dataset->GetRootGroup();
        const auto time = root->CreateDimension("time", "", "", 2);
        const auto obs = root->CreateDimension("obs", "", "", 2);
        for (const auto &dimension : {time, obs})
            slice_testing::fill(*slice_testing::makeArray(
                                    *root, dimension->GetName(), {dimension}),
                                dimension == time ? first : 0);
        slice_testing::fill(
            *slice_testing::makeArray(*root, "air", {time, obs}));
    };
    write("a.nc", 0);
    write("b.nc", 5);
    AppendOptions options;
    options.slices = {{path("a.nc"), std::nullopt}};
    options.target = path("cube.zarr");
    options.appendDim = "obs";
    options.lockTimeout = Seconds(0);
    options.threads = 1;
    ASSERT_TRUE(mdimappend::append(options).status);
    const Tree before = readTree(path("cube.zarr"));
    // Along `obs` the slice does not fit, along `time` it would. Without the
    // lock a document may be found half written.
    options.appendDim.clear();
    options.slices.front().name = path("b.nc");
    for (const char *document : {"zarr.json", "air/zarr.json"})
    {
        const auto file = path(std::string("cube.zarr/") + document);
        const auto content = fileContent(file);
        writeFile(file, content.substr(0, content.size() / 2));
        FaultPosix posix;
        posix.before = [&](const std::string &call)
        {
            if (call.starts_with("lock "))
                writeFile(file, content);
        };
        Surroundings around;
        around.posix = &posix;
        const auto report = mdimappend::append(options, around);
        ASSERT_FALSE(report.status) << posix.trace();
        EXPECT_NE(report.status.message().find("append dimension"),
                  std::string::npos)
            << report.status.message();
        ASSERT_EQ(difference(before, readTree(path("cube.zarr"))), "");
    }
}

TEST_F(TargetReads, anArrayWhoseDocumentIsDamagedIsNotLeftBehind)
{
    const QuietGdal quiet;
    const CubeKind kind{ZarrFormat::V3, false};
    ASSERT_TRUE(appendRows(kind, path("cube.zarr"), 0, {2}).status);
    const auto document = path("cube.zarr/air/zarr.json");
    writeFile(document, fileContent(document).substr(0, 50));
    const Tree before = readTree(path("cube.zarr"));
    const auto report = appendRows(kind, path("cube.zarr"), 2, {1});
    ASSERT_FALSE(report.status);
    EXPECT_NE(report.status.message().find("air/zarr.json"), std::string::npos)
        << report.status.message();
    EXPECT_EQ(difference(before, readTree(path("cube.zarr"))), "");
}

}  // namespace
}  // namespace mdimappend
