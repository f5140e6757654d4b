// Merges what the settings say of an array, and refuses settings that an
// existing target contradicts.

#include "cube/array_encoding.h"

#include "chunks/chunk_grid.h"
#include "cube/missing_value.h"
#include "slice/cf_references.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace mdimappend
{

namespace
{

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Named
{
    std::string name;
    std::vector<std::string> dimensions;
    const Json *attributes;
};

std::set<std::string> dataAmong(const std::vector<Named> &arrays)
{
    std::set<std::string> referred;
    for (const auto &array : arrays)
    {
        for (auto &name : referencedNames(*array.attributes))
            if (name != array.name)
                referred.insert(std::move(name));
    }
    std::set<std::string> data;
    for (const auto &array : arrays)
    {
        const bool coordinate =
            array.dimensions.size() == 1 && array.dimensions[0] == array.name;
        if (!array.dimensions.empty() && !coordinate &&
            !referred.contains(array.name))
            data.insert(array.name);
    }
    return data;
}

Status contradicts(const std::string &array, const std::string &what,
                   const std::string &asked, const std::string &found)
{
    return {Failure::Usage,
            "array '" + array + "': the settings ask for " + what + " " +
                asked + ", the target has " + found +
                ". An existing target keeps its encoding. Nothing was "
                "written."};
}

std::string sizesText(const Extent &sizes)
{
    std::string text;
    for (const auto size : sizes)
        text += (text.empty() ? "" : "x") + std::to_string(size);
    return text;
}

/// The compressor of an array's document, in the words of the settings.
struct Compression
{
    std::string name = "none";
    std::optional<int> level;
    std::string shuffle;
};

std::optional<int> integerIn(const Json &object,
                             std::initializer_list<const char *> names)
{
    for (const char *name : names)
    {
        const auto &value = member(object, name);
        if (value.is_number_integer())
            return value.get<int>();
    }
    return std::nullopt;
}

Compression describe(const std::string &codec, const Json &configuration)
{
    Compression found;
    found.name = codec;
    found.level =
        integerIn(configuration, {"clevel", "level", "preset", "acceleration"});
    if (codec != "blosc")
        return found;
    const auto &inner = member(configuration, "cname");
    found.name += ":" + (inner.is_string() ? inner.get<std::string>() : "lz4");
    const auto &shuffle = member(configuration, "shuffle");
    if (shuffle == 0 || shuffle == "noshuffle")
        found.shuffle = "none";
    else if (shuffle == 2 || shuffle == "bitshuffle")
        found.shuffle = "bit";
    else
        found.shuffle = "byte";
    return found;
}

Compression compressionOf(const ArrayDocument &document)
{
    if (document.format == ZarrFormat::V2)
    {
        const auto &compressor = member(document.metadata, "compressor");
        return compressor.is_object()
                   ? describe(textMember(compressor, "id"), compressor)
                   : Compression{};
    }
    const Json *codecs = &member(document.metadata, "codecs");
    if (document.sharded && !codecs->empty())
        codecs = &member(member(codecs->front(), "configuration"), "codecs");
    for (const auto &codec : *codecs)
    {
        const auto name = textMember(codec, "name");
        if (name == "blosc" || name == "zstd" || name == "gzip")
            return describe(name, member(codec, "configuration"));
    }
    return {};
}

/// One array of the target against what the settings say of it.
class EncodingCheck
{
  public:
    EncodingCheck(const TargetArray &array, const ArrayEncoding &asked)
        : m_array(array), m_document(array.document), m_asked(asked)
    {
    }

    Status run() const
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkType());
        MDIMAPPEND_RETURN_IF_ERROR(
            checkSizes("chunks of", m_asked.chunk, m_document.innerChunk));
        MDIMAPPEND_RETURN_IF_ERROR(checkShards());
        MDIMAPPEND_RETURN_IF_ERROR(checkPacking());
        MDIMAPPEND_RETURN_IF_ERROR(checkMissingValue());
        MDIMAPPEND_RETURN_IF_ERROR(checkTexts());
        return checkCompression();
    }

  private:
    Status differs(const std::string &what, const std::string &asked,
                   const std::string &found) const
    {
        return contradicts(m_array.name, what, asked, found);
    }

    Status checkType() const
    {
        const auto asked = askedType(m_asked);
        if (!asked || (!m_document.dataType.isString() &&
                       *asked == m_document.dataType.gdal))
            return Status::ok();
        return differs("the type", GDALGetDataTypeName(*asked),
                       m_document.dataType.isString()
                           ? m_document.dataType.name
                           : GDALGetDataTypeName(m_document.dataType.gdal));
    }

    /// What was said of whole dimensions was said of the first slice's.
    Status checkSizes(const char *what, const std::optional<Extent> &asked,
                      const Extent &found) const
    {
        if (!asked || asked->empty())
            return Status::ok();
        if (asked->size() != found.size())
            return differs(what, sizesText(*asked), sizesText(found));
        for (std::size_t i = 0; i < found.size(); ++i)
        {
            if ((*asked)[i] != 0 && (*asked)[i] != found[i])
                return differs(what, sizesText(*asked), sizesText(found));
        }
        return Status::ok();
    }

    /// Shards were rounded up to whole chunks.
    Status checkShards() const
    {
        auto asked = m_asked.shard;
        if (asked && !m_document.sharded)
            return differs("shards of", sizesText(*asked), "none");
        for (std::size_t i = 0;
             asked && asked->size() == m_document.innerChunk.size() &&
             i < asked->size();
             ++i)
            (*asked)[i] = ceilDivide((*asked)[i], m_document.innerChunk[i]) *
                          m_document.innerChunk[i];
        return checkSizes("shards of", asked, m_document.chunk);
    }

    Status checkNumber(const char *what, const char *attribute,
                       const std::optional<double> &asked,
                       double otherwise) const
    {
        const double found =
            numberMember(m_document.attributes, attribute).value_or(otherwise);
        if (!asked || *asked == found)
            return Status::ok();
        return differs(what, dumpJson(*asked, -1), dumpJson(found, -1));
    }

    Status checkPacking() const
    {
        MDIMAPPEND_RETURN_IF_ERROR(
            checkNumber("the scale", "scale_factor", m_asked.scale, 1));
        return checkNumber("the offset", "add_offset", m_asked.offset, 0);
    }

    Status checkMissingValue() const
    {
        if (!m_asked.nodata || m_document.dataType.isString())
            return Status::ok();
        MDIMAPPEND_ASSIGN(
            const auto asked,
            nodataElement(*m_asked.nodata, m_document.dataType.gdal));
        MDIMAPPEND_ASSIGN(const auto found, missingOf(m_document));
        MDIMAPPEND_ASSIGN(const auto known, missingForAllReaders(m_document));
        const bool isNone = !asked && !known;
        if (asked == found || asked == known || isNone)
            return Status::ok();
        return differs("the missing value", dumpJson(*m_asked.nodata, -1),
                       found ? "another" : "none");
    }

    Status checkText(const char *what, const std::optional<std::string> &asked,
                     const std::string &found) const
    {
        if (!asked || *asked == "keep" || *asked == found)
            return Status::ok();
        return differs(what, "'" + *asked + "'", "'" + found + "'");
    }

    Status checkTexts() const
    {
        MDIMAPPEND_RETURN_IF_ERROR(
            checkText("the units", m_asked.units, m_array.units));
        MDIMAPPEND_RETURN_IF_ERROR(
            checkText("the calendar", m_asked.calendar, m_array.calendar));
        const char separator = m_document.keys.separator;
        if (m_asked.separator && *m_asked.separator != separator)
            return differs("the separator", std::string(1, *m_asked.separator),
                           std::string(1, separator));
        if (m_asked.dimensions && *m_asked.dimensions != m_document.dimensions)
            return differs("the dimensions", dumpJson(*m_asked.dimensions, -1),
                           dumpJson(m_document.dimensions, -1));
        return Status::ok();
    }

    Status checkCompression() const
    {
        const auto found = compressionOf(m_document);
        MDIMAPPEND_RETURN_IF_ERROR(
            checkText("the compressor", m_asked.compressor, found.name));
        if (m_asked.level && found.level && *m_asked.level != *found.level)
            return differs("the level", std::to_string(*m_asked.level),
                           std::to_string(*found.level));
        if (m_asked.shuffle && !found.shuffle.empty())
            MDIMAPPEND_RETURN_IF_ERROR(
                checkText("the shuffle", m_asked.shuffle, found.shuffle));
        const Json &filters = member(m_document.metadata, "filters");
        const bool none = filters.is_null() || filters.empty();
        if (m_asked.filters && !(none && m_asked.filters->empty()) &&
            *m_asked.filters != filters)
            return differs("the filters", dumpJson(*m_asked.filters, -1),
                           dumpJson(filters, -1));
        return Status::ok();
    }

    const TargetArray &m_array;
    const ArrayDocument &m_document;
    const ArrayEncoding &m_asked;
};

}  // namespace

