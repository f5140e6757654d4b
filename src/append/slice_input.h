// A slice that is to be appended: by its name, or open already.

#pragma once

#include "settings/options.h"
#include "surroundings.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct SliceInput
{
    std::string name;
    std::optional<std::string> label;
    GDALDataset *dataset = nullptr;  ///< already open, or null
};

/// The slices that the options name.
inline std::vector<SliceInput> slicesOf(const AppendOptions &options,
                                        const Surroundings &around)
{
    std::vector<SliceInput> slices;
    for (const auto &[name, label] : options.slices)
    {
        const auto place = slices.size();
        slices.push_back({name, label,
                          place < around.datasets.size()
                              ? around.datasets[place]
                              : nullptr});
    }
    return slices;
}

}  // namespace mdimappend
