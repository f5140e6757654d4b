// Compares what is missing to both sides, and goes through elements of any real
// type, once for each other missing value.

#include "convert/missing_elements.h"

#include "convert/number.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

std::vector<Number> missingNumbers(const ElementForm &form)
{
    std::vector<Number> numbers;
    if (form.missing)
        numbers.push_back(numberAt(form.missing->data(), form.type));
    for (const auto &element : form.alsoMissing)
        numbers.push_back(numberAt(element.data(), form.type));
    return numbers;
}

}  // namespace

bool haveSameMissing(const ElementForm &from, const ElementForm &to)
{
    const auto areAll =
        [](const std::vector<Number> &some, const std::vector<Number> &others)
    {
        return std::ranges::all_of(
            some,
            [&](const Number &number)
            {
                return others.empty()
                           ? isNaN(number)
                           : std::ranges::any_of(
                                 others, [&](const Number &other)
                                 { return meanSame(number, other); });
            });
    };
    const auto slices = missingNumbers(from);
    const auto targets = missingNumbers(to);
    return areAll(slices, targets) && areAll(targets, slices);
}

void makeOne(const std::vector<std::string> &others, const std::string &missing,
             void *elements, std::size_t count, GDALDataType type)
{
    withElementType(type,
                    [&]<class T>(std::type_identity<T>)
                    {
                        auto *const values = static_cast<T *>(elements);
                        const T instead = loadElement<T>(missing.data());
                        for (const auto &other : others)
                        {
                            const T wanted = loadElement<T>(other.data());
                            for (std::size_t i = 0; i < count; ++i)
                                values[i] =
                                    values[i] == wanted ? instead : values[i];
                        }
                    });
}

bool holdsOneOf(const std::vector<std::string> &others, const void *elements,
                std::size_t count, GDALDataType type)
{
    bool found = false;
    if (others.empty())
        return found;
    withElementType(type,
                    [&]<class T>(std::type_identity<T>)
                    {
                        const auto *const values =
                            static_cast<const T *>(elements);
                        for (const auto &other : others)
                        {
                            const T wanted = loadElement<T>(other.data());
                            for (std::size_t i = 0; i < count; ++i)
                                found |= values[i] == wanted;
                        }
                    });
    return found;
}

}  // namespace mdimappend
