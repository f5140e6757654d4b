// How a new target stores its time: the slice's epoch and calendar, as int64 in
// a unit that is fine enough, so that what comes later fits.

#pragma once

#include "cube/labels.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"

#include <optional>
#include <string>

namespace mdimappend
{

struct NewTime
{
    GDALDataType type = GDT_Int64;
    std::string units;
    std::string calendar;
};

/// The label array, and its bounds.
bool isTimeArray(const Slice &slice, const SliceArray &array);

/// The coarsest of seconds, milli-, micro- and nanoseconds that holds the
/// slice's labels and their bounds exactly; nothing if the labels are no dates,
/// if nothing holds them, or if the settings say `units=keep`. Units, calendar
/// and type of the settings come first.
Result<std::optional<NewTime>> newTimeOf(const Slice &slice,
                                         const Labels &labels,
                                         const AppendOptions &options);

}  // namespace mdimappend
