// Names with the driver's prefix: MDIMAPPEND:path, MDIMAPPEND:"path":/array.

#include "target_name.h"

#include <cpl_string.h>

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
    TargetName target;
    target.path = name.substr(std::string(NAME_PREFIX).size());
    if (target.path.starts_with('"'))
    {
        const auto end = target.path.find('"', 1);
        if (end == std::string::npos)
            return Status(Failure::Usage,
                          "'" + name + "' lacks a quotation mark");
        target.array = target.path.substr(end + 1);
        target.path = target.path.substr(1, end - 1);
    }
    if (target.path.empty() ||
        !(target.array.empty() || target.array.starts_with(":/")))
        return Status(Failure::Usage, "'" + name + "' is neither " +
                                          NAME_PREFIX + "path nor " +
                                          NAME_PREFIX + "\"path\":/array");
    return target;
}

}  // namespace mdimappend
