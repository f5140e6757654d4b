// Expands the templates in attributes of the settings. It evaluates no code: a
// template is a name, or a name and one argument.

#include "cube/attribute_templates.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

constexpr std::string_view opening = "{{";
constexpr std::string_view closing = "}}";

std::string trimmed(std::string_view text)
{
    const auto first = text.find_first_not_of(" \t");
    if (first == text.npos)
        return {};
    return std::string(
        text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

Status notUnderstood(const std::string &expression)
{
    return {Failure::Usage,
            "the template '{{ " + expression +
                " }}' is not understood: expected a name, or a name and one "
                "argument in parentheses; no code is evaluated"};
}

Result<Json> evaluate(const std::string &expression,
                      const TemplateValue &valueOf)
{
    const auto open = expression.find('(');
    const auto name = trimmed(std::string_view(expression).substr(0, open));
    std::string argument;
    if (open != expression.npos)
    {
        if (expression.back() != ')')
            return notUnderstood(expression);
        argument = trimmed(std::string_view(expression)
                               .substr(open + 1, expression.size() - open - 2));
    }
    const auto isNameLetter = [](char c)
    { return (c >= 'a' && c <= 'z') || c == '_'; };
    if (name.empty() || !std::ranges::all_of(name, isNameLetter))
        return notUnderstood(expression);
    return valueOf(name, argument);
}

Result<Json> expandText(const std::string &text, const TemplateValue &valueOf)
{
    std::string expanded;
    for (std::size_t at = 0; at < text.size();)
    {
        const auto begin = text.find(opening, at);
        expanded += text.substr(at, begin - at);
        if (begin == text.npos)
            break;
        const auto end = text.find(closing, begin + opening.size());
        if (end == text.npos)
            return Status(Failure::Usage,
                          "the template in '" + text + "' has no end");
        const auto inside = begin + opening.size();
        MDIMAPPEND_ASSIGN(const Json value,
                          evaluate(trimmed(std::string_view(text).substr(
                                       inside, end - inside)),
                                   valueOf));
        at = end + closing.size();
        if (begin == 0 && at == text.size())
            return value;
        expanded += textOrJson(value);
    }
    return Json(expanded);
}

}  // namespace

Result<Json> expandTemplates(const Json &value, const TemplateValue &valueOf)
{
    if (value.is_string())
        return expandText(value.get<std::string>(), valueOf);
    if (!value.is_structured())
        return value;
    Json expanded = value;
    for (auto &[key, element] : expanded.items())
    {
        auto made = expandTemplates(element, valueOf);
        if (!made)
            return value.is_object()
                       ? made.takeStatus().prefixed("attribute '" + key + "'")
                       : made.takeStatus();
        element = std::move(*made);
    }
    return expanded;
}

}  // namespace mdimappend
