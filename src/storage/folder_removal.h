// Removal of a folder and all that is below it.

#pragma once

#include "status.h"
#include "storage/posix.h"

#include <fcntl.h>
#include <string>
#include <sys/types.h>

namespace mdimappend
{

/// How a folder is opened that must be no link.
constexpr int folderNoLink = O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW;

/// Removes `name`, and all that is below it, from the open folder `above`; it
/// may be gone already. Links are removed and never followed, what is on
/// another device than `device` is never entered. `path`: for messages. False
/// if something of it stays for good.
Result<bool> removeTreeIn(Posix &posix, dev_t device, int above,
                          const std::string &name, const std::string &path);

}  // namespace mdimappend
