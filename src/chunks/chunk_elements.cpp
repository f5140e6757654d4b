// How elements compare with an array's fill value, and which texts it can hold.

#include "chunks/chunk_elements.h"

#include "chunks/array_handle.h"
#include "chunks/chunk_grid.h"
#include "json/utf8.h"

#include <cpl_string.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace mdimappend
{

ChunkElements::ChunkElements(const ArrayDocument &document,
                             const GDALExtendedDataType &type)
    : m_document(&document), m_type(type),
      m_areTexts(type.GetClass() == GEDTC_STRING), m_size(type.GetSize())
{
}

Result<ChunkElements> ChunkElements::of(const ArrayDocument &document,
                                        const GDALExtendedDataType &type)
{
    ChunkElements elements(document, type);
    auto &fill = elements.m_fill;
    if (!elements.m_areTexts)
    {
        MDIMAPPEND_ASSIGN(fill, fillBytes(document));
        if (fill && fill->size() != elements.m_size)
            return error("array '" + document.path +
                         "': GDAL's Zarr driver and the document disagree "
                         "about its type");
    }
    elements.m_padding = fill ? *fill : std::string(elements.m_size, '\0');
    return elements;
}

void ChunkElements::pad(void *values, std::uint64_t count) const
{
    fillElements(values, count, m_padding.data(), m_size);
}

bool ChunkElements::areAllFill(const void *values, std::uint64_t count) const
{
    if (!m_areTexts)
        return m_fill &&
               (allElementsEqual(values, count, m_fill->data(), m_size) ||
                (m_document->sharded && areFillAsNumbers(values, count)));
    const auto &fill = m_document->fillValue;
    if (!fill.is_string() || !fill.get<std::string>().empty())
        return false;
    const auto texts = static_cast<const char *const *>(values);
    return std::all_of(texts, texts + count,
                       [](const char *text) { return !text || !*text; });
}

/// How the driver compares in shards: -0 is 0, and any NaN is NaN.
bool ChunkElements::areFillAsNumbers(const void *values,
                                     std::uint64_t count) const
{
    const auto type = m_type.GetNumericDataType();
    if (!GDALDataTypeIsFloating(type))
        return false;
    const auto number = [&](const char *element)
    {
        std::array<double, 2> parts{};
        GDALCopyWords64(element, type, 0, parts.data(), GDT_CFloat64, 0, 1);
        return parts;
    };
    const auto same = [](double a, double b)
    { return a == b || (std::isnan(a) && std::isnan(b)); };
    const auto fill = number(m_fill->data());
    const auto *element = static_cast<const char *>(values);
    for (std::uint64_t i = 0; i < count; ++i, element += m_size)
    {
        const auto value = number(element);
        if (!same(value[0], fill[0]) || !same(value[1], fill[1]))
            return false;
    }
    return true;
}

bool ChunkElements::beginWithZero(const void *values) const
{
    if (m_areTexts)
    {
        const char *text = *static_cast<const char *const *>(values);
        return !text || !*text;
    }
    std::array<double, 2> number{};
    GDALCopyWords64(values, m_type.GetNumericDataType(), 0, number.data(),
                    GDT_CFloat64, 0, 1);
    return number[0] == 0 && number[1] == 0;
}

/// In code points where the target counts those, else in bytes.
std::size_t ChunkElements::longestText() const
{
    const auto &type = m_document->dataType;
    switch (type.kind)
    {
    case DataType::Kind::VariableUnicode:
        return longestVariableText;
    case DataType::Kind::FixedUnicode:
        return type.size / 4;
    default:
        return type.size;
    }
}

Status ChunkElements::checkTexts(const void *values, std::uint64_t count) const
{
    const auto texts = static_cast<const char *const *>(values);
    const bool unicode =
        m_document->dataType.kind == DataType::Kind::FixedUnicode;
    const std::size_t most = longestText();
    for (std::uint64_t i = 0; i < count; ++i)
    {
        const std::string text = texts[i] ? texts[i] : "";
        if (!CPLIsUTF8(text.c_str(), static_cast<int>(text.size())))
            return refused("array '" + m_document->path +
                           "': a string is not UTF-8.");
        const std::size_t length =
            unicode ? static_cast<std::size_t>(CPLStrlenUTF8Ex(text.c_str()))
                    : text.size();
        if (length > most)
            return refused("array '" + m_document->path + "': the string '" +
                           std::string(utf8Beginning(text, 40)) +
                           "...' is longer than the " + std::to_string(most) +
                           " that the target holds.");
    }
    return Status::ok();
}

}  // namespace mdimappend
