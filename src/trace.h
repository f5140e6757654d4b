// What happens, step by step, for whoever asks with CPL_DEBUG=MDIMAPPEND (or
// ON): GDAL's debug messages, which Python's logging takes over
// (apps/python/gdalmdimappend/_logging.py). While nobody asks, a call costs one
// look at a setting, and no text is made.

#pragma once

#include <string>
#include <string_view>

namespace mdimappend
{

/// Whether anybody reads it.
bool isTraced();

/// One line: "MDIMAPPEND: <line>".
void traceLine(std::string_view line);

/// `who` is the transaction's name, or what else tells one from another; the
/// parts (texts and numbers) follow each other as they are.
template <class... Parts>
void trace(std::string_view who, const Parts &...parts)
{
    if (!isTraced())
        return;
    std::string line(who);
    if (!line.empty())
        line += ": ";
    const auto add = [&line](const auto &part)
    {
        if constexpr (requires { line.append(part); })
            line.append(part);
        else
            line.append(std::to_string(part));
    };
    (add(parts), ...);
    traceLine(line);
}

}  // namespace mdimappend
