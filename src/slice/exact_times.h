// Times that a file has twice: as numbers, and as texts to a second, of which
// the texts may be the more exact ones (WRF's XTIME is a float32 of minutes).

#pragma once

#include "slice/slice.h"
#include "time/cf_time.h"

#include <string>
#include <vector>

namespace mdimappend
{

using InstantsOfLabels = std::vector<Instant>;

/// The dates that texts are; refused, with the reason in words, if one is none.
Result<InstantsOfLabels> datesOf(const std::vector<std::string> &texts,
                                 Calendar calendar);

/// Whether `texts` say more exactly what `numbers` say, the instants of
/// `elements` of `array`: they differ by what the last digit of a float32 is
/// worth. Failure::Error: they contradict each other.
Result<bool> areExacter(const std::string &elements, const SliceArray &array,
                        const TimeEncoding &encoding,
                        const InstantsOfLabels &numbers,
                        const InstantsOfLabels &texts);

}  // namespace mdimappend
