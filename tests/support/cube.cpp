// Kinds of the small cube, and steps of it.

#include "support/cube.h"

#include "journal/log.h"
#include "journal/log_members.h"
#include "transaction/recovery.h"
#include "transaction/writer.h"

#include <gtest/gtest.h>

#include <cpl_error.h>

#include <algorithm>
#include <format>
#include <numeric>
#include <ostream>
#include <utility>

namespace mdimappend::protocol_testing
{

std::string CubeKind::name() const
{
    std::string text = format == ZarrFormat::V2 ? "V2" : "V3";
    text += consolidated ? "Consolidated" : "Plain";
    if (sharded)
        text += "Sharded";
    if (inGroup)
        text += "Group";
    if (groups > 0)
        text += std::to_string(groups) + "Groups";
    const CubeShape usual;
    if (!(shape == usual))
        text += std::format("{}x{}chunk{}x{}x{}labels{}", shape.height,
                            shape.width, shape.chunkRows, shape.chunkHeight,
                            shape.chunkWidth, shape.timeChunk);
    return text;
}

std::string CubeKind::group() const
{
    // One in another, and one beside them.
    static constexpr const char *names[] = {"", "grid", "grid/quality",
                                            "swath"};
    const std::string around = inGroup ? "region/north" : "";
    const std::string below = names[part];
    return around.empty() || below.empty() ? around + below
                                           : around + "/" + below;
}

std::vector<CubeKind> CubeKind::parts() const
{
    if (groups == 0)
        return {*this};
    std::vector<CubeKind> found(groups, *this);
    for (std::size_t i = 0; i < groups; ++i)
    {
        found[i].groups = 0;
        found[i].part = i + 1;
    }
    return found;
}

std::string CubeKind::key(const std::string &inCube) const
{
    return group().empty() ? inCube : group() + "/" + inCube;
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
        slices.push_back(rowsAsSlice(first, count, anew, kind));
        options.slices.push_back({"rows " + std::to_string(first), {}});
        around.datasets.push_back(slices.back().get());
        first += count;
    }
    options.slicesPerCommit = static_cast<int>(counts.size());
    options.target = target;
    options.group = kind.group();
    options.groups = kind.groups > 0;
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
        if ((*record)->value("overwrite", false))
            logged = 0;
        const auto *member = memberOf(**record, group);
        if (!member)
            continue;
        if (member->value("first_row", std::size_t{0}) != logged)
            return "record " + std::to_string(sequence) +
                   " starts at another row than " + std::to_string(logged);
        logged += member->value("rows", std::size_t{0});
    }
    return logged == rows ? ""
                          : "it has " + std::to_string(logged) +
                                " rows instead of " + std::to_string(rows);
}

std::string wrongInLog(const std::string &target,
                       const std::vector<Held> &groups)
{
    for (const auto &held : groups)
    {
        const auto group = held.kind.group();
        const auto wrong = wrongInLog(target, held.rows, group);
        if (!wrong.empty())
            return "of group '" + group + "': " + wrong;
    }
    return "";
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

std::vector<Held> Scenario::held(Moment moment) const
{
    const bool isBefore = moment == Moment::Before;
    const auto &rows = slices();
    const auto brought = isBefore ? 0
                         : moment == Moment::Partly
                             ? rows.front()
                             : std::reduce(rows.begin(), rows.end());
    const auto whole = isBefore                   ? rowsBefore()
                       : moment == Moment::Partly ? rowsPartly()
                                                  : rowsAfter();
    std::vector<Held> all;
    for (const auto &part : (isBefore && overwrites() ? old : kind).parts())
    {
        const bool isMade = kind.groups > 0 && part.part == kind.groups;
        all.push_back({part, isMade ? brought : whole,
                       isBefore ? 0
                       : isMade ? firstRow()
                                : firstRowAfter(),
                       isBefore ? none : anewFrom()});
    }
    return all;
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
        other.groups = 0;
        const auto report = appendRows(other, target, 0, {1}, Posix::system(),
                                       Durability::Process);
        ASSERT_TRUE(report.status) << report.status.message();
    }
    if (rowsBefore() == 0)
        return;
    auto there = overwrites() ? old : kind;
    if (there.groups > 0)
        --there.groups;
    const auto report = appendRows(there, target, 0, {rowsBefore()},
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
