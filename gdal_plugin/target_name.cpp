// Names with the driver's prefix: MDIMAPPEND:path, MDIMAPPEND:"path":/array.

#include "target_name.h"

#include <cpl_string.h>

#include <string_view>

namespace mdimappend
{

bool hasPrefix(const char *name)
{
    return STARTS_WITH_CI(name, NAME_PREFIX);
}

Result<TargetName> parseTargetName(const std::string &name)
{
    if (!hasPrefix(name.c_str()))
        return Status(Failure::Usage, "'" + name + "' does not begin with " +
                                          NAME_PREFIX + " (as '" + NAME_PREFIX +
                                          name +
                                          "' does). Nothing was "
                                          "written.");
    MDIMAPPEND_ASSIGN(
        TargetName target,
        parseDriverName(name, std::string_view(NAME_PREFIX).size()));
    if (target.path.empty() ||
        !(target.array.empty() || target.array.starts_with(":/")))
        return Status(Failure::Usage, "'" + name + "' is neither " +
                                          NAME_PREFIX + "path nor " +
                                          NAME_PREFIX + "\"path\":/array");
    return target;
}

}  // namespace mdimappend
