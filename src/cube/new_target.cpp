// Makes the documents of a new target from its first slice and the settings.

#include "cube/new_target.h"

#include "chunks/chunk_grid.h"
#include "cube/array_conversion.h"
#include "cube/array_encoding.h"
#include "cube/new_time.h"
#include "zarr/document_key.h"

#include <algorithm>
#include <cmath>
#include <set>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t mebibyte = 1ULL << 20;
constexpr std::uint64_t labelsPerChunk = 1024;

std::optional<std::size_t> axisOf(const SliceArray &array,
                                  const std::string &appendDim)
{
    const auto found =
        std::find(array.dimensions.begin(), array.dimensions.end(), appendDim);
    if (found == array.dimensions.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - array.dimensions.begin());
}

std::uint64_t bytesOf(const std::vector<std::uint64_t> &chunk,
                      std::size_t elementSize)
{
    std::uint64_t bytes = std::max<std::size_t>(elementSize, 1);
    for (const auto size : chunk)
        bytes *= std::max<std::uint64_t>(size, 1);
    return bytes;
}

/// Splits the longest of the chosen axes again and again until it fits.
void splitEvenly(std::vector<std::uint64_t> &chunk,
                 const std::vector<std::uint64_t> &shape,
                 std::optional<std::size_t> axis, std::size_t elementSize)
{
    std::vector<std::uint64_t> parts(chunk.size(), 1);
    while (bytesOf(chunk, elementSize) > 16 * mebibyte)
    {
        std::size_t longest = chunk.size();
        for (std::size_t i = 0; i < chunk.size(); ++i)
        {
            if (axis != i && chunk[i] > 1 &&
                (longest == chunk.size() || chunk[i] > chunk[longest]))
                longest = i;
        }
        if (longest == chunk.size())
        {
            // All others are 1: the append axis itself is too long.
            if (!axis || chunk[*axis] <= 1)
                return;
            longest = *axis;
        }
        ++parts[longest];
        chunk[longest] = ceilDivide(shape[longest], parts[longest]);
    }
}

bool isFloating(GDALDataType type)
{
    return GDALDataTypeIsFloating(type) && !GDALDataTypeIsComplex(type);
}

/// The same number in another type, if that holds it.
std::optional<std::string> sameNumber(const std::string &element,
                                      GDALDataType from, GDALDataType to)
{
    if (from == to)
        return element;
    std::string made(static_cast<std::size_t>(GDALGetDataTypeSizeBytes(to)),
                     '\0');
    std::string back(element.size(), '\0');
    GDALCopyWords64(element.data(), from, 0, made.data(), to, 0, 1);
    GDALCopyWords64(made.data(), to, 0, back.data(), from, 0, 1);
    return back == element ? std::optional(made) : std::nullopt;
}

/// What stands for missing in packed integers: the code least missed.
std::string missingCode(GDALDataType type)
{
    const bool isUnsigned = !GDALDataTypeIsSigned(type);
    const auto bits = static_cast<unsigned>(GDALGetDataTypeSizeBits(type));
    std::string element(bits / 8, isUnsigned ? '\xff' : '\0');
    if (isUnsigned)
        return element;
    const std::int64_t lowest = INT64_MIN >> (64 - bits);
    GDALCopyWords64(&lowest, GDT_Int64, 0, element.data(), type, 0, 1);
    return element;
}

class Model
{
  public:
    Model(const Slice &slice, const AppendOptions &options, const Site &site,
          ZarrFormat format)
        : m_slice(slice), m_options(options), m_site(site), m_format(format),
          m_data(dataArrays(slice))
    {
    }

    Result<NewTarget> make(const Labels &labels, const Target &existing)
    {
        MDIMAPPEND_ASSIGN(m_time, newTimeOf(m_slice, labels, m_options));
        if (m_slice.givenLabel())
            MDIMAPPEND_RETURN_IF_ERROR(addLabelArray(labels));
        for (const auto &array : m_slice.arrays())
            MDIMAPPEND_RETURN_IF_ERROR(addArray(array));
        MDIMAPPEND_RETURN_IF_ERROR(checkNames());
        MDIMAPPEND_RETURN_IF_ERROR(checkDimensions());
        const bool inStore = !existing.rootDocuments.empty();
        const auto groups = newGroups(existing);
        NewTarget model;
        if (inStore)
        {
            MDIMAPPEND_ASSIGN(model.documents,
                              addDocuments(m_format, existing.rootDocuments,
                                           groups, m_arrays));
        }
        else
        {
            MDIMAPPEND_ASSIGN(model.documents,
                              newDocuments(m_format, m_options.consolidated,
                                           groups, m_arrays));
        }
        MDIMAPPEND_RETURN_IF_ERROR(describe(model, m_format, existing));
        orderDocuments(model);
        return model;
    }

