// Units of measurement, as the CF conventions spell them, by udunits2.
//
// Units of time since a date are not of these: time/cf_time.h.

#pragma once

#include "status.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

union cv_converter;

namespace mdimappend
{

/// A value times one whole number, by another.
struct WholeRatio
{
    std::int64_t times = 1;
    std::int64_t by = 1;
};

/// What to do about units of which one cannot be converted to the other: a
/// sentence or two. Only of texts that are no known units may somebody know
/// that they mean the same.
std::string wayOutOfUnits(const std::string &from, const std::string &to);

class UnitConversion
{
  public:
    /// Failure::Refused if one is not a unit that udunits2 knows, is a time
    /// since a date, or if they do not measure the same thing (m and m-1 do
    /// not). Equal texts are the same unit, known or not ("psu"). Letter case
    /// is of matter ("Pa", "pA"). Also understood, beyond udunits2: "degrees
    /// Celsius", "W m⁻²", "(0 - 1)", "fraction", "dimensionless", and GDAL's
    /// GRIB spellings ("[m/s]").
    static Result<UnitConversion> make(const std::string &from,
                                       const std::string &to);

    /// The same for differences of such values: no offset (of degC and K).
    /// Refused, too, if the units are those of a logarithm.
    Result<UnitConversion> ofDifferences() const;

    /// Both are the same unit, whatever their spelling ("degC", "celsius").
    bool isIdentity() const
    {
        return !m_converter && m_factor == 1;
    }

    /// Whether differences are converted otherwise than values.
    bool hasOffset() const;

    /// If that is all there is to do, with one of the two 1: 60 minutes an
    /// hour.
    std::optional<WholeRatio> wholeRatio() const;

    /// From several threads. `from` and `to` may be the same memory.
    void apply(const double *from, double *to, std::size_t count) const;

  private:
    std::shared_ptr<const cv_converter> m_converter;
    double m_factor = 1;  ///< if there is no converter
};

}  // namespace mdimappend
