#include "journal/records.h"

#include "storage/checksum.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <charconv>

namespace mdimappend
{

namespace
{

constexpr std::size_t maxRank = 64;

/// A writer that knows nothing of overwriting (2), or of records in records
/// (3), must not follow what has them.
const char *versionOf(const Json &body)
{
    return body.contains("overwrite") ? "2"
           : body.contains("inline")  ? "3"
                                      : "1";
}

std::string frame(const char *kind, const Json &body)
{
    const std::string text = dumpJson(body, -1) + "\n";
    return std::string("mdimappend ") + kind + " " + versionOf(body) + " " +
           std::to_string(text.size()) + " " + sha256(text) + "\n" + text;
}

/// A record that is whole: its writer meant what cannot be followed.
Status notFollowed(std::string why)
{
    return {Failure::Conflict, std::move(why)};
}

Result<Json> unframe(const std::string &kind, std::string_view record)
{
    const Status damaged = error("the " + kind + " is damaged");
    const std::string start = "mdimappend " + kind + " ";
    const auto end = record.find('\n');
    if (end == std::string_view::npos || !record.starts_with(start))
        return damaged;
    std::string_view header = record.substr(start.size(), end - start.size());
    const std::string_view body = record.substr(end + 1);
    const auto version = header.substr(0, header.find(' '));
    header.remove_prefix(std::min(version.size() + 1, header.size()));
    if (header != std::to_string(body.size()) + " " + sha256(body))
        return damaged;
    if (version != "1" && version != "2" && version != "3")
        return notFollowed("the " + kind +
                           " has a format that this version of "
                           "gdalmdimappend does not know");
    auto parsed = parseJson(body.substr(0, body.size() - 1));
    if (!parsed || !parsed->is_object() || version != versionOf(*parsed))
        return notFollowed("the " + kind + " is malformed");
    return parsed;
}

// Reading with a default: what a key of the wrong type yields is caught by
// whoever needs it, and the checksum has vouched for the text.
const Json &listOf(const Json &object, const char *key)
{
    static const Json none = Json::array();
    const auto member = object.find(key);
    return member != object.end() && member->is_array() ? *member : none;
}

Json toJson(const Content &content)
{
    if (!content.exists)
        return nullptr;
    return {{"size", content.size}, {"checksum", content.checksum}};
}

Content contentFrom(const Json &object, const char *key)
{
    Content content;
    const auto member = object.find(key);
    if (member != object.end() && member->is_object())
    {
        content.exists = true;
        content.size = countMember(*member, "size");
        content.checksum = textMember(*member, "checksum");
    }
    return content;
}

Json toJson(const std::vector<ChunkBox> &boxes)
{
    Json list = Json::array();
    for (const auto &box : boxes)
        list.push_back({{"low", box.low}, {"high", box.high}});
    return list;
}

Result<std::vector<ChunkBox>> boxesFrom(const Json &object, const char *key)
{
    std::vector<ChunkBox> boxes;
    for (const auto &item : listOf(object, key))
    {
        ChunkBox box;
        for (const auto &[name, index] :
             {std::pair<const char *, ChunkIndex &>{"low", box.low},
              {"high", box.high}})
        {
            for (const auto &number : listOf(item, name))
            {
                if (!number.is_number_integer() ||
                    number.get<std::int64_t>() < 0)
                    return notFollowed("a chunk index is no number");
                index.push_back(number.get<std::uint64_t>());
            }
        }
        if (box.low.size() != box.high.size() || box.low.size() > maxRank ||
            box.count() == ChunkBox::tooMany)
            return notFollowed("a box of chunks is malformed");
        boxes.push_back(std::move(box));
    }
    return boxes;
}

Json toJson(const Move &move)
{
    Json json = {{"staged", move.staged},
                 {"key", move.key},
                 {"base", toJson(move.base)},
                 {"content", toJson(move.content)}};
    if (move.text)
        json["text"] = *move.text;
    return json;
}

Result<std::vector<Move>> movesFrom(const Json &object, const char *key,
                                    bool staged)
{
    std::vector<Move> moves;
    for (const auto &item : listOf(object, key))
    {
        Move move;
        move.staged = textMember(item, "staged");
        move.key = textMember(item, "key");
        move.base = contentFrom(item, "base");
        move.content = contentFrom(item, "content");
        if (!isKeyBelow(move.key))
            return notFollowed("the key '" + move.key +
                               "' would lead out of the store");
        if (item.contains("text"))
        {
            move.text = textMember(item, "text");
            if (contentOf(move.text) != move.content)
                return notFollowed("what '" + move.key +
                                   "' is to be is not what it says");
        }
        const bool isStaged = move.content.exists && staged && !move.text;
        if (isStaged && (!isKeyBelow(move.staged) ||
                         move.staged.find('/') != std::string::npos))
            return notFollowed("the staged object '" + move.staged +
                               "' would lead out of the stage");
        moves.push_back(std::move(move));
    }
    return moves;
}

Result<std::vector<std::string>> keysFrom(const Json &object, const char *key)
{
    std::vector<std::string> keys;
    for (const auto &item : listOf(object, key))
    {
        if (!item.is_string() || !isKeyBelow(item.get<std::string>()))
            return notFollowed(std::string("a name in '") + key +
                               "' would lead out of the store");
        keys.push_back(item.get<std::string>());
    }
    return keys;
}

Json toJson(const std::vector<BaseDocument> &documents)
{
    Json list = Json::array();
    for (const auto &document : documents)
        list.push_back(
            {{"key", document.key}, {"content", toJson(document.content)}});
    return list;
}

Result<std::vector<BaseDocument>> documentsFrom(const Json &object)
{
    std::vector<BaseDocument> documents;
    for (const auto &item : listOf(object, "documents"))
    {
        BaseDocument document{textMember(item, "key"),
                              contentFrom(item, "content")};
        if (!isKeyBelow(document.key))
            return notFollowed("the document '" + document.key +
                               "' would lead out of the store");
        documents.push_back(std::move(document));
    }
    return documents;
}

void add(Json &body, const std::optional<Overwrite> &overwrite)
{
    if (overwrite)
        body["overwrite"] = {{"old", overwrite->oldIdentity},
                             {"new", overwrite->newIdentity},
                             {"documents", toJson(overwrite->oldDocuments)}};
}

Result<std::optional<Overwrite>> overwriteFrom(const Json &body)
{
    const auto member = body.find("overwrite");
    if (member == body.end())
        return std::optional<Overwrite>();
    Overwrite overwrite;
    overwrite.oldIdentity = textMember(*member, "old");
    overwrite.newIdentity = textMember(*member, "new");
    MDIMAPPEND_ASSIGN(overwrite.oldDocuments, documentsFrom(*member));
    if (overwrite.oldIdentity.empty() || overwrite.newIdentity.empty())
        return notFollowed("it does not say what overwrites what");
    return std::optional<Overwrite>(std::move(overwrite));
}

}  // namespace

std::uint64_t ChunkBox::count() const
{
    std::uint64_t product = 1;
    bool fits = true;
    for (std::size_t i = 0; i < low.size(); ++i)
    {
        if (high[i] <= low[i])
            return 0;
        fits = fits &&
               !__builtin_mul_overflow(product, high[i] - low[i], &product);
    }
    return fits ? product : tooMany;
}

bool ChunkBox::contains(const ChunkIndex &index) const
{
    if (index.size() != low.size())
        return false;
    for (std::size_t i = 0; i < low.size(); ++i)
    {
        if (index[i] < low[i] || index[i] >= high[i])
            return false;
    }
    return true;
}

std::uint64_t ChunkBox::position(const ChunkIndex &index) const
{
    std::uint64_t position = 0;
    for (std::size_t i = 0; i < low.size(); ++i)
        position = position * (high[i] - low[i]) + (index[i] - low[i]);
    return position;
}

ChunkIndex ChunkBox::at(std::uint64_t position) const
{
    ChunkIndex index(low.size());
    for (std::size_t i = low.size(); i-- > 0;)
    {
        const auto extent = high[i] - low[i];
        index[i] = low[i] + position % extent;
        position /= extent;
    }
    return index;
}

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

}  // namespace mdimappend
