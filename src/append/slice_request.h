// How the slices of an append are opened, by its options.

#pragma once

#include "append/slice_input.h"
#include "settings/options.h"
#include "slice/slice.h"

#include <string>

namespace mdimappend
{

/// `appendDim`: as it is known so far; "" = find it.
inline SliceRequest sliceRequest(const AppendOptions &options,
                                 const SliceInput &input,
                                 const std::string &appendDim)
{
    SliceRequest request;
    request.name = input.name;
    request.label = input.label;
    request.labelFrom = options.labelFrom;
    request.group = options.sliceGroup;
    request.allowedDrivers = options.allowedDrivers;
    request.openOptions = options.openOptions;
    request.config = options.sliceConfig;
    request.arrays = options.arrays;
    request.excludedArrays = options.excludedArrays;
    request.renamedArrays = options.renamedArrays;
    request.dataset = input.dataset;
    request.appendDim =
        options.appendDim.empty() ? appendDim : options.appendDim;
    return request;
}

}  // namespace mdimappend
