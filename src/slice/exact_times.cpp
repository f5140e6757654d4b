// Compares instants one by one. Which of two times is right cannot be known
// here.

#include "slice/exact_times.h"

#include "slice/product_date.h"

#include <cmath>
#include <cstring>

namespace mdimappend
{

namespace
{

constexpr Instant oneSecond = 1'000'000'000;

/// What the last digit of a float32 is worth, in nanoseconds.
Instant lastDigit(const std::string &elements, std::size_t row,
                  const TimeEncoding &encoding)
{
    float number = 0;
    std::memcpy(&number, elements.data() + row * sizeof number, sizeof number);
    const float size = std::fabs(number);
    const double digit = std::nextafter(size, HUGE_VALF) - size;
    return static_cast<Instant>(
        std::ceil(digit * static_cast<double>(encoding.unit)));
}

/// Of a date as products have it, as digits, or with a zone.
Result<Instant> dateOf(const std::string &text, Calendar calendar)
{
    constexpr std::size_t shortestWithDay = 10;
    auto date = productDate(text);
    if (!date)
        date = dateInDigits(text);
    if (!date && text.size() < shortestWithDay)
        return refused("it is no date");
    return parseDate(date.value_or(text), calendar);
}

}  // namespace

Result<InstantsOfLabels> datesOf(const std::vector<std::string> &texts,
                                 Calendar calendar)
{
    InstantsOfLabels instants;
    for (const std::string &text : texts)
    {
        const auto instant = dateOf(text, calendar);
        if (!instant)
            return refused("'" + text.substr(0, 80) + "' is no date");
        instants.push_back(*instant);
    }
    return instants;
}

Result<bool> areExacter(const std::string &elements, const SliceArray &array,
                        const TimeEncoding &encoding,
                        const InstantsOfLabels &numbers,
                        const InstantsOfLabels &texts)
{
    const bool isFloat = array.type.GetNumericDataType() == GDT_Float32;
    bool exacter = false;
    for (std::size_t row = 0; row < numbers.size(); ++row)
    {
        const Instant off = numbers[row] - texts[row];
        const Instant most = isFloat ? lastDigit(elements, row, encoding) : 0;
        // Texts have no fractions of a second.
        const bool isFraction = off > most && off < oneSecond;
        if ((off > most || -off > most) && !isFraction)
            return error("the times of '" + array.name +
                         "' and 'Times' contradict each other: " +
                         formatDate(numbers[row], encoding.calendar) + " and " +
                         formatDate(texts[row], encoding.calendar) +
                         ". Leave out the array that is wrong "
                         "(--exclude-array).");
        exacter = exacter || (off != 0 && !isFraction);
    }
    return exacter;
}

}  // namespace mdimappend
