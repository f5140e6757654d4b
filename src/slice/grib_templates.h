// The layouts of GRIB 2's product definition templates (WMO, FM 92 GRIB,
// edition 2, section 4) that GDAL's driver knows.

#pragma once

#include "slice/grib_sections.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

/// Numbers are counted from 0, and stand in this order: category and number of
/// the parameter, `before`, how the field was made (5 numbers), unit and number
/// of the time of the forecast, surfaces (6), `own`, and the end.
struct GribTemplate
{
    enum class End
    {
        Nothing,
        Period,  ///< its end, and how it was processed
        Bands    ///< of a satellite's instruments
    };

    long number;
    /// Octets of the numbers; those with a sign are negative here.
    std::vector<int> before{};
    bool hasSurfaces = true;
    std::vector<int> own{};
    End end = End::Nothing;
    std::vector<int> band{};

    std::size_t timeAt() const
    {
        return 7 + before.size();
    }

    std::size_t surfacesAt() const
    {
        return timeAt() + 2;
    }

    std::size_t ownAt() const
    {
        return surfacesAt() + (hasSurfaces ? 6 : 0);
    }

    std::size_t endAt() const
    {
        return ownAt() + own.size();
    }
};

/// Null if it is not known here.
const GribTemplate *gribTemplate(long number);

/// The template's number that a section 4 names.
long gribTemplateNumber(const GribSections &message);

/// The template's numbers, as GDAL tells them: negative ones too. Nothing if
/// the template is not known, or the section is too short for it.
std::optional<std::vector<long>> gribNumbers(const GribSections &message);

}  // namespace mdimappend
