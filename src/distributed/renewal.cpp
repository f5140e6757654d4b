// One thread for each transaction that this process has begun and not ended.

#include "distributed/renewal.h"

#include "distributed/open_part.h"
#include "lock/held_here.h"
#include "mutex.h"
#include "trace.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <map>
#include <thread>

namespace mdimappend
{

namespace
{

class Renewal
{
  public:
    Renewal(Token token, AppendOptions options,
            std::shared_ptr<Storage> storage)
        : m_token(std::move(token)), m_options(std::move(options)),
          m_storage(std::move(storage))
    {
        // Settings of the calling thread (credentials, CPL_DEBUG) are its own.
        m_thread = std::thread(
            [this, settings = CPLStringList(CPLGetThreadLocalConfigOptions())]
            {
                CPLSetThreadLocalConfigOptions(settings.List());
                run();
            });
    }

    ~Renewal()
    {
        {
            const MutexLock lock(m_mutex);
            m_ended = true;
        }
        m_wake.notify_all();
        m_thread.join();
    }

    Renewal(const Renewal &) = delete;
    Renewal &operator=(const Renewal &) = delete;

    const std::shared_ptr<Storage> &storage() const
    {
        return m_storage;
    }

  private:
    using Clock = std::chrono::steady_clock;

    void run()
    {
        const std::chrono::duration<double> pause(
            std::max(m_token.seconds / 3, 0.3));
        MutexLock lock(m_mutex);
        while (!m_ended)
        {
            const auto next =
                Clock::now() +
                std::chrono::duration_cast<Clock::duration>(pause);
            while (!m_ended && m_wake.wait_until(lock.native(), next) !=
                                   std::cv_status::timeout)
            {
            }
            if (!m_ended)
                renew();
        }
    }

    /// Whoever writes or commits next finds out what is wrong, too.
    void renew() const
    {
        const auto renewed = renewLease(m_token, m_options);
        if (!renewed)
            trace(m_token.transaction,
                  "the lease was not renewed: ", renewed.message());
        renewed.ignore("it is tried again");
    }

    const Token m_token;
    const AppendOptions m_options;
    const std::shared_ptr<Storage> m_storage;
    Mutex m_mutex;
    std::condition_variable m_wake;
    bool m_ended MDIMAPPEND_GUARDED_BY(m_mutex) = false;
    std::thread m_thread;
};

/// Never destroyed, as long as a thread may be using it.
struct Register
{
    const TakenBy process;
    Mutex mutex;
    std::map<std::string, std::unique_ptr<Renewal>>
        renewals MDIMAPPEND_GUARDED_BY(mutex);
};

/// In a forked child the parent's has threads that are not there, and may be
/// locked: the child begins one of its own.
Register &ours()
{
    static std::atomic<Register *> instance = nullptr;
    auto *current = instance.load();
    while (!current || !current->process.isThisProcess())
    {
        auto mine = std::make_unique<Register>();
        if (instance.compare_exchange_strong(current, mine.get()))
            current = mine.release();
    }
    return *current;
}

}  // namespace

Status renewLease(const Token &token, const AppendOptions &options)
{
    MDIMAPPEND_ASSIGN(OpenPart open, openToEnd(token, options));
    MDIMAPPEND_RETURN_IF_ERROR(readSession(open, token, options));
    return leaveLease(*open.writer.lock, LeftUntil::Time).status();
}

void keepRenewing(const Token &token, const AppendOptions &options,
                  std::shared_ptr<Storage> storage)
{
    auto &all = ours();
    const MutexLock lock(all.mutex);
    auto &renewal = all.renewals[token.transaction];
    if (!renewal)
        renewal = std::make_unique<Renewal>(token, options, std::move(storage));
}

std::shared_ptr<Storage> stopRenewing(const std::string &transaction)
{
    std::unique_ptr<Renewal> stopped;
    auto &all = ours();
    const MutexLock lock(all.mutex);
    if (auto found = all.renewals.extract(transaction))
        stopped = std::move(found.mapped());
    return stopped ? stopped->storage() : nullptr;
}

}  // namespace mdimappend
