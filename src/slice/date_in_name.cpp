// Finds the one date that a file's name tells.

#include "slice/slice_label.h"

#include <cpl_string.h>

#include <array>
#include <cctype>
#include <format>
#include <map>
#include <set>

namespace mdimappend
{

namespace
{

constexpr std::array<const char *, 12> months = {"Jan", "Feb", "Mar", "Apr",
                                                 "May", "Jun", "Jul", "Aug",
                                                 "Sep", "Oct", "Nov", "Dec"};

struct Code
{
    char letter;
    std::size_t digits;  ///< 3 letters for %b
    int least;
    int greatest;
};

constexpr std::array<Code, 9> codes = {{{'Y', 4, 0, 9999},
                                        {'y', 2, 0, 99},
                                        {'m', 2, 1, 12},
                                        {'d', 2, 1, 31},
                                        {'H', 2, 0, 23},
                                        {'M', 2, 0, 59},
                                        {'S', 2, 0, 59},
                                        {'j', 3, 1, 366},
                                        {'b', 3, 1, 12}}};

const Code *findCode(char letter)
{
    for (const Code &code : codes)
        if (code.letter == letter)
            return &code;
    return nullptr;
}

bool isDigit(char c)
{
    return c >= '0' && c <= '9';
}

/// Fields by the letter of what they are: Y m d H M S j.
using Fields = std::map<char, int>;

/// False if the field is known already with another value.
bool set(Fields &fields, char letter, int value)
{
    return fields.emplace(letter, value).first->second == value;
}

bool setCode(Fields &fields, char letter, int value)
{
    if (letter == 'y')
        return set(fields, 'Y', value + (value >= 69 ? 1900 : 2000));
    return set(fields, letter == 'b' ? 'm' : letter, value);
}

/// -1 where `text` is no such value.
int valueOf(const Code &code, std::string_view text)
{
    if (code.letter == 'b')
    {
        for (std::size_t i = 0; i < months.size(); ++i)
            if (EQUALN(std::string(text).c_str(), months[i], 3))
                return static_cast<int>(i) + 1;
        return -1;
    }
    int value = 0;
    for (char c : text)
    {
        if (!isDigit(c))
            return -1;
        value = value * 10 + (c - '0');
    }
    return value >= code.least && value <= code.greatest ? value : -1;
}

bool isLeap(int year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

/// Replaces the day of the year by month and day; false if they disagree.
bool resolveDayOfYear(Fields &fields)
{
    if (!fields.contains('j'))
        return true;
    const int leap = isLeap(fields['Y']) ? 1 : 0;
    const std::array<int, 12> lengths = {31, 28 + leap, 31, 30, 31, 30,
                                         31, 31,        30, 31, 30, 31};
    int day = fields['j'];
    for (int month = 0; month < 12; ++month)
    {
        if (day <= lengths[month])
            return set(fields, 'm', month + 1) && set(fields, 'd', day);
        day -= lengths[month];
    }
    return false;
}

std::string isoText(Fields fields)
{
    const auto field = [&](char letter, int otherwise)
    { return fields.contains(letter) ? fields[letter] : otherwise; };
    std::string iso = std::format("{:04}-{:02}-{:02}", fields['Y'],
                                  field('m', 1), field('d', 1));
    if (fields.contains('H') || fields.contains('M') || fields.contains('S'))
        iso += std::format("T{:02}:{:02}:{:02}", field('H', 0), field('M', 0),
                           field('S', 0));
    return iso;
}

/// All the ways in which a name matches a pattern.
class Matcher
{
  public:
    Matcher(std::string_view name, std::string_view pattern)
        : m_name(name), m_pattern(pattern)
    {
        match(0, 0, {});
    }

    const std::set<std::string> &dates() const
    {
        return m_dates;
    }

  private:
    std::string_view m_name;
    std::string_view m_pattern;
    std::set<std::string> m_dates{};
    /// Dead ends: without them, many `*` would take for ever.
    std::set<std::pair<std::pair<std::size_t, std::size_t>, Fields>> m_tried{};

    void match(std::size_t n, std::size_t p, const Fields &fields)
    {
        if (!m_tried.insert({{n, p}, fields}).second)
            return;
        if (p == m_pattern.size())
        {
            Fields resolved = fields;
            if (n == m_name.size() && resolveDayOfYear(resolved))
                m_dates.insert(isoText(resolved));
            return;
        }
        const char c = m_pattern[p];
        if (c == '*')
        {
            for (std::size_t end = n; end <= m_name.size(); ++end)
                if (mayEndStar(end, p + 1))
                    match(end, p + 1, fields);
        }
        else if (c == '%' && m_pattern[p + 1] != '%')
            matchCode(n, p, fields);
        else if (n < m_name.size() && (c == '?' || c == m_name[n]))
            match(n + 1, p + (c == '%' ? 2 : 1), fields);
    }

    bool mayEndStar(std::size_t n, std::size_t p) const
    {
        const bool number = p + 1 < m_pattern.size() && m_pattern[p] == '%' &&
                            m_pattern[p + 1] != '%' && m_pattern[p + 1] != 'b';
        return !number || n == 0 || !isDigit(m_name[n - 1]);
    }

    void matchCode(std::size_t n, std::size_t p, Fields fields)
    {
        const Code &code = *findCode(m_pattern[p + 1]);
        if (m_name.size() - n < code.digits)
            return;
        const int value = valueOf(code, m_name.substr(n, code.digits));
        if (value >= 0 && setCode(fields, code.letter, value))
            match(n + code.digits, p + 2, fields);
    }
};

Status checkPattern(std::string_view pattern)
{
    std::string letters;
    for (std::size_t p = 0; p < pattern.size(); ++p)
        if (pattern[p] == '%')
        {
            const char letter = p + 1 < pattern.size() ? pattern[p + 1] : ' ';
            if (letter != '%' && !findCode(letter))
                return {Failure::Usage,
                        "pattern '" + std::string(pattern) + "': '%" +
                            std::string(1, letter) +
                            "' is not one of %Y %y %m %b %d %j %H %M %S %%."};
            letters += letter;
            ++p;
        }
    if (letters.find_first_of("Yy") == std::string::npos)
        return {Failure::Usage, "pattern '" + std::string(pattern) +
                                    "': has no year (%Y or %y)."};
    return Status::ok();
}

}  // namespace

Result<std::set<std::string>> datesInName(std::string_view fileName,
                                          std::string_view pattern)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkPattern(pattern));
    return Matcher(fileName, pattern).dates();
}

Result<std::string> dateInName(std::string_view fileName,
                               std::string_view pattern)
{
    MDIMAPPEND_ASSIGN(const auto dates, datesInName(fileName, pattern));
    const std::string subject = "the name '" + std::string(fileName) + "' ";
    if (dates.empty())
        return refused(subject + "does not match the pattern '" +
                       std::string(pattern) + "'.");
    if (dates.size() > 1)
        return refused(subject + "matches the pattern '" +
                       std::string(pattern) +
                       "' in more than one way: " + *dates.begin() + " or " +
                       *dates.rbegin() + ". Make the pattern more precise.");
    return *dates.begin();
}

}  // namespace mdimappend
