// What belongs to one process, and not to the children that it forks.

#pragma once

#include "status.h"

#include <string>
#include <sys/types.h>

namespace mdimappend
{

/// The process that took a lock.
class TakenBy
{
  public:
    TakenBy();

    /// False in a child that was forked since.
    bool isThisProcess() const;

    /// The same, with what to tell a child that asks.
    Status check(const std::string &path) const;

  private:
    pid_t m_process;
};

/// While this lives, a forked child closes its copy of a descriptor before it
/// does anything else. It would have a share in an OFD lock otherwise, which
/// would outlast a parent that is killed for as long as the child lives.
///
/// A fork between opening and this leaves the child a copy: the lock is freed
/// all the same by its holder, unless that is killed.
class ClosedInChildren
{
  public:
    explicit ClosedInChildren(int fd);
    ~ClosedInChildren();
    ClosedInChildren(const ClosedInChildren &) = delete;
    ClosedInChildren &operator=(const ClosedInChildren &) = delete;

  private:
    int m_fd;
};

}  // namespace mdimappend
