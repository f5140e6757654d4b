// What the parts of LocalStorage share: a descriptor that is closed on every
// way out, and what a failed system call says.

#pragma once

#include "status.h"
#include "storage/posix.h"

#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace mdimappend
{

inline Status systemError(const std::string &what, const std::string &path,
                          int code = errno)
{
    return error(what + " '" + path + "': " + std::strerror(code));
}

/// Whether a file system says that it cannot do something at all.
inline bool isUnsupported(int code)
{
    return code == EINVAL || code == ENOSYS || code == EOPNOTSUPP;
}

/// `close()` is for those who must know.
class OpenFile
{
  public:
    OpenFile(Posix &posix, int fd) : m_posix(posix), m_fd(fd)
    {
    }

    ~OpenFile()
    {
        if (m_fd >= 0)
            m_posix.close(m_fd);
    }

    OpenFile(const OpenFile &) = delete;
    OpenFile &operator=(const OpenFile &) = delete;

    int fd() const
    {
        return m_fd;
    }

    int close()
    {
        return m_posix.close(std::exchange(m_fd, -1));
    }

  private:
    Posix &m_posix;
    int m_fd;
};

}  // namespace mdimappend
