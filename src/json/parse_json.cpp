// Makes values of JSON text: parseJson.

#include "json/json_scanner.h"
#include "json/json_text.h"

#include <cpl_conv.h>

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

}  // namespace

Result<Json> parseJson(std::string_view text)
{
    Builder builder;
    MDIMAPPEND_RETURN_IF_ERROR(JsonScanner(text, builder).scan());
    return builder.takeRoot();
}

}  // namespace mdimappend