  private:
    Status checkNames() const
    {
        for (const auto &[name, ignored] : m_options.encodings)
        {
            const auto found = std::find_if(
                m_arrays.begin(), m_arrays.end(),
                [&, &wanted = name](const NewArray &array)
                { return array.path == documentKey(m_site.group, wanted); });
            if (name != "*" && found == m_arrays.end())
                return {Failure::Usage, "the settings name an array '" + name +
                                            "', which the slice does not have"};
        }
        return Status::ok();
    }

    Status checkDimensions() const
    {
        for (const auto &[name, size] : m_options.fixedDims)
        {
            bool known = false;
            for (const auto &array : m_arrays)
            {
                for (std::size_t i = 0; i < array.shape.size(); ++i)
                {
                    if (array.dimensions[i] != name)
                        continue;
                    known = true;
                    if (array.shape[i] != size)
                        return refused("dimension '" + name + "' has size " +
                                       std::to_string(array.shape[i]) +
                                       ", the settings (fixed_dims) say " +
                                       std::to_string(size) + ".");
                }
            }
            if (!known)
                return refused("it has no dimension '" + name +
                               "', which the settings (fixed_dims) name.");
        }
        return Status::ok();
    }

    Status addLabelArray(const Labels &labels)
    {
        NewArray array;
        const auto &name = m_slice.appendDim();
        array.path = documentKey(m_site.group, name);
        array.shape = {m_slice.size()};
        array.chunk = {labelsPerChunk};
        array.dimensions = {name};
        const auto form = formForNewLabel(m_slice.givenLabel()->text);
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
            store(array, name, encodingFor(m_options, name, 1, false)));
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
        if (asked.dimensions && *asked.dimensions != source.dimensions)
            return refused("array '" + source.name + "' has the dimensions " +
                           dumpJson(source.dimensions, -1) +
                           ", the settings say " +
                           dumpJson(*asked.dimensions, -1) + ".");
        const auto axis = axisOf(source, m_slice.appendDim());
        if (looksLikeTime(unitsOf(m_slice, source).units))
            MDIMAPPEND_RETURN_IF_ERROR(checkTimeEncoding(source.name, asked));
        else if (source.labels)
            MDIMAPPEND_RETURN_IF_ERROR(checkLabelEncoding(source, asked));
        NewArray array;
        array.path = documentKey(m_site.group, source.name);
        array.shape = source.shape;
        array.dimensions = source.dimensions;
        array.attributes = source.attributes;
        std::size_t elementSize = source.type.GetSize();
        if (source.type.GetClass() == GEDTC_STRING)
        {
            if (m_options.encodings.contains(source.name))
                MDIMAPPEND_RETURN_IF_ERROR(
                    checkTextEncoding(source.name, asked));
            array.kind = textKind();
            // Later texts may be longer than the first ones.
            array.stringLength =
                axis ? std::max<std::size_t>(source.stringLength, 64)
                     : std::max<std::size_t>(source.stringLength, 1);
            elementSize = 4 * array.stringLength;
        }
        else if (m_time && isTimeArray(m_slice, source))
        {
            MDIMAPPEND_RETURN_IF_ERROR(encodeTime(array, source, asked));
            elementSize =
                static_cast<std::size_t>(GDALGetDataTypeSizeBytes(array.gdal));
        }
        else
        {
            MDIMAPPEND_RETURN_IF_ERROR(encodeNumbers(array, source, asked));
            elementSize =
                static_cast<std::size_t>(GDALGetDataTypeSizeBytes(array.gdal));
        }
        auto shape = source.shape;
        // Many slices are to bring the rows, each its own chunks.
        if (const Slice *like = m_slice.labelsLike(); like && axis)
            shape[*axis] = like->size();
        array.chunk = defaultChunk(shape, source.block, axis, elementSize);
        MDIMAPPEND_RETURN_IF_ERROR(store(array, source.name, asked));
        m_arrays.push_back(std::move(array));
        return Status::ok();
    }

    static Status checkTextEncoding(const std::string &name,
                                    const ArrayEncoding &asked)
    {
        if (asked.dtype || asked.scale || asked.offset || asked.nodata)
            return {Failure::Usage,
                    "array '" + name +
                        "' holds texts: it has no dtype, scale, offset or "
                        "nodata in the settings"};
        return Status::ok();
    }

    /// Times are whole numbers of their units, or fractions; never packed.
    static Status checkTimeEncoding(const std::string &name,
                                    const ArrayEncoding &asked)
    {
        if (asked.scale || asked.offset)
            return {Failure::Usage, "array '" + name +
                                        "' holds times: it has no scale or "
                                        "offset in the settings"};
        return Status::ok();
    }

    /// Labels are stored as the slices have them, times as whole numbers.
    Status checkLabelEncoding(const SliceArray &source,
                              const ArrayEncoding &asked) const
    {
        const double scale = source.scale.value_or(1);
        const double offset = source.offset.value_or(0);
        if (asked.scale.value_or(scale) != scale ||
            asked.offset.value_or(offset) != offset)
            return {Failure::Usage, "array '" + source.name +
                                        "' holds labels, which are not packed: "
                                        "it has no scale or offset in the "
                                        "settings"};
        const auto units = asked.units.value_or("keep");
        if (!m_time && units != "keep" && units != source.units)
            return {Failure::Usage, "array '" + source.name +
                                        "' holds labels, which keep their "
                                        "units '" +
                                        source.units + "'"};
        return Status::ok();
    }

    Status encodeTime(NewArray &array, const SliceArray &source,
                      const ArrayEncoding &asked) const
    {
        if (source.labels && asked.nodata && !asked.nodata->is_null())
            return {Failure::Usage, "array '" + source.name +
                                        "' holds labels, none of which is "
                                        "missing: it has no nodata in the "
                                        "settings"};
        // Of bounds, what is said of their coordinate counts.
        const bool isOther =
            (asked.dtype && askedType(asked) != m_time->type) ||
            (asked.calendar && *asked.calendar != m_time->calendar) ||
            (asked.units && *asked.units != "keep" &&
             *asked.units != m_time->units);
        if (!source.labels && isOther)
            return {Failure::Usage,
                    "array '" + source.name + "' holds the bounds of '" +
                        m_slice.appendDim() +
                        "', whose type, units and calendar it has: the "
                        "settings cannot say others"};
        array.gdal = m_time->type;
        if (asked.nodata)
        {
            auto element = nodataElement(*asked.nodata, array.gdal);
            if (!element)
                return element.takeStatus().prefixed("array '" + source.name +
                                                     "'");
            array.missingValue = std::move(*element);
        }
        // A bounds variable has the units of its coordinate.
        if (!source.units.empty())
            array.attributes["units"] = m_time->units;
        if (!m_time->calendar.empty() &&
            (source.labels || array.attributes.contains("calendar")))
            array.attributes["calendar"] = m_time->calendar;
        return Status::ok();
    }

    static Status encodeNumbers(NewArray &array, const SliceArray &source,
                                const ArrayEncoding &asked)
    {
        const auto from = source.type.GetNumericDataType();
        array.gdal = askedType(asked).value_or(from);
        const bool unpacks = isFloating(array.gdal) && !isFloating(from);
        auto scale = asked.scale;
        auto offset = asked.offset;
        if (!scale && !offset && !unpacks)
        {
            scale = source.scale;
            offset = source.offset;
        }
        const bool repacked = scale.value_or(1) != source.scale.value_or(1) ||
                              offset.value_or(0) != source.offset.value_or(0);
        if (scale && (*scale == 0 || !std::isfinite(*scale)))
            return {Failure::Usage, "array '" + source.name + "': the scale " +
                                        dumpJson(*scale, -1) +
                                        " cannot pack numbers"};
        if (scale)
            array.attributes["scale_factor"] = *scale;
        if (offset)
            array.attributes["add_offset"] = *offset;
        if (asked.units && *asked.units != "keep")
            array.attributes["units"] = *asked.units;
        if (asked.calendar)
            array.attributes["calendar"] = *asked.calendar;
        // They are in terms of the codes as they were.
        if (repacked || array.gdal != from)
        {
            for (const char *name :
                 {"valid_min", "valid_max", "valid_range", "_Unsigned"})
                array.attributes.erase(name);
        }
        return chooseMissing(array, source, asked, repacked);
    }

    static Status chooseMissing(NewArray &array, const SliceArray &source,
                                const ArrayEncoding &asked, bool repacked)
    {
        const auto from = source.type.GetNumericDataType();
        if (asked.nodata)
        {
            auto element = nodataElement(*asked.nodata, array.gdal);
            if (!element)
                return element.takeStatus().prefixed("array '" + source.name +
                                                     "'");
            array.missingValue = std::move(*element);
        }
        else if (source.missingValue)
        {
            if (!repacked)
                array.missingValue =
                    sameNumber(*source.missingValue, from, array.gdal);
            if (array.missingValue)
                return Status::ok();
            if (isFloating(array.gdal))
                array.missingValue = nan(array.gdal);
            else if (GDALDataTypeIsInteger(array.gdal))
                array.missingValue = missingCode(array.gdal);
        }
        return Status::ok();
    }

    static std::string nan(GDALDataType type)
    {
        const double value = std::nan("");
        std::string element(
            static_cast<std::size_t>(GDALGetDataTypeSizeBytes(type)), '\0');
        GDALCopyWords64(&value, GDT_Float64, 0, element.data(), type, 0, 1);
        return element;
    }

    /// `sizes` as they are for this array.
    static Result<Extent> fit(const NewArray &array, const char *what,
                              Extent sizes)
    {
        if (sizes.empty())
            sizes.assign(array.shape.size(), 0);
        if (sizes.size() != array.shape.size())
            return Status(
                Failure::Usage,
                std::string(what) + " for array '" + array.path + "' has " +
                    std::to_string(sizes.size()) + " sizes, the array has " +
                    std::to_string(array.shape.size()) + " dimensions");
        for (std::size_t i = 0; i < sizes.size(); ++i)
        {
            if (sizes[i] == 0)
                sizes[i] = std::max<std::uint64_t>(array.shape[i], 1);
        }
        return sizes;
    }

    /// Chunks, shards, compression, keys, attributes.
    Status store(NewArray &array, const std::string &name,
                 const ArrayEncoding &asked) const
    {
        if (asked.chunk)
        {
            MDIMAPPEND_ASSIGN(array.chunk, fit(array, "chunk", *asked.chunk));
        }
        if (asked.shard)
        {
            if (m_format == ZarrFormat::V2)
                return {Failure::Usage, "Zarr V2 has no shards"};
            MDIMAPPEND_ASSIGN(auto shard, fit(array, "shard", *asked.shard));
            array.innerChunk = array.chunk;
            for (std::size_t i = 0; i < shard.size(); ++i)
                shard[i] =
                    ceilDivide(shard[i], array.chunk[i]) * array.chunk[i];
            array.chunk = std::move(shard);
        }
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
        return checkAttributes(name, asked.attributes);
    }

    /// What other settings say is not said here again.
    static Status checkAttributes(const std::string &name,
                                  const Json &attributes)
    {
        for (const char *own : {"scale_factor", "add_offset", "_FillValue",
                                "_ARRAY_DIMENSIONS", "calendar"})
        {
            if (attributes.contains(own))
                return {Failure::Usage,
                        "array '" + name + "': the attribute '" + own +
                            "' belongs into the encoding of the settings"};
        }
        return Status::ok();
    }

    std::vector<NewGroup> newGroups(const Target &existing) const
    {
        std::vector<NewGroup> groups;
        if (existing.rootDocuments.empty())
            groups.push_back({"", Json::object()});
        for (std::size_t end = m_site.group.find('/'); !m_site.group.empty();
             end = m_site.group.find('/', end + 1))
        {
            const auto path = m_site.group.substr(0, end);
            const bool present =
                existing.documents.count(path + "/zarr.json") ||
                existing.documents.count(path + "/.zgroup");
            if (!present)
                groups.push_back({path, Json::object()});
            if (end == std::string::npos)
                break;
        }
        return groups;
    }

    Status describe(NewTarget &model, ZarrFormat format,
                    const Target &existing) const
    {
        auto &target = model.target;
        target.exists = true;
        target.format = format;
        target.documents = existing.documents;
        for (const auto &[key, bytes] : model.documents)
            target.documents[key] = bytes;
        target.consolidated = existing.consolidated;
        Documents root;
        for (const char *name : {".zgroup", ".zmetadata", "zarr.json"})
        {
            const auto found = target.documents.find(name);
            if (found != target.documents.end())
                root[name] = found->second;
        }
        const auto key = consolidatedKey(root);
        if (key && existing.rootDocuments.empty())
            target.consolidated = {{"", *key}};
        target.appendDim = m_slice.appendDim();
        target.size = m_slice.size();
        for (const auto &array : m_arrays)
        {
            const auto text = [&](const char *name) -> std::string
            {
                const auto found =
                    model.documents.find(array.path + "/" + name);
                return found == model.documents.end() ? "" : found->second;
            };
            auto document =
                format == ZarrFormat::V2
                    ? parseArrayV2(array.path, text(".zarray"), text(".zattrs"))
                    : parseArrayV3(array.path, text("zarr.json"));
            if (!document)
                return document.takeStatus().prefixed("array '" + array.path +
                                                      "'");
            target.arrays.push_back(describeArray(
                std::move(*document), m_site.group, target.appendDim));
        }
        return Status::ok();
    }

    /// Arrays before groups, the root last: until then there is no store.
    void orderDocuments(NewTarget &model) const
    {
        std::set<std::string> placed;
        const auto place = [&](const std::string &key)
        {
            if (model.documents.count(key) && placed.insert(key).second)
                model.order.push_back(key);
        };
        for (const bool coordinates : {false, true})
        {
            for (const auto &array : m_arrays)
            {
                const auto name = array.path.substr(array.path.rfind('/') + 1);
                const bool isCoordinate =
                    array.dimensions.size() == 1 && array.dimensions[0] == name;
                if (isCoordinate != coordinates)
                    continue;
                for (const char *document : {".zattrs", ".zarray", "zarr.json"})
                    place(array.path + "/" + document);
            }
        }
        for (std::string group = m_site.group;;
             group = group.substr(0, group.rfind('/')))
        {
            for (const char *document :
                 {".zattrs", ".zmetadata", ".zgroup", "zarr.json"})
                place(documentKey(group, document));
            if (group.find('/') == std::string::npos)
                break;
        }
        for (const char *document :
             {".zattrs", ".zmetadata", ".zgroup", "zarr.json"})
            place(document);
    }

    const Slice &m_slice;
    const AppendOptions &m_options;
    const Site &m_site;
    ZarrFormat m_format;
    std::set<std::string> m_data;
    std::optional<NewTime> m_time;
    std::vector<NewArray> m_arrays;
};

}  // namespace

