// Prepares a conversion of numbers once, and does it in blocks; a block with a
// value that does not fit is done again by number_one_by_one.cpp.

#include "convert/number_conversion.h"

#include "convert/missing_elements.h"
#include "convert/number.h"
#include "convert/number_blocks.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

std::size_t sizeOf(GDALDataType type)
{
    return static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type));
}

Status checkForm(const ElementForm &form, const char *side)
{
    if (sizeOf(form.type) == 0)
        return error(std::string(side) + " is not of a numeric type.");
    if (form.missing && form.missing->size() != sizeOf(form.type))
        return error(std::string(side) +
                     " has a missing value of another type.");
    if (!form.missing && !form.alsoMissing.empty())
        return error(std::string(side) +
                     " has other missing values, but none to stand for all.");
    const double scale = form.scale.value_or(1);
    const double offset = form.offset.value_or(0);
    if (scale == 0 || !std::isfinite(scale) || !std::isfinite(offset))
        return refused(std::string(side) + " is packed with scale " +
                       numberText(scale) + " and offset " + numberText(offset) +
                       ", from which no values can be recovered.");
    if (form.isPacked() && GDALDataTypeIsComplex(form.type))
        return refused(std::string(side) +
                       " has complex numbers with a scale or an offset.");
    return Status::ok();
}

/// A power of two, so that dividing is multiplying, rounded just the same.
bool hasExactInverse(double divisor)
{
    int exponent = 0;
    return std::fabs(std::frexp(divisor, &exponent)) == 0.5 &&
           std::isnormal(1 / divisor);
}

/// What a missing value, and a NaN, becomes.
void prepareMissing(const NumberConversion &rules, bool isPlain,
                    bool nanIsMissing, Packing &packing, Carrying &carrying)
{
    const auto &from = rules.from;
    const auto &to = rules.to;
    if (from.missing)
    {
        const auto missing = numberAt(from.missing->data(), from.type);
        if (isPlain)
            packing.missingFrom = missing.asDouble();
        carrying.hasMissing = true;
        carrying.missingFrom = static_cast<std::uint64_t>(missing.integer);
    }
    if (to.missing)
    {
        const auto missing = numberAt(to.missing->data(), to.type);
        packing.missingTo = packing.collides = missing.asDouble();
        packing.hasWideMissing = true;
        packing.wideMissing = static_cast<std::uint64_t>(missing.integer);
        carrying.missingTo = to.missing->data();
        carrying.collidesWithMissing = true;
        if (nanIsMissing)
            packing.nanTo = packing.missingTo;
    }
    else if (GDALDataTypeIsFloating(to.type))
    {
        // Any missing value will do for the block: NaN.
        static const auto nan16 = static_cast<GFloat16>(notANumber);
        static const auto nan32 = static_cast<float>(notANumber);
        carrying.missingTo =
            to.type == GDT_Float16   ? static_cast<const void *>(&nan16)
            : to.type == GDT_Float32 ? static_cast<const void *>(&nan32)
                                     : &notANumber;
    }
}

}  // namespace

bool isLosslessWidening(GDALDataType from, GDALDataType to)
{
    if (from == to)
        return true;
    const bool wide = from == GDT_Int64 || from == GDT_UInt64;
    if (wide && !GDALDataTypeIsInteger(to))
        return false;
    return GDALDataTypeUnion(from, to) == to;
}

Result<std::shared_ptr<const NumberConverter>>
NumberConverter::make(const NumberConversion &rules)
{
    auto converter = std::make_shared<NumberConverter>();
    MDIMAPPEND_RETURN_IF_ERROR(converter->prepare(rules));
    return std::shared_ptr<const NumberConverter>(std::move(converter));
}

