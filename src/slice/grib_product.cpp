// Names the numbers of a product definition template of GRIB 2.

#include "slice/grib_product.h"

#include "slice/grib_codes.h"
#include "slice/grib_templates.h"
#include "slice/grib_time.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>
#include <span>

namespace mdimappend
{

namespace
{

using Numbers = std::vector<long>;

constexpr long noCode = 255;
constexpr long firstLocal = 192;

bool isLocal(long code)
{
    return code >= firstLocal && code != noCode;
}

/// A number that is scaled by a power of ten. Its bits are all ones if there
/// is none.
std::string scaled(long factor, long value)
{
    constexpr long noFactor = -127, noValue = -2147483647;
    if (factor == noFactor || value == noValue || value == 0)
        return "0";
    return std::format("{:.10g}",
                       static_cast<double>(value) *
                           std::pow(10.0, -static_cast<double>(factor)));
}

std::string joined(std::span<const long> numbers, const char *separator)
{
    std::string text;
    for (const long number : numbers)
        text += (text.empty() ? "" : separator) + std::to_string(number);
    return text;
}

void addParameter(GribProduct &product, const Json &attributes,
                  const Numbers &numbers, const GribTemplate &layout)
{
    const long discipline = static_cast<long>(
        numberMember(attributes, "discipline_code").value_or(0));
    const std::array<long, 3> codes = {discipline, numbers[0], numbers[1]};
    std::string value = joined(codes, "/");
    const std::size_t surface = layout.surfacesAt();
    // What such a code means is the centre's own affair.
    const bool isOwn = std::ranges::any_of(codes, isLocal) ||
                       (layout.hasSurfaces && (isLocal(numbers[surface]) ||
                                               isLocal(numbers[surface + 3])));
    if (const auto centre = numberMember(attributes, "center_code");
        centre && isOwn)
        value += " of centre " + std::to_string(static_cast<long>(*centre));
    product.add({"parameter", value, {}, "_" + joined(codes, "_")});
}

void addLevel(GribProduct &product, const Numbers &numbers,
              const GribTemplate &layout)
{
    if (!layout.hasSurfaces)
        return;
    const long *surface = &numbers[layout.surfacesAt()];
    std::string value = "surface " + std::to_string(surface[0]) + " at " +
                        scaled(surface[1], surface[2]);
    // 255: there is none, whatever follows.
    if (surface[3] != noCode)
        value += " to surface " + std::to_string(surface[3]) + " at " +
                 scaled(surface[4], surface[5]);
    std::string suffix =
        "_" + std::to_string(surface[0]) + "-" + scaled(surface[1], surface[2]);
    if (surface[3] != noCode)
        suffix += "_" + std::to_string(surface[3]) + "-" +
                  scaled(surface[4], surface[5]);
    product.add({"level", value, {}, suffix});
}

/// Chemical and optical properties are of something.
void addSubstance(GribProduct &product, const Numbers &numbers,
                  const GribTemplate &layout)
{
    if (layout.before.empty())
        return;
    const bool isAerosol = layout.before.size() > 1;
    const std::string what = isAerosol ? "aerosol" : "constituent";
    const std::span<const long> all(numbers);
    const auto own = all.subspan(2, layout.before.size());
    const std::string code = std::to_string(own[0]);
    product.add({what, code, {}, "_" + what + code});
    product.addWords(what + " " + code);
    if (!isAerosol)
        return;
    product.add({"size of the aerosol",
                 joined(own.subspan(1, 5), "/"),
                 {},
                 "_size" + joined(own.subspan(1, 5), "_")});
    const std::string wavelength = scaled(own[7], own[8]);
    product.add({"wavelength",
                 joined(own.subspan(6), "/"),
                 {},
                 "_wavelength" + joined(own.subspan(6), "_")});
    product.addWords("wavelength " + wavelength);
}

/// Table 4.6, of which control and perturbed forecasts say no more than their
/// numbers.
void addMember(GribProduct &product, long type, long number)
{
    constexpr long negative = 2, positive = 3;
    std::string value = std::to_string(number), suffix = "_m" + value;
    if (type == negative)
    {
        value += ", negatively perturbed";
        suffix += "_negative";
    }
    else if (type > positive && type != noCode)
    {
        value += " of type " + std::to_string(type);
        suffix += "_type" + std::to_string(type);
    }
    product.add({"member", value, {}, {}});
    product.suffix += suffix;
    product.addWords("member " + value);
}

void addOwn(GribProduct &product, const Numbers &numbers,
            const GribTemplate &layout)
{
    const long *own = numbers.data() + layout.ownAt();
    const std::size_t count = layout.own.size();
    const std::string all = joined({own, count}, "_");
    switch (layout.number)
    {
    case 1:
    case 11:
        addMember(product, own[0], own[1]);
        return;
    case 2:
    case 12:
    {
        const std::string words = gribDerivedWords(own[0]);
        product.add({"statistic of the ensemble", words, {}, {}});
        product.suffix += gribDerivedSuffix(own[0]);
        product.addWords(words);
        return;
    }
    case 15:
        product.add({"statistic over an area", all, {}, {}});
        product.addWords("statistic over an area " + all);
        break;
    default:
        if (count == 0)
            return;
        product.add({count == 1 ? "percentile" : "probability", all, {}, {}});
        product.addWords(count == 1 ? "percentile " + all
                                    : "probability_" + all);
    }
    product.suffix += "_" + all;
}

/// `period`: the end, two counts, and for each range its statistic, the kind of
/// its steps, the unit and number of its length, and those of its steps.
void addPeriod(GribProduct &product, std::span<const long> period)
{
    constexpr std::size_t endNumbers = 8, rangeNumbers = 6;
    if (period.size() < endNumbers + rangeNumbers)
        return;
    std::string lengths, words, kinds;
    for (std::size_t at = endNumbers; at + rangeNumbers <= period.size();
         at += rangeNumbers)
    {
        const long statistic = period[at];
        product.suffix += gribStatisticSuffix(statistic);
        product.addWords(gribStatisticWords(statistic));
        words += (words.empty() ? "" : " of ") + gribStatisticWords(statistic);
        kinds += (kinds.empty() ? "" : "/") + std::to_string(period[at + 1]);
        const auto begin = gribInstant({}, 2, period[at + 2], 0);
        const auto end = gribInstant({}, 2, period[at + 2], period[at + 3]);
        const bool isFixed = end && (period[at + 2] < 3 || period[at + 2] > 7);
        lengths += (lengths.empty() ? "" : " of ") +
                   (isFixed ? gribPeriod(*end - *begin)
                            : std::to_string(period[at + 3]) + " units " +
                                  std::to_string(period[at + 2]));
    }
    product.add({"statistic", words, {}, {}});
    product.add({"kind of steps", kinds, {}, "_steps" + kinds});
    GribPart length{"period", lengths, {}, {}};
    const long unit = period[endNumbers + 2], count = period[endNumbers + 3];
    const auto end = gribDate(period[0], period[1], period[2], period[3],
                              period[4], period[5]);
    const auto begin = end ? gribInstant(*end, 2, unit, -count) : std::nullopt;
    if (const long months = begin ? calendarMonths(*begin, *end) : 0;
        months > 0)
        length.also =
            std::to_string(months) + " months" +
            lengths.substr(std::min(lengths.find(" of "), lengths.size()));
    length.suffix = "_" + length.value;
    std::erase(length.suffix, ' ');
    product.add(std::move(length));
}

}  // namespace

const GribPart *GribProduct::find(std::string_view name) const
{
    const auto found = std::ranges::find(parts, name, &GribPart::name);
    return found == parts.end() ? nullptr : &*found;
}

std::string
GribProduct::suffixAmong(const std::vector<const GribProduct *> &others) const
{
    std::string all = suffix;
    for (const GribPart &part : parts)
    {
        const auto isOther = [&](const GribProduct *product)
        {
            const GribPart *found = product->find(part.name);
            return !found || !(*found == part);
        };
        if (std::ranges::any_of(others, isOther))
            all += part.suffix;
    }
    return all;
}

std::optional<GribProduct> grib2Product(const Json &attributes, long number,
                                        const std::vector<long> &numbers)
{
    const GribTemplate *layout = gribTemplate(number);
    constexpr std::size_t leastOfPeriod = 14;
    if (!layout ||
        numbers.size() <
            layout->endAt() +
                (layout->end == GribTemplate::End::Period ? leastOfPeriod : 0))
        return std::nullopt;
    GribProduct product;
    addParameter(product, attributes, numbers, *layout);
    addLevel(product, numbers, *layout);
    addSubstance(product, numbers, *layout);
    addOwn(product, numbers, *layout);
    const auto rest = std::span(numbers).subspan(layout->endAt());
    if (layout->end == GribTemplate::End::Period)
        addPeriod(product, rest);
    else
        product.addWords("at an instant");
    if (layout->end == GribTemplate::End::Bands)
        product.add({"bands", joined(rest, "/"), {}, "_" + joined(rest, "_")});
    return product;
}

}  // namespace mdimappend
