// A mutex that clang's thread safety analysis understands: what it guards is
// said where it is declared (MDIMAPPEND_GUARDED_BY), and lint refuses whoever
// touches that without it. Otherwise std::mutex.

#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define MDIMAPPEND_THREAD_SAFETY(attribute) __attribute__((attribute))
#else
#define MDIMAPPEND_THREAD_SAFETY(attribute)
#endif

/// Of a member: read and written only while `mutex` is held.
#define MDIMAPPEND_GUARDED_BY(mutex) MDIMAPPEND_THREAD_SAFETY(guarded_by(mutex))
/// Of a function: called only while `mutex` is held.
#define MDIMAPPEND_REQUIRES(mutex)                                             \
    MDIMAPPEND_THREAD_SAFETY(requires_capability(mutex))
/// Of a function: never called while `mutex` is held, since it takes it.
#define MDIMAPPEND_EXCLUDES(mutex)                                             \
    MDIMAPPEND_THREAD_SAFETY(locks_excluded(mutex))

namespace mdimappend
{

class MDIMAPPEND_THREAD_SAFETY(capability("mutex")) Mutex
{
  public:
    void lock() MDIMAPPEND_THREAD_SAFETY(acquire_capability())
    {
        m_mutex.lock();
    }

    void unlock() MDIMAPPEND_THREAD_SAFETY(release_capability())
    {
        m_mutex.unlock();
    }

  private:
    friend class MutexLock;
    std::mutex m_mutex;
};

/// Holds a Mutex while it lives; may wait.
class MDIMAPPEND_THREAD_SAFETY(scoped_lockable) MutexLock
{
  public:
    explicit MutexLock(Mutex &mutex)
        MDIMAPPEND_THREAD_SAFETY(acquire_capability(mutex))
        : m_lock(mutex.m_mutex)
    {
    }

    ~MutexLock() MDIMAPPEND_THREAD_SAFETY(release_capability()) = default;
    MutexLock(const MutexLock &) = delete;
    MutexLock &operator=(const MutexLock &) = delete;

    /// Frees the mutex for a while.
    void unlock() MDIMAPPEND_THREAD_SAFETY(release_capability())
    {
        m_lock.unlock();
    }

    void lock() MDIMAPPEND_THREAD_SAFETY(acquire_capability())
    {
        m_lock.lock();
    }

    /// To wait on: a condition is looked at in a loop around wait(), since the
    /// analysis does not see into a predicate.
    std::unique_lock<std::mutex> &native()
    {
        return m_lock;
    }

  private:
    std::unique_lock<std::mutex> m_lock;
};

}  // namespace mdimappend
