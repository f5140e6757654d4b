// JSON as the Zarr world writes it: text whose bytes matter.
//
// Documents of a store are never re-serialised: `locate` finds the byte range
// of a value, and what is replaced are those bytes only, so that NaN tokens,
// key order, unknown keys, number spelling and white space survive.
//
// Bare NaN, Infinity and -Infinity (Python's json writes them) are accepted
// everywhere. Nesting deeper than 256, a byte order mark, invalid UTF-8, bytes
// after the value and duplicate keys in an object are errors: two readers
// could disagree about what such a text says.

#pragma once

#include "status.h"

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mdimappend
{

using Json = nlohmann::ordered_json;

}  // namespace mdimappend

// Compiled once, in json_text.cpp, and not in each file that uses it.
extern template class nlohmann::basic_json<nlohmann::ordered_map>;

namespace mdimappend
{

/// Bytes [begin, end) of a text.
struct TextSpan
{
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// Keys from the root of a document to one of its values. Objects only: an
/// array is located as a whole.
using JsonPath = std::vector<std::string>;

/// The byte range of each path's value, in the order of `paths`; nothing where
/// a path does not exist. One pass over the text, however many the paths.
/// Fails on text that is not JSON.
Result<std::vector<std::optional<TextSpan>>>
locate(std::string_view text, const std::vector<JsonPath> &paths);

/// `text` with each span replaced. Spans must not overlap; any order.
std::string
replaceSpans(std::string_view text,
             std::vector<std::pair<TextSpan, std::string>> replacements);

/// Inserts `"key": value` as the last member of the object at `object` (a span
/// found by `locate`), in the style (indent, spaces) of the members before it.
std::string insertMember(std::string_view text, TextSpan object,
                         std::string_view key, std::string_view value);

/// The same for several members, each value serialised in that style.
std::string
insertMembers(std::string_view text, TextSpan object,
              const std::vector<std::pair<std::string, Json>> &members);

/// Takes the member out, with the comma and the white space before or after it.
/// An object without it stays as it is.
std::string removeMember(std::string_view text, TextSpan object,
                         std::string_view key);

/// Changes the object at `object` so that it has the members of `members` and
/// no others. Only those that differ (sameJson) are touched: new ones become
/// the last. Fails if either is no object.
Result<std::string> setMembers(std::string_view text, TextSpan object,
                               const Json &members);

/// Parses, with bare NaN and infinities as floating-point numbers. Integers
/// are kept exactly as int64 or uint64; integers beyond those, as doubles.
Result<Json> parseJson(std::string_view text);

/// The member of an object; null if there is none, or if it is no object.
const Json &member(const Json &object, std::string_view key);

/// The text that the member is; "" if it is none.
std::string textMember(const Json &object, std::string_view key);

/// The number that the member is; nothing if it is none.
std::optional<double> numberMember(const Json &object, std::string_view key);

/// Whether this is a whole number, not below 0.
bool isCount(const Json &value);

/// The whole number that the member is; 0 if it is none, or below 0.
std::uint64_t countMember(const Json &object, std::string_view key);

/// Adds a member to an object that is known to have none of this name: without
/// the search that makes operator[] slow on an object of many members.
Json &appendMember(Json &object, std::string key, Json value);

/// Equal values: NaN equals NaN, 1 equals 1.0, whatever the members' order.
bool sameJson(const Json &a, const Json &b);

/// Serialises with members in their order, NaN and infinities as bare tokens,
/// doubles in the shortest form that reads back the same, UTF-8 not escaped.
/// Bytes that are not UTF-8 become U+FFFD, so that the result is always JSON.
/// `indent` < 0: one line.
std::string dumpJson(const Json &value, int indent = 4);

/// A text as it is, another value as JSON in one line.
std::string textOrJson(const Json &value);

}  // namespace mdimappend
