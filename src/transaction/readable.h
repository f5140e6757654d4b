// Whether a reader that opens the target now finds one state of it. An append
// that is not decided has changed nothing that can be read, one that is
// finished everything; in between a reader may find parts of both.

#pragma once

#include "journal/site.h"
#include "status.h"

#include <chrono>
#include <cstdint>
#include <string>

namespace mdimappend
{

struct ReadableTarget
{
    Site site;
    /// How many appends are logged: another number after opening says that one
    /// was applied meanwhile.
    std::uint64_t appends = 0;
};

/// Takes no lock and changes nothing. Whoever applies an append now is waited
/// for until `deadline`: Failure::Locked then. Failure::Conflict if nobody is
/// at it; Failure::Error if there is no target.
Result<ReadableTarget>
waitUntilReadable(const std::string &target, const std::string &group,
                  std::chrono::steady_clock::time_point deadline);

}  // namespace mdimappend
