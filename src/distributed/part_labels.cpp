// A part's labels against those that `begin` was told.

#include "distributed/part_labels.h"

#include "guards/array_labels.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// Whether they are those of the transaction in their place.
bool areThose(const CarriedRows &all, const CarriedRows &some)
{
    const auto skip = static_cast<std::size_t>(some.first - all.first);
    const auto rows = static_cast<std::size_t>(some.rows);
    if (!all.texts.empty())
        return std::ranges::equal(
            some.texts.begin(), some.texts.end(),
            all.texts.begin() + static_cast<std::ptrdiff_t>(skip),
            all.texts.begin() + static_cast<std::ptrdiff_t>(skip + rows));
    const auto size = all.values.size() / static_cast<std::size_t>(all.rows);
    return all.values.compare(skip * size, rows * size, some.values) == 0;
}

}  // namespace

Result<CarriedRows> carriedLabels(const Labels &labels,
                                  const TargetArray &array, std::uint64_t first)
{
    MDIMAPPEND_ASSIGN(auto stored, storeLabels(labels, labelForm(array)));
    return CarriedRows{first, labels.values.size(), std::move(stored.elements),
                       std::move(stored.texts)};
}

Result<std::optional<CarriedRows>>
labelsOfPart(const Session &session, const Slice &slice, std::uint64_t first)
{
    const auto *array = session.target.labels();
    if (!array)
        return std::optional<CarriedRows>();
    if (!session.options.ignoreUnits)
        MDIMAPPEND_RETURN_IF_ERROR(checkLabelUnits(*array, slice));
    MDIMAPPEND_ASSIGN(Labels labels, sliceLabels(slice, *array));
    MDIMAPPEND_ASSIGN(labels, inCalendarOf(session.target, std::move(labels)));
    if (labels.kind == Labels::Kind::None)
    {
        if (session.labels)
            return std::optional<CarriedRows>();
        return refused(noLabels(slice, *array) +
                       " The template did not have all of them, either.");
    }
    MDIMAPPEND_ASSIGN(CarriedRows rows, carriedLabels(labels, *array, first));
    if (session.labels && !areThose(*session.labels, rows))
        return refused("its labels, " + labels.describe(0) + " to " +
                       labels.describe(labels.values.size() - 1) +
                       ", are not those of the transaction at this place, "
                       "which has " +
                       session.firstLabel + " to " + session.lastLabel + ".");
    return std::make_optional(std::move(rows));
}

}  // namespace mdimappend
