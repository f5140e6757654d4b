// One writer at a time: what whoever holds a lock may ask of it.
//
// The kernel's lock (`--lock auto`, kernel_lock.h): an OFD lock on
// `<sidecar>/lock`. It goes when its holder's process does, whatever kills it,
// and nobody can take it from a stopped one. The document's text only tells
// others who holds it; it is never deleted, since a second writer could then
// lock another inode.
//
// A lease (`--lock lease`, lease.h; in an object store always, object_lock.h):
// a claim that is renewed while its holder lives, and gone when it has not been
// for a while. Its holder may then be alive all the same, stopped or cut off:
// what a leased transaction does must do no harm when it comes late
// (transaction/transaction.h).
//
// The two exclude each other: who takes the one looks at the other afterwards.
//
// A lock of any kind is its process's alone. In a child that was forked
// meanwhile it is not held, and the child's end does not free it.

#pragma once

#include "lock/holder.h"
#include "status.h"

#include <chrono>
#include <cstdint>
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

/// With whose end a lease that is left is over, if not by time.
enum class LeftUntil
{
    Time,            ///< processes that are yet to come go on with it
    ThisProcessEnds  ///< it goes on renewing it
};

/// What the holder of a lease may do with it.
class Lease
{
  public:
    /// How long it lasts if it is not renewed.
    virtual std::chrono::duration<double> timeLeft() const = 0;

    /// Renews it, and leaves it held when this object goes. One that was left
    /// before stays as it was left.
    virtual Result<LeaseTicket> leave(LeftUntil until) = 0;

    /// One that was left before stays held when this object goes, whatever
    /// happens, unless this was said.
    virtual void freeAtEnd() = 0;

  protected:
    ~Lease() = default;
};

/// What the lock of an object store keeps for its next holders: which
/// transactions may have to be recovered. The holder says what it has settled.
class Settlements
{
  public:
    /// The name of the transaction that the holder may begin.
    virtual std::string transactionName() const = 0;

    /// The transactions of others that may have to be recovered; nothing if
    /// journals have to be looked for.
    virtual std::optional<std::vector<std::string>> unsettled() const = 0;

    /// Those of others are settled.
    virtual void settledOthers(bool logIsAsBefore) = 0;

    /// The holder's own transaction begins.
    virtual void begun() = 0;

    /// It is settled, and tidied; what the log ends with if it was committed.
    virtual void settled(const std::optional<LogEnd> &end) = 0;

  protected:
    ~Settlements() = default;
};

class Lock
{
  public:
    virtual ~Lock() = default;

    /// Asked once more before the decision: it fails when the lock has been
    /// lost, the document was replaced by another file, or another process
    /// holds it, from which this one was forked.
    virtual Status stillOurs() = 0;

    /// Null if it cannot be taken over while its holder lives.
    virtual Lease *lease()
    {
        return nullptr;
    }

    /// Null if journals tell what is not settled.
    virtual Settlements *settlements()
    {
        return nullptr;
    }
};

/// How a lock looks to whoever does not hold it. `holder` may be incomplete if
/// the document is damaged.
struct LockState
{
    bool held = false;
    bool leased = false;
    LockHolder holder;
    LeaseTicket ticket{};  ///< of a lease
    /// Of an object store: transactions that may have to be recovered.
    std::vector<std::string> unsettled{};
};

}  // namespace mdimappend
