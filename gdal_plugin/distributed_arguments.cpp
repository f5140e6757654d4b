// Reads arguments that are JSON, a file with JSON, or a place in the target.

#include "distributed_arguments.h"

#include "vsi/vsi_file.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr std::size_t largestArgument = 64U << 20;

std::optional<std::uint64_t> wholeNumber(const std::string &text)
{
    std::uint64_t number = 0;
    const char *begin = text.data();
    const char *end = begin + text.size();
    const auto parsed = std::from_chars(begin, end, number);
    if (text.empty() || parsed.ec != std::errc() || parsed.ptr != end)
        return std::nullopt;
    return number;
}

Status addReceipt(const Json &json, std::vector<Receipt> &receipts)
{
    MDIMAPPEND_ASSIGN(auto receipt, parseReceipt(json));
    receipts.push_back(std::move(receipt));
    return Status::ok();
}

/// A receipt on each line that is not empty.
Status readLines(const std::string &word, const std::string &text,
                 std::vector<Receipt> &receipts)
{
    for (std::size_t at = 0; at < text.size();)
    {
        const auto end = std::min(text.find('\n', at), text.size());
        const auto line = text.substr(at, end - at);
        at = end + 1;
        if (line.find_first_not_of(" \t\r") == std::string::npos)
            continue;
        const auto json = parseJson(line);
        MDIMAPPEND_RETURN_IF_ERROR(addReceipt(json ? *json : Json(), receipts)
                                       .prefixed("'" + word + "'"));
    }
    return Status::ok();
}

}  // namespace

Result<std::string> jsonArgument(const std::string &word)
{
    const auto first = word.find_first_not_of(" \t\r\n");
    if (first != std::string::npos &&
        (word[first] == '{' || word[first] == '['))
        return word;
    const std::string name = word == "-" ? "/vsistdin/" : word;
    VsiFile file = VsiFile::open(name);
    if (!file)
        return Status(Failure::Usage, "'" + word +
                                          "' is neither JSON nor a file that "
                                          "can be read");
    std::string text;
    std::string part(1U << 16, '\0');
    while (text.size() < largestArgument)
    {
        const auto count = file.read(part.data(), part.size());
        text.append(part, 0, count);
        if (count < part.size())
            break;
    }
    return text;
}

Result<std::vector<Receipt>> readReceipts(const std::vector<std::string> &words)
{
    std::vector<Receipt> receipts;
    for (const auto &word : words)
    {
        MDIMAPPEND_ASSIGN(const auto text, jsonArgument(word));
        const auto whole = parseJson(text);
        if (!whole)
            MDIMAPPEND_RETURN_IF_ERROR(readLines(word, text, receipts));
        else if (!whole->is_array())
            MDIMAPPEND_RETURN_IF_ERROR(
                addReceipt(*whole, receipts).prefixed(word));
        else
            for (const auto &each : *whole)
                MDIMAPPEND_RETURN_IF_ERROR(
                    addReceipt(each, receipts).prefixed(word));
    }
    return receipts;
}

Result<std::map<std::string, std::uint64_t>>
parseOffsets(const std::vector<std::string> &words, const Token &token)
{
    std::map<std::string, std::uint64_t> offsets;
    for (const auto &word : words)
    {
        const auto equals = word.rfind('=');
        const bool named = equals != std::string::npos;
        const auto number = wholeNumber(word.substr(named ? equals + 1 : 0));
        const auto dimension = named ? word.substr(0, equals)
                                     : textMember(token.plan, "append_dim");
        if (!number || dimension.empty())
            return Status(Failure::Usage,
                          "--at " + word +
                              ": an offset is OFFSET, or DIMENSION=OFFSET");
        if (!offsets.emplace(dimension, *number).second)
            return Status(Failure::Usage,
                          "--at: there are two offsets along '" + dimension +
                              "'");
    }
    return offsets;
}

Result<IndexRanges> parseRegion(const std::vector<std::string> &words)
{
    IndexRanges region;
    for (const auto &word : words)
    {
        const auto equals = word.rfind('=');
        const auto colon = word.rfind(':');
        const bool hasForm = equals != std::string::npos && equals > 0 &&
                             colon != std::string::npos && colon > equals;
        const auto first =
            hasForm ? wholeNumber(word.substr(equals + 1, colon - equals - 1))
                    : std::nullopt;
        const auto end =
            hasForm ? wholeNumber(word.substr(colon + 1)) : std::nullopt;
        if (!first || !end)
            return Status(Failure::Usage,
                          "--region " + word +
                              ": a region is DIMENSION=FROM:TO, with TO one "
                              "past the last index");
        if (!region.emplace(word.substr(0, equals), std::pair(*first, *end))
                 .second)
            return Status(Failure::Usage, "--region: '" +
                                              word.substr(0, equals) +
                                              "' is given twice");
    }
    return region;
}

std::function<bool(double)> progressOf(GDALProgressFunc progress,
                                       void *progressData)
{
    if (!progress)
        return {};
    return [=](double fraction)
    { return progress(fraction, "", progressData) != FALSE; };
}

std::string jsonLine(const Json &json)
{
    return dumpJson(json, -1) + "\n";
}

}  // namespace mdimappend
