// The step guard: what each rule allows after the target's last label.

#include "guards/step_guard.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

Labels numbers(const std::vector<double> &values)
{
    Labels labels;
    labels.kind = Labels::Kind::Real;
    for (const double value : values)
        labels.values.emplace_back(value);
    return labels;
}

Labels wholes(const std::vector<int> &values)
{
    Labels labels;
    labels.kind = Labels::Kind::Integer;
    for (const int value : values)
        labels.values.emplace_back(static_cast<Instant>(value));
    return labels;
}

Labels dates(const std::vector<std::string> &texts,
             Calendar calendar = Calendar::Standard)
{
    Labels labels;
    labels.kind = Labels::Kind::Date;
    labels.encoding = TimeEncoding{calendar, 1, 0};
    for (const auto &text : texts)
        labels.values.emplace_back(parseDate(text, calendar).status()
                                       ? *parseDate(text, calendar)
                                       : Instant{0});
    return labels;
}

std::string complaint(const std::string &rule, const Labels &target,
                      const Labels &slice, std::size_t firstNew = 0)
{
    const auto parsed = parseStep(rule);
    EXPECT_TRUE(parsed) << parsed.status().message();
    const auto checked = checkStep(*parsed, target, slice, firstNew);
    return checked.message();
}

void expectFits(const std::string &rule, const Labels &target,
                const Labels &slice, std::size_t firstNew = 0)
{
    EXPECT_EQ(complaint(rule, target, slice, firstNew), "") << rule;
}

void expectRefused(const std::string &rule, const Labels &target,
                   const Labels &slice, const std::string &words)
{
    EXPECT_THAT(complaint(rule, target, slice), testing::HasSubstr(words))
        << rule;
}

TEST(StepGuard, anyTakesEveryStep)
{
    expectFits("any", numbers({1, 5}), numbers({5.5, 100}));
    expectFits("any", Labels{}, Labels{});
}

TEST(StepGuard, directions)
{
    expectFits("increasing", numbers({1}), numbers({2, 7}));
    expectRefused("increasing", numbers({1}), numbers({0}), "is -1.0 ");
    expectFits("decreasing", numbers({1}), numbers({0, -3}));
    expectRefused("decreasing", dates({"2000-01-01"}), dates({"2000-01-02"}),
                  "1.0 days");
}

TEST(StepGuard, aNumberWithinAMillionthOfIt)
{
    expectFits("0.1", numbers({0.1, 0.2}), numbers({0.3, 0.4, 0.5}));
    expectFits("0.1", numbers({1}), numbers({1.10000005}));
    expectRefused("0.1", numbers({1}), numbers({1.1000002}), "--step 0.1");
    expectFits("-2", wholes({10}), wholes({8, 6}));
    expectRefused("-2", wholes({10}), wholes({8, 7}),
                  "the step from 8 to 7 is -1.0 (--step -2).");
}

TEST(StepGuard, aDurationIsExact)
{
    expectFits("6h", dates({"2000-01-01"}),
               dates({"2000-01-01T06:00:00", "2000-01-01T12:00:00"}));
    expectFits("0.5D", dates({"2000-01-01"}), dates({"2000-01-01T12:00:00"}));
    expectRefused("6h", dates({"2000-01-01"}),
                  dates({"2000-01-01T06:00:00.000000001"}),
                  "the step from 2000-01-01, the target's last label, to "
                  "2000-01-01T06:00:00.000000001 is ");
    expectRefused("1D", dates({"2000-01-01"}), dates({"2000-01-03"}),
                  "is 2.0 days (--step 1D).");
    expectFits("-1D", dates({"2000-01-02"}), dates({"2000-01-01"}));
}

TEST(StepGuard, withinTheSliceAndAcrossItsBeginning)
{
    expectRefused("1D", Labels{}, dates({"2000-01-01", "2000-01-03"}),
                  "the step from 2000-01-01 to 2000-01-03 is 2.0 days");
    expectFits("1D", Labels{}, dates({"2000-01-01"}));
    // Rows that are in the target already are not looked at.
    expectFits("1D", dates({"2000-01-01", "2000-01-02"}),
               dates({"1990-01-01", "2000-01-03"}), 1);
}

