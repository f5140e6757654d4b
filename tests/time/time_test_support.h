// Dates, units and values in the words that the tests of src/time use.

#pragma once

#include "time/cf_time.h"

#include <gtest/gtest.h>

#include <string>

namespace mdimappend::time_test
{

inline constexpr Instant second = 1'000'000'000;
inline constexpr Instant hour = 3600 * second;
inline constexpr Instant day = 24 * hour;

inline constexpr Calendar allCalendars[] = {
    Calendar::Standard, Calendar::ProlepticGregorian,
    Calendar::Julian,   Calendar::NoLeap,
    Calendar::AllLeap,  Calendar::Day360};

inline TimeEncoding encodingOf(const std::string &units,
                               const std::string &calendar = "")
{
    auto encoding = TimeEncoding::parse(units, calendar);
    EXPECT_TRUE(encoding) << encoding.status().message();
    return encoding ? *encoding : TimeEncoding{};
}

inline Instant dateOf(const std::string &text,
                      Calendar calendar = Calendar::Standard)
{
    auto date = parseDate(text, calendar);
    EXPECT_TRUE(date) << date.status().message();
    return date ? *date : 0;
}

/// The date as text again, or why it is none.
inline std::string normalized(const std::string &text,
                              Calendar calendar = Calendar::Standard)
{
    const auto date = parseDate(text, calendar);
    return date ? formatDate(*date, calendar) : date.status().message();
}

/// The decoded value as text, or why there is none.
template <class Value>
std::string decoded(Value value, const TimeEncoding &encoding)
{
    const auto instant = decodeTime(value, encoding);
    return instant ? formatDate(*instant, encoding.calendar)
                   : instant.status().message();
}

inline bool contains(const std::string &text, const std::string &part)
{
    return text.find(part) != std::string::npos;
}

}  // namespace mdimappend::time_test
