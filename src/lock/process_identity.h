// Which process something belongs to, so that others on the same machine can
// tell whether it has ended: its number alone does not, since numbers are used
// again, and mean something else on another host, after a restart, and in
// another container.

#pragma once

#include "json/json_text.h"

#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

struct ProcessIdentity
{
    std::string host;
    std::string boot;  ///< the system's boot id
    /// Of process numbers and of clocks, as the kernel names them.
    std::string namespaces;
    long process = 0;
    std::uint64_t started = 0;  ///< clock ticks since the boot

    bool operator==(const ProcessIdentity &) const = default;
};

/// Of this process; nothing where the system does not tell.
std::optional<ProcessIdentity> thisProcessIdentity();

/// Whether it has ended, for certain. False where that cannot be known from
/// here, and for one that is only stopped.
bool isKnownGone(const ProcessIdentity &identity);

Json toJson(const ProcessIdentity &identity);

/// Nothing if it is damaged.
std::optional<ProcessIdentity> processIdentityFrom(const Json &json);

}  // namespace mdimappend
