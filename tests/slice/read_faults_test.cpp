// Reads of a slice that go wrong: the n-th operation on its files fails, for
// n = 1, 2, ... until none is hit. An append from it is then reported as failed
// and leaves the target as it was, or succeeds and has stored what an append
// without a fault stores, byte for byte.
//
// Of each kind of fault some places are tried; all of them with
// MDIMAPPEND_ALL_FAULTS=1 in the environment.

#include "append/append.h"
#include "slice/slice_test_support.h"
#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/fault_vsi.h"
#include "support/tree.h"

#include <cpl_vsi.h>
#include <gdal_utils.h>
#include <ogr_spatialref.h>

#include <algorithm>
#include <cstdlib>
#include <set>

namespace mdimappend
{
namespace
{

using namespace read_testing;
using protocol_testing::difference;
using protocol_testing::linkTree;
using protocol_testing::QuietGdal;
using protocol_testing::readTree;
using protocol_testing::ScratchFolder;
using protocol_testing::Tree;
namespace fs = std::filesystem;
using Kind = ReadFault::Kind;

constexpr std::size_t rows = 2;
constexpr std::size_t height = 8;
constexpr std::size_t width = 8;

/// A kind of slice.
struct Format
{
    std::string name;
    std::string driver;
    std::string file;
    std::vector<std::string> options{};
    std::string openWith{};
    bool zipped = false;
    /// Whether a chunk whose bytes have changed is found.
    bool checksums = false;
};

void PrintTo(const Format &format, std::ostream *out)
{
    *out << format.name;
}

std::vector<std::string> zarr(const std::string &version,
                              const std::string &codec, bool consolidated,
                              bool sharded = false)
{
    std::vector<std::string> options = {
        "FORMAT=ZARR_" + version,
        std::string("CREATE_CONSOLIDATED_METADATA=") +
            (consolidated ? "YES" : "NO"),
        "ARRAY:COMPRESS=" + codec};
    if (sharded)
        options.insert(options.end(),
                       {"ARRAY:IF(NAME=air):BLOCKSIZE=1,8,8",
                        "ARRAY:IF(NAME=air):SHARD_CHUNK_SHAPE=1,4,4"});
    else
        options.push_back("ARRAY:IF(NAME=air):BLOCKSIZE=1,4,4");
    return options;
}

bool triesAll()
{
    return std::getenv("MDIMAPPEND_ALL_FAULTS") != nullptr;
}

const std::vector<Format> &formats()
{
    static const std::vector<Format> all = {
        {"NetCDF3", "netCDF", "s.nc", {"FORMAT=NC"}},
        {"NetCDF4",
         "netCDF",
         "s.nc",
         {"FORMAT=NC4", "ARRAY:IF(NAME=air):BLOCKSIZE=1,4,4"}},
        {"NetCDF4Deflate",
         "netCDF",
         "s.nc",
         {"FORMAT=NC4", "ARRAY:COMPRESS=DEFLATE",
          "ARRAY:IF(NAME=air):BLOCKSIZE=1,4,4"}},
        {"HDF5",
         "netCDF",
         "s.nc",
         {"FORMAT=NC4", "ARRAY:COMPRESS=DEFLATE", "ARRAY:CHECKSUM=YES",
          "ARRAY:IF(NAME=air):BLOCKSIZE=1,4,4"},
         "HDF5"},
        {"GeoTiff", "GTiff", "s.tif", {"BLOCKYSIZE=2"}},
        {"GeoTiffDeflate", "GTiff", "s.tif", {"COMPRESS=DEFLATE", "TILED=NO"}},
        {"GeoTiffSidecar", "GTiff", "s.tif", {"PROFILE=BASELINE"}},
        {"Grib2", "GRIB", "s.grb2", {}},
        {"ZarrV2", "Zarr", "s.zarr", zarr("V2", "ZLIB", true), "", false, true},
        {"ZarrV2Plain", "Zarr", "s.zarr", zarr("V2", "NONE", false)},
        {"ZarrV3", "Zarr", "s.zarr", zarr("V3", "ZSTD", true)},
        {"ZarrV3Plain", "Zarr", "s.zarr", zarr("V3", "NONE", false)},
        {"ZarrV3Sharded", "Zarr", "s.zarr", zarr("V3", "NONE", true, true)},
        {"ZarrV3ShardedPlain", "Zarr", "s.zarr",
         zarr("V3", "GZIP", false, true), "", false, true},
        {"ZarrV2Zipped", "Zarr", "s.zarr", zarr("V2", "NONE", false), "", true},
        {"ZarrV3Zipped", "Zarr", "s.zarr", zarr("V3", "ZSTD", true), "", true},
    };
    return all;
}

using slice_testing::driver;

/// Rows of an endless cube.
GDALDatasetUniquePtr cubeInMemory(std::size_t first)
{
    GDALDatasetUniquePtr dataset(
        driver("MEM").CreateMultiDimensional("rows", nullptr, nullptr));
    const auto root = dataset->GetRootGroup();
    const auto time =
        root->CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", rows);
    const auto y = root->CreateDimension("y", "", "", height);
    const auto x = root->CreateDimension("x", "", "", width);
    const auto make =
        [&](const char *name, const auto &dimensions, double start)
    {
        const auto array = slice_testing::makeArray(*root, name, dimensions);
        slice_testing::fill(*array, start);
        return array;
    };
    using slice_testing::Dimensions;
    const auto start = static_cast<double>(first);
    const auto labels = make("time", Dimensions{time}, start);
    labels->SetUnit("days since 2000-01-01");
    time->SetIndexingVariable(labels);
    y->SetIndexingVariable(make("y", Dimensions{y}, 50));
    x->SetIndexingVariable(make("x", Dimensions{x}, 7));
    const auto air = make("air", Dimensions{time, y, x}, 1000 * (start + 1));
    air->SetNoDataValue(-999);
    slice_testing::setText(*air, "standard_name", "air_temperature");
    return dataset;
}

/// One instant of it.
GDALDatasetUniquePtr rasterInMemory(std::size_t first, bool asGrib)
{
    GDALDatasetUniquePtr dataset(
        driver("MEM").Create("", width, height, 1, GDT_Float32, nullptr));
    dataset->SetGeoTransform(GDALGeoTransform(7, 1, 0, 58, 0, -1));
    OGRSpatialReference crs;
    crs.importFromEPSG(4326);
    dataset->SetSpatialRef(&crs);
    auto *band = dataset->GetRasterBand(1);
    const auto day = CPLSPrintf("%02d", static_cast<int>(first) + 1);
    if (asGrib)
        band->SetMetadataItem(
            "GRIB_IDS",
            (std::string("CENTER=98 REF_TIME=2000-01-") + day + "T00:00:00Z")
                .c_str());
    else
    {
        band->SetDescription("air");
        band->SetNoDataValue(-999);
    }
    std::vector<float> values(width * height);
    std::iota(values.begin(), values.end(),
              1000.0F * static_cast<float>(first + 1));
    EXPECT_EQ(band->RasterIO(GF_Write, 0, 0, width, height, values.data(),
                             width, height, GDT_Float32, 0, 0, nullptr),
              CE_None);
    return dataset;
}

void zip(const std::string &folder, const std::string &archive)
{
    void *zipped = CPLCreateZip(archive.c_str(), nullptr);
    for (const auto &entry : fs::recursive_directory_iterator(folder))
        if (entry.is_regular_file())
        {
            ASSERT_EQ(CPLAddFileInZip(
                          zipped,
                          fs::relative(entry.path(), folder).string().c_str(),
                          entry.path().string().c_str(), nullptr, nullptr,
                          nullptr, nullptr),
                      CE_None);
        }
    CPLCloseZip(zipped);
}

/// Makes a slice at `folder`, and says its local file.
std::string makeSlice(const Format &format, const std::string &folder,
                      std::size_t first)
{
    fs::create_directories(folder);
    const std::string file = folder + "/" + format.file;
    CPLStringList options;
    for (const auto &option : format.options)
        options.AddString(option.c_str());
    if (format.driver == "GTiff" || format.driver == "GRIB")
    {
        const auto raster = rasterInMemory(first, format.driver == "GRIB");
        EXPECT_NE(GDALDatasetUniquePtr(
                      driver(format.driver.c_str())
                          .CreateCopy(file.c_str(), raster.get(), false,
                                      options.List(), nullptr, nullptr)),
                  nullptr);
        return file;
    }
    CPLStringList arguments;
    arguments.AddString("-of");
    arguments.AddString(format.driver.c_str());
    for (const char *option : options)
    {
        arguments.AddString("-co");
        arguments.AddString(option);
    }
    const auto cube = cubeInMemory(first);
    auto *translation =
        GDALMultiDimTranslateOptionsNew(arguments.List(), nullptr);
    GDALDatasetH source = GDALDataset::ToHandle(cube.get());
    GDALDatasetUniquePtr made(GDALDataset::FromHandle(GDALMultiDimTranslate(
        file.c_str(), nullptr, 1, &source, translation, nullptr)));
    GDALMultiDimTranslateOptionsFree(translation);
    EXPECT_NE(made, nullptr) << CPLGetLastErrorMsg();
    made.reset();
    if (!format.zipped)
        return file;
    zip(file, file + ".zip");
    return file + ".zip";
}

class SliceReadFaults : public testing::TestWithParam<Format>
{
  protected:
    SliceReadFaults()
    {
        GDALAllRegister();
        m_format = GetParam();
        m_first = makeSlice(m_format, m_slices / "first", 0);
        m_file = makeSlice(m_format, m_slices / "second", rows);
        const auto created = append(m_base / "cube.zarr", m_first, false, 1);
        EXPECT_TRUE(created.status) << created.status.message();
        for (const bool creates : {true, false})
        {
            restart(creates);
            const auto done = append(m_target, m_file, false, 1);
            EXPECT_TRUE(done.status) << done.status.message();
            (creates ? m_created : m_appended) = store();
        }
    }

