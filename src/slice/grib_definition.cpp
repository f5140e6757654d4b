// Writes and reads the attributes that tell a product.

#include "slice/grib_product.h"
#include "slice/grib_templates.h"

#include <cmath>

namespace mdimappend
{

namespace
{

/// GDAL's attributes have no signs.
long withSign(double number)
{
    constexpr double signBit = 2147483648.0;
    return static_cast<long>(number >= signBit ? number - 2 * signBit : number);
}

std::optional<std::vector<long>> numbersIn(const Json &numbers)
{
    if (!numbers.is_array())
        return std::nullopt;
    std::vector<long> values;
    for (const Json &each : numbers)
    {
        if (!each.is_number() || !(std::abs(each.get<double>()) < 1e10))
            return std::nullopt;
        values.push_back(withSign(each.get<double>()));
    }
    return values;
}

}  // namespace

std::optional<GribProduct> gribProduct(const Json &attributes)
{
    if (const auto octets =
            numbersIn(member(attributes, "product_definition_octets")))
    {
        std::string section;
        for (const long octet : *octets)
            section += static_cast<char>(octet);
        return grib1Product(section);
    }
    const Json &number =
        member(attributes, "product_definition_template_number");
    const auto numbers =
        numbersIn(member(attributes, "product_definition_numbers"));
    if (!number.is_number() || !numbers)
        return std::nullopt;
    return grib2Product(attributes, withSign(number.get<double>()), *numbers);
}

Result<Json> gribDefinition(const GribSections &message)
{
    Json definition = Json::object();
    if (message.edition == 1)
    {
        Json octets = Json::array();
        for (const char octet : *message.product)
            octets.push_back(static_cast<unsigned char>(octet));
        definition["product_definition_octets"] = std::move(octets);
        if (!gribProduct(definition))
            return refused("the indicator of its time range (" +
                           std::to_string(octetsAt(*message.product, 21, 1)) +
                           ") is not known here");
        return definition;
    }
    const long number = gribTemplateNumber(message);
    const auto numbers = gribNumbers(message);
    if (!numbers)
        return refused(
            "its product definition template (4." + std::to_string(number) +
            (gribTemplate(number) ? ") has too few numbers"
                                  : ") is one that GDAL does not know"));
    Json values = Json::array();
    for (const long each : *numbers)
        values.push_back(static_cast<std::uint32_t>(each));
    definition["discipline_code"] = message.discipline;
    definition["center_code"] =
        static_cast<long>(octetsAt(*message.identification, 6, 2));
    definition["product_definition_template_number"] = number;
    definition["product_definition_numbers"] = std::move(values);
    return definition;
}

}  // namespace mdimappend
