// The layout of the product definition templates 4.0 to 4.12 (WMO, FM 92 GRIB,
// edition 2, section 4), in the numbers that GDAL tells.

#include "slice/grib_product.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

/// What follows the 15 numbers that these templates have in common: numbers of
/// their own, then, if they are about a period, its end (6), two counts, and
/// the statistic.
struct Layout
{
    long number;
    std::size_t own;
    bool isPeriod;
};

constexpr std::size_t common = 15;
constexpr std::size_t beforeStatistic = 8;

constexpr std::array<Layout, 11> layouts = {{{0, 0, false},
                                             {1, 3, false},
                                             {2, 2, false},
                                             {5, 7, false},
                                             {6, 1, false},
                                             {7, 0, false},
                                             {8, 0, true},
                                             {9, 7, true},
                                             {10, 1, true},
                                             {11, 3, true},
                                             {12, 2, true}}};

struct Named
{
    long code;
    const char *suffix;
    const char *words;
};

/// Code table 4.10.
constexpr std::array<Named, 9> statistics = {{{0, "_avg", "average"},
                                              {1, "_acc", "accumulation"},
                                              {2, "_max", "maximum"},
                                              {3, "_min", "minimum"},
                                              {4, "_dif", "difference"},
                                              {5, "_rms", "root mean square"},
                                              {6, "_std", "standard deviation"},
                                              {7, "_cov", "covariance"},
                                              {9, "_rat", "ratio"}}};

/// Code table 4.7.
constexpr std::array<Named, 5> derived = {
    {{0, "_mean", "unweighted mean of all members"},
     {1, "_wmean", "weighted mean of all members"},
     {2, "_sd", "standard deviation of the members"},
     {3, "_nsd", "normalized standard deviation of the members"},
     {4, "_spread", "spread of all members"}}};

void addWords(GribProduct &product, const std::string &words)
{
    product.words += (product.words.empty() ? "" : ", ") + words;
}

template <std::size_t N>
void addName(GribProduct &product, const std::array<Named, N> &names, long code,
             const std::string &otherwise)
{
    const auto found = std::ranges::find(names, code, &Named::code);
    if (found == names.end())
    {
        product.suffix += "_" + otherwise + std::to_string(code);
        addWords(product, otherwise + " " + std::to_string(code));
        return;
    }
    product.suffix += found->suffix;
    addWords(product, found->words);
}

bool isEnsemble(long number)
{
    return number == 1 || number == 11;
}

bool isDerived(long number)
{
    return number == 2 || number == 12;
}

/// The template's own numbers, but for the size of the ensemble. What kind of
/// member one is (control, perturbed) says no more than its number.
void addOwn(GribProduct &product, const Layout &layout,
            const std::vector<long> &numbers)
{
    if (isEnsemble(layout.number))
    {
        product.member = numbers[common + 1];
        product.suffix += "_m" + std::to_string(*product.member);
        addWords(product, "member " + std::to_string(*product.member));
    }
    else if (isDerived(layout.number))
    {
        product.identity.push_back(numbers[common]);
        addName(product, derived, numbers[common], "derived");
    }
    else
    {
        for (std::size_t i = 0; i < layout.own; ++i)
        {
            product.identity.push_back(numbers[common + i]);
            product.suffix += "_" + std::to_string(numbers[common + i]);
        }
        if (layout.own == 1)
            addWords(product, "percentile " + std::to_string(numbers[common]));
        else if (layout.own > 1)
            addWords(product, "probability" + product.suffix);
    }
}

std::optional<GribProduct> productOf(long number,
                                     const std::vector<long> &numbers)
{
    const auto layout = std::ranges::find(layouts, number, &Layout::number);
    if (layout == layouts.end() ||
        numbers.size() <
            common + layout->own + (layout->isPeriod ? beforeStatistic + 1 : 0))
        return std::nullopt;
    GribProduct product;
    product.identity = {layout->isPeriod ? 1L : 0L,
                        static_cast<long>(layout->own)};
    // The second surface, of layers; 255: there is none, whatever follows.
    constexpr std::size_t surface = 12;
    if (numbers[surface] != 255)
        product.identity.insert(product.identity.end(),
                                numbers.begin() + surface,
                                numbers.begin() + common);
    addOwn(product, *layout, numbers);
    if (layout->isPeriod)
    {
        const long statistic = numbers[common + layout->own + beforeStatistic];
        product.identity.push_back(statistic);
        addName(product, statistics, statistic, "statistic");
    }
    else
    {
        addWords(product, "at an instant");
    }
    return product;
}

}  // namespace

std::optional<GribProduct> gribProduct(const Json &attributes)
{
    const Json &number =
        member(attributes, "product_definition_template_number");
    const Json &numbers = member(attributes, "product_definition_numbers");
    if (!number.is_number() || !numbers.is_array())
        return std::nullopt;
    std::vector<long> values;
    for (const Json &each : numbers)
    {
        if (!each.is_number())
            return std::nullopt;
        values.push_back(static_cast<long>(each.get<double>()));
    }
    return productOf(static_cast<long>(number.get<double>()), values);
}

}  // namespace mdimappend
