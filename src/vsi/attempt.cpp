// Tells what is not there from what cannot be read, by the three places where
// GDAL's file systems leave that: errno, VSI's own error, and their messages.

#include "vsi/attempt.h"

#include "vsi/paths.h"

#include <cpl_error.h>
#include <cpl_vsi_error.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace mdimappend
{

namespace
{

/// Whether an error of the system says that there is no such file.
bool saysNotThere(int code)
{
    return code == 0 || code == ENOENT || code == ENOTDIR ||
           code == ENAMETOOLONG;
}

/// File systems of GDAL's own leave behind what the system said of something
/// else.
bool saysWhy(int code)
{
    constexpr std::array<int, 11> reasons = {
        EIO,       EACCES,     EPERM,        EMFILE,       ENFILE,     ENOMEM,
        ETIMEDOUT, ECONNRESET, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH};
    return std::ranges::find(reasons, code) != reasons.end();
}

}  // namespace

Attempt::Attempt() : m_errors(CPLGetErrorCounter())
{
    VSIErrorReset();
    errno = 0;
}

void Attempt::ended()
{
    m_code = errno;
    m_vsi = VSIGetLastErrorNo();
    m_message = VSIGetLastErrorMsg();
}

std::optional<std::string> Attempt::failure(const std::string &path,
                                            bool isOwn) const
{
    if (m_vsi != VSIE_None && m_vsi != VSIE_FileError)
        return serverFailure(isOwn);
    const bool isReal =
        isVirtual(path) ? saysWhy(m_code) : !saysNotThere(m_code);
    return isReal ? std::optional<std::string>(std::strerror(m_code))
                  : std::nullopt;
}

std::optional<std::string> Attempt::serverFailure(bool isOwn) const
{
    const auto says = [&](const char *text)
    { return m_message.find(text) != std::string::npos; };
    const bool notThere =
        m_vsi == VSIE_ObjectNotFound || says("404") || says("410");
    const bool forbidden = m_vsi == VSIE_AccessDenied || says("403");
    if (notThere || (forbidden && !isOwn))
        return std::nullopt;
    return m_message;
}

bool Attempt::reportedErrors() const
{
    return CPLGetErrorCounter() != m_errors;
}

}  // namespace mdimappend
