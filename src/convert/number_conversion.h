// A slice's numbers as the target's: other types, other missing values, other
// packing, other units. Never silently wrong: what the target cannot hold is
// refused, or becomes what the user asked for with --on-overflow.
//
// Two roads. Where both sides mean the same by a code (equal scale and offset,
// no units to convert), codes carry over exactly and are refused where that
// cannot be ("the plain road"). Otherwise values are computed in double, by the
// formulas of the CF conventions (section 8.1, packed data):
//
//     value = code * scale + offset       code = round((value - offset) /
//     scale)
//
// Only where the target is packed is there anything to round: by at most half
// its scale. In a target that is not, a value is a fraction to the last digit
// of the target's type, or it is an integer, but for the errors of computing
// and what is beyond the slice's own last digit; else it is refused.
//
// Missing values, and NaN where the target has another way to say so, become
// the target's missing value; a valid value never becomes it.

#pragma once

#include "settings/options.h"
#include "status.h"
#include "units/unit_conversion.h"

#include <gdal.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct Carrying;
struct Number;
struct Packing;
struct Unpacking;

/// What the elements of one side mean.
struct ElementForm
{
    GDALDataType type = GDT_Unknown;
    /// Zarr's bool: one byte, 0 or 1; it has no missing value.
    bool truthValues = false;
    std::optional<double> scale = {};  ///< value = code * scale + offset
    std::optional<double> offset = {};
    std::optional<std::string> missing =
        {};  ///< one element, native byte order
    /// Elements that readers take for missing besides that one.
    std::vector<std::string> alsoMissing = {};

    bool isPacked() const
    {
        return scale.value_or(1) != 1 || offset.value_or(0) != 0;
    }
};

struct NumberConversion
{
    ElementForm from;
    ElementForm to;
    std::optional<UnitConversion> units = {};  ///< of values, not of codes
    OnOverflow onOverflow = OnOverflow::Error;
    /// Whether what is not packed may be rounded too (half to even; floats to
    /// nearest): the user chose the target's type.
    bool mayRound = false;
};

class NumberConverter
{
  public:
    /// What a conversion comes down to.
    enum class Kind
    {
        None,      ///< elements are taken as they are
        Widening,  ///< the target's type holds each value, and no more is to do
        Each       ///< use apply
    };

    /// Refuses packing that has no sense (scale 0, NaN) and what cannot be
    /// converted whatever the values are.
    static Result<std::shared_ptr<const NumberConverter>>
    make(const NumberConversion &rules);

    Kind kind() const
    {
        return m_kind;
    }

    /// Converts `count` elements, from any number of threads at once. Refuses
    /// what does not fit, is not exact, or is missing without a missing value
    /// in the target; what the target's elements are then is undefined.
    Status apply(const void *source, void *target, std::size_t count) const;

    /// How many values were clamped or filled so far.
    std::uint64_t altered() const
    {
        return m_altered;
    }

    /// The largest rounding to an integer so far, in the target's units; of
    /// values, not of those that were clamped or filled.
    double rounding() const;

    /// Of what was converted only to be compared.
    void forgetRounding() const
    {
        m_rounding = 0;
    }

  private:
    using UnpackBlock = void (*)(const void *, double *, const Unpacking &);
    using PackBlock = bool (*)(const double *, void *, const Packing &,
                               double &);

    /// What apply counts, for all threads at its end.
    struct Tally
    {
        std::uint64_t altered = 0;
        double rounding = 0;  ///< in steps of the target
    };

    using CarryBlock = bool (*)(const void *, void *, const Carrying &);

    Status prepare(const NumberConversion &rules);
    Status prepareComplex();
    void prepareUnpacking();
    void preparePacking();
    void prepareExactness(Packing &packing);
    bool convertBlock(const void *source, void *target, double &rounding) const;
    Status convertEach(const char *source, char *target, std::size_t count,
                       Tally &tally) const;
    Number wantedOf(const Number &code, double value) const;
    Status storeMissing(bool isNaN, char *target) const;
    template <class T>
    Status store(const Number &code, double value, const Number &wanted,
                 char *target, Tally &tally) const;
    template <class T> bool isMissing(T element) const;
    template <class T> Status storeInstead(const Number &wanted, char *) const;
    std::string inexactText(const Number &nearest) const;
    std::string valueText(const Number &code, double value,
                          const Number &wanted) const;
    std::string typeText() const;

    Kind m_kind = Kind::Each;
    NumberConversion m_rules;
    std::size_t m_sourceSize = 0;
    std::size_t m_targetSize = 0;
    bool m_plain = true;
    bool m_rounds = false;  ///< packed, or the user chose the type
    bool m_nanIsMissing = true;
    double m_scaleFrom = 1, m_offsetFrom = 0, m_scaleTo = 1, m_offsetTo = 0;
    std::optional<WholeRatio> m_ratio;  ///< all that is to do, if so
    std::shared_ptr<const Unpacking> m_unpacking;
    std::shared_ptr<const Packing> m_packing;
    std::shared_ptr<const Carrying> m_carrying;
    UnpackBlock m_unpack = nullptr;
    PackBlock m_pack = nullptr;
    CarryBlock m_carry = nullptr;  ///< instead of both
    mutable std::atomic<std::uint64_t> m_altered = 0;
    mutable std::atomic<double> m_rounding = 0;  ///< in steps of the target
};

/// Whether `to` holds every value of `from` exactly.
bool isLosslessWidening(GDALDataType from, GDALDataType to);

}  // namespace mdimappend
