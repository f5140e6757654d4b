#include "zarr/json_text.h"
#include "zarr/json_scanner.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// The paths that are looked for, as a tree of keys.
class PathTree
{
  public:
    struct Node
    {
        std::map<std::string_view, std::size_t> children;
        std::vector<std::size_t> paths;  ///< that end here
    };

    static constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

    explicit PathTree(const std::vector<JsonPath> &paths) : m_nodes(1)
    {
        for (std::size_t i = 0; i < paths.size(); ++i)
        {
            std::size_t node = 0;
            for (const std::string &key : paths[i])
                node = childToBe(node, key);
            m_nodes[node].paths.push_back(i);
        }
    }

    std::size_t child(std::size_t node, std::string_view key) const
    {
        if (node == nowhere)
            return nowhere;
        const auto found = m_nodes[node].children.find(key);
        return found == m_nodes[node].children.end() ? nowhere : found->second;
    }

    const std::vector<std::size_t> &pathsAt(std::size_t node) const
    {
        static const std::vector<std::size_t> none;
        return node == nowhere ? none : m_nodes[node].paths;
    }

  private:
    std::size_t childToBe(std::size_t node, std::string_view key)
    {
        const auto [position, isNew] =
            m_nodes[node].children.try_emplace(key, m_nodes.size());
        const std::size_t child = position->second;
        if (isNew)
            m_nodes.emplace_back();
        return child;
    }

    std::vector<Node> m_nodes;
};

class Locator
{
  public:
    explicit Locator(const std::vector<JsonPath> &paths)
        : m_tree(paths), m_spans(paths.size())
    {
    }

    void key(std::string_view key, TextSpan)
    {
        m_here = m_tree.child(m_open.back().node, key);
    }

    void enter(bool isObject, std::size_t begin)
    {
        m_open.push_back(
            {isObject ? m_here : PathTree::nowhere, m_here, begin});
        m_here = PathTree::nowhere;
    }

    void leave(std::size_t end)
    {
        record(m_open.back().value, {m_open.back().begin, end});
        m_open.pop_back();
        m_here = PathTree::nowhere;
    }

    void string(std::string_view, TextSpan span)
    {
        scalar(span);
    }

    bool number(const JsonLexer::Number &, TextSpan span)
    {
        scalar(span);
        return true;
    }

    void literal(JsonLexer::Literal, TextSpan span)
    {
        scalar(span);
    }

    std::vector<std::optional<TextSpan>> takeSpans()
    {
        return std::move(m_spans);
    }

  private:
    struct Open
    {
        std::size_t node;   ///< whose children the members may be
        std::size_t value;  ///< what this object or array itself is
        std::size_t begin;
    };

    void scalar(TextSpan span)
    {
        record(m_here, span);
        m_here = PathTree::nowhere;
    }

    void record(std::size_t node, TextSpan span)
    {
        for (const std::size_t path : m_tree.pathsAt(node))
            m_spans[path] = span;
    }

    PathTree m_tree;
    std::vector<std::optional<TextSpan>> m_spans;
    std::vector<Open> m_open;
    std::size_t m_here = 0;  ///< the node of the value that comes next
};

/// Where the members of one object stand, as far as style needs it.
class MemberFinder
{
  public:
    void key(std::string_view, TextSpan span)
    {
        if (m_depth == 1)
        {
            m_key = span;
            ++m_count;
        }
    }

    void enter(bool, std::size_t begin)
    {
        if (m_depth++ == 1)
            m_value.begin = begin;
    }

    void leave(std::size_t end)
    {
        if (--m_depth == 1)
            m_value.end = end;
    }

    void string(std::string_view, TextSpan span)
    {
        scalar(span);
    }

    bool number(const JsonLexer::Number &, TextSpan span)
    {
        scalar(span);
        return true;
    }

    void literal(JsonLexer::Literal, TextSpan span)
    {
        scalar(span);
    }

    std::size_t count() const
    {
        return m_count;
    }

    TextSpan lastKey() const
    {
        return m_key;
    }

    TextSpan lastValue() const
    {
        return m_value;
    }

