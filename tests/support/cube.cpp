#include "support/cube.h"

#include "journal/log.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <gtest/gtest.h>

#include <cpl_error.h>

#include <algorithm>
#include <array>

namespace mdimappend::protocol_testing
{

namespace
{

constexpr std::size_t height = 2;
constexpr std::size_t width = 3;
constexpr double fill = -999;

double value(std::size_t row, std::size_t y, std::size_t x, bool anew)
{
    if (anew)
        return static_cast<double>(1000 + row * 100 + y * 10 + x);
    // The right-hand chunk of every second row pair is all fill.
    if (x >= 2 && row / 2 % 2 == 1)
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
    return std::string(format == ZarrFormat::V2 ? "V2" : "V3") +
           (consolidated ? "Consolidated" : "Plain");
}

std::string CubeKind::consolidatedKey() const
{
    return format == ZarrFormat::V2 ? ".zmetadata" : "zarr.json";
}

std::string name(Step step)
{
    static constexpr const char *names[] = {"Create", "Aligned",     "Merging",
                                            "Batch",  "BatchCreate", "Replace",
                                            "Over",   "BatchOver"};
    return names[static_cast<int>(step)];
}

GDALDatasetUniquePtr rowsAsSlice(std::size_t first, std::size_t count,
                                 bool anew)
{
    GDALAllRegister();
    GDALDatasetUniquePtr dataset(
        GetGDALDriverManager()->GetDriverByName("MEM")->CreateMultiDimensional(
            "rows", nullptr, nullptr));
    const auto root = dataset->GetRootGroup();
    const auto number = GDALExtendedDataType::Create(GDT_Float64);
    const auto time =
        root->CreateDimension("time", GDAL_DIM_TYPE_TEMPORAL, "", count);
    const auto y = root->CreateDimension("y", "", "", height);
    const auto x = root->CreateDimension("x", "", "", width);
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
        for (std::size_t i = 0; i < height * width; ++i)
            air.push_back(value(row, i / width, i % width, anew));
    }
    const auto labels = write("time", Dimensions{time}, times);
    labels->SetUnit("hours since 2000-01-01");
    time->SetIndexingVariable(labels);
    write("y", Dimensions{y}, {50, 51});
    write("x", Dimensions{x}, {7, 8, 9});
    const auto data =
        root->CreateMDArray("air", Dimensions{time, y, x}, number);
    data->SetNoDataValue(fill);
    const std::array<GUInt64, 3> start{};
    const std::array<std::size_t, 3> size{count, height, width};
    data->Write(start.data(), size.data(), nullptr, nullptr, number,
                air.data());
    return dataset;
}

Report appendRows(const CubeKind &kind, const std::string &target,
                  std::size_t first, std::vector<std::size_t> counts,
                  Posix &posix, Durability durability, bool overwrite,
                  bool anew)
{
    AppendOptions options;
    options.overwrite = overwrite;
    if (anew)
        options.onDuplicate = OnDuplicate::Replace;
    std::vector<GDALDatasetUniquePtr> slices;
    for (const auto count : counts)
    {
        slices.push_back(rowsAsSlice(first, count, anew));
        options.slices.push_back({"rows " + std::to_string(first), std::nullopt,
                                  slices.back().get()});
        first += count;
    }
    options.slicesPerCommit = static_cast<int>(counts.size());
    options.encodings["time"].units = "keep";
    options.target = target;
    options.zarrFormat = kind.format;
    options.consolidated = kind.consolidated;
    options.encodings["air"].chunk = {2, 2, 2};
    options.encodings["time"].chunk = {2};
    options.lockTimeout = Seconds(0);
    options.durability = durability;
    options.threads = 1;
    options.posix = &posix;
    return mdimappend::append(options);
}

std::string wrongInCube(const std::string &target, std::size_t rows,
                        std::size_t first, std::size_t anewFrom)
{
    GDALDatasetUniquePtr dataset(
        GDALDataset::Open(target.c_str(), GDAL_OF_MULTIDIM_RASTER));
    if (!dataset)
        return rows == 0 ? ""
                         : std::string("it cannot be opened: ") +
                               CPLGetLastErrorMsg();
    const auto root = dataset->GetRootGroup();
    auto wrong = compare(*root, "time", rows, 1,
                         [&](std::size_t i) { return label(first + i); });
    if (wrong.empty())
        wrong = compare(*root, "air", rows, height * width,
                        [&](std::size_t i)
                        {
                            const auto row = first + i / (height * width);
                            return value(row, i / width % height, i % width,
                                         row >= anewFrom);
                        });
    if (wrong.empty())
        wrong = compare(*root, "x", width, 1, [](std::size_t i)
                        { return static_cast<double>(7 + i); });
    return wrong;
}

std::string wrongInLog(const std::string &target, std::size_t rows)
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
    switch (step)
    {
    case Step::Create:
    case Step::BatchCreate:
        return 0;
    case Step::Aligned:
        return 2;
    case Step::Overwrite:
    case Step::BatchOverwrite:
        return 5;
    default:
        return 3;
    }
}

bool Scenario::overwrites() const
{
    return step == Step::Overwrite || step == Step::BatchOverwrite;
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
    return (overwrites() ? 0 : rowsBefore()) + slices().front();
}

std::vector<std::size_t> Scenario::slices() const
{
    switch (step)
    {
    case Step::Create:
    case Step::Replace:
    case Step::Overwrite:
        return {3};
    case Step::Batch:
    // Other rows than before, or old and new would have the same documents.
    case Step::BatchOverwrite:
        return {2, 2};
    case Step::BatchCreate:
        return {3, 2};
    default:
        return {2};
    }
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
    return kind.name() + protocol_testing::name(step) +
           (overwrites() ? old.name() : "");
}

void Scenario::prepare(const std::string &target) const
{
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
                      overwrites(), step == Step::Replace);
}

Report Scenario::appendFirst(const std::string &target, Posix &posix) const
{
    return appendRows(kind, target, firstRow(), {slices().front()}, posix,
                      Durability::Full, overwrites());
}

std::vector<Scenario> allScenarios()
{
    std::vector<Scenario> all;
    for (const auto step : {Step::Merging, Step::Aligned, Step::Create})
    {
        for (const auto format : {ZarrFormat::V3, ZarrFormat::V2})
        {
            for (const bool consolidated : {true, false})
                all.push_back({{format, consolidated}, step});
        }
    }
    for (const auto step : {Step::Batch, Step::BatchCreate, Step::Replace})
    {
        all.push_back({{ZarrFormat::V3, true}, step});
        all.push_back({{ZarrFormat::V2, false}, step});
    }
    constexpr CubeKind v2 = {ZarrFormat::V2, false};
    constexpr CubeKind v3 = {ZarrFormat::V3, false};
    constexpr CubeKind v2Consolidated = {ZarrFormat::V2, true};
    constexpr CubeKind v3Consolidated = {ZarrFormat::V3, true};
    all.push_back({v3Consolidated, Step::Overwrite, v3});
    all.push_back({v3, Step::Overwrite, v2Consolidated});
    all.push_back({v2Consolidated, Step::Overwrite, v3Consolidated});
    all.push_back({v2, Step::Overwrite, v2});
    all.push_back({v3Consolidated, Step::BatchOverwrite, v3Consolidated});
    all.push_back({v2, Step::BatchOverwrite, v3});
    return all;
}

std::vector<Scenario> someScenarios()
{
    auto some = allScenarios();
    std::erase_if(some,
                  [](const Scenario &scenario)
                  {
                      return scenario.kind.consolidated !=
                             (scenario.kind.format == ZarrFormat::V3);
                  });
    return some;
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
