// Converts what the slice has as if it were to be written, and compares it with
// what is there.

#include "guards/static_guard.h"

#include "cube/array_conversion.h"
#include "guards/slice_coordinates.h"

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

namespace mdimappend
{

namespace
{

std::string sizes(const Extent &extent)
{
    std::string text;
    for (const auto size : extent)
        text += (text.empty() ? "" : " x ") + std::to_string(size);
    return text.empty() ? "a single value" : "the size " + text;
}

/// Whose value says nothing: the CRS is in its attributes, and has a guard of
/// its own.
std::set<std::string> gridMappings(const Target &target)
{
    std::set<std::string> names;
    for (const auto &array : target.arrays)
    {
        // "crs: x y other: lat lon" names several.
        std::istringstream words(
            textMember(array.document.attributes, "grid_mapping"));
        for (std::string word; words >> word;)
            names.insert(word.ends_with(':') ? word.substr(0, word.size() - 1)
                                             : word);
    }
    return names;
}

Result<std::optional<std::string>>
differenceOf(const AppendOptions &options, const Slice &slice,
             const SliceArray &offered, const Target &target,
             const TargetArray &present, TargetValues &values)
{
    using Text = std::optional<std::string>;
    const auto &shape = present.document.shape;
    if (offered.shape != shape)
        return Text("it has " + sizes(offered.shape) + ", the target has " +
                    sizes(shape));
    Match match;
    match.targetArray =
        static_cast<std::size_t>(&present - target.arrays.data());
    match.sliceArray =
        static_cast<std::size_t>(&offered - slice.arrays().data());
    auto conversion = conversionFor(target, present, slice, offered, options);
    if (!conversion && conversion.status().kind() == Failure::Refused)
        return Text(conversion.status().message());
    MDIMAPPEND_ASSIGN(match.conversion, std::move(conversion));
    auto found = values.firstDifference(slice, match);
    if (!found && found.status().kind() == Failure::Refused)
        return Text(found.status().message());
    MDIMAPPEND_ASSIGN(const auto difference, std::move(found));
    if (!difference)
        return Text();
    std::string at;
    for (const auto index : difference->position)
        at += (at.empty() ? " at " : ", ") + std::to_string(index);
    return Text("it is " + difference->found + at + ", the target has " +
                difference->expected);
}

}  // namespace

Result<std::vector<std::string>>
staticDifferences(const AppendOptions &options, const Slice &slice,
                  const Target &target, TargetValues &values)
{
    const auto coordinates = coordinatesOf(target, slice);
    const auto mappings = gridMappings(target);
    std::vector<std::string> differences;
    for (const auto &array : slice.arrays())
    {
        const auto *present = target.find(array.name);
        const auto &dimensions = array.dimensions;
        const bool along =
            std::ranges::find(dimensions, target.appendDim) != dimensions.end();
        if (!present || present->axis || along ||
            coordinates.contains(array.name) || mappings.contains(array.name))
            continue;
        MDIMAPPEND_ASSIGN(
            const auto difference,
            differenceOf(options, slice, array, target, *present, values));
        if (difference)
            differences.push_back("'" + array.name + "': " + *difference);
    }
    return differences;
}

Status refuseStatic(const std::vector<std::string> &differences,
                    const std::string &appendDim)
{
    std::string text = "what all steps have in common (arrays without the "
                       "dimension '" +
                       appendDim + "') differs from the target: ";
    for (const auto &difference : differences)
        text += (&difference == &differences.front() ? "" : "; ") + difference;
    return refused(text +
                   ". A cube that is made with --vary has such an array for each "
                   "step; else the slice belongs into another cube.");
}

}  // namespace mdimappend