  private:
    void scalar(TextSpan span)
    {
        if (m_depth == 1)
            m_value = span;
    }

    unsigned m_depth = 0;
    std::size_t m_count = 0;
    TextSpan m_key;
    TextSpan m_value;
};

std::string_view slice(std::string_view text, TextSpan span)
{
    return text.substr(span.begin, span.end - span.begin);
}

/// How members follow each other, and where the next one goes.
struct MemberStyle
{
    std::size_t position = 0;  ///< in the object's text
    bool isFirst = true;
    std::string lead;  ///< white space before a key
    std::string colon = ": ";
};

MemberStyle memberStyle(std::string_view object)
{
    MemberFinder finder;
    MemberStyle style;
    style.position = 1;
    if (!JsonScanner(object, finder).scan() || finder.count() == 0)
        return style;
    style.isFirst = false;
    style.position = finder.lastValue().end;
    style.colon =
        slice(object, {finder.lastKey().end, finder.lastValue().begin});
    std::size_t leadBegin = finder.lastKey().begin;
    while (object[leadBegin - 1] != ',' && object[leadBegin - 1] != '{')
        --leadBegin;
    style.lead = slice(object, {leadBegin, finder.lastKey().begin});
    const bool isSpaced = style.colon.size() > 1;
    if (finder.count() == 1 && style.lead.empty() && isSpaced)
        style.lead = " ";
    return style;
}

/// `value` in one line, or with its lines below the members' indent.
std::string dumpBelow(const Json &value, const std::string &lead)
{
    const auto line = lead.rfind('\n');
    if (line == lead.npos)
        return dumpJson(value, -1);
    std::string text;
    for (const char c : dumpJson(value, 2))
    {
        if (c == '\n')
            text.append(lead, line);
        else
            text.push_back(c);
    }
    return text;
}

std::string
withMembers(std::string_view text, TextSpan object, const MemberStyle &style,
            const std::vector<std::pair<std::string, std::string>> &members)
{
    std::string insertion;
    bool isFirst = style.isFirst;
    for (const auto &[key, value] : members)
    {
        if (!isFirst)
            insertion += "," + (style.isFirst ? " " : style.lead);
        insertion += dumpJson(Json(key), -1) + style.colon + value;
        isFirst = false;
    }
    const std::size_t position = object.begin + style.position;
    return replaceSpans(text, {{{position, position}, insertion}});
}

}  // namespace

Result<std::vector<std::optional<TextSpan>>>
locate(std::string_view text, const std::vector<JsonPath> &paths)
{
    Locator locator(paths);
    MDIMAPPEND_RETURN_IF_ERROR(JsonScanner(text, locator).scan());
    return locator.takeSpans();
}

std::string
replaceSpans(std::string_view text,
             std::vector<std::pair<TextSpan, std::string>> replacements)
{
    std::sort(replacements.begin(), replacements.end(),
              [](const auto &a, const auto &b)
              { return a.first.begin < b.first.begin; });
    std::string replaced;
    replaced.reserve(text.size() + 16 * replacements.size());
    std::size_t position = 0;
    for (const auto &[span, bytes] : replacements)
    {
        assert(position <= span.begin && span.begin <= span.end);
        replaced.append(slice(text, {position, span.begin})).append(bytes);
        position = span.end;
    }
    return replaced.append(text.substr(position));
}

std::string insertMember(std::string_view text, TextSpan object,
                         std::string_view key, std::string_view value)
{
    return withMembers(text, object, memberStyle(slice(text, object)),
                       {{std::string(key), std::string(value)}});
}

std::string
insertMembers(std::string_view text, TextSpan object,
              const std::vector<std::pair<std::string, Json>> &members)
{
    const MemberStyle style = memberStyle(slice(text, object));
    std::vector<std::pair<std::string, std::string>> dumped;
    dumped.reserve(members.size());
    for (const auto &[key, value] : members)
        dumped.emplace_back(key, dumpBelow(value, style.lead));
    return withMembers(text, object, style, dumped);
}

}  // namespace mdimappend
