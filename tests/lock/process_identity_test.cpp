// A process is known to be gone only where that is certain: not when it is
// stopped, elsewhere, or of a number that another one has now.

#include "lock/process_identity.h"
#include "support/forked_child.h"

#include <gmock/gmock.h>

#include <fstream>
#include <sys/syscall.h>
#include <thread>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;

/// Of a child that waits to be killed.
class Child
{
  public:
    Child()
    {
        int ends[2];
        EXPECT_EQ(pipe(ends), 0);
        m_process = forkChild(
            [&]
            {
                const auto mine = thisProcessIdentity();
                const auto text = mine ? dumpJson(toJson(*mine), -1) : "";
                if (write(ends[1], text.data(), text.size()) >= 0)
                    close(ends[1]);
                alarm(0);
                return pause() == 0;
            });
        close(ends[1]);
        std::string text(4096, '\0');
        const auto size = read(ends[0], text.data(), text.size());
        close(ends[0]);
        text.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        const auto json = parseJson(text);
        const auto told = json ? processIdentityFrom(*json) : std::nullopt;
        EXPECT_TRUE(told) << text;
        identity = told.value_or(ProcessIdentity{});
    }

    ~Child()
    {
        end();
    }

    Child(const Child &) = delete;
    Child &operator=(const Child &) = delete;

    void kill() const
    {
        ::kill(m_process, SIGKILL);
        // It has ended, and is there for whoever asks how.
        siginfo_t how;
        waitid(P_PID, static_cast<id_t>(m_process), &how, WEXITED | WNOWAIT);
    }

    void end()
    {
        if (m_process == 0)
            return;
        kill();
        waitpid(m_process, nullptr, 0);
        m_process = 0;
    }

    void stop() const
    {
        ::kill(m_process, SIGSTOP);
        waitpid(m_process, nullptr, WUNTRACED);
    }

    ProcessIdentity identity;

  private:
    pid_t m_process = 0;
};

TEST(ProcessIdentity, ofALivingProcessIsNotGone)
{
    const auto mine = thisProcessIdentity();
    ASSERT_TRUE(mine);
    EXPECT_EQ(mine->process, getpid());
    EXPECT_FALSE(isKnownGone(*mine));
    const Child child;
    EXPECT_FALSE(isKnownGone(child.identity));
    child.stop();
    EXPECT_FALSE(isKnownGone(child.identity)) << "only stopped";
}

TEST(ProcessIdentity, ofAKilledProcessIsGoneWhoeverAsksHowItEnded)
{
    Child child;
    child.kill();
    EXPECT_TRUE(isKnownGone(child.identity)) << "a zombie";
    child.end();
    EXPECT_TRUE(isKnownGone(child.identity));
}

TEST(ProcessIdentity, ofAProcessWhoseFirstThreadHasEndedIsNotGone)
{
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    const pid_t process = forkChild(
        [&]
        {
            std::thread(
                [&]
                {
                    // When the first one is a zombie among living threads.
                    std::this_thread::sleep_for(std::chrono::milliseconds(200));
                    if (write(ready[1], "", 1) == 1)
                        pause();
                })
                .detach();
            // Of the thread alone, without unwinding.
            syscall(SYS_exit, 0);
            return true;
        });
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    auto identity = *thisProcessIdentity();
    identity.process = process;
    std::ifstream file("/proc/" + std::to_string(process) + "/stat");
    std::string word;
    for (int field = 1; field <= 22; ++field)
    {
        file >> word;
        if (field == 3)
        {
            EXPECT_EQ(word, "Z");
        }
    }
    identity.started = std::stoull(word);
    EXPECT_FALSE(isKnownGone(identity));
    kill(process, SIGKILL);
    waitpid(process, nullptr, 0);
    EXPECT_TRUE(isKnownGone(identity));
    close(ready[0]);
    close(ready[1]);
}

TEST(ProcessIdentity, ofANumberThatAnotherProcessHasNowIsGone)
{
    const Child child;
    auto before = child.identity;
    --before.started;
    EXPECT_TRUE(isKnownGone(before));
}

TEST(ProcessIdentity, ofAnotherHostBootOrNamespaceIsNotKnown)
{
    Child child;
    child.end();
    for (auto member : {&ProcessIdentity::host, &ProcessIdentity::boot,
                        &ProcessIdentity::namespaces})
    {
        auto elsewhere = child.identity;
        elsewhere.*member += "1";
        EXPECT_FALSE(isKnownGone(elsewhere));
        (elsewhere.*member).clear();
        EXPECT_FALSE(isKnownGone(elsewhere));
    }
    EXPECT_TRUE(isKnownGone(child.identity));
}

TEST(ProcessIdentity, isItsOwnInAForkedChild)
{
    const auto mine = thisProcessIdentity();
    EXPECT_TRUE(isRightInChild(
        [&]
        {
            const auto childs = thisProcessIdentity();
            return childs && childs->process == getpid() && childs != mine &&
                   !isKnownGone(*mine);
        }));
}

TEST(ProcessIdentity, thatIsDamagedIsNone)
{
    const auto whole = toJson(*thisProcessIdentity());
    EXPECT_EQ(processIdentityFrom(whole), thisProcessIdentity());
    for (const char *process :
         {"0", "-1", "-5", "1e9", "4294967297", "\"7\"", "null", "[]"})
    {
        auto damaged = whole;
        damaged["process"] = *parseJson(process);
        EXPECT_FALSE(processIdentityFrom(damaged)) << process;
    }
    EXPECT_FALSE(processIdentityFrom(Json()));
}

}  // namespace
}  // namespace mdimappend
