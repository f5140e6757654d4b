// Finds the arrays that get the append dimension.

#include "cube/varying_arrays.h"

#include "slice/varied_slice.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

namespace mdimappend
{

namespace
{

bool lies(const SliceArray &array, const std::string &dimension)
{
    return std::ranges::find(array.dimensions, dimension) !=
           array.dimensions.end();
}

Status checkNamed(const Slice &slice, const std::string &name)
{
    const auto found =
        std::ranges::find(slice.arrays(), name, &SliceArray::name);
    if (found == slice.arrays().end())
        return refused("slice '" + slice.name() + "' has no array '" + name +
                       "', which --vary names. Nothing was written.");
    if (found->dimensions.size() == 1 && found->dimensions.front() == name &&
        name != slice.appendDim())
        return refused("slice '" + slice.name() + "', array '" + name +
                       "': it is the coordinate of its own dimension, which "
                       "all steps have in common: --vary cannot name it. "
                       "Nothing was written.");
    return Status::ok();
}

/// The same but for the append dimension in front.
bool isOnceOf(const SliceArray &array, const TargetArray &present)
{
    const auto &dimensions = present.document.dimensions;
    return present.axis == std::size_t{0} &&
           std::equal(array.dimensions.begin(), array.dimensions.end(),
                      dimensions.begin() + 1, dimensions.end());
}

}  // namespace

Result<std::unique_ptr<Slice>> withVaryingArrays(std::unique_ptr<Slice> slice,
                                                 const Target &target,
                                                 const AppendOptions &options)
{
    if (!target.exists)
    {
        for (const auto &name : options.vary)
            MDIMAPPEND_RETURN_IF_ERROR(checkNamed(*slice, name));
    }
    std::set<std::string> names;
    for (const auto &array : slice->arrays())
    {
        if (lies(array, slice->appendDim()))
            continue;
        const auto *present = target.find(array.name);
        const bool isNamed =
            !target.exists &&
            std::ranges::find(options.vary, array.name) != options.vary.end();
        if (isNamed || (present && isOnceOf(array, *present)))
            names.insert(array.name);
    }
    return varied(std::move(slice), names);
}

}  // namespace mdimappend
