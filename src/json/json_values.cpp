// Makes values of JSON text and text of values, and looks into values.

#include "json/json_scanner.h"
#include "json/json_text.h"
#include "json/utf8.h"

#include <cpl_conv.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace mdimappend
{

namespace
{

/// A number beyond the doubles has no value; one below the smallest is 0.
std::optional<double> toDouble(std::string_view token)
{
    double value = 0;
    const auto [end, failure] =
        std::from_chars(token.data(), token.data() + token.size(), value);
    if (failure == std::errc())
        return value;
    value = CPLStrtod(std::string(token).c_str(), nullptr);
    if (!std::isfinite(value))
        return {};
    return value;
}

template <class Integer> std::optional<Json> toInteger(std::string_view token)
{
    Integer value = 0;
    const auto [end, failure] =
        std::from_chars(token.data(), token.data() + token.size(), value);
    if (failure != std::errc() || end != token.data() + token.size())
        return {};
    return std::optional<Json>(std::in_place, value);
}

class Builder
{
  public:
    void key(std::string_view key, TextSpan)
    {
        m_key = key;
    }

    void enter(bool isObject, std::size_t)
    {
        m_open.push_back(add(isObject ? Json::object() : Json::array()));
    }

    void leave(std::size_t)
    {
        m_open.pop_back();
    }

    void string(std::string_view text, TextSpan)
    {
        add(Json(text));
    }

    bool number(const JsonLexer::Number &number, TextSpan)
    {
        std::optional<Json> value;
        if (number.isInteger)
            value = toInteger<std::int64_t>(number.token);
        if (number.isInteger && !value)
            value = toInteger<std::uint64_t>(number.token);
        if (!value)
        {
            const auto real = toDouble(number.token);
            if (!real)
                return false;
            value = Json(*real);
        }
        add(std::move(*value));
        return true;
    }

    void literal(JsonLexer::Literal literal, TextSpan)
    {
        using Limits = std::numeric_limits<double>;
        switch (literal)
        {
        case JsonLexer::Literal::Null:
            add(nullptr);
            break;
        case JsonLexer::Literal::True:
            add(true);
            break;
        case JsonLexer::Literal::False:
            add(false);
            break;
        case JsonLexer::Literal::NaN:
            add(Limits::quiet_NaN());
            break;
        case JsonLexer::Literal::Infinity:
            add(Limits::infinity());
            break;
        case JsonLexer::Literal::MinusInfinity:
            add(-Limits::infinity());
            break;
        }
    }

    Json takeRoot()
    {
        return std::move(m_root);
    }

  private:
    /// Pointers into a container stay valid while its last element is filled.
    Json *add(Json value)
    {
        if (m_open.empty())
        {
            m_root = std::move(value);
            return &m_root;
        }
        if (m_open.back()->is_array())
        {
            auto &elements = m_open.back()->get_ref<Json::array_t &>();
            return &elements.emplace_back(std::move(value));
        }
        return &appendMember(*m_open.back(), std::move(m_key),
                             std::move(value));
    }

    Json m_root;
    std::string m_key;
    std::vector<Json *> m_open;
};

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

using Members = std::vector<std::pair<std::string_view, const Json *>>;

Members sortedMembers(const Json &object)
{
    Members members;
    for (const auto &[key, value] : object.get_ref<const Json::object_t &>())
        members.emplace_back(key, &value);
    std::ranges::sort(members, {}, &Members::value_type::first);
    return members;
}

}  // namespace

Result<Json> parseJson(std::string_view text)
{
    Builder builder;
    MDIMAPPEND_RETURN_IF_ERROR(JsonScanner(text, builder).scan());
    return builder.takeRoot();
}

const Json &member(const Json &object, std::string_view key)
{
    static const Json missing;
    if (!object.is_object())
        return missing;
    const auto found = object.find(std::string(key));
    return found == object.end() ? missing : *found;
}

std::string textMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return value.is_string() ? value.get<std::string>() : std::string();
}

std::optional<double> numberMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return value.is_number() ? std::optional(value.get<double>())
                             : std::nullopt;
}

std::uint64_t countMember(const Json &object, std::string_view key)
{
    const Json &value = member(object, key);
    return value.is_number_integer() && value.get<std::int64_t>() >= 0
               ? value.get<std::uint64_t>()
               : 0;
}

Json &appendMember(Json &object, std::string key, Json value)
{
    auto &members = static_cast<Json::object_t::Container &>(
        object.get_ref<Json::object_t &>());
    return members.emplace_back(std::move(key), std::move(value)).second;
}

bool sameJson(const Json &a, const Json &b)
{
    if (a.is_object() && b.is_object())
        return std::ranges::equal(
            sortedMembers(a), sortedMembers(b), [](const auto &x, const auto &y)
            { return x.first == y.first && sameJson(*x.second, *y.second); });
    if (a.is_array() && b.is_array())
        return std::ranges::equal(a, b, sameJson);
    if (a.is_number_float() && b.is_number_float() &&
        std::isnan(a.get<double>()))
        return std::isnan(b.get<double>());
    return a == b;
}

std::string dumpJson(const Json &value, int indent)
{
    std::string text;
    TextWriter(text, indent).value(value);
    return text;
}

}  // namespace mdimappend
