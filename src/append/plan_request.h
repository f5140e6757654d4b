// What a slice's append is planned from, apart from the cube.

#pragma once

#include "append/logged_slices.h"
#include "journal/site.h"
#include "settings/options.h"
#include "slice/slice.h"
#include "storage/storage.h"

namespace mdimappend
{

struct PlanRequest
{
    const AppendOptions &options;
    const Site &site;
    Storage &storage;
    const Slice &slice;
    LoggedSlices &log;
};

}  // namespace mdimappend
