// One writer at a time: the lock document `<sidecar>/lock`.
//
// Local files: the kernel's OFD lock on that one file decides. It goes when its
// holder's process does, whatever kills it, and nobody can take it from a
// stopped one. The document's text only tells others who holds it; it is never
// deleted, since a second writer could then lock another inode.

#pragma once

#include "status.h"
#include "storage/posix.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

/// What the lock document says of its holder.
struct LockHolder
{
    std::string nonce;
    std::string host;
    long process = 0;
    std::string started;  ///< UTC, ISO 8601
    std::string command;

    std::string describe() const;
};

/// This process as a holder; `command` is what it runs.
LockHolder thisProcess(const std::string &command);

class Lock
{
  public:
    virtual ~Lock() = default;
    /// Asked once more before the decision: false when the lock has been lost
    /// or the document replaced by another file.
    virtual Status stillOurs() = 0;
};

struct LockRequest
{
    std::string path;
    std::string command;
    /// Zero fails at once; nothing waits for ever.
    std::optional<std::chrono::duration<double>> timeout;
    /// Asked while waiting; true ends the wait with Failure::Interrupted.
    std::function<bool()> cancelled;
};

/// Failure::Locked when somebody else holds it, with who that is.
Result<std::unique_ptr<Lock>> acquireLocalLock(const LockRequest &request,
                                               Posix &posix = Posix::system());

/// Whether somebody holds the lock at `path` now, without taking it. `holder`
/// may be incomplete if the document is damaged.
struct LockState
{
    bool held = false;
    LockHolder holder;
};

Result<LockState> peekLocalLock(const std::string &path);

}  // namespace mdimappend
