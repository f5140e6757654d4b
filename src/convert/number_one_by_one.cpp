// What the blocks of number_blocks.h leave: values that do not fit, or may not.
// Each is looked at, and stored, refused, clamped or filled.

#include "convert/number.h"
#include "convert/number_blocks.h"
#include "convert/number_conversion.h"

#include <cpl_string.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr const char *noMissingValue =
    ", and no missing value in the target to hold it; give the array one with "
    "--encoding NAME:nodata=... when the target is made.";

/// Whether an element of what is not packed is the computed value: as in
/// packBlock.
template <class T>
bool comesOut(T element, double computed, const Packing &rule)
{
    if constexpr (!std::is_integral_v<T>)
        return keepsDigits(element, computed);
    return std::fabs(computed) <= rule.limit &&
           isInteger(computed, std::nearbyint(computed), rule);
}

}  // namespace

Status NumberConverter::convertEach(const char *source, char *target,
                                    std::size_t count, Tally &tally) const
{
    const auto &[from, to, units, onOverflow, mayRound] = m_rules;
    std::optional<Number> missing;
    if (from.missing)
        missing = numberAt(from.missing->data(), from.type);
    for (std::size_t i = 0; i < count;
         ++i, source += m_sourceSize, target += m_targetSize)
    {
        const Number code = numberAt(source, from.type);
        const bool nan = isNaN(code);
        if ((missing && areEqual(code, *missing)) || (nan && m_nanIsMissing))
        {
            MDIMAPPEND_RETURN_IF_ERROR(storeMissing(nan, target));
            continue;
        }
        double value = code.asDouble();
        Number wanted = code;
        if (!m_plain)
        {
            value = value * m_scaleFrom + addend(m_offsetFrom);
            if (units)
                units->apply(&value, &value, 1);
            wanted = wantedOf(code, value);
        }
        MDIMAPPEND_RETURN_IF_ERROR(withElementType(
            to.type, [&]<class T>(std::type_identity<T>)
            { return store<T>(code, value, wanted, target, tally); }));
    }
    return Status::ok();
}

/// Large numbers in integers, if that will do: nanoseconds of a year are more
/// than a double counts.
Number NumberConverter::wantedOf(const Number &code, double value) const
{
    const auto &[times, by] = m_ratio.value_or(WholeRatio{});
    if (!m_ratio || std::fabs(value) <= m_packing->limit ||
        !(std::fabs(value) < 0x1p64) || (!code.whole && !isWhole(code.real)))
        return realNumber((value - m_offsetTo) / m_scaleTo);
    Number product;
    product.whole = true;
    product.integer =
        (code.whole ? code.integer : static_cast<__int128>(code.real)) * times;
    if (product.integer % by != 0)
        return realNumber(value);
    product.integer /= by;
    return product;
}

Status NumberConverter::storeMissing(bool isNaN, char *target) const
{
    const auto &to = m_rules.to;
    if (to.missing)
        std::memcpy(target, to.missing->data(), m_targetSize);
    else if (GDALDataTypeIsFloating(to.type))
        GDALCopyWords64(&notANumber, GDT_Float64, 0, target, to.type, 0, 1);
    else
        return refused((isNaN ? "NaN, as a missing value" : "a missing value") +
                       std::string(noMissingValue));
    return Status::ok();
}

/// To readers of the target.
template <class T> bool NumberConverter::isMissing(T element) const
{
    const auto is = [&](const std::string &missing)
    {
        return areEqual(numberOf(element),
                        numberOf(loadElement<T>(missing.data())));
    };
    const auto &to = m_rules.to;
    return (to.missing && is(*to.missing)) ||
           std::ranges::any_of(to.alsoMissing, is);
}

