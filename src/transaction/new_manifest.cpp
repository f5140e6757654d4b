// Lists chunks as the view has recorded them, and documents as they will be, in
// their order.

#include "transaction/new_manifest.h"

#include "journal/log_members.h"
#include "storage/boot_id.h"
#include "storage/folder_storage.h"
#include "time/utc_now.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// The time stamp of a document's file after the commit; "" where that is not
/// known before.
std::string timeAfter(const Manifest &manifest, const std::string &key,
                      const Json &before, const std::string &stage,
                      const KnownContents &known)
{
    const auto move = std::ranges::find(manifest.documents, key, &Move::key);
    if (move == manifest.documents.end() || move->base == move->content)
        return textMember(before, "stamped") == key ? textMember(before, "time")
                                                    : std::string();
    return move->staged.empty()
               ? std::string()
               : fileTimeOf(known.version(stage + "/" + move->staged));
}

void addTimes(Json &record, const Manifest &manifest, const std::string &stage,
              const KnownContents &known)
{
    for (auto *each : membersOf(record))
    {
        const auto documents = each->find("documents");
        if (documents == each->end())
            continue;
        auto &after = (*documents)["after"];
        const auto key = textMember(after, "stamped");
        const auto time = timeAfter(manifest, key, member(*documents, "before"),
                                    stage, known);
        if (time.empty())
            after.erase("stamped");
        else
            after["time"] = time;
    }
}

Json wholeLogRecord(const Plan &plan, const View &view, const Json &logRecord)
{
    Json record = {
        {"format", logRecord.contains("members") ? logVersion2 : logVersion1},
        {"sequence", plan.sequence},
        {"transaction", plan.transaction},
        {"time", utcNow()}};
    record.update(logRecord);
    if (plan.overwrite)
        record["overwrite"] = true;
    record["chunks"] = view.chunksWritten();
    record["bytes"] = view.bytesWritten();
    return record;
}

void addChunks(Manifest &manifest, const View &view, bool mayBeLost)
{
    if (mayBeLost)
        manifest.bootId = bootId();
    view.forEach(
        [&](const View::Settled &chunk)
        {
            const auto key = view.array(chunk.array).key(chunk.index);
            const bool put = chunk.record.state == ChunkState::Put;
            const Content content =
                put ? Content{true, chunk.record.size, chunk.record.checksum}
                    : Content{};
            if (chunk.replaced)
                manifest.chunks.push_back({put ? chunk.staged : std::string(),
                                           key, *chunk.record.base, content});
            else if (put && mayBeLost)
                manifest.puts.push_back({key, content});
        });
}

}  // namespace

Result<Manifest> newManifest(const Plan &plan, const Intent &intent, View &view,
                             Protocol &protocol, const std::string &stage,
                             const Json &logRecord, bool mayBeLost)
{
    Manifest manifest;
    manifest.transaction = plan.transaction;
    manifest.sequence = plan.sequence;
    manifest.deletions = intent.deletions;
    manifest.overwrite = plan.overwrite;
    manifest.atOnce = intent.atOnce;
    addChunks(manifest, view, mayBeLost);
    for (std::size_t i = 0; i < plan.documents.size(); ++i)
    {
        MDIMAPPEND_ASSIGN(
            auto move,
            protocol.documentMove(
                plan, i, intent.next.at(plan.documents[i].key), view.known()));
        manifest.documents.push_back(std::move(move));
    }
    manifest.logRecord = wholeLogRecord(plan, view, logRecord);
    addTimes(manifest.logRecord, manifest, stage, view.known());
    return manifest;
}

}  // namespace mdimappend
