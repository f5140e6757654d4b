// Labels found by their values, in rows that copies have in common.

#include "cube/known_labels.h"
#include "cube/label_match.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

Labels numbers(std::vector<Label> values)
{
    Labels labels;
    labels.kind = Labels::Kind::Integer;
    labels.values = std::move(values);
    return labels;
}

Labels texts(int first, int count)
{
    std::vector<std::string> all;
    for (int i = first; i < first + count; ++i)
        all.push_back("label " + std::to_string(i));
    return textLabels(std::move(all));
}

TEST(KnownLabels, findsTheFirstRowOfALabel)
{
    const KnownLabels known(textLabels({"b", "a", "b"}));
    EXPECT_EQ(known.find("b"), 0);
    EXPECT_EQ(known.find("a"), 1);
    EXPECT_FALSE(known.find("c"));
    EXPECT_FALSE(KnownLabels().find("a"));
}

TEST(KnownLabels, wholeAndRealNumbersAreTheSame)
{
    const KnownLabels known(numbers({Instant{1}, 2.0, Instant{3}}));
    EXPECT_EQ(known.find(1.0), 0);
    EXPECT_EQ(known.find(Instant{2}), 1);
    EXPECT_FALSE(known.find(2.5));
    EXPECT_EQ(KnownLabels(numbers({0.0})).find(-0.0), 0);
}

TEST(KnownLabels, aNanosecondIsAnotherDate)
{
    const Instant day = Instant{86'400'000'000'000} * 365 * 2000;
    Labels dates = numbers({day, day + 1});
    dates.kind = Labels::Kind::Date;
    const KnownLabels known(std::move(dates));
    EXPECT_EQ(known.find(day + 1), 1);
    EXPECT_FALSE(known.find(day + 2));
}

TEST(KnownLabels, whatIsAddedIsFoundThough)
{
    KnownLabels known(texts(0, 2));
    EXPECT_FALSE(known.find("label 3"));
    known.add(texts(1, 3), 1);
    EXPECT_EQ(known.size(), 4);
    EXPECT_EQ(known.find("label 3"), 3);
    EXPECT_EQ(known.last(1).values, texts(3, 1).values);
}

TEST(KnownLabels, copiesGoTheirOwnWays)
{
    const KnownLabels stem(texts(0, 2));
    KnownLabels one = stem;
    one.add(texts(10, 2), 0);
    KnownLabels other = stem;
    other.add(texts(20, 1), 0);
    EXPECT_EQ(stem.size(), 2);
    EXPECT_EQ(one.size(), 4);
    EXPECT_EQ(other.size(), 3);
    EXPECT_EQ(one.find("label 11"), 3);
    EXPECT_EQ(other.find("label 20"), 2);
    EXPECT_FALSE(stem.find("label 10"));
    EXPECT_FALSE(other.find("label 10"));
    EXPECT_FALSE(one.find("label 20"));
}

TEST(MatchLabels, textsInNoOrder)
{
    const KnownLabels known(textLabels({"c", "a", "b"}));
    const auto match = matchLabels(known, textLabels({"b", "a", "z", "y"}));
    ASSERT_TRUE(match);
    EXPECT_EQ(match->firstNew, 2);
    using Pairs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
    EXPECT_EQ(match->present, (Pairs{{0, 2}, {1, 1}}));
}

TEST(MatchLabels, aTextTwiceAnywhereInASliceIsRefused)
{
    const auto match = matchLabels({}, textLabels({"a", "b", "c", "a", "b"}));
    ASSERT_FALSE(match);
    EXPECT_EQ(match.status().message(), "the label 'a' occurs twice in it");
}

TEST(MatchLabels, newOnesInFrontOfPresentOnesAreRefused)
{
    const KnownLabels known(textLabels({"a"}));
    const auto match = matchLabels(known, textLabels({"b", "a"}));
    ASSERT_FALSE(match);
    EXPECT_EQ(match.status().message(),
              "the label 'a' is already in the target, but labels before it "
              "are not");
}

}  // namespace
}  // namespace mdimappend
