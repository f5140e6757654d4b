// Where the log has a group's newest record, if the store's newest one is about
// other groups: `log/members/<hash>`. A hint proves nothing; who follows it
// looks whether the record names the group.

#pragma once

#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <string>

namespace mdimappend
{

/// A record's list of groups whose newest record is the one before it.
inline constexpr const char *lastBefore = "last_before";

/// Before the record itself, whose list says of which groups.
Status writeMemberHints(Storage &storage, const Site &site, const Json &record);

/// Of the site's group; 0 if there is none.
Result<std::uint64_t> readMemberHint(Storage &storage, const Site &site);

}  // namespace mdimappend
