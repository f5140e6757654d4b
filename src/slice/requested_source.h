// The source of a slice that is asked for, opened: its name taken apart, its
// state noted before anything is read.

#pragma once

#include "slice/slice_source.h"
#include "status.h"

#include <memory>
#include <string>

namespace mdimappend
{

struct RequestedSource
{
    SliceRequest request;  ///< with the parts of its name spelled out
    SourceAddress address{};
    std::string fingerprint{};
    SourceDataset dataset{};
};

/// Messages are without the slice's name.
Result<RequestedSource> openRequested(const SliceRequest &request);

/// With the name, and what is to be said of the target.
Status aboutSlice(const Status &status, const std::string &name);

}  // namespace mdimappend
