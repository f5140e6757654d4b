// Asks udunits2, one thread at a time, how to convert units, and whether two
// texts mean the same.

#include "units/unit_conversion.h"

#include "time/cf_time.h"
#include "time/foreign_text.h"

#include <cpl_conv.h>
#include <udunits2.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <mutex>
#include <regex>
#include <string_view>
#include <utility>

namespace mdimappend
{

namespace
{

/// Regular expressions and udunits2's parser recurse on a text's length.
constexpr std::size_t longestText = 500;

struct UnitDeleter
{
    void operator()(ut_unit *unit) const
    {
        ut_free(unit);
    }
};

using Unit = std::unique_ptr<ut_unit, UnitDeleter>;

/// What udunits2 needs around each call but conversions: it is not for several
/// threads, prints to stderr, and reads numbers as the locale writes them.
class UnitSession
{
  public:
    ~UnitSession()
    {
        ut_set_error_message_handler(m_handler);
    }

    /// The database, read once; null if it cannot be.
    static ut_system *system()
    {
        static ut_system *const read = ut_read_xml(nullptr);
        return read;
    }

    UnitSession() = default;
    UnitSession(const UnitSession &) = delete;
    UnitSession &operator=(const UnitSession &) = delete;

  private:
    static std::mutex &mutex()
    {
        static std::mutex one;
        return one;
    }

