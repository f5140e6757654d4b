// One writer at a time.
//
// The kernel's lock (`--lock auto`): an OFD lock on `<sidecar>/lock`. It goes
// when its holder's process does, whatever kills it, and nobody can take it
// from a stopped one. The document's text only tells others who holds it; it is
// never deleted, since a second writer could then lock another inode.
//
// A lease (`--lock lease`, claims.h), where there is no such lock: a claim that
// is renewed while its holder lives, and gone when it has not been for a while.
// Its holder may then be alive all the same, stopped or cut off: what a leased
// transaction does must do no harm when it comes late
// (transaction/transaction.h).
//
// The two exclude each other: who takes the one looks at the other afterwards.

#pragma once

#include "lock/holder.h"
#include "settings/lock_mode.h"
#include "status.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// What the log ends with.
struct LogEnd
{
    std::uint64_t sequence = 0;
    std::string record;  ///< its text, "" if that is not known
};

/// A lease that was left held when its holder ended: whoever shows this goes on
/// with it.
struct LeaseTicket
{
    std::uint64_t number = 0;  ///< of the claim; in an object store, its count
    std::string nonce;

    bool operator==(const LeaseTicket &) const = default;
};

class Lock
{
  public:
    virtual ~Lock() = default;

    /// Asked once more before the decision: false when the lock has been lost
    /// or the document replaced by another file.
    virtual Status stillOurs() = 0;

    /// Whether it may be taken over while its holder lives.
    virtual bool isLease() const
    {
        return false;
    }

    /// Renews the lease, and leaves it held when this object goes. Only of a
    /// lease.
    virtual Result<LeaseTicket> leave()
    {
        return error("only a lease can be left");
    }

    /// A lease that was left before stays held when this object goes, whatever
    /// happens, unless this was said.
    virtual void freeAtEnd()
    {
    }

    // What the lock of an object store also says (object_lock.h).

    /// How long it lasts if it is not renewed.
    virtual std::chrono::duration<double> timeLeft() const
    {
        return std::chrono::duration<double>::max();
    }

    /// Whether nobody else has held it since this process did.
    virtual bool isContinued() const
    {
        return false;
    }

    /// The name of the transaction that its holder may begin; "" if any will
    /// do.
    virtual std::string transactionName() const
    {
        return {};
    }

    /// The transactions of others that may have to be recovered; nothing if
    /// journals have to be looked for.
    virtual std::optional<std::vector<std::string>> unsettled() const
    {
        return std::nullopt;
    }

    /// Nothing if it has to be looked for.
    virtual std::optional<LogEnd> logEnd() const
    {
        return std::nullopt;
    }

    /// Those of others are settled.
    virtual void settledOthers(bool logIsAsBefore)
    {
        static_cast<void>(logIsAsBefore);
    }

    /// The holder's own transaction begins.
    virtual void begun()
    {
    }

    /// It is settled, and tidied; what the log ends with if it was committed.
    virtual void settled(const std::optional<LogEnd> &end)
    {
        static_cast<void>(end);
    }
};

struct LockRequest
{
    std::string path;
    std::string command;
    /// Zero fails at once; nothing waits for ever.
    std::optional<std::chrono::duration<double>> timeout;
    /// Asked while waiting; true ends the wait with Failure::Interrupted.
    std::function<bool()> cancelled;
    /// How long one's own lease lasts after each renewal.
    std::chrono::duration<double> lease{30};
    /// Goes on with a lease that was left, if it is still held.
    std::optional<LeaseTicket> left{};
    /// The time since some moment, the machine's sleep included; the system's
    /// CLOCK_BOOTTIME if there is none.
    std::function<std::chrono::duration<double>()> clock;
};

/// Failure::Locked when somebody else holds it, with who that is. `storage` is
/// where claims are; it must outlive the lock.
Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Storage &storage,
                                               Posix &posix = Posix::system());
Result<std::unique_ptr<Lock>> acquireLease(const LockRequest &request,
                                           Storage &storage);

/// Whether somebody holds the lock at `path` now, without taking it. `holder`
/// may be incomplete if the document is damaged.
struct LockState
{
    bool held = false;
    bool leased = false;
    LockHolder holder;
    LeaseTicket ticket{};  ///< of a lease
    /// Of an object store: transactions that may have to be recovered.
    std::vector<std::string> unsettled{};
};

Result<LockState> peekLock(const std::string &path, Storage &storage);

/// Fails if the lease that was left is not held any more.
Status checkLeft(const LeaseTicket &left, const std::string &path,
                 Storage &storage);

/// Ends a lease whose holder is known to be gone: the next writer need not wait
/// for it. Whoever it was finds that it has lost it. False if there is none.
Result<bool> endLease(const std::string &path, Storage &storage);

}  // namespace mdimappend