    /// The file, or all in the folder.
    static std::vector<std::string> filesOf(const std::string &slice)
    {
        std::vector<std::string> files;
        if (!fs::is_directory(slice))
            return {slice};
        for (const auto &entry : fs::recursive_directory_iterator(slice))
            if (entry.is_regular_file())
                files.push_back(entry.path().string());
        std::ranges::sort(files);
        return files;
    }

    Report append(const std::string &target, const std::string &slice,
                  bool withFaults, int threads)
    {
        return mdimappend::append(
            optionsFor(target, slice, withFaults, threads));
    }

    AppendOptions optionsFor(const std::string &target,
                             const std::string &slice, bool withFaults,
                             int threads)
    {
        AppendOptions options;
        NamedSlice input;
        input.name = withFaults ? FaultVsi::path(slice) : slice;
        if (m_format.zipped)
            input.name = "/vsizip/{" + input.name + "}";
        if (m_format.driver == "GTiff")
            input.label = slice == m_first ? "2000-01-01" : "2000-01-03";
        if (!m_format.openWith.empty())
            options.allowedDrivers = {m_format.openWith};
        options.slices = {input};
        options.target = target;
        options.appendDim = "time";
        options.encodings["*"].chunk = {};
        options.lockTimeout = Seconds(0);
        options.durability = Durability::Process;
        options.threads = threads;
        return options;
    }

