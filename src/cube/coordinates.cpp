// Compares coordinates of slice and target value by value, and says where they
// differ: more than a thousandth of a cell apart is another grid.

#include "cube/coordinates.h"

#include "json/json_text.h"

#include <algorithm>
#include <cmath>

namespace mdimappend
{

namespace
{

constexpr double toleranceInCells = 1e-3;
/// Of a value that is alone: no cell, only what storing it may have cost.
constexpr double toleranceOfOne = 1e-6;

std::string positionText(std::size_t at,
                         const std::vector<std::uint64_t> &shape)
{
    std::string text;
    for (std::size_t axis = shape.size(); axis-- > 0;)
    {
        text = std::to_string(at % shape[axis]) + (text.empty() ? "" : ", ") +
               text;
        at /= shape[axis];
    }
    return text;
}

/// A part of the largest distance from the value at `at` to a neighbour along
/// an axis; without neighbours, of the value itself.
double toleranceAt(const CoordinateValues &values, std::size_t at)
{
    double cell = 0;
    bool alone = true;
    std::size_t stride = 1;
    for (std::size_t axis = values.shape.size(); axis-- > 0;)
    {
        const auto size = values.shape[axis];
        const auto index = at / stride % size;
        if (size > 1)
        {
            alone = false;
            const auto neighbour = index + 1 < size ? at + stride : at - stride;
            const double distance =
                std::fabs(values.numbers[neighbour] - values.numbers[at]);
            // NaN never wins this comparison.
            if (distance > cell)
                cell = distance;
        }
        stride *= size;
    }
    return alone ? toleranceOfOne * std::fabs(values.numbers[at])
                 : toleranceInCells * cell;
}

Status differs(const std::string &name, const std::vector<std::uint64_t> &shape,
               std::size_t at, const std::string &expected,
               const std::string &found)
{
    const std::string text = "coordinate '" + name + "' differs at position " +
                             positionText(at, shape) + ": it is " + found +
                             ", the target has " + expected + ".";
    return refused(shape.size() < 2
                       ? text
                       : text + " A cube that is made with --vary " + name +
                             " has its own for each step.");
}

std::string sizesText(const std::vector<std::uint64_t> &shape)
{
    std::string text;
    for (const auto size : shape)
        text += (text.empty() ? "" : " x ") + std::to_string(size);
    return text.empty() ? "no dimension" : text;
}

}  // namespace

Status checkCoordinate(const std::string &name, const CoordinateValues &target,
                       const CoordinateValues &slice)
{
    if (target.texts.empty() != slice.texts.empty())
        return refused("coordinate '" + name + "' is text on one side only.");
    if (target.shape != slice.shape)
        return refused("coordinate '" + name + "' has the size " +
                       sizesText(slice.shape) + ", the target has " +
                       sizesText(target.shape) + ".");
    for (std::size_t i = 0; i < target.texts.size(); ++i)
    {
        if (target.texts[i] != slice.texts[i])
            return differs(name, target.shape, i, "'" + target.texts[i] + "'",
                           "'" + slice.texts[i] + "'");
    }
    const auto &expected = target.numbers;
    const auto &found = slice.numbers;
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        if (expected[i] == found[i] ||
            (std::isnan(expected[i]) && std::isnan(found[i])))
            continue;
        const double tolerance =
            target.whole && slice.whole ? 0 : toleranceAt(target, i);
        if (!(std::fabs(found[i] - expected[i]) <= tolerance))
            return differs(name, target.shape, i, dumpJson(expected[i], -1),
                           dumpJson(found[i], -1));
    }
    return Status::ok();
}

}  // namespace mdimappend
