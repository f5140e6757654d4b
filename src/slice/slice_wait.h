// Waiting for a slice that is on its way.
//
// A slice is complete when it exists, has held still for one poll interval, and
// opens; or, with a ready suffix, when its companion exists and it opens.
//
// Held still: two looks, at least one poll interval apart by the steady clock,
// saw the same sizes and time stamps. Time stamps are compared with each other
// only, never with a clock: those of a file server, and this host's, may be
// wrong and may jump. Of a folder everything below it must hold still (a Zarr
// store's documents come first, its chunks later), of a file in an archive the
// archive.
//
// What was seen to hold still is what is opened: if it looks different
// afterwards, the waiting goes on.

#pragma once

#include "slice/sightings.h"
#include "slice/slice.h"

#include <chrono>
#include <functional>
#include <optional>
#include <string>

namespace mdimappend
{

struct WaitRequest
{
    using Seconds = std::chrono::duration<double>;

    /// None: for ever. What is there when the time is up has one more poll
    /// interval to hold still: so 0 is one look at a slice that is not there,
    /// and one interval for a slice that was there all along.
    std::optional<Seconds> timeout;
    Seconds pollInterval{2};
    /// Of the companion that whoever makes slices puts beside each complete
    /// one: ".ok" for x.nc.ok, x.zarr.ok, and a.zip.ok for a file in a.zip.
    std::string readySuffix;
    std::function<bool()> cancelled;
};

/// Waits until the slice is complete, and opens it, by `open`. A dataset that
/// is open already is not waited for.
///
/// Failure::Unavailable: the time is up; says what was missing (the slice, its
/// companion, stillness, or what GDAL needs to open it). Failure::Interrupted:
/// cancelled. What `open` reports otherwise, it reports at once: a refusal does
/// not get better by waiting.
Status openWhenComplete(const SliceRequest &request, const WaitRequest &wait,
                        const std::function<Status()> &open,
                        Sightings *seen = nullptr);

}  // namespace mdimappend