Status NumberConverter::prepare(const NumberConversion &rules)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkForm(rules.from, "the slice"));
    MDIMAPPEND_RETURN_IF_ERROR(checkForm(rules.to, "the target"));
    m_rules = rules;
    auto &[from, to, units, onOverflow, mayRound] = m_rules;
    if (units && units->isIdentity())
        units.reset();
    for (auto *form : {&from, &to})
    {
        if (form->truthValues)
        {
            form->missing.reset();
            form->alsoMissing.clear();
        }
    }
    m_sourceSize = sizeOf(from.type);
    m_targetSize = sizeOf(to.type);
    m_scaleFrom = from.scale.value_or(1);
    m_scaleTo = to.scale.value_or(1);
    m_offsetFrom = from.offset.value_or(0);
    m_offsetTo = to.offset.value_or(0);
    m_plain = !units && m_scaleFrom == m_scaleTo && m_offsetFrom == m_offsetTo;
    m_rounds = mayRound || (!m_plain && to.isPacked());
    if (GDALDataTypeIsComplex(from.type) || GDALDataTypeIsComplex(to.type))
        return prepareComplex();

    std::optional<Number> missingFrom, missingTo;
    if (from.missing)
        missingFrom = numberAt(from.missing->data(), from.type);
    if (to.missing)
        missingTo = numberAt(to.missing->data(), to.type);
    const bool sameMissing = haveSameMissing(from, to);
    const bool narrowed = !isLosslessWidening(from.type, to.type) ||
                          (to.truthValues && !from.truthValues);
    if (m_plain && sameMissing && !narrowed)
    {
        m_kind = from.type == to.type ? Kind::None : Kind::Widening;
        return Status::ok();
    }
    m_nanIsMissing = !m_plain || GDALDataTypeIsInteger(to.type) ||
                     (missingFrom && isNaN(*missingFrom)) ||
                     (missingFrom && missingTo && !sameMissing);
    prepareUnpacking();
    preparePacking();
    return Status::ok();
}

Status NumberConverter::prepareComplex()
{
    const auto &[from, to, units, onOverflow, mayRound] = m_rules;
    const auto types =
        std::string(GDALGetDataTypeName(from.type)) + " to " + typeText();
    if (!m_plain)
        return refused(
            "complex numbers are not packed and have no units to convert (" +
            types + ").");
    if (!isLosslessWidening(from.type, to.type) || to.truthValues)
        return refused("the target's type cannot hold every value of the "
                       "slice's (" +
                       types + ").");
    if (from.missing)
    {
        std::string missing(m_targetSize, '\0');
        GDALCopyWords64(from.missing->data(), from.type, 0, missing.data(),
                        to.type, 0, 1);
        std::array<double, 2> parts{};
        GDALCopyWords64(missing.data(), to.type, 0, parts.data(), GDT_CFloat64,
                        0, 1);
        const bool staysNaN = std::isnan(parts[0]) && !to.missing;
        if (!staysNaN && to.missing != missing)
            return refused("complex numbers are not converted where slice and "
                           "target mark missing ones differently.");
    }
    m_kind = from.type == to.type ? Kind::None : Kind::Widening;
    return Status::ok();
}

void NumberConverter::prepareUnpacking()
{
    const auto &from = m_rules.from;
    auto unpacking = std::make_shared<Unpacking>();
    if (!m_plain)
    {
        unpacking->scale = m_scaleFrom;
        unpacking->offset = addend(m_offsetFrom);
        if (from.missing)
        {
            const auto missing = numberAt(from.missing->data(), from.type);
            unpacking->missing = missing.asDouble();
            unpacking->hasWideMissing = true;
            unpacking->wideMissing =
                static_cast<std::uint64_t>(missing.integer);
        }
    }
    m_unpacking = std::move(unpacking);
    m_unpack = withElementType(from.type,
                               []<class S>(std::type_identity<S>) -> UnpackBlock
                               { return unpackBlock<S>; });
}

void NumberConverter::preparePacking()
{
    const auto &[from, to, units, onOverflow, mayRound] = m_rules;
    auto packing = std::make_shared<Packing>();
    auto carrying = std::make_shared<Carrying>();
    const bool exact = m_plain && !m_rounds;
    if (!m_plain)
    {
        packing->offset = m_offsetTo;
        packing->divisor = m_scaleTo;
        packing->factor = 1 / m_scaleTo;
    }
    prepareMissing(m_rules, m_plain, m_nanIsMissing, *packing, *carrying);
    carrying->exact = exact;
    carrying->truthValues = to.truthValues;

    withElementType(
        to.type,
        [&]<class T>(std::type_identity<T>)
        {
            if constexpr (std::is_integral_v<T>)
            {
                // Beyond, rounding by addition does not hold: the
                // slow way.
                packing->low =
                    std::max(static_cast<double>(lowestOf<T>(to.truthValues)),
                             -roundingLimit);
                packing->high =
                    std::min(static_cast<double>(highestOf<T>(to.truthValues)),
                             roundingLimit);
            }
            m_pack = exact       ? packBlock<T, Scaling::Exact>
                     : m_plain   ? packBlock<T, Scaling::None>
                     : !m_rounds ? packBlock<T, Scaling::Value>
                     : hasExactInverse(m_scaleTo)
                         ? packBlock<T, Scaling::Multiply>
                         : packBlock<T, Scaling::Divide>;
            if (m_plain && from.type == GDT_Int64)
                m_carry = carryBlock<std::int64_t, T>;
            if (m_plain && from.type == GDT_UInt64)
                m_carry = carryBlock<std::uint64_t, T>;
        });
    if (!m_plain && !m_rounds)
        prepareExactness(*packing);
    m_packing = std::move(packing);
    m_carrying = std::move(carrying);
}

