// The present as records and locks write it.

#pragma once

#include <chrono>
#include <format>
#include <string>

namespace mdimappend
{

/// UTC, to the second: "2026-01-31T06:00:00Z".
inline std::string utcNow()
{
    return std::format("{:%FT%TZ}", std::chrono::floor<std::chrono::seconds>(
                                        std::chrono::system_clock::now()));
}

}  // namespace mdimappend
