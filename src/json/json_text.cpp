// Finds the bytes of values in a JSON text, and replaces them without touching
// any others.

#include "json/json_text.h"

#include "json/json_scanner.h"

#include <algorithm>

template class nlohmann::basic_json<nlohmann::ordered_map>;

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

class Locator : public ScalarSpans<Locator>
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

    void scalar(TextSpan span)
    {
        record(m_here, span);
        m_here = PathTree::nowhere;
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
        replaced.append(textAt(text, {position, span.begin})).append(bytes);
        position = span.end;
    }
    return replaced.append(text.substr(position));
}

}  // namespace mdimappend