template <class T>
Status NumberConverter::store(const Number &code, double value,
                              const Number &wanted, char *target,
                              Tally &tally) const
{
    const auto &to = m_rules.to;
    auto [element, fit] = nearest<T>(wanted, to.truthValues);
    if (!m_plain && !m_rounds && !wanted.whole && fit != Fit::Outside)
        fit = comesOut(element, wanted.real, *m_packing) ? Fit::Exact
                                                         : Fit::Inexact;
    // What overflowed, or has no logarithm, on the way.
    const bool lost = !std::isfinite(wanted.asDouble()) &&
                      (code.whole || std::isfinite(code.real));
    if (lost)
        fit = Fit::Outside;
    else if (fit != Fit::Outside && isMissing(element))
        fit = Fit::Missing;
    if (fit == Fit::Exact || (fit == Fit::Inexact && m_rounds))
    {
        std::memcpy(target, &element, sizeof(element));
        if constexpr (std::is_integral_v<T>)
        {
            if (fit == Fit::Inexact)
                tally.rounding = std::max(
                    tally.rounding,
                    std::fabs(wanted.real - static_cast<double>(element)));
        }
        return Status::ok();
    }
    if (fit == Fit::Inexact)
        return refused(valueText(code, value, wanted) +
                       inexactText(numberOf(element)));

    const bool nan = isNaN(wanted);
    if (m_rules.onOverflow == OnOverflow::Clamp && !nan)
    {
        ++tally.altered;
        return storeInstead<T>(wanted, target);
    }
    if (m_rules.onOverflow == OnOverflow::Fill)
    {
        ++tally.altered;
        const bool stored{storeMissing(nan, target)};
        return stored ? Status::ok()
                      : refused(valueText(code, value, wanted) +
                                " does not fit, and the target has no missing "
                                "value for --on-overflow fill.");
    }
    if (fit == Fit::Missing)
        return refused(
            valueText(code, value, wanted) +
            " would read as missing: it is stored as " +
            numberText(numberOf(element)) +
            ", which the target says is missing. A cube that is made with "
            "--encoding NAME:nodata=..., a value that is none of the data's, "
            "holds it.");
    std::string why =
        " does not fit the target's type " + typeText() + ", which holds ";
    if constexpr (std::is_integral_v<T>)
        why +=
            numberText(numberOf(static_cast<T>(lowestOf<T>(to.truthValues)))) +
            " to " +
            numberText(numberOf(static_cast<T>(highestOf<T>(to.truthValues))));
    else
        why += numberText(-largestFinite<T>()) + " to " +
               numberText(largestFinite<T>());
    if (to.isPacked())
        why += " with scale " + numberText(m_scaleTo) + " and offset " +
               numberText(m_offsetTo);
    // Clamping stores what the slice does not say: not for us to offer.
    const bool canFill = to.missing || GDALDataTypeIsFloating(to.type);
    return refused(
        valueText(code, value, wanted) + why +
        ". A new cube can have a type or a scale that holds it (--encoding "
        "NAME:dtype=...)" +
        (canFill ? "; --on-overflow fill would store a missing value." : "."));
}

/// What a value's name is followed by. Rounded fractions are worth asking for
/// their type; integers would be other values.
std::string NumberConverter::inexactText(const Number &nearest) const
{
    const auto &[from, to, units, onOverflow, mayRound] = m_rules;
    const bool digits =
        m_plain && GDALDataTypeIsFloating(to.type) && to.type != GDT_Float16;
    const auto *type = GDALGetDataTypeName(m_plain ? from.type : GDT_Float64);
    return " cannot be held exactly by the target's type " + typeText() +
           "; the nearest is " + numberText(nearest) +
           (digits ? ". --encoding NAME:dtype=" +
                         CPLString(typeText()).tolower() + " would store that."
                   : ". A new cube can hold it: --encoding NAME:dtype=" +
                         CPLString(type).tolower() + " when it is made.");
}

/// The nearest element that is not missing.
template <class T>
Status NumberConverter::storeInstead(const Number &wanted, char *target) const
{
    const auto &to = m_rules.to;
    T element = nearest<T>(wanted, to.truthValues).first;
    if constexpr (!std::is_integral_v<T>)
    {
        if (std::isinf(static_cast<double>(element)))
            element = static_cast<T>(
                std::copysign(largestFinite<T>(), wanted.asDouble()));
    }
    const double nearestOne = numberOf(element).asDouble();
    bool above = wanted.asDouble() > nearestOne;
    const auto isLast = [&](T candidate)
    {
        if constexpr (std::is_integral_v<T>)
            return __int128{candidate} == (above ? highestOf<T>(to.truthValues)
                                                 : lowestOf<T>(to.truthValues));
        else
            return (above ? 1 : -1) * static_cast<double>(candidate) >=
                   largestFinite<T>();
    };
    while (isMissing(element))
    {
        above = above != isLast(element);
        element = neighbour(element, above);
    }
    std::memcpy(target, &element, sizeof(element));
    return Status::ok();
}

std::string NumberConverter::valueText(const Number &code, double value,
                                       const Number &wanted) const
{
    if (m_plain)
        return "the value " + numberText(code);
    // Computed: the last digits are those of rounding.
    constexpr int digits = 15;
    std::string words = "the value " + numberText(value, digits);
    if (m_rules.to.isPacked())
        words += " (packed: " +
                 numberText(GDALDataTypeIsInteger(m_rules.to.type)
                                ? std::nearbyint(wanted.real)
                                : wanted.real,
                            digits) +
                 ")";
    if (m_rules.from.isPacked() || m_rules.units)
        words += ", in the slice " + numberText(code) + ",";
    return words;
}

std::string NumberConverter::typeText() const
{
    return m_rules.to.truthValues ? "bool"
                                  : GDALGetDataTypeName(m_rules.to.type);
}

}  // namespace mdimappend
