// Makes JSON text of values: dumpJson.

#include "json/json_text.h"
#include "json/utf8.h"

#include <charconv>
#include <cmath>

namespace mdimappend
{

namespace
{

/// As Python's repr: 0.1, 1.0, 1e+16, 9.969209968386869e+36.
void appendDouble(std::string &text, double value)
{
    if (std::isnan(value))
    {
        text += "NaN";
        return;
    }
    if (std::isinf(value))
    {
        text += value < 0 ? "-Infinity" : "Infinity";
        return;
    }
    const double size = std::fabs(value);
    const bool isFixed = size == 0 || (size >= 1e-4 && size < 1e16);
    char digits[64];
    const auto [end, failure] = std::to_chars(
        digits, digits + sizeof(digits), value,
        isFixed ? std::chars_format::fixed : std::chars_format::scientific);
    const std::string_view token(digits,
                                 static_cast<std::size_t>(end - digits));
    text += token;
    if (token.find_first_of(".e") == token.npos)
        text += ".0";
}

void appendEscaped(std::string &text, unsigned char c)
{
    switch (c)
    {
    case '"':
        text += "\\\"";
        break;
    case '\\':
        text += "\\\\";
        break;
    case '\n':
        text += "\\n";
        break;
    case '\r':
        text += "\\r";
        break;
    case '\t':
        text += "\\t";
        break;
    default:
    {
        constexpr std::string_view digits = "0123456789abcdef";
        text += "\\u00";
        text += digits[c >> 4];
        text += digits[c & 15];
    }
    }
}

void appendString(std::string &text, std::string_view value)
{
    text += '"';
    while (!value.empty())
    {
        const auto c = static_cast<unsigned char>(value[0]);
        std::size_t length = utf8SequenceLength(value);
        if (length == 0)
        {
            text += "\xEF\xBF\xBD";  // U+FFFD
            length = 1;
        }
        else if (c < 0x20 || c == '"' || c == '\\' || c == 0x7F)
            appendEscaped(text, c);
        else
            text += value.substr(0, length);
        value.remove_prefix(length);
    }
    text += '"';
}

class TextWriter
{
  public:
    TextWriter(std::string &text, int indent) : m_text(text), m_indent(indent)
    {
    }

    void value(const Json &value)
    {
        switch (value.type())
        {
        case Json::value_t::object:
            container('{', '}', value,
                      [this](const auto &member)
                      {
                          appendString(m_text, member.key());
                          m_text += ": ";
                          this->value(member.value());
                      });
            break;
        case Json::value_t::array:
            container('[', ']', value, [this](const auto &element)
                      { this->value(element.value()); });
            break;
        case Json::value_t::string:
            appendString(m_text, value.get_ref<const std::string &>());
            break;
        case Json::value_t::boolean:
            m_text += value.get<bool>() ? "true" : "false";
            break;
        case Json::value_t::number_integer:
            m_text += std::to_string(value.get<std::int64_t>());
            break;
        case Json::value_t::number_unsigned:
            m_text += std::to_string(value.get<std::uint64_t>());
            break;
        case Json::value_t::number_float:
            appendDouble(m_text, value.get<double>());
            break;
        default:
            m_text += "null";
        }
    }

  private:
    template <class Append>
    void container(char open, char close, const Json &value, Append append)
    {
        m_text += open;
        ++m_depth;
        bool isFirst = true;
        for (const auto &item : value.items())
        {
            if (!isFirst)
                m_text += m_indent < 0 ? ", " : ",";
            isFirst = false;
            newLine();
            append(item);
        }
        --m_depth;
        if (!isFirst)
            newLine();
        m_text += close;
    }

    void newLine()
    {
        if (m_indent >= 0)
            m_text.append("\n").append(static_cast<std::size_t>(m_depth) *
                                           static_cast<std::size_t>(m_indent),
                                       ' ');
    }

    std::string &m_text;
    int m_indent;
    int m_depth = 0;
};

}  // namespace

std::string dumpJson(const Json &value, int indent)
{
    std::string text;
    TextWriter(text, indent).value(value);
    return text;
}

}  // namespace mdimappend
