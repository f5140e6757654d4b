// How a slice's elements become the target's: nothing to do, a widening that
// loses nothing, a check for truth values, another time encoding, or the whole
// conversion of numbers.

#pragma once

#include "convert/number_conversion.h"
#include "convert/time_conversion.h"
#include "status.h"

#include <gdal.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace mdimappend
{

class Conversion
{
  public:
    Conversion() = default;

    /// Elements are taken as they are.
    static Conversion none(std::size_t elementSize);

    /// Numbers of one type as those of another that holds each of its values.
    static Conversion widening(GDALDataType from, GDALDataType to);

    /// Bytes that the target stores as truth values: 0 or 1, else refused.
    static Conversion truthValues();

    /// Numbers of one form as those of another; none() or widening() where that
    /// is all there is to do. Refused: see NumberConverter.
    static Result<Conversion> numbers(const NumberConversion &rules);

    /// CF times of one encoding as those of another; the missing value stays
    /// missing.
    static Conversion time(TimeForm from, TimeForm to);

    bool isNone() const
    {
        return m_kind == Kind::None;
    }

    std::size_t sourceSize() const
    {
        return m_sourceSize;
    }

    /// Converts `count` elements, from any number of threads at once. Refused:
    /// numbers that the target cannot hold, times that its encoding cannot hold
    /// exactly.
    Status apply(const void *source, void *target, std::size_t count) const;

    /// How many values numbers() clamped or filled so far, in this one and its
    /// copies.
    std::uint64_t altered() const
    {
        return m_numbers ? m_numbers->altered() : 0;
    }

    /// How far numbers() rounded a value at most, in the target's units, since
    /// it was made or forgetRounding() called.
    double rounding() const
    {
        return m_numbers ? m_numbers->rounding() : 0;
    }

    void forgetRounding() const
    {
        if (m_numbers)
            m_numbers->forgetRounding();
    }

  private:
    enum class Kind
    {
        None,
        Widening,
        TruthValues,
        Numbers,
        Time
    };

    Conversion(Kind kind, GDALDataType from, GDALDataType to);

    Kind m_kind = Kind::None;
    std::size_t m_sourceSize = 0;
    std::size_t m_targetSize = 0;
    GDALDataType m_from = GDT_Unknown;
    GDALDataType m_to = GDT_Unknown;
    std::shared_ptr<const NumberConverter> m_numbers;
    std::shared_ptr<const std::pair<TimeForm, TimeForm>> m_times;
};

}  // namespace mdimappend
