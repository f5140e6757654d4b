// Reads values of settings as the kinds of things that they should be, and says
// where one that is not stands.

#include "settings/value.h"

#include <cmath>
#include <limits>
#include <numeric>

namespace mdimappend
{

namespace
{

std::size_t editDistance(const std::string &a, const std::string &b)
{
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i)
    {
        std::size_t diagonal = row[0]++;
        for (std::size_t j = 0; j < b.size(); ++j)
        {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

std::string shortened(const std::string &text)
{
    constexpr std::size_t longest = 60;
    return text.size() <= longest ? text : text.substr(0, longest) + "...";
}

std::string describe(const Json &json)
{
    if (json.is_object())
        return "an object";
    if (json.is_array())
        return "a list";
    if (json.is_string())
        return "'" + shortened(json.get<std::string>()) + "'";
    return (json.is_number() ? "the number " : "") + dumpJson(json, -1);
}

}  // namespace

std::optional<std::string> nearest(const std::string &name,
                                   const std::vector<std::string> &known)
{
    // Comparing takes the product of both lengths.
    if (name.size() > 100)
        return std::nullopt;
    std::optional<std::string> best;
    std::size_t bestDistance = std::max<std::size_t>(2, name.size() / 3) + 1;
    for (const auto &each : known)
    {
        const auto distance = editDistance(name, each);
        if (distance < bestDistance && distance < each.size())
        {
            bestDistance = distance;
            best = each;
        }
    }
    return best;
}

std::string Value::path(const std::string &key) const
{
    return m_path.empty() ? key : m_path + "." + key;
}

Value Value::at(const std::string &key) const
{
    return {member(m_json, key), m_source, path(key)};
}

Value Value::at(std::size_t index) const
{
    return {m_json.at(index), m_source,
            m_path + "[" + std::to_string(index) + "]"};
}

std::string Value::where() const
{
    return m_path.empty() ? m_source
                          : m_source + ", key '" + shortened(m_path) + "'";
}

Status Value::wrong(const std::string &expected) const
{
    return fail("expected " + expected + ", found " + describe(m_json));
}

Status Value::fail(const std::string &what) const
{
    return {Failure::Usage, where() + ": " + what};
}

Result<std::string> Value::text() const
{
    if (m_json.is_string())
        return m_json.get<std::string>();
    return wrong(m_json.is_primitive() && !m_json.is_null()
                     ? "a string (put it in quotation marks)"
                     : "a string");
}

Result<std::string> Value::name() const
{
    MDIMAPPEND_ASSIGN(auto name, text());
    if (name.empty())
        return wrong("a string that is not empty");
    return name;
}

Result<std::vector<std::string>> Value::names() const
{
    MDIMAPPEND_RETURN_IF_ERROR(requireList());
    std::vector<std::string> names;
    for (std::size_t i = 0; i < m_json.size(); ++i)
    {
        MDIMAPPEND_ASSIGN(auto name, at(i).name());
        names.push_back(std::move(name));
    }
    return names;
}

Result<bool> Value::truth() const
{
    if (m_json.is_boolean())
        return m_json.get<bool>();
    static const std::map<std::string, bool> words = {
        {"yes", true}, {"Yes", true},  {"YES", true},  {"on", true},
        {"On", true},  {"ON", true},   {"no", false},  {"No", false},
        {"NO", false}, {"off", false}, {"Off", false}, {"OFF", false}};
    if (m_json.is_string())
    {
        const auto word = words.find(m_json.get<std::string>());
        if (word != words.end())
            return word->second;
    }
    return wrong("true or false");
}

Result<double> Value::number() const
{
    if (!m_json.is_number() || !std::isfinite(m_json.get<double>()))
        return wrong("a number");
    return m_json.get<double>();
}

Result<std::int64_t> Value::whole(std::int64_t lowest,
                                  std::int64_t highest) const
{
    const auto refused = [&]
    {
        const auto from = std::to_string(lowest);
        const auto to = std::to_string(highest);
        return wrong(highest == std::numeric_limits<std::int64_t>::max()
                         ? "a whole number, " + from + " or more"
                     : highest == lowest ? from
                     : highest == lowest + 1
                         ? from + " or " + to
                         : "a whole number from " + from + " to " + to);
    };
    if (!m_json.is_number())
        return refused();
    // 4.0 is a whole number to JSON Schema too.
    const double number = m_json.get<double>();
    const bool isWhole =
        m_json.is_number_integer() || (std::trunc(number) == number &&
                                       std::abs(number) <= 9007199254740992.0);
    if (!isWhole || (m_json.is_number_unsigned() &&
                     m_json.get<std::uint64_t>() > INT64_MAX))
        return refused();
    const auto value = m_json.is_number_integer()
                           ? m_json.get<std::int64_t>()
                           : static_cast<std::int64_t>(number);
    if (value < lowest || value > highest)
        return refused();
    return value;
}

Result<std::size_t> Value::choice(const std::vector<std::string> &choices) const
{
    std::string list;
    for (std::size_t i = 0; i < choices.size(); ++i)
    {
        if (m_json.is_string() && m_json.get<std::string>() == choices[i])
            return i;
        list += (i == 0                    ? ""
                 : i + 1 == choices.size() ? " or "
                                           : ", ") +
                choices[i];
    }
    return wrong(list);
}

Status Value::requireObject() const
{
    return m_json.is_object() ? Status::ok() : wrong("an object");
}

Status Value::requireList() const
{
    return m_json.is_array() ? Status::ok() : wrong("a list");
}

Status givenTwice(const Value &object, const std::string &one,
                  const std::string &other)
{
    return object.fail("'" + one + "' and '" + other +
                       "' mean the same: give one of them");
}

Status unknownKey(const Value &object, const std::string &key,
                  const std::vector<std::string> &known)
{
    const auto full = object.path().empty() ? key : object.path() + "." + key;
    const auto meant = nearest(key, known);
    std::string hint;
    if (meant)
        hint = "; did you mean '" + *meant + "'?";
    else if (known.size() <= 12)
    {
        hint = "; expected one of ";
        for (const auto &each : known)
            hint += (&each == &known.front() ? "" : ", ") + each;
    }
    return {Failure::Usage, "unknown key '" + shortened(full) + "' in " +
                                object.source() + hint};
}

}  // namespace mdimappend
