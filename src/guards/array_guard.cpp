// Goes through the target's arrays, then through what the slice has beside
// them.

#include "guards/array_guard.h"

#include "convert/about_array.h"
#include "cube/array_conversion.h"
#include "cube/missing_value.h"
#include "guards/band_advice.h"
#include "guards/crs_guard.h"
#include "guards/grib_guard.h"
#include "guards/label_source.h"
#include "guards/meaning_guard.h"
#include "guards/valid_range.h"

#include <algorithm>
#include <iterator>

namespace mdimappend
{

namespace
{

std::string list(const std::vector<std::string> &names)
{
    std::string text = "(";
    for (const auto &name : names)
        text += (text.size() > 1 ? ", " : "") +
                (name.empty() ? std::string("unnamed") : name);
    return text + ")";
}

std::string quoted(const std::string &name)
{
    return "array '" + name + "': ";
}

Status checkDimensions(const TargetArray &target, const SliceArray &slice)
{
    const auto &expected = target.document.dimensions;
    if (expected != slice.dimensions)
        return refused(quoted(target.name) + "its dimensions are " +
                       list(slice.dimensions) + ", the target has " +
                       list(expected) + ".");
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        if (i != *target.axis && slice.shape[i] != target.document.shape[i])
            return refused(quoted(target.name) + "dimension '" + expected[i] +
                           "' has " + std::to_string(slice.shape[i]) +
                           " values, the target has " +
                           std::to_string(target.document.shape[i]) + ".");
    }
    return Status::ok();
}

class ArrayGuards
{
  public:
    ArrayGuards(const Target &target, const Slice &slice,
                const AppendOptions &options)
        : m_target(target), m_slice(slice), m_options(options)
    {
    }

    Result<GuardReport> check()
    {
        MDIMAPPEND_ASSIGN(auto doubts, checkLabelSource(m_target, m_slice));
        std::ranges::move(doubts, std::back_inserter(m_report.warnings));
        bool anyData = false;
        for (std::size_t i = 0; i < m_target.arrays.size(); ++i)
        {
            const auto &array = m_target.arrays[i];
            if (!array.axis || &array == m_target.labels())
                continue;
            anyData = true;
            MDIMAPPEND_ASSIGN(Match match, matchOf(array));
            match.targetArray = i;
            warnOfRange(array, match);
            m_report.matches.push_back(std::move(match));
        }
        if (!anyData && (!m_target.labels() || hasData()))
            return refused("the target has no array with the dimension '" +
                           m_target.appendDim +
                           "' for the slice to be appended to.");
        const bool allMissing =
            anyData &&
            std::ranges::none_of(m_report.matches, [](const Match &match)
                                 { return match.sliceArray.has_value(); });
        if (allMissing)
            return refused("it has none of the target's arrays along '" +
                           m_target.appendDim + "'.");
        MDIMAPPEND_RETURN_IF_ERROR(checkExtraArrays());
        for (auto &other : otherMeanings(m_slice, m_target))
            m_report.warnings.push_back(std::move(other));
        return std::move(m_report);
    }

  private:
    void warnOfRange(const TargetArray &array, const Match &match)
    {
        if (!match.sliceArray)
            return;
        auto warning =
            validRangeWarning(array, m_slice.arrays()[*match.sliceArray]);
        if (!warning.empty())
            m_report.warnings.push_back(std::move(warning));
    }

    Result<Match> matchOf(const TargetArray &array) const
    {
        const auto &arrays = m_slice.arrays();
        const auto found =
            std::ranges::find(arrays, array.name, &SliceArray::name);
        if (found == arrays.end())
            return filled(array);
        Match match;
        match.sliceArray = static_cast<std::size_t>(found - arrays.begin());
        MDIMAPPEND_RETURN_IF_ERROR(checkDimensions(array, *found));
        if (!m_options.ignoreCrs)
            MDIMAPPEND_RETURN_IF_ERROR(
                checkCrs(m_target, array, m_slice, *found));
        if (auto same =
                checkFlags(found->attributes, array.document.attributes);
            !same)
            return std::move(same).prefixed("array '" + array.name + "'");
        if (auto same = checkGribProduct(m_target, array, *found); !same)
            return std::move(same).prefixed("array '" + array.name + "'");
        auto conversion =
            conversionFor(m_target, array, m_slice, *found, m_options);
        if (!conversion)
            return aboutArray(conversion.status(), array.name);
        match.conversion = std::move(*conversion);
        return match;
    }

    Result<Match> filled(const TargetArray &array) const
    {
        if (!m_options.fillMissingArrays)
            return refused(
                quoted(array.name) +
                "it is in the target, but not in the slice. --on-missing-array "
                "fill would fill it with its missing value." +
                otherGribName(m_slice, array) + bandAdvice(m_slice));
        Match match;
        MDIMAPPEND_ASSIGN(const auto fill, fillFor(array.document));
        if (!fill)
            return refused(quoted(array.name) +
                           "it is in the target, but not in the slice, and has "
                           "no missing value to fill it with.");
        match.fill = *fill;
        return match;
    }

    /// Labels alone are no data: a tree can have them in a group of their own.
    bool hasData() const
    {
        return std::ranges::any_of(
            m_slice.arrays(),
            [&](const SliceArray &array)
            {
                return !array.labels && array.labelsOf.empty() &&
                       axisOf(array.dimensions, m_target.appendDim);
            });
    }

    Status checkExtraArrays()
    {
        for (const auto &array : m_slice.arrays())
        {
            // The slice itself has them under another name, or the target in a
            // group around it.
            if (!array.labelsOf.empty() ||
                (m_target.labelledBy && array.name == m_target.appendDim))
                continue;
            const auto *present = m_target.find(array.name);
            const auto &dimensions = array.dimensions;
            const bool along =
                std::ranges::find(dimensions, m_target.appendDim) !=
                dimensions.end();
            if (!present && m_options.refuseExtraArrays)
                return refused(quoted(array.name) +
                               "it is in the slice, but not in the target "
                               "(--on-extra-array error).");
            if (!present)
                m_report.ignoredArrays.push_back(array.name);
            else if (!present->axis && along)
                return refused(quoted(array.name) + "it has the dimension '" +
                               m_target.appendDim +
                               "', the target's does not.");
        }
        return Status::ok();
    }

    const Target &m_target;
    const Slice &m_slice;
    const AppendOptions &m_options;
    GuardReport m_report{};
};

}  // namespace

Result<GuardReport> checkArrays(const Target &target, const Slice &slice,
                                const AppendOptions &options)
{
    return ArrayGuards(target, slice, options).check();
}

}  // namespace mdimappend
