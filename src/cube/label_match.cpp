// Finds which of a slice's labels are new, and refuses those that do not follow
// the target's.

#include "cube/label_match.h"

#include "slice/product_date.h"

#include <algorithm>
#include <string_view>
#include <unordered_set>

namespace mdimappend
{

namespace
{

bool numeric(Labels::Kind kind)
{
    return kind == Labels::Kind::Integer || kind == Labels::Kind::Real;
}

bool isComparable(Labels::Kind a, Labels::Kind b)
{
    return a == b || (numeric(a) && numeric(b));
}

Status isTwice(const Labels &slice, std::size_t row)
{
    return refused("the label " + slice.describe(row) + " occurs twice in it");
}

/// Labels next to each other differ; texts, which have no order, all do. New
/// ones must be in order (checkOrder), which tells them apart.
class OnceCheck
{
  public:
    explicit OnceCheck(const Labels &slice) : m_slice(slice)
    {
    }

    /// Row by row.
    bool isTwice(std::size_t row)
    {
        const auto &values = m_slice.values;
        if (m_slice.kind == Labels::Kind::Text)
            return !m_texts.insert(std::get<std::string>(values[row])).second;
        return row > 0 && isSame(values[row - 1], values[row]);
    }

  private:
    const Labels &m_slice;
    std::unordered_set<std::string_view> m_texts{};
};

/// Two rows of the slice must not meet one of the target.
Status checkPresentOnce(const Labels &slice, const LabelMatch &match)
{
    std::vector<std::pair<std::uint64_t, std::uint64_t>> byTarget;
    for (const auto &[row, targetRow] : match.present)
        byTarget.emplace_back(targetRow, row);
    std::ranges::sort(byTarget);
    const auto twice = std::ranges::adjacent_find(
        byTarget, {}, [](const auto &pair) { return pair.first; });
    return twice == byTarget.end()
               ? Status::ok()
               : isTwice(slice,
                         static_cast<std::size_t>(std::next(twice)->second));
}

Result<LabelMatch> findPresent(const KnownLabels &target, const Labels &slice)
{
    OnceCheck once(slice);
    LabelMatch match;
    match.firstNew = slice.values.size();
    for (std::size_t row = 0; row < slice.values.size(); ++row)
    {
        if (once.isTwice(row))
            return isTwice(slice, row);
        if (const auto present = target.find(slice.values[row]))
        {
            if (match.firstNew < row)
                return refused(
                    "the label " + slice.describe(row) +
                    " is already in the target, but labels before it are not");
            match.present.emplace_back(row, *present);
        }
        else if (match.firstNew == slice.values.size())
        {
            match.firstNew = row;
        }
    }
    MDIMAPPEND_RETURN_IF_ERROR(checkPresentOnce(slice, match));
    return match;
}

std::string verb(bool decreasing)
{
    return decreasing ? "fall" : "rise";
}

/// Whether all labels from `first` on fall (or rise), two at least.
bool runOn(const Labels &labels, std::uint64_t first, bool decreasing)
{
    const auto &values = labels.values;
    const auto wrong = [decreasing](const Label &a, const Label &b)
    { return decreasing ? !isBefore(b, a) : !isBefore(a, b); };
    const auto begin = values.begin() + static_cast<std::ptrdiff_t>(first);
    return std::distance(begin, values.end()) >= 2 &&
           std::adjacent_find(begin, values.end(), wrong) == values.end();
}

/// Of a target with one label, which has no direction yet.
std::string directionAdvice(std::size_t rows, std::optional<bool> descending)
{
    if (rows != 1)
        return "";
    if (descending)
        return ": by --step labels have to " + verb(*descending);
    return ". Of a target whose labels are to fall, the second slice needs "
           "--step decreasing";
}

/// The target's last two labels, if it has them, and the new ones must follow
/// each other in one direction.
Status checkOrder(const Labels &target, const Labels &slice,
                  std::uint64_t firstNew, std::optional<bool> descending)
{
    std::vector<std::pair<const Labels *, std::size_t>> sequence;
    const auto rows = target.values.size();
    const auto firstRow = static_cast<std::size_t>(firstNew);
    for (std::size_t row = rows > 2 ? rows - 2 : 0; row < rows; ++row)
        sequence.emplace_back(&target, row);
    for (auto row = firstRow; row < slice.values.size(); ++row)
        sequence.emplace_back(&slice, row);
    const auto at = [&](std::size_t i) -> const Label &
    { return sequence[i].first->values[sequence[i].second]; };
    // Two labels set the direction; one alone is followed by later ones, unless
    // something else was said.
    const bool own = rows >= 2 || (rows == 0 && sequence.size() >= 2);
    const bool decreasing =
        rows < 2 && descending ? *descending : own && isBefore(at(1), at(0));
    for (std::size_t i = 1; i < sequence.size(); ++i)
    {
        const bool ordered = decreasing ? isBefore(at(i), at(i - 1))
                                        : isBefore(at(i - 1), at(i));
        if (ordered || sequence[i].first != &slice)
            continue;
        const auto &[labels, row] = sequence[i - 1];
        const auto end = slice.values.size() - 1;
        const bool turned =
            labels == &slice && runOn(slice, firstNew, !decreasing);
        if (turned)
            return refused(
                "its labels " + verb(!decreasing) + ", from " +
                slice.describe(firstRow) + " to " + slice.describe(end) +
                ", and " +
                (rows == 0 ? "by --step they have to " : "the target's ") +
                verb(decreasing) +
                ". Reverse the slice along its append dimension" +
                (rows == 0 ? ", or ask for another --step" : ""));
        return refused(
            "the label " + slice.describe(sequence[i].second) +
            " does not come " + (decreasing ? "before " : "after ") +
            labels->describe(row) +
            (labels == &target
                 ? ", the target's last one" + directionAdvice(rows, descending)
                 : ", the one before it: its labels neither rise "
                   "nor fall throughout. Sort the slice along its "
                   "append dimension"));
    }
    return Status::ok();
}

const std::string &textOf(const Label &label)
{
    return std::get<std::string>(label);
}

/// Of a text that is an ISO 8601 date.
std::optional<Instant> instantOf(const Label &label)
{
    const auto &text = textOf(label);
    const auto date =
        text.size() > 4 && text[4] == '-' ? productDate(text) : std::nullopt;
    const auto instant = date ? parseDate(*date, Calendar::ProlepticGregorian)
                              : Result<Instant>(refused("it is no date"));
    return instant ? std::make_optional(*instant) : std::nullopt;
}

/// "2024-005" may be a day of the year, and the fifth of some samples.
bool hasMonth(const Label &label)
{
    const auto &text = textOf(label);
    return text.size() > 7 && text[7] == '-' && instantOf(label);
}

/// Rows from `first` on of texts that are all dates, as these dates; nothing if
/// one is none.
std::optional<Labels> datesOf(const Labels &texts, std::size_t first)
{
    Labels dates;
    dates.kind = Labels::Kind::Date;
    dates.encoding = TimeEncoding{Calendar::ProlepticGregorian};
    for (std::size_t row = first; row < texts.values.size(); ++row)
    {
        const auto instant = instantOf(texts.values[row]);
        if (!instant)
            return std::nullopt;
        dates.values.emplace_back(*instant);
    }
    return dates;
}

/// Among dates it has no place.
Status checkAreDates(const Labels &target, const Labels &slice,
                     std::size_t firstNew)
{
    if (target.values.empty() || !std::ranges::all_of(target.values, hasMonth))
        return Status::ok();
    const auto begin =
        slice.values.begin() + static_cast<std::ptrdiff_t>(firstNew);
    const auto found =
        std::find_if(begin, slice.values.end(),
                     [](const Label &label) { return !instantOf(label); });
    if (found == slice.values.end())
        return Status::ok();
    const auto why = whyNoDate(textOf(*found));
    return refused(
        "the label '" + textOf(*found) +
        "' is not a date, and the target's labels are, the last one '" +
        textOf(target.values.back()) + "'" + (why.empty() ? "" : ": " + why) +
        ". Write it as they are written");
}

/// Texts have an order only if they are dates.
Status checkOrderOfTexts(const Labels &target, const Labels &slice,
                         std::uint64_t firstNew, std::optional<bool> descending)
{
    const auto first = static_cast<std::size_t>(firstNew);
    const auto last = datesOf(target, 0);
    if (!last)
        return Status::ok();
    const auto added = datesOf(slice, first);
    return added ? checkOrder(*last, *added, 0, descending)
                 : checkAreDates(target, slice, first);
}

}  // namespace

bool isOrdered(const Labels &labels)
{
    if (labels.kind == Labels::Kind::None)
        return false;
    const auto notLess = [](const Label &a, const Label &b)
    { return !isBefore(a, b); };
    const auto notMore = [](const Label &a, const Label &b)
    { return !isBefore(b, a); };
    const auto &values = labels.values;
    return std::ranges::adjacent_find(values, notLess) == values.end() ||
           std::ranges::adjacent_find(values, notMore) == values.end();
}

bool comeAfter(const Labels &last, const Labels &slice)
{
    if (last.values.size() < 2 || !isComparable(last.kind, slice.kind))
        return false;
    const Label &end = last.values.back();
    const bool descending = isBefore(end, last.values[last.values.size() - 2]);
    return std::ranges::all_of(
        slice.values, [&](const Label &label)
        { return descending ? isBefore(label, end) : isBefore(end, label); });
}

Result<LabelMatch> matchLabels(const KnownLabels &target, const Labels &slice,
                               std::optional<bool> descending)
{
    if (target.size() > 0 && !isComparable(target.kind(), slice.kind))
        return refused("its labels and the target's are of different kinds "
                       "(dates, numbers or text)");
    MDIMAPPEND_ASSIGN(LabelMatch match, findPresent(target, slice));
    const auto check =
        slice.kind == Labels::Kind::Text ? checkOrderOfTexts : checkOrder;
    MDIMAPPEND_RETURN_IF_ERROR(
        check(target.last(2), slice, match.firstNew, descending));
    return match;
}

}  // namespace mdimappend
