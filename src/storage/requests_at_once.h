// Several requests at once, each of which mostly waits for its answer.

#pragma once

#include "mutex.h"
#include "status.h"

#include <cpl_string.h>

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

namespace mdimappend
{

constexpr std::size_t requestsAtOnce = 16;

/// Calls `visit` with 0 .. count - 1, up to `atOnce` of them at the same time,
/// each with GDAL's configuration of this thread. After a failure no more are
/// begun; the first one is returned.
Status forEachAtOnce(std::size_t atOnce, std::size_t count,
                     const std::function<Status(std::size_t)> &visit);

/// Requests that nobody waits for one by one: as many at once as threads, as
/// many more are kept waiting.
class RequestQueue
{
  public:
    /// With GDAL's configuration of this thread.
    explicit RequestQueue(std::size_t atOnce);

    /// Waits for all.
    ~RequestQueue();
    RequestQueue(const RequestQueue &) = delete;
    RequestQueue &operator=(const RequestQueue &) = delete;

    /// Waits for a place. What the request says of a failure is its own matter;
    /// it throws nothing.
    void add(std::function<void()> request);

    /// Until all that was added is done.
    void wait();

  private:
    void work();

    std::size_t m_most;
    CPLStringList m_configuration;
    Mutex m_mutex;
    std::condition_variable m_changed;
    std::deque<std::function<void()>> m_waiting MDIMAPPEND_GUARDED_BY(m_mutex);
    std::size_t m_running MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
    bool m_ended MDIMAPPEND_GUARDED_BY(m_mutex) = false;
    /// Touched by whoever owns the queue alone.
    std::vector<std::thread> m_threads;
};

}  // namespace mdimappend
