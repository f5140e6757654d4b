// How a new target stores its time: the slice's epoch and calendar, as int64 in
// a unit that is fine enough, so that what comes later fits.

#pragma once

#include "cube/labels.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "status.h"
#include "zarr/documents.h"

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

/// The coarsest of seconds, milli-, micro- and nanoseconds that is not coarser
/// than the slice's own unit and holds its labels and their bounds exactly;
/// nothing if the labels are no dates, if nothing holds them, or if the
/// settings say `units=keep`. Units, calendar and type of the settings come
/// first.
Result<std::optional<NewTime>> newTimeOf(const Slice &slice,
                                         const Labels &labels,
                                         const AppendOptions &options);

/// Whether an array is one of whole numbers that count time, which a new target
/// counts in seconds, or in the slice's own unit if that is finer: other dates
/// than labels and their bounds, and durations that grow (leads, labels or
/// not). xarray writes each file in the coarsest unit that holds it, and the
/// next one may need a finer. Then it is encoded so; not if the settings give
/// it units or a type.
Result<bool> encodeCountedTime(NewArray &array, const Slice &slice,
                               const SliceArray &source,
                               const ArrayEncoding &asked);

}  // namespace mdimappend
