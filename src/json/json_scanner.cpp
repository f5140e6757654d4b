// Splits a JSON text into tokens and refuses whatever two readers could
// understand differently.

#include "json/json_scanner.h"

#include "json/utf8.h"

#include <array>

namespace mdimappend
{

namespace
{

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

int hexDigit(char c)
{
    if (isDigit(c))
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool isHighSurrogate(unsigned unit)
{
    return unit >= 0xD800 && unit < 0xDC00;
}

bool isLowSurrogate(unsigned unit)
{
    return unit >= 0xDC00 && unit < 0xE000;
}

}  // namespace

bool JsonLexer::checkStart()
{
    if (m_text.starts_with("\xEF\xBB\xBF"))
        return fail("the text begins with a byte order mark");
    return true;
}

void JsonLexer::skipSpace()
{
    while (m_position < m_text.size())
    {
        const char c = m_text[m_position];
        if (c != ' ' && c != '\n' && c != '\r' && c != '\t')
            break;
        ++m_position;
    }
}

bool JsonLexer::at(char c) const
{
    return m_position < m_text.size() && m_text[m_position] == c;
}

bool JsonLexer::fail(std::string_view what)
{
    return failAt(m_position, what);
}

bool JsonLexer::failAt(std::size_t position, std::string_view what)
{
    m_status = error("not valid JSON, at byte " + std::to_string(position) +
                     ": " + std::string(what));
    return false;
}

/// Steps over what needs no decoding.
bool JsonLexer::plainRun()
{
    while (m_position < m_text.size())
    {
        const auto c = static_cast<unsigned char>(m_text[m_position]);
        if (c == '"' || c == '\\')
            return true;
        if (c < 0x20)
            return fail("a control character in a string");
        const std::size_t length =
            c < 0x80 ? 1 : utf8SequenceLength(m_text.substr(m_position));
        if (length == 0)
            return fail("invalid UTF-8");
        m_position += length;
    }
    return fail("the text ends within a string");
}

bool JsonLexer::string(std::string_view &decoded, std::string &buffer)
{
    std::size_t begin = ++m_position;
    if (!plainRun())
        return false;
    if (at('"'))
    {
        decoded = m_text.substr(begin, m_position++ - begin);
        return true;
    }
    buffer.clear();
    while (true)
    {
        buffer.append(m_text.substr(begin, m_position - begin));
        if (at('"'))
            break;
        if (!escape(buffer))
            return false;
        begin = m_position;
        if (!plainRun())
            return false;
    }
    ++m_position;
    decoded = buffer;
    return true;
}

bool JsonLexer::escape(std::string &buffer)
{
    const std::size_t begin = m_position++;
    if (m_position == m_text.size())
        return fail("the text ends within a string");
    const char c = m_text[m_position++];
    if (c != 'u')
    {
        constexpr std::string_view names = "\"\\/bfnrt";
        constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
        const auto index = names.find(c);
        if (index == names.npos)
            return failAt(begin, "an unknown escape");
        buffer.push_back(meanings[index]);
        return true;
    }
    unsigned unit = 0;
    if (!codeUnit(unit))
        return failAt(begin, "an escape \\u without four hexadecimal digits");
    char32_t codePoint = unit;
    if (isHighSurrogate(unit))
    {
        unsigned low = 0;
        if (m_text.substr(m_position, 2) != "\\u")
            return failAt(begin, "a lone surrogate");
        m_position += 2;
        if (!codeUnit(low) || !isLowSurrogate(low))
            return failAt(begin, "a lone surrogate");
        codePoint = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
    }
    else if (isLowSurrogate(unit))
        return failAt(begin, "a lone surrogate");
    appendUtf8(buffer, codePoint);
    return true;
}

bool JsonLexer::codeUnit(unsigned &unit)
{
    if (m_text.size() - m_position < 4)
        return false;
    unit = 0;
    for (int i = 0; i < 4; ++i)
    {
        const int digit = hexDigit(m_text[m_position++]);
        if (digit < 0)
            return false;
        unit = unit * 16 + static_cast<unsigned>(digit);
    }
    return true;
}

bool JsonLexer::digits()
{
    const std::size_t begin = m_position;
    while (m_position < m_text.size() && isDigit(m_text[m_position]))
        ++m_position;
    return m_position > begin || fail("a digit expected");
}

bool JsonLexer::number(Number &number)
{
    const std::size_t begin = m_position;
    if (at('-'))
        ++m_position;
    if (at('0'))
        ++m_position;
    else if (!digits())
        return false;
    number.isInteger = true;
    if (at('.'))
    {
        number.isInteger = false;
        ++m_position;
        if (!digits())
            return false;
    }
    if (at('e') || at('E'))
    {
        number.isInteger = false;
        ++m_position;
        if (at('+') || at('-'))
            ++m_position;
        if (!digits())
            return false;
    }
    number.token = m_text.substr(begin, m_position - begin);
    return true;
}

bool JsonLexer::literal(Literal &literal)
{
    static constexpr std::array<std::pair<std::string_view, Literal>, 6> words{
        {{"null", Literal::Null},
         {"true", Literal::True},
         {"false", Literal::False},
         {"NaN", Literal::NaN},
         {"Infinity", Literal::Infinity},
         {"-Infinity", Literal::MinusInfinity}}};
    for (const auto &[word, meaning] : words)
    {
        if (m_text.substr(m_position).starts_with(word))
        {
            m_position += word.size();
            literal = meaning;
            return true;
        }
    }
    return fail("a value expected");
}

}  // namespace mdimappend
