// Converts what the slice has as if it were to be written, and compares it with
// what is there.

#include "guards/static_guard.h"

#include "cube/array_conversion.h"
#include "guards/slice_coordinates.h"

#include <algorithm>

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
    Result<Difference> difference()
    {
        return differenceOrRefusal(compare());
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
    Result<Difference> compare()
    {
        const auto &document = m_present.document;
        if (m_offered.shape != document.shape)
            return Difference("it has " + sizes(m_offered.shape) +
                              ", the target has " + sizes(document.shape));
        if (m_offered.dimensions != document.dimensions)
            return Difference("its dimensions are " +
                              listed(m_offered.dimensions) + ", the target's " +
                              listed(document.dimensions));
        MDIMAPPEND_RETURN_IF_ERROR(match());
        auto comparison = m_values.comparison(m_slice, m_match);
        MDIMAPPEND_ASSIGN(const auto expected, expectedChecksum(comparison));
        MDIMAPPEND_ASSIGN(const auto offered, comparison.sliceChecksum());
        return offered == expected ? Difference() : firstDifference(comparison);
    }

    Status match()
    {
        MDIMAPPEND_ASSIGN(m_match, staticMatch(m_options, m_slice, m_offered,
                                               m_cube.target, m_present));
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

    Result<Difference> firstDifference(ValueComparison &comparison) const
    {
        // Of a target that this batch makes there is nothing to be read yet.
        if (m_cube.committedRows == 0)
            return Difference("it is not what the first slice has");
        const Extent origin(m_offered.shape.size(), 0);
        MDIMAPPEND_ASSIGN(const auto difference,
                          comparison.firstIn(m_offered.shape, origin, origin));
        return explained(difference);
    }

    const AppendOptions &m_options;
    const Slice &m_slice;
    const SliceArray &m_offered;
    CubeState &m_cube;
    const TargetArray &m_present;
    const TargetValues &m_values;
    Match m_match{};
};

}  // namespace

Status forEachStatic(const Slice &slice, const Target &target,
                     const VisitStatic &visit)
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

Result<Match> staticMatch(const AppendOptions &options, const Slice &slice,
                          const SliceArray &offered, const Target &target,
                          const TargetArray &present)
{
    Match match{};
    match.targetArray =
        static_cast<std::size_t>(&present - target.arrays.data());
    match.sliceArray =
        static_cast<std::size_t>(&offered - slice.arrays().data());
    MDIMAPPEND_ASSIGN(match.conversion,
                      conversionFor(target, present, slice, offered, options));
    return match;
}

Difference explained(const std::optional<ValueDifference> &difference)
{
    if (!difference)
        return {};
    std::string at;
    for (const auto index : difference->position)
        at += (at.empty() ? " at " : ", ") + std::to_string(index);
    return "it is " + difference->found + at + ", the target has " +
           difference->expected;
}

Result<Difference> differenceOrRefusal(Result<Difference> compared)
{
    if (!compared && compared.status().kind() == Failure::Refused)
        return Difference(compared.status().message());
    return compared;
}

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
