// The document of an object store's lock: what it says, also if somebody has
// damaged it. What is done with it: autotest/object_stores.

#include "lock/lock_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

LockDocument sample()
{
    LockDocument document;
    document.held = true;
    document.lease = std::chrono::seconds(30);
    document.renewals = 4;
    document.count = 17;
    document.holder.nonce = "c04b384f21a71280";
    document.holder.host = "node7";
    document.holder.process = 30818;
    document.unsettled = {"000000000017-c04b384f21a71280"};
    document.complete = true;
    document.logEnd = LogEnd{16, "{\"sequence\": 16}\n"};
    return document;
}

TEST(ObjectLockDocument, saysWhatWasWritten)
{
    const auto read = parseLockDocument(toText(sample()));
    EXPECT_TRUE(read.held);
    EXPECT_EQ(read.lease.count(), 30);
    EXPECT_EQ(read.renewals, 4U);
    EXPECT_EQ(read.count, 17U);
    EXPECT_EQ(read.holder, sample().holder);
    EXPECT_THAT(read.unsettled, ElementsAre("000000000017-c04b384f21a71280"));
    EXPECT_TRUE(read.complete);
    ASSERT_TRUE(read.logEnd);
    EXPECT_EQ(read.logEnd->sequence, 16U);
    EXPECT_EQ(read.logEnd->record, "{\"sequence\": 16}\n");
}

TEST(ObjectLockDocument, aLongRecordIsNotCarriedAlong)
{
    auto document = sample();
    document.logEnd->record = std::string(1U << 20, 'x');
    EXPECT_LT(toText(document).size(), 10'000U);
    const auto read = parseLockDocument(toText(document));
    ASSERT_TRUE(read.logEnd);
    EXPECT_EQ(read.logEnd->sequence, 16U);
    EXPECT_EQ(read.logEnd->record, "");
}

TEST(ObjectLockDocument, oneThatIsDamagedIsHeldForAMinute)
{
    const auto whole = toText(sample());
    for (const auto &text :
         {std::string(), std::string("{}"), std::string("[]"),
          whole.substr(0, whole.size() / 2), std::string("\xFF\xFE")})
    {
        const auto read = parseLockDocument(text);
        EXPECT_TRUE(read.held) << text;
        EXPECT_EQ(read.lease.count(), 60) << text;
        EXPECT_FALSE(read.complete) << text;
        EXPECT_FALSE(read.logEnd) << text;
        EXPECT_THAT(read.unsettled, IsEmpty()) << text;
    }
}

TEST(ObjectLockDocument, namesThatWouldLeadElsewhereAreLeftOut)
{
    auto document = sample();
    document.unsettled = {"../../x", "", "a/b", "000000000001-ab", "A\nB"};
    EXPECT_THAT(parseLockDocument(toText(document)).unsettled,
                ElementsAre("000000000001-ab"));
}

TEST(ObjectLockDocument, anAbsurdLeaseIsWaitedForADayAtMost)
{
    auto document = sample();
    document.lease = std::chrono::duration<double>(1e300);
    EXPECT_EQ(parseLockDocument(toText(document)).lease,
              std::chrono::hours(24));
    document.lease = std::chrono::duration<double>(-5);
    EXPECT_EQ(parseLockDocument(toText(document)).lease,
              std::chrono::seconds(1));
}

}  // namespace
}  // namespace mdimappend