std::vector<std::uint64_t> defaultChunk(const std::vector<std::uint64_t> &shape,
                                        const std::vector<std::uint64_t> &block,
                                        std::optional<std::size_t> axis,
                                        std::size_t elementSize)
{
    if (axis && shape.size() == 1)
        return {labelsPerChunk};
    std::vector<std::uint64_t> chunk = shape;
    bool known = block.size() == shape.size();
    for (std::size_t i = 0; known && i < shape.size(); ++i)
    {
        if (axis == i)
            continue;
        known = block[i] > 0;
        chunk[i] = std::min(block[i], shape[i]);
    }
    const auto bytes = bytesOf(chunk, elementSize);
    if (known && bytes >= mebibyte && bytes <= 64 * mebibyte)
        return chunk;
    chunk = shape;
    splitEvenly(chunk, shape, axis, elementSize);
    for (auto &size : chunk)
        size = std::max<std::uint64_t>(size, 1);
    return chunk;
}

Result<NewTarget> modelNewTarget(const Slice &slice,
                                 const AppendOptions &options, const Site &site,
                                 const Labels &labels, const Target &existing)
{
    const auto format =
        existing.rootDocuments.empty() ? options.zarrFormat : existing.format;
    return Model(slice, options, site, format).make(labels, existing);
}

}  // namespace mdimappend
