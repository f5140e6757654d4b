// What a child does that is forked in the middle of a test.

#pragma once

#include <gtest/gtest.h>

#include <csignal>
#include <functional>
#include <sys/wait.h>
#include <unistd.h>

namespace mdimappend::protocol_testing
{

/// A process that was forked here, with copies of all that the test has: does
/// `what`, and ends without destructors; a hang ends after half a minute.
inline pid_t forkChild(const std::function<bool()> &what)
{
    const pid_t child = fork();
    if (child != 0)
        return child;
    alarm(30);
    _exit(what() ? 0 : 1);
}

/// Whether what the child did was right.
inline bool isRightInChild(const std::function<bool()> &what)
{
    int status = 0;
    waitpid(forkChild(what), &status, 0);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/// One that does nothing but be there, until this object goes.
class LivingChild
{
  public:
    LivingChild()
        : m_child(forkChild(
              []
              {
                  pause();
                  return true;
              }))
    {
    }

    ~LivingChild()
    {
        kill(m_child, SIGKILL);
        waitpid(m_child, nullptr, 0);
    }

    LivingChild(const LivingChild &) = delete;
    LivingChild &operator=(const LivingChild &) = delete;

  private:
    pid_t m_child;
};

}  // namespace mdimappend::protocol_testing
