// Dates in file names, by patterns with strptime's codes.
//
// First line: the pattern. Rest: the name.

#include "fuzz.h"

#include "slice/slice_label.h"

using namespace mdimappend;
using fuzzing::expect;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    const auto pattern = fuzzing::takeLine(rest);
    // A file's name.
    const auto name = rest.substr(0, 255);
    const auto date = dateInName(name, pattern);
    if (!date)
        return 0;
    expect(date->size() == 10 || date->size() == 19, "a date is ISO 8601");
    expect((*date)[4] == '-' && (*date)[7] == '-', "a date is ISO 8601");
    return 0;
}
