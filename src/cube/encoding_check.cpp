// Compares what the settings say of arrays with how an existing target stores
// them, and refuses what differs.

#include "cube/encoding_check.h"

#include "chunks/chunk_grid.h"
#include "cube/array_encoding.h"
#include "cube/missing_value.h"
#include "zarr/stored_compression.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

Status contradicts(const std::string &array, const std::string &what,
                   const std::string &asked, const std::string &found)
{
    return {Failure::Usage,
            "array '" + array + "': the settings ask for " + what + " " +
                asked + ", the target has " + found +
                ". An existing target keeps its encoding. Nothing was "
                "written."};
}

std::string extentText(const Extent &sizes)
{
    std::string text;
    for (const auto size : sizes)
        text += (text.empty() ? "" : "x") + std::to_string(size);
    return text;
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
            return differs(what, extentText(*asked), extentText(found));
        for (std::size_t i = 0; i < found.size(); ++i)
        {
            if ((*asked)[i] != 0 && (*asked)[i] != found[i])
                return differs(what, extentText(*asked), extentText(found));
        }
        return Status::ok();
    }

    /// Shards were rounded up to whole chunks.
    Status checkShards() const
    {
        auto asked = m_asked.shard;
        if (asked && !m_document.sharded)
            return differs("shards of", extentText(*asked), "none");
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
        const auto wanted =
            nodataElement(*m_asked.nodata, m_document.dataType.gdal);
        if (!wanted)
            return differs("the missing value", dumpJson(*m_asked.nodata, -1),
                           std::string("the type ") +
                               GDALGetDataTypeName(m_document.dataType.gdal));
        const auto &asked = *wanted;
        MDIMAPPEND_ASSIGN(const auto found, missingValueBytes(m_document));
        MDIMAPPEND_ASSIGN(const auto known, missingForAllReaders(m_document));
        if (asked == found || asked == known)
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

Status checkEncodings(const AppendOptions &options, const Target &target,
                      const Slice &slice)
{
    for (const auto &[name, ignored] : options.encodings)
    {
        const auto inSlice =
            std::ranges::find(slice.arrays(), name, &SliceArray::name);
        if (name != "*" && !target.find(name) &&
            inSlice == slice.arrays().end())
            return refused("the settings name an array '" + name +
                           "' that neither it nor the target has.");
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
