// Who reads the trace of all threads: Python's logging, by a handler of GDAL's
// messages. GDAL has such handlers for one thread each, and an append has many;
// and where messages are kept quiet for a while, GDAL prints those for
// debugging.

#pragma once

namespace mdimappend
{

/// While it lives, trace lines of all threads go to the handler of GDAL's
/// messages that this thread has, if the thread's configuration option
/// MDIMAPPEND_TRACE is HANDLER; CPL_DEBUG does not matter then. If the option
/// is NONE, this thread's own lines go nowhere: what it does is a rehearsal.
/// Otherwise they go where CPLDebug() puts them.
class TraceListener
{
  public:
    TraceListener();
    /// Waits for a line that is on its way.
    ~TraceListener();
    TraceListener(const TraceListener &) = delete;
    TraceListener &operator=(const TraceListener &) = delete;

  private:
    bool m_listens = false;
};

}  // namespace mdimappend
