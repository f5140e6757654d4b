// One pass over a JSON text, strict, as events: what `locate` and `parseJson`
// share, and the only place that decides what is JSON.
//
// Time is linear in the text but for duplicate keys, which are found by sorting
// the keys of each object. Recursion is bounded by the depth that json_text.h
// allows.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <algorithm>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// The tokens: strings, numbers, literals, white space.
class JsonLexer
{
  public:
    enum class Literal
    {
        Null,
        True,
        False,
        NaN,
        Infinity,
        MinusInfinity
    };

    struct Number
    {
        std::string_view token;
        bool isInteger = false;
    };

  protected:
    explicit JsonLexer(std::string_view text) : m_text(text)
    {
    }

    void skipSpace();
    bool at(char c) const;

    /// The string that begins at the current quote. `decoded` points into the
    /// text, or into `buffer` if there are escapes.
    bool string(std::string_view &decoded, std::string &buffer);
    bool number(Number &number);
    bool literal(Literal &literal);
    bool checkStart();
    bool fail(std::string_view what);
    bool failAt(std::size_t position, std::string_view what);

    std::string_view m_text;
    std::size_t m_position = 0;
    Status m_status;

  private:
    bool plainRun();
    bool escape(std::string &buffer);
    bool codeUnit(unsigned &unit);
    bool digits();
};

/// The bytes of a span.
inline std::string_view textAt(std::string_view text, TextSpan span)
{
    return text.substr(span.begin, span.end - span.begin);
}

/// For a Visitor (below) that asks only where values lie: whatever is neither
/// object nor array is told to its `scalar(TextSpan)`.
template <class Visitor> class ScalarSpans
{
  public:
    void string(std::string_view, TextSpan span)
    {
        visitor().scalar(span);
    }

    bool number(const JsonLexer::Number &, TextSpan span)
    {
        visitor().scalar(span);
        return true;
    }

    void literal(JsonLexer::Literal, TextSpan span)
    {
        visitor().scalar(span);
    }

  private:
    friend Visitor;
    ScalarSpans() = default;

    Visitor &visitor()
    {
        return static_cast<Visitor &>(*this);
    }
};

/// A Visitor has, for each value, one of
///   enter(bool isObject, size_t begin) ... leave(size_t end)
///   string(string_view decoded, TextSpan), number(Number, TextSpan) -> bool,
///   literal(Literal, TextSpan)
/// and before each member of an object key(string_view decoded, TextSpan).
/// Views live until the visitor returns. A `number` that returns false is
/// reported as out of range.
template <class Visitor> class JsonScanner : JsonLexer
{
  public:
    static constexpr unsigned maximumDepth = 256;

    JsonScanner(std::string_view text, Visitor &visitor)
        : JsonLexer(text), m_visitor(visitor)
    {
    }

    Status scan()
    {
        if (checkStart() && value(0))
        {
            skipSpace();
            if (m_position != m_text.size())
                fail("bytes after the end of the value");
        }
        return std::move(m_status);
    }

  private:
    bool value(unsigned depth)
    {
        skipSpace();
        if (m_position == m_text.size())
            return fail("the text ends where a value is expected");
        const std::size_t begin = m_position;
        switch (m_text[begin])
        {
        case '{':
            return depth < maximumDepth ? object(depth)
                                        : fail("nested too deeply");
        case '[':
            return depth < maximumDepth ? array(depth)
                                        : fail("nested too deeply");
        case '"':
            return stringValue(begin);
        default:
            return scalar(begin);
        }
    }

    bool stringValue(std::size_t begin)
    {
        std::string_view decoded;
        if (!string(decoded, m_buffer))
            return false;
        m_visitor.string(decoded, TextSpan{begin, m_position});
        return true;
    }

    bool scalar(std::size_t begin)
    {
        const char c = m_text[begin];
        const bool isNumber = (c >= '0' && c <= '9') ||
                              (c == '-' && m_text.substr(begin, 2) != "-I");
        if (!isNumber)
        {
            Literal word{};
            if (!literal(word))
                return false;
            m_visitor.literal(word, TextSpan{begin, m_position});
            return true;
        }
        Number token;
        if (!number(token))
            return false;
        return m_visitor.number(token, TextSpan{begin, m_position}) ||
               failAt(begin, "a number beyond what a double holds");
    }

    bool array(unsigned depth)
    {
        m_visitor.enter(false, m_position++);
        skipSpace();
        if (!at(']'))
        {
            do
            {
                if (!value(depth + 1))
                    return false;
                skipSpace();
            } while (at(',') && ++m_position);
            if (!at(']'))
                return fail("',' or ']' expected");
        }
        m_visitor.leave(++m_position);
        return true;
    }

    bool object(unsigned depth)
    {
        const std::size_t firstKey = m_keys.size();
        const std::size_t begin = m_position;
        m_visitor.enter(true, m_position++);
        skipSpace();
        if (!at('}'))
        {
            do
            {
                if (!key() || !value(depth + 1))
                    return false;
                skipSpace();
            } while (at(',') && ++m_position);
            if (!at('}'))
                return fail("',' or '}' expected");
        }
        if (!keysAreUnique(firstKey, begin))
            return false;
        m_visitor.leave(++m_position);
        return true;
    }

    bool key()
    {
        skipSpace();
        if (!at('"'))
            return fail("a key in double quotes expected");
        const std::size_t begin = m_position;
        std::string_view decoded;
        if (!string(decoded, m_buffer))
            return false;
        if (decoded.data() == m_buffer.data())
            decoded = m_escapedKeys.emplace_back(decoded);
        m_keys.push_back(decoded);
        m_visitor.key(decoded, TextSpan{begin, m_position});
        skipSpace();
        if (!at(':'))
            return fail("':' expected");
        ++m_position;
        return true;
    }

    bool keysAreUnique(std::size_t firstKey, std::size_t objectBegin)
    {
        const auto first =
            m_keys.begin() + static_cast<std::ptrdiff_t>(firstKey);
        std::sort(first, m_keys.end());
        const auto twice = std::adjacent_find(first, m_keys.end());
        if (twice != m_keys.end())
            return failAt(objectBegin, "the key '" + std::string(*twice) +
                                           "' appears twice in the object");
        m_keys.erase(first, m_keys.end());
        return true;
    }

    Visitor &m_visitor;
    std::string m_buffer;
    std::vector<std::string_view> m_keys;  ///< of all objects that are open
    std::deque<std::string> m_escapedKeys;
};

}  // namespace mdimappend
