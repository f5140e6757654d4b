// Trace lines are GDAL's debug messages of the category MDIMAPPEND.

#include "trace.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>

#include <algorithm>

namespace mdimappend
{

bool isTraced()
{
    const char *asked = CPLGetConfigOption("CPL_DEBUG", nullptr);
    return asked != nullptr && CPLTestBool(asked[0] == 0 ? "NO" : asked);
}

void traceLine(std::string_view line)
{
    // Longer messages are cut by GDAL at 20,000 bytes anyway.
    constexpr std::size_t longest = 10'000;
    const int size = static_cast<int>(std::min(line.size(), longest));
    CPLDebug("MDIMAPPEND", "%.*s", size, line.data());
}

}  // namespace mdimappend
