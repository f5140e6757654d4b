// Asks GDAL's file systems what is at a path.

#include "vsi/paths.h"

#include <cpl_vsi.h>

#include <string_view>

namespace mdimappend
{

std::string vsiPath(const std::string &name)
{
    constexpr std::string_view hadoop = "s3a://";
    if (name.starts_with(hadoop))
        return "/vsis3/" + name.substr(hadoop.size());
    return VSIURIToVSIPath(name.c_str());
}

bool isVirtual(const std::string &path)
{
    return path.starts_with("/vsi");
}

bool exists(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatExL(path.c_str(), &state, VSI_STAT_EXISTS_FLAG) == 0;
}

bool isFile(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatL(path.c_str(), &state) == 0 && !VSI_ISDIR(state.st_mode);
}

bool isFolder(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatL(path.c_str(), &state) == 0 && VSI_ISDIR(state.st_mode);
}

}  // namespace mdimappend