TEST(StepGuard, calendarMonths)
{
    expectFits("1mo", dates({"2000-01-01"}),
               dates({"2000-02-01", "2000-03-01"}));
    expectFits("1mo", dates({"2000-01-31"}),
               dates({"2000-02-29", "2000-03-31"}));
    expectFits("1mo", dates({"2000-01-16T12:00:00"}),
               dates({"2000-02-15T12:00:00", "2000-03-16T12:00:00"}));
    expectFits("3mo", dates({"2000-11-15"}), dates({"2001-02-15"}));
    expectFits("1Y", dates({"2000-02-29"}),
               dates({"2001-02-28", "2002-02-28"}));
    expectFits("-1mo", dates({"2000-03-01"}), dates({"2000-02-01"}));
    expectFits("1mo", dates({"2000-01-30"}, Calendar::Day360),
               dates({"2000-02-30"}, Calendar::Day360));
    expectRefused("1mo", dates({"2000-01-01"}), dates({"2000-03-01"}),
                  "is 60.0 days (--step 1mo).");
    expectRefused("1mo", dates({"2000-01-01"}), dates({"2000-02-02"}), "1mo");
    expectRefused("1mo", dates({"2000-01-01"}), dates({"2000-02-01T00:00:01"}),
                  "1mo");
}

TEST(StepGuard, constantIsWhatTheFirstStepWas)
{
    expectFits("constant", dates({"2000-01-01"}), dates({"2000-01-05"}));
    expectFits("constant", dates({"2000-01-01", "2000-01-05"}),
               dates({"2000-01-09", "2000-01-13"}));
    expectRefused("constant", dates({"2000-01-01", "2000-01-05"}),
                  dates({"2000-01-09", "2000-01-12"}),
                  "is 3.0 days, the one before it is 4.0 days");
    expectFits("constant", dates({"2000-01-01", "2000-02-01"}),
               dates({"2000-03-01", "2000-04-01"}));
    expectFits("constant", numbers({0.1, 0.2}), numbers({0.3, 0.4}));
    expectRefused("constant", numbers({1, 2}), numbers({3.1}),
                  "the one before");
}

TEST(StepGuard, rulesThatDoNotFitTheLabels)
{
    expectRefused("1D", numbers({1}), numbers({2}), "numbers, not dates");
    expectRefused("1", dates({"2000-01-01"}), dates({"2000-01-02"}),
                  "dates, not numbers");
    expectRefused("increasing", textLabels({"a"}), textLabels({"b"}), "text");
    expectRefused("1D", Labels{}, Labels{}, "missing");
}

TEST(Step, textsThatAreNoRule)
{
    for (const char *text :
         {"", "0", "0D", "-0.0s", "1M", "one", "1.5mo", "nan", "inf", "D",
          "1 DD", ".", "-", "0.0000000001s", "1e400", "99999999999999999D"})
        EXPECT_FALSE(parseStep(text)) << text;
}

TEST(Step, exactToTheNanosecond)
{
    EXPECT_TRUE(parseStep("0.1s")->nanoseconds == 100'000'000);
    EXPECT_TRUE(parseStep("1.5ns").status().kind() == Failure::Usage);
    EXPECT_TRUE(parseStep("0.000000001s")->nanoseconds == 1);
    EXPECT_TRUE(parseStep("2W")->nanoseconds ==
                Instant{14} * 86'400 * 1'000'000'000);
    EXPECT_EQ(parseStep("2Y")->months, 24);
    EXPECT_EQ(parseStep("1e-3")->number, 1e-3);
}

TEST(Step, saysWhereLabelsGo)
{
    EXPECT_EQ(parseStep("any")->descending(), std::nullopt);
    EXPECT_EQ(parseStep("-1D")->descending(), true);
    EXPECT_EQ(parseStep("1mo")->descending(), false);
    EXPECT_EQ(parseStep("decreasing")->descending(), true);
}

}  // namespace
}  // namespace mdimappend
