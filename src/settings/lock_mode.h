// How writers exclude each other, as they are asked to: a word of the settings
// that lock/ carries out.

#pragma once

#include <chrono>

namespace mdimappend
{

enum class LockMode
{
    Auto,  ///< the kernel's; of an object store, a lease
    Lease,
    None  ///< the caller vouches that nobody else writes
};

/// Shorter ones could not be renewed in time, longer ones would be waited for.
constexpr std::chrono::seconds shortestLease{1};
constexpr std::chrono::hours longestLease{24};

}  // namespace mdimappend
