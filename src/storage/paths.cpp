// Paths as texts: no look at any file system.

#include "storage/paths.h"

namespace mdimappend
{

std::string parentFolder(const std::string &path)
{
    const auto slash = path.find_last_of('/');
    if (slash == std::string::npos)
        return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace mdimappend