std::set<std::string> dataArrays(const Slice &slice)
{
    std::vector<Named> arrays;
    for (const auto &array : slice.arrays())
        arrays.push_back({array.name, array.dimensions, &array.attributes});
    return dataAmong(arrays);
}

std::set<std::string> dataArrays(const Target &target)
{
    std::vector<Named> arrays;
    for (const auto &array : target.arrays)
        arrays.push_back({array.name, array.document.dimensions,
                          &array.document.attributes});
    return dataAmong(arrays);
}

ArrayEncoding encodingFor(const AppendOptions &options, const std::string &name,
                          std::size_t rank, bool isData)
{
    ArrayEncoding all;
    if (const auto found = options.encodings.find("*");
        found != options.encodings.end())
        all = found->second;
    if (!isData)
    {
        ArrayEncoding part;
        part.chunk = all.chunk;
        part.shard = all.shard;
        part.compressor = all.compressor;
        part.level = all.level;
        part.shuffle = all.shuffle;
        part.separator = all.separator;
        all = std::move(part);
    }
    for (auto *sizes : {&all.chunk, &all.shard})
    {
        if (*sizes && !(*sizes)->empty() && (*sizes)->size() != rank)
            sizes->reset();
    }
    const auto own = options.encodings.find(name);
    return own == options.encodings.end() ? all : all.mergedWith(own->second);
}

