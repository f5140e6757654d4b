// Makes the arrays of a new target: their shapes, types, chunks, compression
// and attributes, as the first slice has them and the settings ask.

#include "cube/new_arrays.h"

#include "cube/array_conversion.h"
#include "cube/array_encoding.h"
#include "cube/new_chunks.h"
#include "cube/new_numbers.h"
#include "cube/new_time.h"
#include "cube/target.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

Status checkTextEncoding(const std::string &name, const ArrayEncoding &asked)
{
    if (asked.dtype || asked.scale || asked.offset || asked.nodata)
        return refused("array '" + name +
                       "' holds text: the settings cannot give it "
                       "a dtype, scale, offset or nodata");
    return Status::ok();
}

/// Times are whole numbers of their units, or fractions; never packed.
Status checkTimeEncoding(const std::string &name, const ArrayEncoding &asked)
{
    if (asked.scale || asked.offset)
        return refused("array '" + name +
                       "' holds times: the settings cannot give "
                       "it a scale or an offset");
    return Status::ok();
}

class ArrayMaker
{
  public:
    ArrayMaker(const Slice &slice, const AppendOptions &options,
               const std::string &group, ZarrFormat format)
        : m_slice(slice), m_options(options), m_group(group), m_format(format),
          m_data(dataArrays(slice))
    {
    }

    Result<std::vector<NewArray>> make(const Labels &labels)
    {
        MDIMAPPEND_ASSIGN(m_time, newTimeOf(m_slice, labels, m_options));
        if (m_slice.givenLabel())
            MDIMAPPEND_RETURN_IF_ERROR(addLabelArray(labels));
        for (const auto &array : m_slice.arrays())
            MDIMAPPEND_RETURN_IF_ERROR(addArray(array));
        return std::move(m_arrays);
    }

  private:
    Status addLabelArray(const Labels &labels)
    {
        NewArray array;
        const auto &name = m_slice.appendDim();
        array.path = documentKey(m_group, name);
        array.shape = {m_slice.size()};
        array.chunk = defaultChunk(array.shape, {}, std::size_t{0}, 8);
        array.dimensions = {name};
        MDIMAPPEND_ASSIGN(const auto form,
                          formForNewLabel(*m_slice.givenLabel(), name));
        if (labels.kind == Labels::Kind::Text)
        {
            array.kind = textKind();
            array.stringLength = 64;
        }
        else
        {
            array.gdal = form.type;
        }
        if (m_time)
        {
            array.gdal = m_time->type;
            array.attributes["standard_name"] = "time";
            array.attributes["axis"] = "T";
            array.attributes["units"] = m_time->units;
            array.attributes["calendar"] = m_time->calendar;
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            store(array, encodingFor(m_options, name, 1, false)));
        m_arrays.push_back(std::move(array));
        return Status::ok();
    }

    DataType::Kind textKind() const
    {
        return m_format == ZarrFormat::V3 ? DataType::Kind::VariableUnicode
                                          : DataType::Kind::FixedUnicode;
    }

    Status addArray(const SliceArray &source)
    {
        const auto asked =
            encodingFor(m_options, source.name, source.shape.size(),
                        m_data.contains(source.name));
        MDIMAPPEND_RETURN_IF_ERROR(checkAsked(source, asked));
        const auto axis = axisOf(source.dimensions, m_slice.appendDim());
        NewArray array;
        array.path = documentKey(m_group, source.name);
        array.shape = source.shape;
        array.dimensions = source.dimensions;
        array.attributes = source.attributes;
        if (source.type.GetClass() == GEDTC_STRING)
            MDIMAPPEND_RETURN_IF_ERROR(
                encodeTexts(array, source, asked, axis.has_value()));
        else if (m_time && isTimeArray(m_slice, source))
            MDIMAPPEND_RETURN_IF_ERROR(encodeTime(array, source, asked));
        else
            MDIMAPPEND_RETURN_IF_ERROR(encodeOthers(array, source, asked));
        auto shape = source.shape;
        // Many slices are to bring the rows, and each its own chunks.
        if (const Slice *like = m_slice.labelsLike(); like && axis)
            shape[*axis] = like->size();
        const auto elementSize =
            source.type.GetClass() == GEDTC_STRING
                ? 4 * array.stringLength
                : static_cast<std::size_t>(
                      GDALGetDataTypeSizeBytes(array.gdal));
        array.chunk = defaultChunk(shape, source.block, axis, elementSize);
        MDIMAPPEND_RETURN_IF_ERROR(store(array, asked));
        m_arrays.push_back(std::move(array));
        return Status::ok();
    }

