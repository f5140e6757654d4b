// Puts members into an object in a text, takes them out and changes them, in
// the style (indent, spaces, line ends) of those that are there.

#include "json/json_scanner.h"
#include "json/json_text.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

struct Member
{
    std::string name;
    TextSpan key;
    TextSpan value;
};

/// Where the members of one object stand.
class MemberFinder : public ScalarSpans<MemberFinder>
{
  public:
    void key(std::string_view name, TextSpan span)
    {
        if (m_depth == 1)
            m_members.push_back({std::string(name), span, {}});
    }

    void enter(bool, std::size_t begin)
    {
        if (m_depth++ == 1 && !m_members.empty())
            m_members.back().value.begin = begin;
    }

    void leave(std::size_t end)
    {
        if (--m_depth == 1 && !m_members.empty())
            m_members.back().value.end = end;
    }

    void scalar(TextSpan span)
    {
        if (m_depth == 1 && !m_members.empty())
            m_members.back().value = span;
    }

    std::vector<Member> takeMembers()
    {
        return std::move(m_members);
    }

  private:
    unsigned m_depth = 0;
    std::vector<Member> m_members;
};

/// None for what is no object.
std::vector<Member> membersOf(std::string_view object)
{
    MemberFinder finder;
    if (!JsonScanner(object, finder).scan())
        return {};
    return finder.takeMembers();
}

/// How members follow each other.
struct MemberStyle
{
    std::string lead;  ///< white space before a key
    std::string colon = ": ";
    std::string unit = "  ";  ///< of indentation
};

std::string_view lastLine(std::string_view space)
{
    return space.substr(space.rfind('\n') + 1);
}

MemberStyle memberStyle(std::string_view object,
                        const std::vector<Member> &members)
{
    MemberStyle style;
    if (members.empty())
        return style;
    const Member &last = members.back();
    style.colon = textAt(object, {last.key.end, last.value.begin});
    std::size_t leadBegin = last.key.begin;
    while (object[leadBegin - 1] != ',' && object[leadBegin - 1] != '{')
        --leadBegin;
    style.lead = textAt(object, {leadBegin, last.key.begin});
    const bool isSpaced = style.colon.size() > 1;
    if (members.size() == 1 && style.lead.empty() && isSpaced)
        style.lead = " ";
    const auto inner = lastLine(style.lead);
    const auto outer =
        lastLine(textAt(object, {last.value.end, object.find_last_of('}')}));
    if (inner.size() > outer.size() && inner.starts_with(outer))
        style.unit = inner.substr(outer.size());
    return style;
}

/// `value` in one line, or with its lines below the members' indent.
std::string dumpBelow(const Json &value, const MemberStyle &style)
{
    auto line = style.lead.rfind('\n');
    if (line == style.lead.npos)
        return dumpJson(value, -1);
    if (line > 0 && style.lead[line - 1] == '\r')
        --line;
    std::string text;
    bool isIndent = false;
    for (const char c : dumpJson(value, 1))
    {
        isIndent = c == '\n' || (isIndent && c == ' ');
        if (c == '\n')
            text.append(style.lead, line);
        else if (isIndent)
            text.append(style.unit);
        else
            text.push_back(c);
    }
    return text;
}

std::string
withMembers(std::string_view text, TextSpan object,
            const std::vector<Member> &present, const MemberStyle &style,
            const std::vector<std::pair<std::string, std::string>> &members)
{
    std::string insertion;
    bool isFirst = present.empty();
    for (const auto &[key, value] : members)
    {
        if (!isFirst)
            insertion += "," + (present.empty() ? " " : style.lead);
        insertion += dumpJson(Json(key), -1) + style.colon + value;
        isFirst = false;
    }
    const std::size_t position =
        object.begin + (present.empty() ? 1 : present.back().value.end);
    return replaceSpans(text, {{{position, position}, insertion}});
}

/// The bytes of `object` that go with a member: with the comma and the white
/// space on one side of it.
TextSpan removal(std::string_view object, const std::vector<Member> &members,
                 std::size_t i)
{
    if (members.size() == 1)
        return {1, object.size() - 1};
    if (i + 1 < members.size())
        return {members[i].key.begin, members[i + 1].key.begin};
    return {members[i - 1].value.end, members[i].value.end};
}

}  // namespace

std::string insertMember(std::string_view text, TextSpan object,
                         std::string_view key, std::string_view value)
{
    const auto present = membersOf(textAt(text, object));
    return withMembers(text, object, present,
                       memberStyle(textAt(text, object), present),
                       {{std::string(key), std::string(value)}});
}

std::string
insertMembers(std::string_view text, TextSpan object,
              const std::vector<std::pair<std::string, Json>> &members)
{
    const auto present = membersOf(textAt(text, object));
    const MemberStyle style = memberStyle(textAt(text, object), present);
    std::vector<std::pair<std::string, std::string>> dumped;
    dumped.reserve(members.size());
    for (const auto &[key, value] : members)
        dumped.emplace_back(key, dumpBelow(value, style));
    return withMembers(text, object, present, style, dumped);
}

std::string removeMember(std::string_view text, TextSpan object,
                         std::string_view key)
{
    const std::string_view inner = textAt(text, object);
    const auto members = membersOf(inner);
    const auto found = std::ranges::find(members, key, &Member::name);
    if (found == members.end())
        return std::string(text);
    const TextSpan span = removal(
        inner, members, static_cast<std::size_t>(found - members.begin()));
    return replaceSpans(
        text, {{{object.begin + span.begin, object.begin + span.end}, ""}});
}

Result<std::string> setMembers(std::string_view text, TextSpan object,
                               const Json &members)
{
    std::string edited(textAt(text, object));
    MDIMAPPEND_ASSIGN(const Json present, parseJson(edited));
    if (!present.is_object() || !members.is_object())
        return error("not a JSON object");
    const auto spelled = membersOf(edited);
    const MemberStyle style = memberStyle(edited, spelled);
    std::vector<std::pair<TextSpan, std::string>> changed;
    for (const Member &member : spelled)
    {
        const auto wanted = members.find(member.name);
        if (wanted != members.end() && !sameJson(*wanted, present[member.name]))
            changed.emplace_back(member.value, dumpBelow(*wanted, style));
    }
    edited = replaceSpans(edited, std::move(changed));
    std::vector<std::pair<std::string, Json>> added;
    for (const auto &[key, value] : members.items())
    {
        if (!present.contains(key))
            added.emplace_back(key, value);
    }
    // Members are added before any is taken out, which may leave none that
    // shows a style.
    if (!added.empty())
        edited = insertMembers(edited, {0, edited.size()}, added);
    for (const Member &member : spelled)
    {
        if (!members.contains(member.name))
            edited = removeMember(edited, {0, edited.size()}, member.name);
    }
    // What a reader of ours would not take back is not written.
    MDIMAPPEND_RETURN_IF_ERROR(parseJson(edited).status());
    return replaceSpans(text, {{object, edited}});
}

}  // namespace mdimappend
