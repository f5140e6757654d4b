// The first line of a record, which says whether the rest is whole:
// `mdimappend <kind> <version> <bytes> sha256:<hex>`.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <string>
#include <string_view>

namespace mdimappend
{

/// A record of this kind.
std::string frame(const char *kind, const Json &body);

/// The body of a record. Failure::Error: it is damaged. Failure::Conflict: it
/// is whole, and of a version that is not known here.
Result<Json> unframe(const std::string &kind, std::string_view record);

/// A record that is whole: its writer meant what cannot be followed.
Status notFollowed(std::string why);

/// Whether it is the beginning of a record, and not the whole: a put of it
/// broke off.
bool isTorn(const std::string &kind, std::string_view record);

}  // namespace mdimappend
