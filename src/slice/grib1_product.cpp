// Names the octets of section 1 of GRIB 1, and of the local part that ECMWF and
// NCEP put behind it (octets 41 on, by the number of the local definition).
// Those of other centres may have dates of their own, and say nothing here.

#include "slice/grib_product.h"
#include "slice/grib_time.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

constexpr long ncep = 7, ecmwf = 98;
constexpr std::size_t localPart = 41;

class Section
{
  public:
    explicit Section(const std::string &octets) : m_octets(octets)
    {
    }

    long number(std::size_t first, std::size_t size = 1) const
    {
        return static_cast<long>(octetsAt(m_octets, first, size));
    }

    std::string text(std::size_t first, std::size_t size = 1) const
    {
        return std::to_string(number(first, size));
    }

    std::string from(std::size_t first) const
    {
        std::string text;
        for (std::size_t at = first; at <= m_octets.size(); ++at)
            text += (text.empty() ? "" : "/") + std::to_string(number(at));
        return text;
    }

    std::string characters(std::size_t first, std::size_t size) const
    {
        return m_octets.substr(first - 1, size);
    }

    bool has(std::size_t octet) const
    {
        return m_octets.size() >= octet;
    }

    const std::string &octets() const
    {
        return m_octets;
    }

  private:
    const std::string &m_octets;
};

void addParameter(GribProduct &product, const Section &section)
{
    // Parameters of a table up to 127 are the same everywhere.
    constexpr long firstLocalTable = 128, firstLocalParameter = 128;
    const bool isOwn = section.number(4) >= firstLocalTable ||
                       section.number(9) >= firstLocalParameter;
    product.add({"parameter",
                 section.text(9) + " of table " + section.text(4) +
                     (isOwn ? " of centre " + section.text(5) : ""),
                 {},
                 "_" + section.text(4) + "_" + section.text(9)});
    const std::string level = section.text(11) + "/" + section.text(12);
    product.add({"level",
                 "surface " + section.text(10) + " at " + level,
                 {},
                 "_" + section.text(10) + "-" + section.text(11, 2)});
}

/// Values of an instant, be they analysed or forecast.
bool isOfInstant(long type)
{
    constexpr std::array<long, 7> types = {2, 3, 4, 9, 10, 11, 12};
    return std::ranges::find(types, type) != types.end();
}

/// Runs at other hours of the day are of other streams.
long streamOf(long stream)
{
    constexpr long oper = 1025, scda = 1026, wave = 1045, scwv = 1027;
    return stream == scda ? oper : stream == scwv ? wave : stream;
}

void nameMember(GribProduct &product, const std::string &number)
{
    product.suffix += "_m" + number;
    product.addWords("member " + number);
}

void addMember(GribProduct &product, const Section &section)
{
    constexpr std::array<long, 4> byNumber = {1, 26, 30, 36};
    constexpr std::array<long, 3> seasonal = {12, 15, 16};
    const long definition = section.number(localPart);
    const auto isIn = [&](const auto &definitions)
    { return std::ranges::find(definitions, definition) != definitions.end(); };
    const bool isLong = isIn(seasonal);
    if (!isLong && !isIn(byNumber))
    {
        product.add({"local part", section.from(50), {}, {}});
        return;
    }
    const std::string number = section.text(50, isLong ? 2 : 1);
    product.add({"member", number, {}, {}});
    // Of a deterministic run: 0, of 0.
    if (isLong || number != "0" || section.number(51) != 0)
        nameMember(product, number);
}

/// NCEP's local part of ensembles: a type (2: negatively perturbed), a number.
void addMemberOfNcep(GribProduct &product, const Section &section)
{
    constexpr long ensemble = 1, negative = 2;
    if (!section.has(43) || section.number(localPart) != ensemble)
        return;
    const bool isNegative = section.number(42) == negative;
    product.add(
        {"member",
         section.text(43) + (isNegative ? ", negatively perturbed" : ""),
         {},
         {}});
    nameMember(product, section.text(43) + (isNegative ? "_negative" : ""));
}

/// Class, type, stream and version of the experiment, which all of ECMWF's
/// local definitions begin with, and the member.
void addLocalOfEcmwf(GribProduct &product, const Section &section)
{
    const long type = section.number(43);
    product.add({"class", section.text(42), {}, "_class" + section.text(42)});
    product.add(
        {"type",
         isOfInstant(type) ? "analysis or forecast" : std::to_string(type),
         {},
         isOfInstant(type) ? "" : "_type" + std::to_string(type)});
    const std::string stream = std::to_string(streamOf(section.number(44, 2)));
    product.add({"stream", stream, {}, "_stream" + stream});
    // What ERA5T, 0005, has first is ERA5, 0001, some months later.
    std::string version = section.characters(46, 4);
    if (version == "0005")
        version = "0001";
    product.add({"version of the experiment", version, {}, "_" + version});
    addMember(product, section);
}

void addPeriod(GribProduct &product, const Section &section,
               const GribRange &range)
{
    const long indicator = section.number(21);
    constexpr long average = 3, accumulation = 4, difference = 5;
    const bool isAverage = indicator == average || indicator > difference;
    const std::string words = isAverage                   ? "average"
                              : indicator == accumulation ? "accumulation"
                              : indicator == difference   ? "difference"
                                                          : "over a period";
    product.add({"statistic", words, {}, {}});
    product.suffix += isAverage                   ? "_avg"
                      : indicator == accumulation ? "_acc"
                      : indicator == difference   ? "_dif"
                                                  : "_period";
    product.addWords(words);
    const long unit = section.number(18);
    const long length = range.end - range.begin;
    GribPart period{"period",
                    std::to_string(length) + " units " + std::to_string(unit),
                    {},
                    {}};
    GribSections message;
    message.edition = 1;
    message.product = std::make_shared<const std::string>(section.octets());
    const auto from = gribReference(message);
    const auto begin =
        from ? gribInstant(*from, 1, unit, range.begin) : std::nullopt;
    const auto end =
        from ? gribInstant(*from, 1, unit, range.end) : std::nullopt;
    if (begin && end)
    {
        period.value = gribPeriod(*end - *begin);
        if (const long months = calendarMonths(*begin, *end); months > 0)
            period.also = std::to_string(months) + " months";
    }
    period.suffix = "_" + period.value;
    std::erase(period.suffix, ' ');
    product.add(std::move(period));
}

}  // namespace

std::optional<GribProduct> grib1Product(const std::string &octets)
{
    constexpr std::size_t shortest = 28;
    const auto range = gribRange(octets);
    if (octets.size() < shortest || !range)
        return std::nullopt;
    const Section section(octets);
    GribProduct product;
    addParameter(product, section);
    if (section.number(5) == ncep)
        addMemberOfNcep(product, section);
    else if (section.number(5) == ecmwf && section.has(51))
        addLocalOfEcmwf(product, section);
    if (range->kind == GribRange::Kind::Moment)
        product.addWords("at an instant");
    if (range->kind == GribRange::Kind::Period)
        addPeriod(product, section, *range);
    if (range->kind == GribRange::Kind::Many)
    {
        product.add({"statistic", "time range " + section.text(21), {}, {}});
        product.add({"intervals",
                     section.text(19) + "/" + section.text(20) + " units " +
                         section.text(18),
                     {},
                     "_" + section.text(19) + "_" + section.text(20)});
        product.suffix += "_range" + section.text(21);
        product.addWords("time range " + section.text(21) +
                         " of several fields");
    }
    return product;
}

}  // namespace mdimappend
