// Plan, manifest and decision: what they say as text, and what a text says.

#include "journal/records.h"

#include "journal/record_frame.h"
#include "journal/record_parts.h"
#include "storage/checksum.h"
#include "zarr/document_key.h"

#include <algorithm>

namespace mdimappend
{

Content contentOf(const std::optional<std::string> &bytes)
{
    if (!bytes)
        return {};
    return {true, bytes->size(), sha256(*bytes)};
}

std::string toText(const Plan &plan)
{
    Json arrays = Json::array();
    for (const auto &array : plan.arrays)
        arrays.push_back(
            {{"path", array.path},
             {"keys",
              array.keys.style == ChunkKeys::Style::V2 ? "v2" : "default"},
             {"separator", std::string(1, array.keys.separator)},
             {"added", toJson(array.added)},
             {"replaced", toJson(array.replaced)}});
    Json body = {{"transaction", plan.transaction},
                 {"sequence", plan.sequence},
                 {"arrays", arrays},
                 {"documents", toJson(plan.documents)},
                 {"folders", plan.folders}};
    if (plan.leased)
        body["leased"] = true;
    if (!plan.members.empty())
        body["members"] = plan.members;
    add(body, plan.overwrite);
    return frame("plan", body);
}

Result<Plan> parsePlan(std::string_view text)
{
    MDIMAPPEND_ASSIGN(const Json body, unframe("plan", text));
    Plan plan;
    plan.transaction = textMember(body, "transaction");
    plan.sequence = countMember(body, "sequence");
    for (const auto &item : listOf(body, "arrays"))
    {
        PlannedArray array;
        array.path = textMember(item, "path");
        if (!array.path.empty() && !isKeyBelow(array.path))
            return notFollowed("the array path '" + array.path +
                               "' would lead out of the store");
        array.keys.style = textMember(item, "keys") == "v2"
                               ? ChunkKeys::Style::V2
                               : ChunkKeys::Style::Default;
        array.keys.separator = textMember(item, "separator") == "." ? '.' : '/';
        MDIMAPPEND_ASSIGN(array.added, boxesFrom(item, "added"));
        MDIMAPPEND_ASSIGN(array.replaced, boxesFrom(item, "replaced"));
        plan.arrays.push_back(std::move(array));
    }
    MDIMAPPEND_ASSIGN(plan.documents, documentsFrom(body));
    MDIMAPPEND_ASSIGN(plan.folders, keysFrom(body, "folders"));
    MDIMAPPEND_ASSIGN(plan.overwrite, overwriteFrom(body));
    plan.leased = member(body, "leased") == true;
    // The arrays say what to undo; these, what it was.
    for (const auto &group : listOf(body, "members"))
        if (group.is_string())
            plan.members.push_back(group.get<std::string>());
    return plan;
}

std::string toText(const Manifest &manifest)
{
    Json chunks = Json::array();
    for (const auto &move : manifest.chunks)
        chunks.push_back(toJson(move));
    Json documents = Json::array();
    for (const auto &move : manifest.documents)
        documents.push_back(toJson(move));
    Json puts = Json::array();
    for (const auto &put : manifest.puts)
        puts.push_back({{"key", put.key}, {"content", toJson(put.content)}});
    Json body = {{"transaction", manifest.transaction},
                 {"sequence", manifest.sequence},
                 {"chunks", chunks},
                 {"deletions", manifest.deletions},
                 {"documents", documents},
                 {"boot", manifest.bootId},
                 {"puts", puts},
                 {"log", manifest.logRecord}};
    if (manifest.atOnce > 0)
        body["at_once"] = manifest.atOnce;
    add(body, manifest.overwrite);
    if (std::ranges::any_of(manifest.documents, [](const Move &move)
                            { return move.text.has_value(); }))
        body["inline"] = true;
    return frame("manifest", body);
}

Result<Manifest> parseManifest(std::string_view text)
{
    MDIMAPPEND_ASSIGN(const Json body, unframe("manifest", text));
    Manifest manifest;
    manifest.transaction = textMember(body, "transaction");
    manifest.sequence = countMember(body, "sequence");
    MDIMAPPEND_ASSIGN(manifest.overwrite, overwriteFrom(body));
    MDIMAPPEND_ASSIGN(manifest.chunks, movesFrom(body, "chunks", true));
    MDIMAPPEND_ASSIGN(manifest.deletions, keysFrom(body, "deletions"));
    MDIMAPPEND_ASSIGN(manifest.documents,
                      movesFrom(body, "documents", !manifest.overwrite));
    manifest.atOnce = countMember(body, "at_once");
    manifest.bootId = textMember(body, "boot");
    for (const auto &item : listOf(body, "puts"))
    {
        PutChunk put{textMember(item, "key"), contentFrom(item, "content")};
        if (!isKeyBelow(put.key))
            return notFollowed("the chunk '" + put.key +
                               "' would lead out of the store");
        manifest.puts.push_back(std::move(put));
    }
    manifest.logRecord = member(body, "log");
    // It is created under its own sequence number.
    if (textMember(manifest.logRecord, "transaction") != manifest.transaction ||
        countMember(manifest.logRecord, "sequence") != manifest.sequence)
        return notFollowed("its log record is another transaction's");
    return manifest;
}

std::string toText(const Decision &decision)
{
    Json body = {{"decision", decision.commit ? "commit" : "abort"},
                 {"manifest", toJson(decision.manifest)}};
    if (!decision.record.empty())
    {
        body["inline"] = true;
        body["record"] = decision.record;
    }
    return frame("decision", body);
}

Result<Decision> parseDecision(std::string_view text)
{
    MDIMAPPEND_ASSIGN(const Json body, unframe("decision", text));
    const auto word = textMember(body, "decision");
    if (word != "commit" && word != "abort")
        return notFollowed("the decision is neither commit nor abort");
    return Decision{word == "commit", contentFrom(body, "manifest"),
                    textMember(body, "record")};
}

bool isTornDecision(std::string_view text)
{
    return isTorn("decision", text);
}

}  // namespace mdimappend
