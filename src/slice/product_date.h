// Dates in the forms that products have them, beside ISO 8601.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// As ISO 8601 ("2024-01-05T10:20:30"), what is unmistakably a date:
/// "2024-01-05 10:20" and other ISO 8601 with dashes, "2024-01-05_10:20:30"
/// (WRF), "2024-01-05T10:20:30+01:00" (as UTC), "2024:01:05 10:20:30" (TIFF,
/// EXIF), "2024/01/05", "05-JAN-2024 10:20:30.000000" (Envisat), "5 January
/// 2024", "2024-005T10:20:30" (day of the year), "20240105T102030",
/// "2024005T102030", "20240105102030" (Argo). Nothing else: eight digits may be
/// a number as well as a date.
std::optional<std::string> productDate(std::string_view text);

/// The date that digits alone are where nothing but a date is meant: 7 (year
/// and day of the year), 8, 12 and 14 of them, of the years 1900 to 2099.
std::optional<std::string> dateInDigits(std::string_view text);

/// Whether a text is what people write for a date, whether or not it is one:
/// "20241301", and an hour of a day in ten digits, which may be seconds since
/// 1970 as well.
bool areDigitsOfDate(std::string_view text);

/// Why a text that ought to be a date is none, in words: "day and month may
/// stand either way round"; "" if it resembles none.
std::string whyNoDate(std::string_view text);

/// The forms that are understood, for messages.
std::string formsOfDates();

}  // namespace mdimappend