    /// What can be seen to be wrong before anything is made of it.
    Status checkAsked(const SliceArray &source,
                      const ArrayEncoding &asked) const
    {
        if (asked.dimensions && *asked.dimensions != source.dimensions)
            return refused("array '" + source.name + "' has the dimensions " +
                           dumpJson(source.dimensions, -1) +
                           ", the settings say " +
                           dumpJson(*asked.dimensions, -1) + ".");
        if (looksLikeTime(unitsOf(m_slice, source).units))
            return checkTimeEncoding(source.name, asked);
        return source.labels ? checkLabelEncoding(source, asked) : Status::ok();
    }

    /// Labels are stored as the slices have them, times as whole numbers.
    Status checkLabelEncoding(const SliceArray &source,
                              const ArrayEncoding &asked) const
    {
        const double scale = source.scale.value_or(1);
        const double offset = source.offset.value_or(0);
        if (asked.scale.value_or(scale) != scale ||
            asked.offset.value_or(offset) != offset)
            return refused("array '" + source.name +
                           "' holds labels, which are not packed: the settings "
                           "cannot give it a scale or an offset");
        const auto units = asked.units.value_or("keep");
        if (!m_time && units != "keep" && units != source.units)
            return refused("array '" + source.name +
                           "' holds labels, which keep their "
                           "units '" +
                           source.units + "'");
        return Status::ok();
    }

    Status encodeTexts(NewArray &array, const SliceArray &source,
                       const ArrayEncoding &asked, bool grows) const
    {
        if (m_options.encodings.contains(source.name))
            MDIMAPPEND_RETURN_IF_ERROR(checkTextEncoding(source.name, asked));
        array.kind = textKind();
        // Later texts may be longer than the first ones.
        array.stringLength =
            std::max<std::size_t>(source.stringLength, grows ? 64 : 1);
        return Status::ok();
    }

    Status encodeTime(NewArray &array, const SliceArray &source,
                      const ArrayEncoding &asked) const
    {
        if (source.labels && asked.nodata && !asked.nodata->is_null())
            return refused("array '" + source.name +
                           "' holds labels, none of which is missing: the "
                           "settings cannot give it a nodata");
        // What is said of their coordinate counts for bounds, too.
        const bool isOther =
            (asked.dtype && askedType(asked) != m_time->type) ||
            (asked.calendar && *asked.calendar != m_time->calendar) ||
            (asked.units && *asked.units != "keep" &&
             *asked.units != m_time->units);
        if (!source.labels && isOther)
            return refused("array '" + source.name + "' holds the bounds of '" +
                           m_slice.appendDim() +
                           "', whose type, units and calendar it has: the "
                           "settings cannot give it others");
        array.gdal = m_time->type;
        MDIMAPPEND_RETURN_IF_ERROR(setAskedMissing(array, source.name, asked));
        const bool isOtherUnit = source.units != m_time->units;
        leaveBehind(array, isOtherUnit,
                    isOtherUnit ||
                        source.type.GetNumericDataType() != array.gdal);
        array.attributes.erase("missing_value");
        // A bounds variable has the units of its coordinate.
        if (!source.units.empty())
            array.attributes["units"] = m_time->units;
        if (!m_time->calendar.empty() &&
            (source.labels || array.attributes.contains("calendar")))
            array.attributes["calendar"] = m_time->calendar;
        return Status::ok();
    }

    Status encodeOthers(NewArray &array, const SliceArray &source,
                        const ArrayEncoding &asked) const
    {
        // A step that is a number counts in the slice's own units.
        if (source.labels && m_options.step.kind == StepRule::Kind::Number)
            return encodeNumbers(array, source, asked);
        MDIMAPPEND_ASSIGN(const bool isTime,
                          encodeCountedTime(array, m_slice, source, asked));
        return isTime ? Status::ok() : encodeNumbers(array, source, asked);
    }

    /// Chunks, shards, compression, keys, attributes.
    Status store(NewArray &array, const ArrayEncoding &asked) const
    {
        MDIMAPPEND_RETURN_IF_ERROR(setAskedChunks(array, asked));
        if (asked.compressor)
            array.compressor = *asked.compressor;
        if (asked.level)
            array.level = asked.level;
        array.shuffle = asked.shuffle.value_or("");
        if (asked.filters)
            array.filters = *asked.filters;
        array.separator = asked.separator.value_or(0);
        for (const auto &[key, value] : asked.attributes.items())
        {
            if (value.is_null())
                array.attributes.erase(key);
            else
                array.attributes[key] = value;
        }
        return Status::ok();
    }

    const Slice &m_slice;
    const AppendOptions &m_options;
    const std::string &m_group;
    ZarrFormat m_format;
    std::set<std::string> m_data;
    std::optional<NewTime> m_time;
    std::vector<NewArray> m_arrays;
};

}  // namespace

Result<std::vector<NewArray>> newArrays(const Slice &slice,
                                        const AppendOptions &options,
                                        const std::string &group,
                                        ZarrFormat format, const Labels &labels)
{
    return ArrayMaker(slice, options, group, format).make(labels);
}

}  // namespace mdimappend
