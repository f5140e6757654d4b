// What a record of the log says of each group that its commit changed: one of
// version 1 is about one group, and says it of itself; one of version 2 has
// members.

#pragma once

#include "json/json_text.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

inline constexpr const char *logVersion1 = "mdimappend log 1";
inline constexpr const char *logVersion2 = "mdimappend log 2";

/// In the record's order. They live as long as the record.
std::vector<const Json *> membersOf(const Json &record);
std::vector<Json *> membersOf(Json &record);

/// The one about a group; null if the commit left that alone.
const Json *memberOf(const Json &record, const std::string &group);

/// Whether this commit of a group found documents otherwise than the one before
/// had left them.
bool foundForeignChange(const Json &ofGroup, std::uint64_t sequence);

/// Whether all that is there is of the right kind, so that readers need not ask
/// again, and nothing of a version that this program does not know.
bool isLogRecord(const Json &record);

}  // namespace mdimappend
