// The loops and texts that an append spends its time in, one by one, with
// Google Benchmark: conversion, merging, metadata, planning, the journal.
// bench/kernels.sh runs it, and counts instructions where valgrind is there.

#include "append/plan.h"
#include "chunks/chunk_grid.h"
#include "convert/conversion.h"
#include "journal/records.h"
#include "settings/options.h"
#include "storage/local_storage.h"
#include "zarr/documents.h"

#include <benchmark/benchmark.h>

#include <gdal_priv.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace mdimappend;

namespace
{

constexpr std::size_t elements = 1 << 20;

template <class T> T valueOf(Result<T> result)
{
    if (!result)
        throw std::runtime_error(result.status().message());
    return std::move(*result);
}

void require(const Status &status)
{
    if (!status)
        throw std::runtime_error(status.message());
}

template <class T> std::string bytesOf(T value)
{
    return {reinterpret_cast<const char *>(&value), sizeof(value)};
}

// Conversion

std::vector<float> field()
{
    std::vector<float> values(elements);
    for (std::size_t i = 0; i < elements; ++i)
        values[i] = 280.0F + 30.0F * std::sin(static_cast<float>(i) / 1000);
    return values;
}

void convert(benchmark::State &state, const NumberConversion &rules,
             const void *source)
{
    const auto conversion = valueOf(Conversion::numbers(rules));
    std::vector<double> target(elements);
    for ([[maybe_unused]] auto turn : state)
    {
        require(conversion.apply(source, target.data(), elements));
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * elements *
                            conversion.sourceSize());
}

ElementForm packedInt16()
{
    return {.type = GDT_Int16,
            .scale = 0.01,
            .offset = 273.15,
            .missing = bytesOf(std::int16_t{-32768})};
}

ElementForm float32()
{
    return {.type = GDT_Float32,
            .missing = bytesOf(std::numeric_limits<float>::quiet_NaN())};
}

void packFloat32AsInt16(benchmark::State &state)
{
    const auto values = field();
    convert(state, {.from = float32(), .to = packedInt16()}, values.data());
}

void unpackInt16ToFloat32(benchmark::State &state)
{
    std::vector<std::int16_t> codes(elements);
    for (std::size_t i = 0; i < elements; ++i)
        codes[i] = static_cast<std::int16_t>(i % 5000);
    convert(state, {.from = packedInt16(), .to = float32(), .mayRound = true},
            codes.data());
}

void widenFloat32ToFloat64(benchmark::State &state)
{
    const auto values = field();
    convert(state, {.from = {.type = GDT_Float32}, .to = {.type = GDT_Float64}},
            values.data());
}

void changeMissingValue(benchmark::State &state)
{
    const auto values = field();
    auto from = float32();
    from.missing = bytesOf(-9999.0F);
    convert(state, {.from = from, .to = float32()}, values.data());
}

BENCHMARK(packFloat32AsInt16);
BENCHMARK(unpackInt16ToFloat32);
BENCHMARK(widenFloat32ToFloat64);
BENCHMARK(changeMissingValue);

// Merging

/// One step into a chunk of 20.
void mergeStepIntoChunk(benchmark::State &state)
{
    const Extent chunk{20, 500, 500};
    const Extent step{1, 500, 500};
    const std::vector<float> values(elementCount(step), 1);
    std::vector<float> merged(elementCount(chunk));
    for ([[maybe_unused]] auto turn : state)
    {
        copyBox(values.data(), step, {0, 0, 0}, merged.data(), chunk, {7, 0, 0},
                step, sizeof(float));
        benchmark::ClobberMemory();
    }
    state.SetBytesProcessed(state.iterations() * values.size() * sizeof(float));
}

/// All chunks of a field, the way the pipeline cuts them.
void cutChunks(benchmark::State &state)
{
    const std::uint64_t side = state.range(0);
    const Extent field{1, 2000, 2000};
    const Extent chunk{1, side, side};
    const std::vector<float> values(elementCount(field), 1);
    std::vector<float> cut(elementCount(chunk));
    for ([[maybe_unused]] auto turn : state)
        for (std::uint64_t y = 0; y < 2000; y += side)
            for (std::uint64_t x = 0; x < 2000; x += side)
            {
                copyBox(values.data(), field, {0, y, x}, cut.data(), chunk,
                        {0, 0, 0}, chunk, sizeof(float));
                benchmark::ClobberMemory();
            }
    state.SetBytesProcessed(state.iterations() * values.size() * sizeof(float));
}

void scanForFill(benchmark::State &state)
{
    const std::vector<float> values(elements, 0);
    const float fill = 0;
    for ([[maybe_unused]] auto turn : state)
        benchmark::DoNotOptimize(
            allElementsEqual(values.data(), elements, &fill, sizeof(fill)));
    state.SetBytesProcessed(state.iterations() * elements * sizeof(float));
}

BENCHMARK(mergeStepIntoChunk);
BENCHMARK(cutChunks)->Arg(500)->Arg(100)->Arg(10);
BENCHMARK(scanForFill);

// Metadata

constexpr int manyArrays = 10'000;

/// A store of so many arrays, with attributes of a kilobyte each.
const Documents &manyDocuments()
{
    static const Documents documents = []
    {
        std::vector<NewArray> arrays(manyArrays);
        for (int i = 0; i < manyArrays; ++i)
        {
            arrays[i].path = "v" + std::to_string(i);
            arrays[i].shape = {1000, 180, 360};
            arrays[i].chunk = {1, 180, 360};
            arrays[i].gdal = GDT_Float32;
            arrays[i].dimensions = {"time", "lat", "lon"};
            arrays[i].attributes["units"] = "K";
            arrays[i].attributes["comment"] = std::string(800, 'x');
        }
        return valueOf(
            newDocuments(ZarrFormat::V3, true, {NewGroup{}}, arrays));
    }();
    return documents;
}

void growConsolidated(benchmark::State &state)
{
    const auto &documents = manyDocuments();
    const auto key = consolidatedKey({*documents.find("zarr.json")});
    std::vector<Growth> growths;
    for (int i = 0; i < state.range(0); ++i)
        growths.push_back({"v" + std::to_string(i), {1001, 180, 360}});
    for ([[maybe_unused]] auto turn : state)
        benchmark::DoNotOptimize(
            valueOf(patchShapes(ZarrFormat::V3, documents, key, growths)));
    const auto size = documents.at("zarr.json").size();
    state.counters["consolidated_MB"] = static_cast<double>(size) / 1e6;
    state.SetBytesProcessed(state.iterations() * size);
}

void listConsolidated(benchmark::State &state)
{
    const auto &text = manyDocuments().at("zarr.json");
    for ([[maybe_unused]] auto turn : state)
        benchmark::DoNotOptimize(
            valueOf(consolidatedNodes(ZarrFormat::V3, text)));
    state.SetBytesProcessed(state.iterations() * text.size());
}

void compareConsolidated(benchmark::State &state)
{
    const auto &documents = manyDocuments();
    Documents own = documents;
    own.erase("zarr.json");
    std::vector<std::string> paths;
    for (int i = 0; i < manyArrays; ++i)
        paths.push_back("v" + std::to_string(i));
    const auto &text = documents.at("zarr.json");
    for ([[maybe_unused]] auto turn : state)
        require(
            checkConsolidated(ZarrFormat::V3, "zarr.json", text, own, paths));
    state.SetBytesProcessed(state.iterations() * text.size());
}

BENCHMARK(growConsolidated)
    ->Arg(1)
    ->Arg(manyArrays)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(listConsolidated)->Unit(benchmark::kMillisecond);
BENCHMARK(compareConsolidated)->Unit(benchmark::kMillisecond);

// Planning

/// A slice of (1, 1000, 1000), in memory.
std::unique_ptr<GDALDataset> memorySlice()
{
    auto *driver = GetGDALDriverManager()->GetDriverByName("MEM");
    std::unique_ptr<GDALDataset> dataset(
        driver->CreateMultiDimensional("", nullptr, nullptr));
    const auto root = dataset->GetRootGroup();
    const auto axis = [&](const char *name, std::uint64_t size)
    { return root->CreateDimension(name, "", "", size); };
    const auto time = axis("time", 1);
    const auto number = GDALExtendedDataType::Create(GDT_Float64);
    const auto label = root->CreateMDArray("time", {time}, number);
    label->SetUnit("days since 2000-01-01");
    root->CreateMDArray("v", {time, axis("y", 1000), axis("x", 1000)},
                        GDALExtendedDataType::Create(GDT_Float32));
    return dataset;
}

void planMillionChunks(benchmark::State &state)
{
    const auto dataset = memorySlice();
    SliceRequest request;
    request.name = "memory";
    request.dataset = dataset.get();
    const auto slice = valueOf(Slice::open(request));
    AppendOptions options;
    require(parseEncoding("v:chunk=1x1x1", options.encodings));
    const auto site = valueOf(locateSite("/tmp/no such cube.zarr", ""));
    const auto storage =
        valueOf(LocalStorage::open(site.parent, Durability::Process));
    LoggedSlices log;
    CubeState cube;
    cube.target = valueOf(readTarget(*storage, site, slice->appendDim()));
    std::uint64_t chunks = 0;
    for ([[maybe_unused]] auto turn : state)
    {
        auto plan =
            valueOf(planAppend({options, site, *storage, *slice, log}, cube));
        chunks = 0;
        for (const auto &slab : plan.slabs)
            for (const auto &box : slab.boxes)
                chunks += box.count();
        benchmark::DoNotOptimize(plan);
    }
    state.counters["chunks"] = static_cast<double>(chunks);
}

BENCHMARK(planMillionChunks)->Unit(benchmark::kMicrosecond);

// Journal

/// A commit that has put and replaced so many chunks.
Manifest manifestOf(std::int64_t chunks)
{
    Manifest manifest;
    manifest.transaction = "000000000002-2624c0d8b81b9a65";
    manifest.sequence = 2;
    manifest.bootId = "b4b9f1c2";
    manifest.logRecord = {{"format", "mdimappend log 1"},
                          {"sequence", 2},
                          {"transaction", manifest.transaction}};
    const Content content{true, 123456, "xxh3:" + std::string(32, 'a')};
    for (std::int64_t i = 0; i < chunks; ++i)
    {
        const auto number = std::to_string(i);
        manifest.puts.push_back({"v0/c/7/" + number + "/0", content});
        manifest.chunks.push_back(
            {number, "v1/c/0/" + number + "/0", content, content});
    }
    return manifest;
}

void writeManifest(benchmark::State &state)
{
    const auto manifest = manifestOf(state.range(0));
    std::size_t size = 0;
    for ([[maybe_unused]] auto turn : state)
        size = toText(manifest).size();
    state.SetBytesProcessed(state.iterations() * size);
}

void readManifest(benchmark::State &state)
{
    const auto text = toText(manifestOf(state.range(0)));
    for ([[maybe_unused]] auto turn : state)
        benchmark::DoNotOptimize(valueOf(parseManifest(text)));
    state.SetBytesProcessed(state.iterations() * text.size());
}

BENCHMARK(writeManifest)->Arg(1)->Arg(10'000)->Unit(benchmark::kMicrosecond);
BENCHMARK(readManifest)->Arg(1)->Arg(10'000)->Unit(benchmark::kMicrosecond);

}  // namespace

int main(int count, char **words)
{
    GDALAllRegister();
    benchmark::Initialize(&count, words);
    if (benchmark::ReportUnrecognizedArguments(count, words))
        return 1;
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
