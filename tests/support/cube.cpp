// The values of the small cube, appended from memory and compared after
// reading.

#include "support/cube.h"

#include "journal/log.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <gtest/gtest.h>

#include <cpl_error.h>

#include <algorithm>
#include <array>
#include <format>
#include <numeric>
#include <ostream>
#include <utility>

namespace mdimappend::protocol_testing
{

namespace
{

constexpr double fill = -999;

double value(const CubeShape &shape, std::size_t row, std::size_t y,
             std::size_t x, bool anew)
{
    if (anew)
        return static_cast<double>(1000 + row * 100 + y * 10 + x);
    // The right-hand chunks of every second layer are all fill.
    if (x >= shape.chunkWidth && row / shape.chunkRows % 2 == 1)
        return fill;
    return static_cast<double>(row * 100 + y * 10 + x);
}

double label(std::size_t row)
{
    return static_cast<double>(row * 24);
}

template <class Value>
std::string compare(GDALGroup &root, const char *name, std::size_t rows,
                    std::size_t perRow, Value expected)
{
    const auto array = root.OpenMDArray(name);
    if (!array)
        return std::string("no array ") + name;
    std::vector<GUInt64> start;
    std::vector<std::size_t> count;
    for (const auto &dimension : array->GetDimensions())
    {
        start.push_back(0);
        count.push_back(static_cast<std::size_t>(dimension->GetSize()));
    }
    if (count[0] != rows)
        return std::string(name) + " has " + std::to_string(count[0]) +
               " rows instead of " + std::to_string(rows);
    std::vector<double> values(rows * perRow, -1);
    if (!array->Read(start.data(), count.data(), nullptr, nullptr,
                     GDALExtendedDataType::Create(GDT_Float64), values.data()))
        return std::string(name) + " cannot be read";
    for (std::size_t i = 0; i < values.size(); ++i)
    {
        if (values[i] != expected(i))
            return std::string(name) + " has " + std::to_string(values[i]) +
                   " at " + std::to_string(i) + " instead of " +
                   std::to_string(expected(i));
    }
    return "";
}

}  // namespace

std::string CubeKind::name() const
{
    std::string text = format == ZarrFormat::V2 ? "V2" : "V3";
    text += consolidated ? "Consolidated" : "Plain";
    if (sharded)
        text += "Sharded";
    if (inGroup)
        text += "Group";
    const CubeShape usual;
    if (!(shape == usual))
        text += std::format("{}x{}chunk{}x{}x{}labels{}", shape.height,
                            shape.width, shape.chunkRows, shape.chunkHeight,
                            shape.chunkWidth, shape.timeChunk);
    return text;
}

std::string CubeKind::group() const
{
    return inGroup ? "region/north" : "";
}

std::string CubeKind::key(const std::string &inCube) const
{
    return inGroup ? group() + "/" + inCube : inCube;
}

std::string CubeKind::consolidatedKey() const
{
    return format == ZarrFormat::V2 ? ".zmetadata" : "zarr.json";
}

std::string CubeKind::outermostGroupKey() const
{
    return std::string(inGroup ? "region/" : "") +
           (format == ZarrFormat::V2 ? ".zgroup" : "zarr.json");
}

std::string name(Step step)
{
    static constexpr const char *names[] = {"Create", "Aligned", "Merging",
                                            "Replace", "Over"};
    return names[static_cast<int>(step)];
}

GDALDatasetUniquePtr rowsAsSlice(std::size_t first, std::size_t count,
                                 bool anew, const CubeShape &shape)
{
    GDALAllRegister();
    GDALDatasetUniquePtr dataset(
        GetGDALDriverManager()->GetDriverByName("MEM")->CreateMultiDimensional(
            "rows", nullptr, nullptr));
    const auto root = dataset->GetRootGroup();
    const auto number = GDALExtendedDataType::Create(GDT_Float64);
    const auto time =
        root->CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", count);
    const auto y = root->CreateDimension("y", "", "", shape.height);
    const auto x = root->CreateDimension("x", "", "", shape.width);
    const auto write = [&](const std::string &name, const auto &dimensions,
                           const std::vector<double> &values)
    {
        const auto array = root->CreateMDArray(name, dimensions, number);
        const std::vector<GUInt64> start(dimensions.size(), 0);
        std::vector<std::size_t> size;
        for (const auto &dimension : dimensions)
            size.push_back(static_cast<std::size_t>(dimension->GetSize()));
        array->Write(start.data(), size.data(), nullptr, nullptr, number,
                     values.data());
        return array;
    };
    using Dimensions = std::vector<std::shared_ptr<GDALDimension>>;
    std::vector<double> times;
    std::vector<double> air;
    for (std::size_t row = first; row < first + count; ++row)
    {
        times.push_back(label(row));
        for (std::size_t i = 0; i < shape.height * shape.width; ++i)
            air.push_back(
                value(shape, row, i / shape.width, i % shape.width, anew));
    }
    std::vector<double> ys(shape.height);
    std::iota(ys.begin(), ys.end(), 50);
    std::vector<double> xs(shape.width);
    std::iota(xs.begin(), xs.end(), 7);
    const auto labels = write("time", Dimensions{time}, times);
    labels->SetUnit("hours since 2000-01-01");
    time->SetIndexingVariable(labels);
    write("y", Dimensions{y}, ys);
    write("x", Dimensions{x}, xs);
    const auto data =
        root->CreateMDArray("air", Dimensions{time, y, x}, number);
    data->SetNoDataValue(fill);
    const std::array<GUInt64, 3> start{};
    const std::array<std::size_t, 3> size{count, shape.height, shape.width};
    data->Write(start.data(), size.data(), nullptr, nullptr, number,
                air.data());
    return dataset;
}

Report appendRows(const CubeKind &kind, const std::string &target,
                  std::size_t first, std::vector<std::size_t> counts,
                  Posix &posix, Durability durability, bool overwrite,
                  bool anew, int threads, const Adjust &adjust)
{
    const auto &shape = kind.shape;
    AppendOptions options;
    Surroundings around;
    options.overwrite = overwrite;
    if (anew)
        options.onDuplicate = OnDuplicate::Replace;
    std::vector<GDALDatasetUniquePtr> slices;
    for (const auto count : counts)
    {
        slices.push_back(rowsAsSlice(first, count, anew, shape));
        options.slices.push_back({"rows " + std::to_string(first), {}});
        around.datasets.push_back(slices.back().get());
        first += count;
    }
    options.slicesPerCommit = static_cast<int>(counts.size());
    options.target = target;
    options.group = kind.group();
    options.zarrFormat = kind.format;
    options.consolidated = kind.consolidated;
    auto &air = options.encodings["air"];
    auto &time = options.encodings["time"];
    time.units = "keep";
    air.chunk = {shape.chunkRows, shape.chunkHeight, shape.chunkWidth};
    time.chunk = {shape.timeChunk};
    if (kind.sharded)
    {
        air.shard = std::exchange(
            air.chunk, std::vector<std::uint64_t>{1, 1, shape.chunkWidth});
        time.shard = std::exchange(time.chunk, std::vector<std::uint64_t>{1});
        options.mergeShards = true;
    }
    options.lockTimeout = Seconds(0);
    options.durability = durability;
    options.threads = threads;
    around.posix = &posix;
    if (adjust)
        adjust(options, around);
    return mdimappend::append(options, around);
}

std::string wrongInCube(const std::string &target, std::size_t rows,
                        std::size_t first, std::size_t anewFrom,
                        const CubeKind &kind)
{
    const auto &shape = kind.shape;
    GDALDatasetUniquePtr dataset(
        GDALDataset::Open(target.c_str(), GDAL_OF_MULTIDIM_RASTER));
    auto cube = dataset ? dataset->GetRootGroup() : nullptr;
    if (cube && kind.inGroup)
        cube = cube->OpenGroupFromFullname("/" + kind.group());
    if (!cube)
        return rows == 0 ? ""
                         : std::string("it cannot be opened: ") +
                               CPLGetLastErrorMsg();
    const auto perRow = shape.height * shape.width;
    auto wrong = compare(*cube, "time", rows, 1,
                         [&](std::size_t i) { return label(first + i); });
    if (wrong.empty())
        wrong =
            compare(*cube, "air", rows, perRow,
                    [&](std::size_t i)
                    {
                        const auto row = first + i / perRow;
                        return value(shape, row, i / shape.width % shape.height,
                                     i % shape.width, row >= anewFrom);
                    });
    if (wrong.empty())
        wrong = compare(*cube, "x", shape.width, 1, [](std::size_t i)
                        { return static_cast<double>(7 + i); });
    return wrong;
}

std::string wrongInLog(const std::string &target, std::size_t rows,
                       const std::string &group)
{
    const auto reader = openForReading(target, "");
    if (!reader)
        return reader.status().message();
    const auto last = lastSequence(*reader->storage, reader->site);
    if (!last)
        return last.status().message();
    std::size_t logged = 0;
    for (std::uint64_t sequence = 1; sequence <= *last; ++sequence)
    {
        const auto record =
            readLogRecord(*reader->storage, reader->site, sequence);
        if (!record || !*record)
            return "record " + std::to_string(sequence) + " cannot be read";
        if ((*record)->value("group", "") != group)
            continue;
        if ((*record)->value("overwrite", false))
            logged = 0;
        if ((*record)->value("first_row", std::size_t{0}) != logged)
            return "record " + std::to_string(sequence) +
                   " starts at another row than " + std::to_string(logged);
        logged += (*record)->value("rows", std::size_t{0});
    }
    return logged == rows ? ""
                          : "it has " + std::to_string(logged) +
                                " rows instead of " + std::to_string(rows);
}

std::size_t Scenario::rowsBefore() const
{
    if (drawnBefore)
        return *drawnBefore;
    switch (step)
    {
    case Step::Create:
        return 0;
    case Step::Aligned:
        return 2;
    case Step::Overwrite:
        return 5;
    default:
        return 3;
    }
}

bool Scenario::overwrites() const
{
    return step == Step::Overwrite;
}

std::size_t Scenario::firstRow() const
{
    if (step == Step::Replace)
        return anewFrom();
    return overwrites() ? firstRowAfter() : rowsBefore();
}

std::size_t Scenario::anewFrom() const
{
    return step == Step::Replace ? 1 : none;
}

std::size_t Scenario::firstRowAfter() const
{
    return overwrites() ? 10 : 0;
}

std::size_t Scenario::rowsPartly() const
{
    return (overwrites() ? 0 : std::min(rowsBefore(), firstRow())) +
           slices().front();
}

std::vector<std::size_t> Scenario::slices() const
{
    if (!drawnSlices.empty())
        return drawnSlices;
    switch (step)
    {
    case Step::Create:
    case Step::Replace:
        return batch ? std::vector<std::size_t>{3, 2}
                     : std::vector<std::size_t>{3};
    case Step::Overwrite:
        // Other rows than before, or old and new would have the same documents.
        return batch ? std::vector<std::size_t>{2, 2}
                     : std::vector<std::size_t>{3};
    default:
        return batch ? std::vector<std::size_t>{2, 2}
                     : std::vector<std::size_t>{2};
    }
}

int Scenario::commits() const
{
    return batch && step == Step::Replace ? 2 : 1;
}

std::size_t Scenario::rowsAfter() const
{
    auto rows = overwrites() ? 0 : std::min(rowsBefore(), firstRow());
    for (const auto count : slices())
        rows += count;
    return rows;
}

std::string Scenario::name() const
{
    auto text = kind.name() + protocol_testing::name(step);
    if (overwrites())
        text += old.name();
    if (batch)
        text += "Batch";
    if (threads != 1)
        text += "Threads" + std::to_string(threads);
    if (!offersSyncfs)
        text += "Fsync";
    if (drawnBefore)
        text += "From" + std::to_string(*drawnBefore);
    for (const auto rows : drawnSlices)
        text += "Plus" + std::to_string(rows);
    return text;
}

void PrintTo(const Scenario &scenario, std::ostream *stream)
{
    *stream << scenario.name();
}

void Scenario::prepare(const std::string &target) const
{
    if (kind.inGroup)
    {
        auto other = kind;
        other.inGroup = false;
        const auto report = appendRows(other, target, 0, {1}, Posix::system(),
                                       Durability::Process);
        ASSERT_TRUE(report.status) << report.status.message();
    }
    if (rowsBefore() == 0)
        return;
    const auto report =
        appendRows(overwrites() ? old : kind, target, 0, {rowsBefore()},
                   Posix::system(), Durability::Process);
    ASSERT_TRUE(report.status) << report.status.message();
    // What else is in a store goes with it.
    if (overwrites())
        writeFile(target + "/notes/of/mine.txt", "foreign");
}

Report Scenario::append(const std::string &target, Posix &posix,
                        Durability durability) const
{
    return appendRows(kind, target, firstRow(), slices(), posix, durability,
                      overwrites(), step == Step::Replace, threads);
}

Report Scenario::appendFirst(const std::string &target, Posix &posix) const
{
    return appendRows(kind, target, firstRow(), {slices().front()}, posix,
                      Durability::Full, overwrites(), step == Step::Replace,
                      threads);
}

Status recoverTarget(const std::string &target, Posix &posix)
{
    WriterRequest request;
    request.target = target;
    request.lockTimeout = Seconds(0);
    request.posix = &posix;
    auto writer = openForWriting(request);
    if (!writer)
        return writer.takeStatus();
    return recover(*writer->storage, writer->site, *writer->lock).takeStatus();
}

QuietGdal::QuietGdal()
{
    CPLPushErrorHandler(CPLQuietErrorHandler);
}

QuietGdal::~QuietGdal()
{
    CPLPopErrorHandler();
}

}  // namespace mdimappend::protocol_testing
