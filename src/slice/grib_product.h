// What a GRIB field is a field of, beside its parameter, level and time: which
// member of an ensemble, which statistic over a period.
//
// GDAL names fields by parameter and level only, and numbers those of one name
// by the order of their messages, which means nothing.

#pragma once

#include "json/json_text.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct GribProduct
{
    /// Of the template's numbers, those that tell fields apart. Fields of one
    /// parameter and level with different ones are different arrays.
    std::vector<long> identity{};
    std::optional<long> member{};  ///< of an ensemble
    std::string suffix{};          ///< "_m3", "_avg", "_spread": for a name
    std::string words{};           ///< for messages

    bool operator==(const GribProduct &other) const
    {
        return identity == other.identity && member == other.member;
    }
};

/// By the number of a product definition template of GRIB 2, and its numbers,
/// in the attributes that GDAL gives to arrays. Targets that were made of such
/// have them, too. Nothing if they are not there, or the template is not known
/// here.
std::optional<GribProduct> gribProduct(const Json &attributes);

}  // namespace mdimappend
