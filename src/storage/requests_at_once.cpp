// Threads that wait for answers, each with the configuration of whoever began
// them.

#include "storage/requests_at_once.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <thread>
#include <vector>

namespace mdimappend
{

Status forEachAtOnce(std::size_t atOnce, std::size_t count,
                     const std::function<Status(std::size_t)> &visit)
{
    std::atomic<std::size_t> next{0};
    Mutex mutex;
    Status failure;
    const auto work = [&]
    {
        for (auto i = next++; i < count; i = next++)
        {
            Status done;
            try
            {
                done = visit(i);
            }
            catch (const std::exception &thrown)
            {
                done = error(thrown.what());
            }
            if (done)
                continue;
            const MutexLock lock(mutex);
            if (failure)
                failure = std::move(done);
            next = count;
        }
    };
    const CPLStringList configuration(CPLGetThreadLocalConfigOptions());
    std::vector<std::thread> threads;
    for (std::size_t i = 1; i < std::min(atOnce, count); ++i)
        threads.emplace_back(
            [&]
            {
                CPLSetThreadLocalConfigOptions(configuration.List());
                work();
            });
    work();
    for (auto &thread : threads)
        thread.join();
    return failure;
}

RequestQueue::RequestQueue(std::size_t atOnce)
    : m_most(std::max<std::size_t>(atOnce, 1)),
      m_configuration(CPLGetThreadLocalConfigOptions())
{
}

RequestQueue::~RequestQueue()
{
    {
        const MutexLock lock(m_mutex);
        m_ended = true;
    }
    m_changed.notify_all();
    for (auto &thread : m_threads)
        thread.join();
}

void RequestQueue::add(std::function<void()> request)
{
    MutexLock lock(m_mutex);
    while (m_waiting.size() >= m_most)
        m_changed.wait(lock.native());
    m_waiting.push_back(std::move(request));
    // No more threads than there have been requests at a time.
    if (m_threads.size() < std::min(m_most, m_waiting.size() + m_running))
        m_threads.emplace_back([this] { work(); });
    m_changed.notify_all();
}

void RequestQueue::wait()
{
    MutexLock lock(m_mutex);
    while (!m_waiting.empty() || m_running > 0)
        m_changed.wait(lock.native());
}

void RequestQueue::work()
{
    CPLSetThreadLocalConfigOptions(m_configuration.List());
    MutexLock lock(m_mutex);
    while (true)
    {
        while (!m_ended && m_waiting.empty())
            m_changed.wait(lock.native());
        if (m_waiting.empty())
            return;
        const auto request = std::move(m_waiting.front());
        m_waiting.pop_front();
        ++m_running;
        m_changed.notify_all();
        lock.unlock();
        request();
        lock.lock();
        --m_running;
        m_changed.notify_all();
    }
}

}  // namespace mdimappend
