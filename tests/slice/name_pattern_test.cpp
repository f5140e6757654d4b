// Names with wildcards.

#include "slice/name_pattern.h"

#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

TEST(NamePattern, isTheNameWithoutWildcards)
{
    EXPECT_TRUE(matches("air", "air"));
    EXPECT_FALSE(matches("air_2", "air"));
    EXPECT_FALSE(matches("air", "air_2"));
    EXPECT_FALSE(matches("air", ""));
    EXPECT_TRUE(matches("a[b]", "a[b]"));
    EXPECT_FALSE(hasWildcards("a[b]"));
}

TEST(NamePattern, aStarIsAnyTextAlsoNone)
{
    for (const char *pattern : {"*", "a*", "*r", "a*r", "*i*", "air*", "**"})
        EXPECT_TRUE(matches("air", pattern)) << pattern;
    for (const char *pattern : {"b*", "*a", "a*x", "*airs"})
        EXPECT_FALSE(matches("air", pattern)) << pattern;
    EXPECT_TRUE(matches("abcabcabd", "*abc*abd"));
    EXPECT_FALSE(matches("abcabcabc", "*abc*abd"));
}

TEST(NamePattern, aQuestionMarkIsOneCharacter)
{
    EXPECT_TRUE(matches("band1", "band?"));
    EXPECT_FALSE(matches("band12", "band?"));
    EXPECT_FALSE(matches("band", "band?"));
    EXPECT_TRUE(matches("Höhe", "H?he"));
    EXPECT_TRUE(matches("Höhe", "*?he"));
}

TEST(NamePattern, manyStarsTakeNoTime)
{
    const std::string name(4000, 'a');
    EXPECT_FALSE(matches(name, "*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b"));
}

}  // namespace
}  // namespace mdimappend
