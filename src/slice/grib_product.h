// What a GRIB field is a field of, beside its time: parameter, level, member of
// an ensemble, statistic and the length of its period, constituent, ...
//
// GDAL names fields by parameter and level only, which it does not always know,
// and numbers those of one name by the order of their messages, which means
// nothing.

#pragma once

#include "json/json_text.h"
#include "slice/grib_sections.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// Fields with parts that differ are different arrays.
struct GribPart
{
    std::string name;   ///< in messages: "its member is ..."
    std::string value;  ///< there, too
    /// The same in other words: a period of 744 h may be one of 1 month.
    std::string also{};
    std::string suffix{};  ///< for names, where all parts are needed: "_6h"

    bool operator==(const GribPart &other) const
    {
        return name == other.name &&
               (value == other.value || (!also.empty() && also == other.also));
    }
};

struct GribProduct
{
    std::vector<GribPart> parts{};
    std::string suffix{};  ///< "_m3", "_avg", "_spread": for a name
    std::string words{};   ///< for messages

    bool operator==(const GribProduct &other) const
    {
        return parts == other.parts;
    }

    void add(GribPart part)
    {
        parts.push_back(std::move(part));
    }

    void addWords(const std::string &more)
    {
        words += (words.empty() ? "" : ", ") + more;
    }

    const GribPart *find(std::string_view name) const;
    /// With those of the parts that tell it from others.
    std::string
    suffixAmong(const std::vector<const GribProduct *> &others) const;
};

/// Of edition 2, by the numbers of a product definition template; of edition 1,
/// by the octets of section 1, both in attributes of arrays. Targets that were
/// made of such have them, too. Nothing if they are not there, or the template
/// is not known here.
std::optional<GribProduct> gribProduct(const Json &attributes);

/// The attributes that the product is told by. Failure::Refused: the template
/// (of edition 1: the time range) is not known here.
Result<Json> gribDefinition(const GribSections &message);

/// As gribProduct(), of edition 2; `attributes` tell discipline and centre.
std::optional<GribProduct> grib2Product(const Json &attributes, long number,
                                        const std::vector<long> &numbers);

/// As gribProduct(), of edition 1.
std::optional<GribProduct> grib1Product(const std::string &section);

}  // namespace mdimappend
