// Records of parts and their receipts as JSON; what is read of them is not
// trusted.

#include "distributed/written_part.h"

#include "zarr/base64.h"

namespace mdimappend
{

namespace
{

constexpr const char *partFormat = "mdimappend part 1";
constexpr const char *receiptFormat = "mdimappend receipt 1";

Json contentJson(const Content &content)
{
    if (!content.exists)
        return nullptr;
    return {{"size", content.size}, {"checksum", content.checksum}};
}

Content contentFrom(const Json &json)
{
    if (!json.is_object())
        return {};
    return {true, countMember(json, "size"), textMember(json, "checksum")};
}

Json chunkJson(const WrittenChunk &chunk)
{
    const auto &record = chunk.record;
    Json json = {{"index", chunk.index}};
    json["content"] = contentJson(
        {record.state == ChunkState::Put, record.size, record.checksum});
    if (!record.staged.empty())
    {
        json["staged"] = record.staged;
        json["version"] = chunk.stagedVersion;
    }
    if (record.base)
        json["base"] = contentJson(*record.base);
    if (record.keyTaken)
        json["aside"] = true;
    return json;
}

/// Nothing if it is none.
std::optional<WrittenChunk> chunkFrom(const Json &json)
{
    const Json &index = member(json, "index");
    if (!index.is_array() || !json.contains("content"))
        return std::nullopt;
    WrittenChunk chunk;
    for (const Json &number : index)
    {
        if (!number.is_number_integer() || number < 0)
            return std::nullopt;
        chunk.index.push_back(number.get<std::uint64_t>());
    }
    const Content content = contentFrom(json["content"]);
    auto &record = chunk.record;
    record.state = content.exists ? ChunkState::Put : ChunkState::Absent;
    record.size = content.size;
    record.checksum = content.checksum;
    record.staged = textMember(json, "staged");
    // It becomes part of a path.
    if (record.staged.find_first_not_of(
            "0123456789abcdefghijklmnopqrstuvwxyz-") != std::string::npos)
        return std::nullopt;
    chunk.stagedVersion = textMember(json, "version");
    if (json.contains("base"))
        record.base = contentFrom(json["base"]);
    record.keyTaken = member(json, "aside") == true;
    return chunk;
}

std::optional<WrittenArray> arrayFrom(const Json &json)
{
    WrittenArray array;
    array.path = textMember(json, "path");
    for (const Json &each : member(json, "chunks"))
    {
        auto chunk = chunkFrom(each);
        if (!chunk)
            return std::nullopt;
        array.chunks.push_back(std::move(*chunk));
    }
    if (json.contains("rows"))
    {
        array.rows = carriedRowsFrom(json["rows"]);
        if (!array.rows)
            return std::nullopt;
    }
    return array;
}

/// Whether the list, which need not be there, has texts only.
bool readTexts(const Json &list, std::vector<std::string> &texts)
{
    for (const Json &each : list)
    {
        if (!each.is_string())
            return false;
        texts.push_back(each.get<std::string>());
    }
    return true;
}

}  // namespace

Json toJson(const CarriedRows &rows)
{
    Json json = {{"first", rows.first}, {"rows", rows.rows}};
    if (rows.texts.empty())
        json["values"] = base64Encode(rows.values);
    else
        json["texts"] = rows.texts;
    return json;
}

std::optional<CarriedRows> carriedRowsFrom(const Json &json)
{
    CarriedRows rows;
    rows.first = countMember(json, "first");
    rows.rows = countMember(json, "rows");
    for (const Json &text : member(json, "texts"))
    {
        if (!text.is_string())
            return std::nullopt;
        rows.texts.push_back(text.get<std::string>());
    }
    const auto values = base64Decode(textMember(json, "values"));
    if (!values || (values->empty() && rows.texts.size() != rows.rows))
        return std::nullopt;
    rows.values = *values;
    return rows;
}

std::string toText(const WrittenPart &written)
{
    Json arrays = Json::array();
    for (const auto &array : written.arrays)
    {
        Json chunks = Json::array();
        for (const auto &chunk : array.chunks)
            chunks.push_back(chunkJson(chunk));
        Json json = {{"path", array.path}, {"chunks", std::move(chunks)}};
        if (array.rows)
            json["rows"] = toJson(*array.rows);
        arrays.push_back(std::move(json));
    }
    Json json = {{"format", partFormat},
                 {"part", written.part},
                 {"slice", written.slice},
                 {"altered_values", written.alteredValues},
                 {"largest_rounding", written.roundings},
                 {"arrays", std::move(arrays)}};
    if (!written.ignoredStatic.empty())
        json["ignored_static"] = written.ignoredStatic;
    if (!written.warnings.empty())
        json["warnings"] = written.warnings;
    return dumpJson(json, -1) + "\n";
}

Result<WrittenPart> parseWrittenPart(const std::string &text)
{
    const auto damaged = error("the record of a part is damaged");
    const auto json = parseJson(text);
    if (!json || textMember(*json, "format") != partFormat)
        return damaged;
    WrittenPart written;
    written.part = textMember(*json, "part");
    written.slice = textMember(*json, "slice");
    written.alteredValues = countMember(*json, "altered_values");
    const bool areTexts =
        readTexts(member(*json, "ignored_static"), written.ignoredStatic) &&
        readTexts(member(*json, "warnings"), written.warnings);
    if (!areTexts)
        return damaged;
    for (const auto &[array, largest] :
         member(*json, "largest_rounding").items())
    {
        if (largest.is_number())
            written.roundings[array] = largest.get<double>();
    }
    for (const Json &each : member(*json, "arrays"))
    {
        auto array = arrayFrom(each);
        if (!array)
            return damaged;
        written.arrays.push_back(std::move(*array));
    }
    return written;
}

Json toJson(const Receipt &receipt)
{
    return {
        {"format", receiptFormat},  {"transaction", receipt.transaction},
        {"part", receipt.part},     {"written", contentJson(receipt.written)},
        {"chunks", receipt.chunks}, {"bytes", receipt.bytes}};
}

Result<Receipt> parseReceipt(const Json &json)
{
    Receipt receipt;
    receipt.transaction = textMember(json, "transaction");
    receipt.part = textMember(json, "part");
    receipt.written = contentFrom(member(json, "written"));
    const bool isName =
        !receipt.part.empty() &&
        receipt.part.find_first_not_of(
            "0123456789abcdefghijklmnopqrstuvwxyz") == std::string::npos;
    if (textMember(json, "format") != receiptFormat || !isName ||
        !receipt.written.exists)
        return Status(Failure::Usage, "this is not the receipt of a part (what "
                                      "`gdal driver mdimappend write` prints)");
    return receipt;
}

}  // namespace mdimappend
