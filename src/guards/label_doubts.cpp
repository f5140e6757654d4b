// Looks at the first labels of a new target for what is probably a mistake.

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

}  // namespace

std::vector<std::string> doubtsAbout(const Slice &slice, const Labels &labels)
{
    const auto &arrays = slice.arrays();
    const auto array = std::ranges::find_if(arrays, &SliceArray::labels);
    if (array == arrays.end() || labels.values.empty())
        return {};
    const bool isNumber = labels.kind == Labels::Kind::Integer ||
                          labels.kind == Labels::Kind::Real;
    if (isNumber && array->units.empty() && isTemporal(*array))
        return {"the labels '" + array->name +
                "' have no units: they are stored as mere numbers, which no "
                "reader takes for dates"};
    if (labels.kind != Labels::Kind::Date)
        return {};
    const auto first = labels.describe(0);
    int year = 0;
    std::from_chars(first.data(), first.data() + first.size(), year);
    if (year >= firstYear && year <= lastYear)
        return {};
    return {"the first label of '" + array->name + "' is " + first +
            ": are its units '" + array->units + "' right?"};
}

}  // namespace mdimappend