    void restart(bool creates)
    {
        m_work.clear();
        // Another path each time: GDAL remembers what it has seen at one.
        const auto folder = m_work / std::to_string(++m_try);
        if (creates)
            fs::create_directories(folder);
        else
            linkTree(m_base.path(), folder);
        m_target = folder + "/cube.zarr";
        m_before = store();
    }

    Tree store() const
    {
        return readTree(fs::path(m_target).parent_path().string(),
                        ".mdimappend");
    }

    /// One try; whether the fault was hit.
    bool tryOne(const ReadFault &fault, bool creates, int threads)
    {
        const Tree &expected = creates ? m_created : m_appended;
        restart(creates);
        std::string trace;
        bool hit = false;
        Report report;
        {
            const FaultVsi vsi(fault);
            report = append(m_target, m_file, true, threads);
            trace = vsi.trace();
            hit = vsi.hit();
        }
        const auto found = store();
        std::string wrong;
        if (report.status)
            wrong = difference(expected, found);
        else
            wrong = difference(m_before, found);
        EXPECT_EQ(wrong, "")
            << (creates ? "new target, " : "existing target, ") << threads
            << " threads, " << describe(fault) << "\nreported: "
            << (report.status ? "success" : report.status.message()) << "\n"
            << trace;
        if (hit)
            ++(report.status ? m_survived : m_reported);
        if (report.status)
            return hit;
        EXPECT_TRUE(report.status.kind() == Failure::Unavailable ||
                    report.status.kind() == Failure::Error ||
                    report.status.kind() == Failure::Refused)
            << report.status.message();
        ++m_kinds[report.status.kind()];
        if (std::getenv("MDIMAPPEND_SHOW_FAULTS"))
            std::cout << describe(fault) << ": " << report.status.message()
                      << "\n";
        const FaultVsi clean;
        const auto again = append(m_target, m_file, true, threads);
        EXPECT_TRUE(again.status)
            << "the retry: " << again.status.message() << "\n"
            << describe(fault) << "\n"
            << trace;
        EXPECT_EQ(difference(expected, store()), "") << "after the retry";
        return hit;
    }