/// The value is |value| * relative + added * relative off at most: `added` is
/// what was added on the way, so that a small difference of large numbers is
/// not taken for a fraction.
void NumberConverter::prepareExactness(Packing &packing)
{
    const auto &[from, to, units, onOverflow, mayRound] = m_rules;
    // Scale, offset and units, each a rounded number that is used in a rounded
    // operation.
    constexpr double ofComputing = 0x1p-50;
    const double ofSlice = from.type == GDT_Float32   ? 0x1p-24
                           : from.type == GDT_Float16 ? 0x1p-11
                                                      : 0;
    packing.tolerance = ofSlice + ofComputing;
    if (units && !from.isPacked())
        m_ratio = units->wholeRatio();
    std::array<double, 2> shifts{m_offsetFrom, 0};
    if (units)
        units->apply(shifts.data(), shifts.data(), shifts.size());
    for (const double shift : shifts)
        packing.added += std::isfinite(shift) ? std::fabs(shift) : 1;
    // Beyond, computing may be off by a quarter: number_one_by_one.cpp.
    packing.limit = nearestToAnInteger / ofComputing - packing.added;
    packing.low = std::max(packing.low, -packing.limit);
    packing.high = std::min(packing.high, packing.limit);
}

double NumberConverter::rounding() const
{
    // The rest is that of computing.
    constexpr double least = 1e-9;
    return m_rounding > least ? m_rounding * std::fabs(m_scaleTo) : 0;
}

/// Whether all of the block fit.
bool NumberConverter::convertBlock(const void *source, void *target,
                                   double &rounding) const
{
    if (m_carry)
        return m_carry(source, target, *m_carrying);
    alignas(64) std::array<double, blockSize> values;
    m_unpack(source, values.data(), *m_unpacking);
    if (!m_rules.units)
        return m_pack(values.data(), target, *m_packing, rounding);
    alignas(64) std::array<double, blockSize> converted;
    m_rules.units->apply(values.data(), converted.data(), blockSize);
    // The logarithm of a negative number is no missing value.
    std::uint64_t lost = 0;
    for (std::size_t i = 0; i < blockSize; ++i)
        lost |= maskOf(converted[i] != converted[i]) &
                maskOf(values[i] == values[i]);
    return lost == 0 && m_pack(converted.data(), target, *m_packing, rounding);
}

Status NumberConverter::apply(const void *source, void *target,
                              std::size_t count) const
{
    constexpr std::size_t largest = 8;
    alignas(64) std::array<char, blockSize * largest> from;
    alignas(64) std::array<char, blockSize * largest> to;
    const auto *in = static_cast<const char *>(source);
    auto *out = static_cast<char *>(target);
    Tally tally{0, m_rounding};
    Status status;
    for (std::size_t done = 0; done < count && status; done += blockSize)
    {
        const std::size_t part = std::min(blockSize, count - done);
        std::memcpy(from.data(), in, part * m_sourceSize);
        // The rest of the last block holds what has nothing to add.
        for (std::size_t i = part; i < blockSize; ++i)
            std::memcpy(&from[i * m_sourceSize], in, m_sourceSize);
        if (!m_rules.from.alsoMissing.empty())
            makeOne(m_rules.from.alsoMissing, *m_rules.from.missing,
                    from.data(), blockSize, m_rules.from.type);
        if (!convertBlock(from.data(), to.data(), tally.rounding) ||
            holdsOneOf(m_rules.to.alsoMissing, to.data(), blockSize,
                       m_rules.to.type))
            status = convertEach(from.data(), to.data(), part, tally);
        std::memcpy(out, to.data(), part * m_targetSize);
        in += part * m_sourceSize;
        out += part * m_targetSize;
    }
    if (tally.altered)
        m_altered += tally.altered;
    for (double known = m_rounding;
         known < tally.rounding &&
         !m_rounding.compare_exchange_weak(known, tally.rounding);)
        continue;
    return status;
}

}  // namespace mdimappend
