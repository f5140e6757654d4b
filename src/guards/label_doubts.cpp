// Looks at labels for what is probably a mistake.

#include "guards/label_doubts.h"

#include "json/json_text.h"
#include "slice/time_arrays.h"
#include "time/cf_time.h"

#include <algorithm>
#include <charconv>

namespace mdimappend
{

namespace
{

/// Counting from another epoch is thousands of years off. Model years begin at
/// 1, and scenarios end before this one; of the deep past few files tell.
constexpr int firstYear = 1;
constexpr int lastYear = 2999;

bool isTemporal(const SliceArray &array)
{
    return array.name == "time" ||
           textMember(array.attributes, "axis") == "T" ||
           textMember(array.attributes, "standard_name") == "time";
}

bool isFar(const std::string &date)
{
    int year = 0;
    std::from_chars(date.data(), date.data() + date.size(), year);
    return year < firstYear || year > lastYear;
}

const SliceArray *labelsOf(const Slice &slice)
{
    const auto &arrays = slice.arrays();
    const auto array = std::ranges::find_if(arrays, &SliceArray::labels);
    return array == arrays.end() ? nullptr : &*array;
}

/// "" if there is none. Labels are mostly in order: what is far off is at an
/// end.
std::string farDate(const Labels &labels)
{
    if (labels.kind != Labels::Kind::Date || labels.values.empty())
        return {};
    for (const auto row : {std::size_t{0}, labels.values.size() - 1})
    {
        const auto date = labels.describe(row);
        if (isFar(date))
            return date;
    }
    return {};
}

bool areNumbers(const Labels &labels)
{
    return labels.kind == Labels::Kind::Integer ||
           labels.kind == Labels::Kind::Real;
}

/// Of the first label that was given.
std::vector<std::string> doubtsAboutGiven(const Slice &slice,
                                          const Labels &labels)
{
    if (!areNumbers(labels) || !isNameOfTime(slice.appendDim()))
        return farDates(slice, labels);
    return {"the label " + labels.describe(0) + " of '" + slice.appendDim() +
            "' is stored as a mere number, which no reader takes for a date; "
            "a date is written as 2024-01-05"};
}

std::string withoutUnits(const SliceArray &array)
{
    const std::string what =
        array.units.empty() ? "have no units"
                            : "have units '" + array.units +
                                  "', which say neither a date nor a duration";
    return "the labels '" + array.name + "' " + what +
           ": they are stored as mere numbers, which no reader takes for dates";
}

}  // namespace

std::vector<std::string> farDates(const Slice &slice, const Labels &labels)
{
    const auto date = farDate(labels);
    if (date.empty())
        return {};
    if (slice.givenLabel())
        return {"the label of '" + slice.appendDim() + "' is " + date +
                ": is it right?"};
    const auto *array = labelsOf(slice);
    return array ? std::vector{"a label of '" + array->name + "' is " + date +
                               ": are its units '" + array->units + "' right?"}
                 : std::vector<std::string>{};
}

std::vector<std::string> doubtsAboutFirst(const Slice &slice,
                                          const Labels &labels)
{
    if (slice.givenLabel())
        return doubtsAboutGiven(slice, labels);
    const auto *array = labelsOf(slice);
    if (!array || labels.values.empty())
        return {};
    if (areNumbers(labels) && isTemporal(*array) &&
        !looksLikeTime(array->units) &&
        !TimeEncoding::parseDuration(array->units))
        return {withoutUnits(*array)};
    return farDates(slice, labels);
}

}  // namespace mdimappend