    /// How many operations of a fault's sort there are.
    std::uint64_t places(ReadFault fault, bool creates, int threads)
    {
        fault.at = 1000000;
        restart(creates);
        const FaultVsi vsi(fault);
        const auto report = append(m_target, m_file, true, threads);
        EXPECT_TRUE(report.status) << report.status.message() << "\n"
                                   << vsi.trace();
        EXPECT_EQ(difference(creates ? m_created : m_appended, store()), "");
        return vsi.count();
    }

    /// Some places, at both ends and evenly in between; with a new target and
    /// with one that grows, in one thread and in four.
    void tryEach(ReadFault fault, std::uint64_t most)
    {
        // Opening one takes the netCDF driver long.
        if (m_format.driver == "netCDF")
            most = std::max<std::uint64_t>(most / 4, 2);
        for (const auto &[creates, threads] :
             {std::pair{false, 1}, {true, 4}, {true, 1}, {false, 4}})
        {
            if (!triesAll() && creates != (threads == 4))
                break;
            const auto count = places(fault, creates, threads);
            const auto tries = triesAll() ? count : std::min(count, most);
            for (std::uint64_t i = 0; i < tries && !HasFailure(); ++i)
            {
                fault.at = placeOf(i, tries, count);
                tryOne(fault, creates, threads);
            }
        }
    }

    static std::uint64_t placeOf(std::uint64_t i, std::uint64_t tries,
                                 std::uint64_t count)
    {
        return tries > 1 ? 1 + i * (count - 1) / (tries - 1) : 1;
    }

    void TearDown() override
    {
        RecordProperty("reported", m_reported);
        RecordProperty("survived", m_survived);
        if (std::getenv("MDIMAPPEND_SHOW_FAULTS"))
            for (const auto &[kind, count] : m_kinds)
                std::cout << "kind " << static_cast<int>(kind) << ": " << count
                          << "\n";
    }

