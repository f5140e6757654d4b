// Trace lines are GDAL's debug messages of the category MDIMAPPEND, or go to a
// listener.

#include "trace.h"

#include "mutex.h"
#include "secrets.h"
#include "trace_listener.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace mdimappend
{

namespace
{

/// What listeners take: "MDIMAPPEND: <line>", as CPLDebug() has it.
constexpr const char *category = "MDIMAPPEND";

// Longer messages are cut by GDAL at 20,000 bytes anyway.
constexpr std::size_t longest = 10'000;

class Listeners
{
  public:
    void add(const TraceListener *owner, bool isSilent)
    {
        Listener listener{owner, std::this_thread::get_id()};
        if (!isSilent)
            listener.handler = CPLGetErrorHandler(&listener.data);
        const MutexLock lock(m_mutex);
        m_all.push_back(listener);
        m_count = m_all.size();
    }

    void remove(const TraceListener *owner)
    {
        const MutexLock lock(m_mutex);
        std::erase_if(m_all, [&](const Listener &each)
                      { return each.owner == owner; });
        m_count = m_all.size();
    }

    /// Asked before each line, so without the mutex.
    bool areThere() const
    {
        return m_count.load(std::memory_order_relaxed) > 0;
    }

    /// To this thread's own listener, or to another one: whoever listens reads
    /// all. False if there is none any more.
    bool tell(std::string_view line)
    {
        static thread_local bool isTelling = false;
        // A handler that does what is traced would wait for itself.
        if (isTelling)
            return true;
        const MutexLock lock(m_mutex);
        auto found = std::ranges::find(m_all, std::this_thread::get_id(),
                                       &Listener::thread);
        const bool isOwn = found != m_all.end();
        if (!isOwn)
            found = std::ranges::find_if(m_all, [](const Listener &each)
                                         { return each.handler != nullptr; });
        if (found == m_all.end() || !found->handler)
            return isOwn;
        const auto &listener = *found;
        const std::string text =
            std::string(category) + ": " + std::string(line.substr(0, longest));
        isTelling = true;
        // It finds its data by being this thread's handler.
        CPLPushErrorHandlerEx(listener.handler, listener.data);
        listener.handler(CE_Debug, CPLE_None, text.c_str());
        CPLPopErrorHandler();
        isTelling = false;
        return true;
    }

  private:
    struct Listener
    {
        const TraceListener *owner = nullptr;
        std::thread::id thread{};
        CPLErrorHandler handler = nullptr;  ///< or silence
        void *data = nullptr;
    };

    Mutex m_mutex;
    std::vector<Listener> m_all MDIMAPPEND_GUARDED_BY(m_mutex);
    std::atomic<std::size_t> m_count = 0;
};

Listeners &listeners()
{
    static Listeners all;
    return all;
}

}  // namespace

TraceListener::TraceListener()
{
    const char *to = CPLGetConfigOption("MDIMAPPEND_TRACE", "");
    const bool isSilent = EQUAL(to, "NONE");
    m_listens = isSilent || EQUAL(to, "HANDLER");
    if (m_listens)
        listeners().add(this, isSilent);
}

TraceListener::~TraceListener()
{
    if (m_listens)
        listeners().remove(this);
}

bool isTraced()
{
    if (listeners().areThere())
        return true;
    const char *asked = CPLGetConfigOption("CPL_DEBUG", nullptr);
    return asked != nullptr && CPLTestBool(asked[0] == 0 ? "NO" : asked);
}

void traceLine(std::string_view line)
{
    // A failure's message may quote a URL with a signature.
    const auto shown = textWithoutSecrets(std::string(line));
    if (listeners().areThere() && listeners().tell(shown))
        return;
    const int size = static_cast<int>(std::min(shown.size(), longest));
    CPLDebug(category, "%.*s", size, shown.data());
}

}  // namespace mdimappend