std::optional<GDALDataType> askedType(const ArrayEncoding &encoding)
{
    if (!encoding.dtype)
        return std::nullopt;
    switch (*encoding.dtype)
    {
    case NumberType::Int8:
        return GDT_Int8;
    case NumberType::UInt8:
        return GDT_UInt8;
    case NumberType::Int16:
        return GDT_Int16;
    case NumberType::UInt16:
        return GDT_UInt16;
    case NumberType::Int32:
        return GDT_Int32;
    case NumberType::UInt32:
        return GDT_UInt32;
    case NumberType::Int64:
        return GDT_Int64;
    case NumberType::UInt64:
        return GDT_UInt64;
    case NumberType::Float16:
        return GDT_Float16;
    case NumberType::Float32:
        return GDT_Float32;
    case NumberType::Float64:
        return GDT_Float64;
    case NumberType::Complex64:
        return GDT_CFloat32;
    case NumberType::Complex128:
        break;
    }
    return GDT_CFloat64;
}

bool asksForType(const AppendOptions &options, const std::string &name,
                 GDALDataType type)
{
    return askedType(encodingOf(options.encodings, name)) == type;
}

Result<std::optional<std::string>> nodataElement(const Json &nodata,
                                                 GDALDataType type)
{
    if (nodata.is_null())
        return std::optional<std::string>();
    const Status unfit(Failure::Usage, "the missing value " +
                                           dumpJson(nodata, -1) +
                                           " is no value of the type " +
                                           GDALGetDataTypeName(type));
    std::string element(
        static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type)), '\0');
    const auto put = [&](const void *value, GDALDataType from)
    { GDALCopyWords64(value, from, 0, element.data(), type, 0, 1); };
    double number = 0;
    if (nodata.is_string())
    {
        const auto text = nodata.get<std::string>();
        if (text == "NaN")
            number = std::nan("");
        else if (text == "Infinity" || text == "-Infinity")
            number = text[0] == '-' ? -infinity : infinity;
        else
            return unfit;
    }
    else if (!nodata.is_number())
    {
        return unfit;
    }
    else if (nodata.is_number_integer())
    {
        const bool negative = nodata < 0;
        const auto whole = nodata.get<std::int64_t>();
        const auto natural = nodata.get<std::uint64_t>();
        std::string back(8, '\0');
        const auto wide = negative ? GDT_Int64 : GDT_UInt64;
        put(negative ? static_cast<const void *>(&whole) : &natural, wide);
        GDALCopyWords64(element.data(), type, 0, back.data(), wide, 0, 1);
        const bool exact =
            std::memcmp(back.data(),
                        negative ? static_cast<const void *>(&whole) : &natural,
                        8) == 0;
        return exact
                   ? Result<std::optional<std::string>>(std::optional(element))
                   : unfit;
    }
    else
    {
        number = nodata.get<double>();
    }
    put(&number, GDT_Float64);
    double back = 0;
    GDALCopyWords64(element.data(), type, 0, &back, GDT_Float64, 0, 1);
    // -3.4028235e38 and 9.96921e36 are written with the digits of a float.
    const bool close = back == number ||
                       (std::isnan(back) && std::isnan(number)) ||
                       (GDALDataTypeIsFloating(type) &&
                        std::fabs(back - number) <= 1e-6 * std::fabs(number));
    if (!close)
        return unfit;
    return std::optional(element);
}

Status checkEncodings(const AppendOptions &options, const Target &target,
                      const Slice &slice)
{
    for (const auto &[name, ignored] : options.encodings)
    {
        const auto inSlice =
            std::ranges::find(slice.arrays(), name, &SliceArray::name);
        if (name != "*" && !target.find(name) &&
            inSlice == slice.arrays().end())
            return {Failure::Usage,
                    "the settings name an array '" + name +
                        "' that neither the target nor the slice has. Nothing "
                        "was written."};
    }
    if (options.encodings.empty())
        return Status::ok();
    const auto data = dataArrays(target);
    for (const auto &array : target.arrays)
    {
        const auto asked =
            encodingFor(options, array.name, array.document.rank(),
                        data.contains(array.name));
        MDIMAPPEND_RETURN_IF_ERROR(EncodingCheck(array, asked).run());
    }
    return Status::ok();
}

}  // namespace mdimappend
