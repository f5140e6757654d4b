// Converts what the slice has as if it were to be written, and compares it with
// what is there.

#include "guards/static_guard.h"

#include "cube/array_conversion.h"
#include "guards/slice_coordinates.h"

#include <algorithm>
#include <functional>
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

std::string listed(const std::vector<std::string> &names)
{
    std::string text;
    for (const auto &name : names)
        text += (text.empty() ? "" : ", ") + name;
    return text;
}

/// One array of the slice, and the same one of the target.
class StaticArray
{
  public:
    StaticArray(const AppendOptions &options, const Slice &slice,
                const SliceArray &offered, CubeState &cube,
                const TargetArray &present, const TargetValues &values)
        : m_options(options), m_slice(slice), m_offered(offered), m_cube(cube),
          m_present(present), m_values(values)
    {
    }

    /// What is expected and found; nothing if they are the same.
    Result<std::optional<std::string>> difference()
    {
        auto found = compare();
        // What cannot be said in the target's encoding is another value.
        if (!found && found.status().kind() == Failure::Refused)
            return std::optional(found.status().message());
        return found;
    }

    /// Keeps the slice's values as the target's, which it brings.
    Status keep()
    {
        MDIMAPPEND_RETURN_IF_ERROR(match());
        MDIMAPPEND_ASSIGN(
            m_cube.statics.own()[m_offered.name],
            m_values.comparison(m_slice, m_match).sliceChecksum());
        return Status::ok();
    }

  private:
    using Text = std::optional<std::string>;

    Result<Text> compare()
    {
        const auto &document = m_present.document;
        if (m_offered.shape != document.shape)
            return Text("it has " + sizes(m_offered.shape) +
                        ", the target has " + sizes(document.shape));
        if (m_offered.dimensions != document.dimensions)
            return Text("its dimensions are " + listed(m_offered.dimensions) +
                        ", the target's " + listed(document.dimensions));
        MDIMAPPEND_RETURN_IF_ERROR(match());
        auto comparison = m_values.comparison(m_slice, m_match);
        MDIMAPPEND_ASSIGN(const auto expected, expectedChecksum(comparison));
        MDIMAPPEND_ASSIGN(const auto offered, comparison.sliceChecksum());
        return offered == expected ? Text() : explained(comparison);
    }

    Status match()
    {
        const auto &target = m_cube.target;
        m_match.targetArray =
            static_cast<std::size_t>(&m_present - target.arrays.data());
        m_match.sliceArray =
            static_cast<std::size_t>(&m_offered - m_slice.arrays().data());
        MDIMAPPEND_ASSIGN(
            m_match.conversion,
            conversionFor(target, m_present, m_slice, m_offered, m_options));
        return Status::ok();
    }

    /// The target's is read once a run.
    Result<std::string> expectedChecksum(ValueComparison &comparison)
    {
        const auto known = m_cube.statics->find(m_offered.name);
        if (known != m_cube.statics->end())
            return known->second;
        MDIMAPPEND_ASSIGN(auto checksum, comparison.targetChecksum());
        m_cube.statics.own()[m_offered.name] = checksum;
        return checksum;
    }

    Result<Text> explained(ValueComparison &comparison) const
    {
        // Of a target that this batch makes there is nothing to be read yet.
        if (m_cube.committedRows == 0)
            return Text("it is not what the first slice has");
        MDIMAPPEND_ASSIGN(const auto difference, comparison.first());
        if (!difference)
            return Text();
        std::string at;
        for (const auto index : difference->position)
            at += (at.empty() ? " at " : ", ") + std::to_string(index);
        return Text("it is " + difference->found + at + ", the target has " +
                    difference->expected);
    }

    const AppendOptions &m_options;
    const Slice &m_slice;
    const SliceArray &m_offered;
    CubeState &m_cube;
    const TargetArray &m_present;
    const TargetValues &m_values;
    Match m_match{};
};

/// Those that are no coordinates and no CRS; until one fails.
Status forEachStatic(
    const Slice &slice, const Target &target,
    const std::function<Status(const SliceArray &, const TargetArray &)> &visit)
{
    const auto coordinates = coordinatesOf(target, slice);
    const auto mappings = gridMappings(target);
    for (const auto &array : slice.arrays())
    {
        const auto *present = target.find(array.name);
        const auto &dimensions = array.dimensions;
        const bool along =
            std::ranges::find(dimensions, target.appendDim) != dimensions.end();
        if (!present || present->axis || along ||
            coordinates.contains(array.name) || mappings.contains(array.name))
            continue;
        MDIMAPPEND_RETURN_IF_ERROR(visit(array, *present));
    }
    return Status::ok();
}

}  // namespace

Result<std::vector<std::string>> staticDifferences(const AppendOptions &options,
                                                   const Slice &slice,
                                                   const TargetValues &values,
                                                   CubeState &cube)
{
    std::vector<std::string> differences;
    MDIMAPPEND_RETURN_IF_ERROR(forEachStatic(
        slice, cube.target,
        [&](const SliceArray &offered, const TargetArray &present) -> Status
        {
            StaticArray array(options, slice, offered, cube, present, values);
            MDIMAPPEND_ASSIGN(const auto difference, array.difference());
            if (difference)
                differences.push_back("'" + offered.name + "': " + *difference);
            return Status::ok();
        }));
    return differences;
}

Status keepStatics(const AppendOptions &options, const Slice &slice,
                   const TargetValues &values, CubeState &cube)
{
    return forEachStatic(
        slice, cube.target,
        [&](const SliceArray &offered, const TargetArray &present)
        {
            return StaticArray(options, slice, offered, cube, present, values)
                .keep();
        });
}

Status refuseStatic(const std::vector<std::string> &differences,
                    const std::string &appendDim)
{
    std::string text = "what all steps have in common (arrays without the "
                       "dimension '" +
                       appendDim + "') differs from the target: ";
    for (const auto &difference : differences)
        text += (&difference == &differences.front() ? "" : "; ") + difference;
    return refused(
        text + ". A cube that is made with --vary has such an array for each "
               "step; else the slice belongs into another cube.");
}

}  // namespace mdimappend
