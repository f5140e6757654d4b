// Dates in the forms that products have them, beside ISO 8601.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// As ISO 8601 ("2024-01-05T10:20:30"), what is unmistakably a date:
/// "2024-01-05 10:20" and other ISO 8601 with dashes, "2024-01-05_10:20:30"
/// (WRF), "2024:01:05 10:20:30" (TIFF, EXIF), "2024/01/05", "05-JAN-2024
/// 10:20:30.000000" (Envisat), "5 January 2024", "2024-005T10:20:30" (day of
/// the year), "20240105T102030", "20240105102030" (Argo). Nothing else: eight
/// digits may be a number as well as a date.
std::optional<std::string> productDate(std::string_view text);

}  // namespace mdimappend