    std::lock_guard<std::mutex> m_lock{mutex()};
    CPLThreadLocaleC m_locale;
    // Other users of the library in this process keep theirs.
    ut_error_message_handler m_handler =
        ut_set_error_message_handler(ut_ignore);
};

std::string withoutSpaces(std::string_view text)
{
    constexpr std::string_view white = " \t\r\n\f\v";
    const auto first = text.find_first_not_of(white);
    if (first == text.npos)
        return {};
    return std::string(
        text.substr(first, text.find_last_not_of(white) - first + 1));
}

/// Superscripts, which udunits2 knows but for the minus: "⁻²" to "^-2".
std::string withoutSuperscripts(const std::string &text)
{
    static constexpr std::pair<std::string_view, char> characters[] = {
        {"⁻", '-'}, {"⁺", '+'}, {"⁰", '0'}, {"¹", '1'}, {"²", '2'}, {"³", '3'},
        {"⁴", '4'}, {"⁵", '5'}, {"⁶", '6'}, {"⁷", '7'}, {"⁸", '8'}, {"⁹", '9'}};
    std::string plain;
    bool raised = false;
    for (std::size_t at = 0; at < text.size();)
    {
        const auto rest = std::string_view(text).substr(at);
        const auto *found =
            std::find_if(std::begin(characters), std::end(characters),
                         [&](const auto &character)
                         { return rest.starts_with(character.first); });
        const bool isRaised = found != std::end(characters);
        if (isRaised && !raised)
            plain += '^';
        plain += isRaised ? found->second : text[at];
        at += isRaised ? found->first.size() : 1;
        raised = isRaised;
    }
    return plain;
}

/// What udunits2 understands, for texts that it does not, or not as they are
/// meant: to it, "degrees Celsius" is an angle times a temperature.
std::string asUdunits(const std::string &text)
{
    using Spelling = std::pair<std::regex, const char *>;
    static const auto flags =
        std::regex::ECMAScript | std::regex::icase | std::regex::optimize;
    static const Spelling spellings[] = {
        {std::regex("deg(ree)?s?[ _.]?(c|celsius)", flags), "degC"},
        {std::regex("deg(ree)?s?[ _.]?(k|kelvin)", flags), "K"},
        {std::regex("deg(ree)?s?[ _.]?(f|fahrenheit)", flags), "degF"},
        {std::regex("\\[c\\]", flags), "degC"},
        {std::regex("\\(0 *- *1\\)|fraction|dimensionless|unitless|-", flags),
         "1"}};
    for (const auto &[pattern, meaning] : spellings)
    {
        if (std::regex_match(text, pattern))
            return meaning;
    }
    if (text.size() > 2 && text.front() == '[' && text.back() == ']')
        return asUdunits(withoutSpaces(text.substr(1, text.size() - 2)));
    return withoutSuperscripts(text);
}

Result<Unit> parse(const std::string &text)
{
    if (text.empty())
        return refused("no units are given");
    if (text.size() > longestText)
        return refused(cf::quoted(text) + " is too long for a unit");
    if (looksLikeTime(text))
        return refused(cf::quoted(text) + " is a time since a date");
    Unit unit(
        ut_parse(UnitSession::system(), asUdunits(text).c_str(), UT_UTF8));
    if (!unit)
        return refused(cf::quoted(text) + " is not a unit that udunits2 knows");
    // udunits2 takes "days @ 2000-01-01" and "seconds after 2000-01-01" for
    // units.
    const Unit time(ut_parse(UnitSession::system(), "s @ 2000-01-01", UT_UTF8));
    if (time && ut_are_convertible(unit.get(), time.get()))
        return refused(cf::quoted(text) + " is a time since a date");
    return unit;
}

bool isKnown(const std::string &text)
{
    const UnitSession session;
    return looksLikeTime(text) || text.size() > longestText ||
           Unit(ut_parse(UnitSession::system(), asUdunits(text).c_str(),
                         UT_UTF8)) != nullptr;
}

/// The same unit, but for the last digits of how its definition is spelled
/// ("fahrenheit" and "degF").
bool changesNothing(const cv_converter *converter)
{
    const auto stays = [&](double value)
    {
        const double off =
            std::fabs(cv_convert_double(converter, value) - value);
        return off <= 1e-12 * std::max(1.0, value);
    };
    return stays(0) && stays(1) && stays(1000);
}

/// Seconds to hertz: udunits2 offers 1 / x, but a period is no frequency.
bool isReciprocal(const cv_converter *converter)
{
    const double one = cv_convert_double(converter, 1);
    return one != 0 && cv_convert_double(converter, 2) == one / 2 &&
           cv_convert_double(converter, 4) == one / 4;
}

}  // namespace

std::string wayOutOfUnits(const std::string &from, const std::string &to)
{
    return isKnown(withoutSpaces(from)) && isKnown(withoutSpaces(to))
               ? "Correct the slice's units if they are wrong; else it belongs "
                 "into another cube."
               : "If both mean the same, --on-units ignore takes the values as "
                 "they are.";
}

Result<UnitConversion> UnitConversion::make(const std::string &from,
                                            const std::string &to)
{
    const std::string fromText = withoutSpaces(from);
    const std::string toText = withoutSpaces(to);
    if (fromText == toText && !looksLikeTime(fromText))
        return UnitConversion();
    const UnitSession session;
    if (!UnitSession::system())
        return error("udunits2 cannot read its database of units (the "
                     "environment variable UDUNITS2_XML_PATH may name it)");
    MDIMAPPEND_ASSIGN(const Unit fromUnit, parse(fromText));
    MDIMAPPEND_ASSIGN(const Unit toUnit, parse(toText));
    const auto different = refused("'" + fromText + "' and '" + toText +
                                   "' do not measure the same thing");
    if (!ut_are_convertible(fromUnit.get(), toUnit.get()))
        return different;
    std::shared_ptr<const cv_converter> converter(
        ut_get_converter(fromUnit.get(), toUnit.get()),
        [](const cv_converter *one)
        { cv_free(const_cast<cv_converter *>(one)); });
    if (!converter || isReciprocal(converter.get()))
        return different;
    UnitConversion conversion;
    if (!changesNothing(converter.get()))
        conversion.m_converter = std::move(converter);
    return conversion;
}

Result<UnitConversion> UnitConversion::ofDifferences() const
{
    if (!m_converter)
        return *this;
    // Far from 0, so that the digits of an offset are not lost to the factor.
    constexpr double far = 1ULL << 40;
    const auto at = [&](double value)
    { return cv_convert_double(m_converter.get(), value); };
    const double one = (at(far) - at(0)) / far;
    const double two = (at(2 * far) - at(0)) / far;
    if (!std::isfinite(one) || std::fabs(two - 2 * one) > 1e-9 * std::fabs(one))
        return refused("differences of such units cannot be converted");
    UnitConversion conversion;
    conversion.m_factor = std::fabs(one - 1) <= 1e-12 ? 1 : one;
    return conversion;
}

bool UnitConversion::hasOffset() const
{
    return m_converter && cv_convert_double(m_converter.get(), 0) != 0;
}

std::optional<WholeRatio> UnitConversion::wholeRatio() const
{
    std::array<double, 3> values{0, 1, 2};
    apply(values.data(), values.data(), values.size());
    const auto [zero, one, two] = values;
    const double ratio = one >= 1 ? one : 1 / one;
    const double whole = std::nearbyint(ratio);
    // Definitions are rounded numbers themselves.
    constexpr double close = 1e-12;
    if (zero != 0 || !(one > 0) || std::fabs(two - 2 * one) > close * two ||
        !(whole < 0x1p53) || std::fabs(ratio - whole) > close * whole)
        return std::nullopt;
    const auto integer = static_cast<std::int64_t>(whole);
    return one >= 1 ? WholeRatio{integer, 1} : WholeRatio{1, integer};
}

void UnitConversion::apply(const double *from, double *to,
                           std::size_t count) const
{
    if (m_converter)
        cv_convert_doubles(m_converter.get(), from, count, to);
    else if (m_factor != 1)
        std::transform(from, from + count, to, [factor = m_factor](double value)
                       { return value * factor; });
    else if (from != to)
        std::copy_n(from, count, to);
}

}  // namespace mdimappend
