// Codes of GRIB 2 in words, and in names of arrays ("_avg").

#pragma once

#include <string>

namespace mdimappend
{

/// Of a period (code table 4.10).
std::string gribStatisticSuffix(long code);
std::string gribStatisticWords(long code);

/// Of an ensemble (code table 4.7).
std::string gribDerivedSuffix(long code);
std::string gribDerivedWords(long code);

}  // namespace mdimappend
