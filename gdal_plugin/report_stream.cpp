#include "report_stream.h"

#include <fcntl.h>
#include <unistd.h>

namespace mdimappend
{

ReportStream::ReportStream(bool alone)
{
    if (!alone)
        return;
    static_cast<void>(std::fflush(stdout));
    const int own = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    if (own < 0)
        return;
    m_own.reset(fdopen(own, "w"));
    if (!m_own)
        static_cast<void>(close(own));
    else if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        m_own.reset();
}

ReportStream::~ReportStream()
{
    if (!m_own)
        return;
    // What is still in memory was printed by others.
    static_cast<void>(std::fflush(stdout));
    static_cast<void>(std::fflush(m_own.get()));
    static_cast<void>(dup2(fileno(m_own.get()), STDOUT_FILENO));
}

}  // namespace mdimappend
