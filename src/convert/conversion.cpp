// Does what array_conversion.h has chosen, for a buffer of elements.

#include "convert/conversion.h"

#include <algorithm>
#include <cstring>

namespace mdimappend
{

namespace
{

Status checkTruthValues(const unsigned char *values, std::size_t count)
{
    const auto *end = values + count;
    const auto *found = std::find_if(values, end, [](unsigned char value)
                                     { return value > 1; });
    if (found == end)
        return Status::ok();
    return refused("the value " + std::to_string(int{*found}) +
                   " is neither 0 nor 1, and the target is of type bool.");
}

}  // namespace

Conversion::Conversion(Kind kind, GDALDataType from, GDALDataType to)
    : m_kind(kind),
      m_sourceSize(static_cast<std::size_t>(GDALGetDataTypeSizeBytes(from))),
      m_targetSize(static_cast<std::size_t>(GDALGetDataTypeSizeBytes(to))),
      m_from(from), m_to(to)
{
}

Conversion Conversion::none(std::size_t elementSize)
{
    Conversion conversion;
    conversion.m_sourceSize = conversion.m_targetSize = elementSize;
    return conversion;
}

Conversion Conversion::widening(GDALDataType from, GDALDataType to)
{
    return {Kind::Widening, from, to};
}

Conversion Conversion::truthValues()
{
    return {Kind::TruthValues, GDT_UInt8, GDT_UInt8};
}

Result<Conversion> Conversion::numbers(const NumberConversion &rules)
{
    MDIMAPPEND_ASSIGN(auto converter, NumberConverter::make(rules));
    Conversion conversion(Kind::Numbers, rules.from.type, rules.to.type);
    if (converter->kind() == NumberConverter::Kind::None)
        return none(conversion.m_sourceSize);
    if (converter->kind() == NumberConverter::Kind::Widening)
        return widening(rules.from.type, rules.to.type);
    conversion.m_numbers = std::move(converter);
    return conversion;
}

Conversion Conversion::time(TimeForm from, TimeForm to)
{
    Conversion conversion(Kind::Time, from.type, to.type);
    conversion.m_times = std::make_shared<const std::pair<TimeForm, TimeForm>>(
        std::move(from), std::move(to));
    return conversion;
}

Status Conversion::apply(const void *source, void *target,
                         std::size_t count) const
{
    switch (m_kind)
    {
    case Kind::None:
        std::memcpy(target, source, count * m_targetSize);
        break;
    case Kind::Widening:
        GDALCopyWords64(source, m_from, static_cast<int>(m_sourceSize), target,
                        m_to, static_cast<int>(m_targetSize),
                        static_cast<GPtrDiff_t>(count));
        break;
    case Kind::TruthValues:
        std::memcpy(target, source, count);
        return checkTruthValues(static_cast<const unsigned char *>(source),
                                count);
    case Kind::Numbers:
        return m_numbers->apply(source, target, count);
    case Kind::Time:
        return convertTimes(m_times->first, m_times->second, source, target,
                            count);
    }
    return Status::ok();
}

}  // namespace mdimappend
