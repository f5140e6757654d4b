// Templates in attributes: what is replaced, what is left alone, what is no
// template.

#include "cube/attribute_templates.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace mdimappend
{
namespace
{

Result<Json> expand(const Json &value)
{
    return expandTemplates(
        value,
        [](const std::string &name, const std::string &argument) -> Result<Json>
        {
            if (name == "number")
                return Json(2.5);
            if (name == "echo")
                return Json("<" + argument + ">");
            return Status(Failure::Usage, "unknown " + name);
        });
}

TEST(AttributeTemplates, textsAreReplaced)
{
    EXPECT_EQ(*expand("a {{ echo }} b {{echo(x)}}"), "a <> b <x>");
    EXPECT_EQ(*expand("{{ echo( lat ) }}"), "<lat>");
    EXPECT_EQ(*expand("n={{ number }}"), "n=2.5");
    EXPECT_EQ(*expand("plain } { text"), "plain } { text");
}

TEST(AttributeTemplates, oneTemplateAloneKeepsItsType)
{
    EXPECT_TRUE(expand("{{ number }}")->is_number());
}

TEST(AttributeTemplates, nestedValuesAndOtherTypes)
{
    const Json nested = {{"a", {"{{ number }}", 1, nullptr}},
                         {"b", {{"c", "{{ echo(z) }}"}}}};
    const Json expected = {{"a", {2.5, 1, nullptr}}, {"b", {{"c", "<z>"}}}};
    EXPECT_EQ(*expand(nested), expected);
}

TEST(AttributeTemplates, whatIsNoTemplateIsRefused)
{
    for (const char *text : {"{{ }}", "{{", "x {{ number", "{{ ds.time[0] }}",
                             "{{ a b }}", "{{ echo(x }}", "{{ 1 + 1 }}",
                             "{{ other }}", "{{ __import__('os') }}"})
    {
        const auto expanded = expand(text);
        ASSERT_FALSE(expanded) << text;
        EXPECT_EQ(expanded.status().kind(), Failure::Usage) << text;
    }
    EXPECT_THAT(expand({{"title", "{{ ds.x }}"}}).status().message(),
                testing::HasSubstr("attribute 'title'"));
}

TEST(AttributeTemplates, whatATemplateBringsIsNotExpandedAgain)
{
    const auto expanded = expandTemplates(
        "{{ a }}!", [](const std::string &, const std::string &) -> Result<Json>
        { return Json("{{ a }}"); });
    EXPECT_EQ(*expanded, "{{ a }}!");
}

}  // namespace
}  // namespace mdimappend
