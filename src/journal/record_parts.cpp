// The parts of records, to JSON and back.

#include "journal/record_parts.h"

#include "journal/record_frame.h"
#include "zarr/document_key.h"

#include <utility>

namespace mdimappend
{

namespace
{

constexpr std::size_t maxRank = 64;

}  // namespace

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
                    return notFollowed("a chunk index is not a number");
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
                                   "' is to become is not what its move says");
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

}  // namespace mdimappend
