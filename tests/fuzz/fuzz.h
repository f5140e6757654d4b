// What all fuzz targets share: inputs as texts, and properties that hold.
//
// An input of several parts has one part on each of its first lines, and the
// last part is the rest: seeds stay readable, and a mutation rarely moves what
// belongs to one part into another.

#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace mdimappend::fuzzing
{

/// Ends the process, as a crash does, where `holds` is false.
inline void expect(bool holds, const char *property)
{
    if (holds)
        return;
    std::fprintf(stderr, "property violated: %s\n", property);
    std::abort();
}

inline std::string_view inputText(const std::uint8_t *bytes, std::size_t size)
{
    return {reinterpret_cast<const char *>(bytes), size};
}

/// The first line of what is left, which is taken away with its line feed.
inline std::string_view takeLine(std::string_view &rest)
{
    const auto end = rest.find('\n');
    const auto line = rest.substr(0, end);
    rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    return line;
}

}  // namespace mdimappend::fuzzing

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *bytes,
                                      std::size_t size);
