// Units of measurement, which udunits2 parses.
//
// First line: from. Rest: to.

#include "fuzz.h"

#include "units/unit_conversion.h"

using namespace mdimappend;

int LLVMFuzzerTestOneInput(const std::uint8_t *bytes, std::size_t size)
{
    auto rest = fuzzing::inputText(bytes, size);
    const std::string from(fuzzing::takeLine(rest));
    const auto conversion = UnitConversion::make(from, std::string(rest));
    if (!conversion)
        return 0;
    double values[] = {0, 1, -273.15, 1e300};
    conversion->apply(values, values, 4);
    return 0;
}
