// A target is looked at without the lock, and locked if there is something to
// do: whatever another process does at any moment in between is seen. The other
// one is whole appends, made before each system call of the first.

#include "support/cube.h"
#include "support/fault_posix.h"
#include "support/scenarios.h"
#include "support/tree.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace mdimappend
{
namespace
{

using namespace protocol_testing;
using Outcome = SliceReport::Outcome;

struct Looked
{
    const char *name;
    CubeKind kind;

    friend void PrintTo(const Looked &looked, std::ostream *stream)
    {
        *stream << looked.name;
    }
};

class LookedAt : public testing::TestWithParam<Looked>
{
  protected:
    LookedAt()
    {
        EXPECT_TRUE(append(m_origin / "cube.zarr", 0, 2).status);
    }

    static Report append(const std::string &target, std::size_t first,
                         std::size_t count, Posix &posix = Posix::system(),
                         bool anew = false)
    {
        return appendRows(GetParam().kind, target, first, {count}, posix,
                          Durability::Process, false, anew);
    }

    static std::string wrong(const std::string &target, std::size_t rows)
    {
        const auto &kind = GetParam().kind;
        const auto cube = wrongInCube(target, rows, 0, none, kind);
        return cube.empty() ? wrongInLog(target, rows, kind.group()) : cube;
    }

    std::string restarted()
    {
        m_work.clear();
        const auto folder = m_work / std::to_string(++m_try);
        linkTree(m_origin.path(), folder);
        return folder + "/cube.zarr";
    }

    struct Met
    {
        Report first;
        std::optional<Report> other{};
        /// The first one's last call on an object of the store.
        std::uint64_t lastRead = 0;
    };

    /// `other` comes before the first one's n-th call, if there is one.
    template <class Other>
    Met meet(const std::string &target, std::size_t row, std::uint64_t n,
             Other other)
    {
        Met met;
        FaultPosix posix;
        std::uint64_t calls = 0;
        posix.before = [&](const std::string &call)
        {
            if (++calls == n)
                met.other = other();
            if (call.find("/cube.zarr/") != call.npos)
                met.lastRead = calls;
        };
        met.first = append(target, row, 2, posix);
        return met;
    }

    QuietGdal quiet;
    ScratchFolder m_origin;
    ScratchFolder m_work;
    int m_try = 0;
};

std::uint64_t everyFew()
{
    return runsInFull() ? 1 : 3;
}

Outcome outcomeOf(const Report &report)
{
    return report.slices.at(0).outcome;
}

TEST_P(LookedAt, theSameRowsOfAnotherAreInOnce)
{
    bool found = false;
    for (std::uint64_t n = 1;; n += everyFew())
    {
        const auto target = restarted();
        const auto met =
            meet(target, 2, n, [&] { return append(target, 2, 2); });
        if (!met.other)
            break;
        ASSERT_TRUE(met.first.status)
            << "at call " << n << ": " << met.first.status.message();
        // One of them has appended them; the other one found them, or came
        // while the lock was held.
        const bool byOther = outcomeOf(*met.other) == Outcome::Appended;
        ASSERT_EQ(outcomeOf(met.first),
                  byOther ? Outcome::AlreadyThere : Outcome::Appended)
            << "at call " << n;
        found = found || byOther;
        ASSERT_EQ(wrong(target, 4), "") << "at call " << n;
    }
    EXPECT_TRUE(found);
}

TEST_P(LookedAt, rowsThatAnotherPutsInFrontAreCounted)
{
    bool found = false;
    for (std::uint64_t n = 1;; n += everyFew())
    {
        const auto target = restarted();
        const auto met =
            meet(target, 4, n, [&] { return append(target, 2, 2); });
        if (!met.other)
            break;
        ASSERT_TRUE(met.first.status)
            << "at call " << n << ": " << met.first.status.message();
        if (!met.other->status)
            continue;
        found = found || outcomeOf(*met.other) == Outcome::Appended;
        if (met.first.slices.at(0).firstRow == 4)
        {
            ASSERT_EQ(wrong(target, 6), "") << "at call " << n;
        }
    }
    EXPECT_TRUE(found);
}

TEST_P(LookedAt, whatAnotherHasReplacedIsNotSaidToBeThere)
{
    bool refusedOnce = false;
    bool thereOnce = false;
    for (std::uint64_t n = 1;; n += everyFew())
    {
        const auto target = restarted();
        const auto met =
            meet(target, 0, n,
                 [&] { return append(target, 0, 2, Posix::system(), true); });
        if (!met.other)
            break;
        ASSERT_TRUE(met.other->status) << "nobody holds the lock at call " << n
                                       << ": " << met.other->status.message();
        if (met.first.status)
        {
            thereOnce = true;
            ASSERT_EQ(outcomeOf(met.first), Outcome::AlreadyThere);
            ASSERT_LT(met.lastRead, n) << "it was read afterwards";
        }
        else
        {
            refusedOnce = true;
            ASSERT_EQ(met.first.status.kind(), Failure::Refused)
                << "at call " << n << ": " << met.first.status.message();
        }
    }
    EXPECT_TRUE(refusedOnce);
    EXPECT_TRUE(thereOnce);
}

INSTANTIATE_TEST_SUITE_P(
    Of, LookedAt,
    testing::Values(Looked{"V3", {ZarrFormat::V3, true}},
                    Looked{"V2", {ZarrFormat::V2, true}},
                    Looked{"V3Plain", {ZarrFormat::V3, false}},
                    Looked{"V3Group", {ZarrFormat::V3, true, false, true}}),
    [](const auto &looked) { return looked.param.name; });

}  // namespace
}  // namespace mdimappend