    QuietGdal m_quiet;
    Format m_format;
    ScratchFolder m_slices;
    ScratchFolder m_base;
    ScratchFolder m_work;
    std::string m_first;
    std::string m_file;
    std::string m_target;
    Tree m_before;
    Tree m_created;
    Tree m_appended;
    int m_try = 0;
    int m_reported = 0;
    int m_survived = 0;
    std::map<Failure, int> m_kinds;
};

TEST_P(SliceReadFaults, anOpenThatFails)
{
    tryEach({Kind::Open}, 8);
    tryEach({Kind::Open, 0, true, EACCES}, 2);
}

TEST_P(SliceReadFaults, anOpenThatAServerRefuses)
{
    tryEach({Kind::OpenAsServer}, 8);
}

TEST_P(SliceReadFaults, aReadThatFails)
{
    tryEach({Kind::Read}, 8);
    tryEach({Kind::ReadAsServer, 0, true}, 2);
}

TEST_P(SliceReadFaults, aShortRead)
{
    tryEach({Kind::ShortRead}, 8);
    tryEach({Kind::ShortReadAtEnd}, 4);
}

TEST_P(SliceReadFaults, aStatThatFails)
{
    tryEach({Kind::Stat}, 8);
    tryEach({Kind::Stat, 0, true, EACCES}, 2);
}

TEST_P(SliceReadFaults, aListingThatFails)
{
    tryEach({Kind::List}, 8);
}

TEST_P(SliceReadFaults, aListingThatIsIncomplete)
{
    tryEach({Kind::ListIncomplete}, 8);
}

TEST_P(SliceReadFaults, aCloseThatFails)
{
    tryEach({Kind::Close}, 4);
}

TEST_P(SliceReadFaults, aHangIsWaitedFor)
{
    if (GetParam().name != "ZarrV3Plain" && !triesAll())
        GTEST_SKIP() << "one format is enough";
    ReadFault fault{Kind::Hang, 5};
    EXPECT_TRUE(tryOne(fault, false, 4));
}

/// Bytes that a disk or a line has changed. Formats with checksums find them;
/// in others a chunk may be wrong, and no other.
TEST_P(SliceReadFaults, flippedBytes)
{
    ReadFault fault{Kind::FlippedBytes};
    int found = 0;
    int stored = 0;
    const auto count = places(fault, true, 1);
    const auto tries = triesAll() ? count : std::min<std::uint64_t>(count, 12);
    for (std::uint64_t i = 0; i < tries; ++i)
    {
        fault.at = placeOf(i, tries, count);
        restart(true);
        Report report;
        std::string file;
        std::string trace;
        {
            const FaultVsi vsi(fault);
            report = append(m_target, m_file, true, 1);
            file = vsi.hitFile();
            trace = vsi.trace();
        }
        if (!report.status)
        {
            ++found;
            ASSERT_EQ(difference(m_before, store()), "") << describe(fault);
            continue;
        }
        const auto wrong = difference(m_created, store());
        if (wrong.empty())
            continue;
        ++stored;
        if (std::getenv("MDIMAPPEND_SHOW_FAULTS"))
            std::cout << describe(fault) << " in " << file << "\n" << wrong;
        // An object that is a chunk, and values in it that are checked.
        const bool isChunk =
            m_format.driver == "Zarr" && !m_format.zipped &&
            fs::path(file).filename().string().front() != '.' &&
            !file.ends_with("zarr.json");
        ASSERT_FALSE(isChunk && m_format.checksums) << describe(fault) << "\n"
                                                    << trace;
        if (isChunk)
        {
            EXPECT_LE(std::ranges::count(wrong, '\n'), 1) << wrong << trace;
        }
    }
    RecordProperty("found", found);
    RecordProperty("stored", stored);
}

/// The slice is another one, or shorter, from the n-th operation on.
TEST_P(SliceReadFaults, aSliceThatIsReplacedUnderWay)
{
    const std::string other = makeSlice(m_format, m_slices / "third", 2 * rows);
    const std::string stashed = m_file + ".kept";
    const std::string incoming = m_file + ".other";
    Tree asOther;
    restart(false);
    ASSERT_TRUE(append(m_target, other, false, 1).status);
    asOther = store();
    for (const bool truncates : {false, true})
    {
        const auto act = [&]
        {
            if (!truncates)
            {
                fs::remove_all(m_file);
                fs::rename(incoming, m_file);
                return;
            }
            for (const auto &file : filesOf(m_file))
                fs::resize_file(file, fs::file_size(file) / 2);
        };
        ReadFault fault{Kind::Act, 0, false, 0, act};
        const auto count = places({Kind::Act}, false, 1);
        const auto tries =
            triesAll() ? count : std::min<std::uint64_t>(count, 6);
        for (std::uint64_t i = 0; i < tries; ++i)
        {
            fault.at = placeOf(i, tries, count);
            fs::remove_all(stashed);
            fs::remove_all(incoming);
            fs::copy(m_file, stashed, fs::copy_options::recursive);
            fs::copy(other, incoming, fs::copy_options::recursive);
            restart(false);
            Report report;
            std::string trace;
            {
                const FaultVsi vsi(fault);
                // A replaced raster has another label than the one given.
                report = append(m_target, m_file, true, i % 2 ? 4 : 1);
                trace = vsi.trace();
            }
            const Tree found = store();
            if (report.status)
                EXPECT_TRUE(found == m_appended ||
                            (!truncates &&
                             (found == asOther || m_format.driver == "GTiff")))
                    << describe(fault) << difference(m_appended, found)
                    << trace;
            else
                EXPECT_EQ(difference(m_before, found), "")
                    << describe(fault) << trace;
            fs::remove_all(m_file);
            fs::rename(stashed, m_file);
        }
    }
}

/// Between the last read and the decision.
TEST_P(SliceReadFaults, aSliceThatIsReplacedBeforeTheDecision)
{
    const auto files = filesOf(m_file);
    for (const auto &file : {files.front(), files.back()})
    {
        restart(false);
        bool acted = false;
        protocol_testing::FaultPosix posix;
        posix.before = [&](const std::string &call)
        {
            // The manifest comes after the last chunk.
            if (acted || !call.starts_with("open ") ||
                call.find("/manifest") == call.npos)
                return;
            acted = true;
            const auto content = protocol_testing::fileContent(file);
            protocol_testing::writeFile(file, content);
        };
        AppendOptions options = optionsFor(m_target, m_file, false, 1);
        Surroundings around;
        around.posix = &posix;
        const auto report = mdimappend::append(options, around);
        ASSERT_TRUE(acted) << posix.trace();
        ASSERT_FALSE(report.status) << file;
        EXPECT_EQ(report.status.kind(), Failure::Unavailable)
            << report.status.message();
        EXPECT_EQ(difference(m_before, store()), "") << file;
    }
}

INSTANTIATE_TEST_SUITE_P(Of, SliceReadFaults, testing::ValuesIn(formats()),
                         [](const auto &format) { return format.param.name; });

}  // namespace
}  // namespace mdimappend
