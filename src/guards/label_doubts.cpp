// Looks at labels for what is probably a mistake.

#include "guards/label_doubts.h"

#include "json/json_text.h"

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

std::vector<std::string> farDates(const SliceArray &array, const Labels &labels)
{
    if (labels.kind != Labels::Kind::Date || labels.values.empty())
        return {};
    // Labels are mostly in order: what is far off is at an end.
    for (const auto row : {std::size_t{0}, labels.values.size() - 1})
    {
        const auto date = labels.describe(row);
        if (isFar(date))
            return {"a label of '" + array.name + "' is " + date +
                    ": are its units '" + array.units + "' right?"};
    }
    return {};
}

}  // namespace

std::vector<std::string> farDates(const Slice &slice, const Labels &labels)
{
    const auto *array = labelsOf(slice);
    return array ? farDates(*array, labels) : std::vector<std::string>{};
}

std::vector<std::string> doubtsAboutFirst(const Slice &slice,
                                          const Labels &labels)
{
    const auto *array = labelsOf(slice);
    if (!array || labels.values.empty())
        return {};
    const bool isNumber = labels.kind == Labels::Kind::Integer ||
                          labels.kind == Labels::Kind::Real;
    if (isNumber && array->units.empty() && isTemporal(*array))
        return {"the labels '" + array->name +
                "' have no units: they are stored as mere numbers, which no "
                "reader takes for dates"};
    return farDates(*array, labels);
}

}  // namespace mdimappend
