// Asks the system about each folder.

#include "append/may_write.h"

#include <cerrno>
#include <cstring>
#include <unistd.h>

namespace mdimappend
{

namespace
{

/// What is not there is not asked about.
Status checkPlace(Posix &posix, const std::string &path, int mode)
{
    if (posix.access(path.c_str(), F_OK) != 0 ||
        posix.access(path.c_str(), mode) == 0)
        return Status::ok();
    return error("an append would fail: cannot write to '" + path +
                 "': " + std::strerror(errno) + ". Nothing was written.");
}

}  // namespace

Status checkMayWrite(Posix &posix, const Site &site, const Target &target)
{
    constexpr int folder = W_OK | X_OK;
    const bool hasSidecar = posix.access(site.sidecar().c_str(), F_OK) == 0;
    MDIMAPPEND_RETURN_IF_ERROR(
        checkPlace(posix, hasSidecar ? site.sidecar() : site.parent, folder));
    MDIMAPPEND_RETURN_IF_ERROR(checkPlace(posix, site.lock(), R_OK | W_OK));
    if (!site.exists)
        return checkPlace(posix, site.parent, folder);
    MDIMAPPEND_RETURN_IF_ERROR(checkPlace(posix, site.store(), folder));
    for (const auto &array : target.arrays)
    {
        if (array.axis)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkPlace(posix, site.object(array.document.path), folder));
    }
    return Status::ok();
}

}  // namespace mdimappend
