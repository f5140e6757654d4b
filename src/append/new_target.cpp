#include "append/new_target.h"

#include "append/chunk_grid.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

constexpr std::uint64_t mebibyte = 1ULL << 20;
constexpr std::uint64_t labelsPerChunk = 1024;

std::string join(const std::string &group, const std::string &name)
{
    return group.empty() ? name : group + "/" + name;
}

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

class Model
{
  public:
    Model(const Slice &slice, const AppendOptions &options, const Site &site,
          ZarrFormat format)
        : m_slice(slice), m_options(options), m_site(site), m_format(format)
    {
    }

    Result<NewTarget> make(const std::optional<LabelForm> &labelForm,
                           const Target &existing)
    {
        if (labelForm)
            addLabelArray(*labelForm);
        for (const auto &array : m_slice.arrays())
            MDIMAPPEND_RETURN_IF_ERROR(addArray(array));
        MDIMAPPEND_RETURN_IF_ERROR(checkEncodingNames());
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
    Status checkEncodingNames() const
    {
        for (const auto &[name, ignored] : m_options.encodings)
        {
            const auto found = std::find_if(
                m_arrays.begin(), m_arrays.end(),
                [&, &wanted = name](const NewArray &array)
                { return array.path == join(m_site.group, wanted); });
            if (name != "*" && found == m_arrays.end())
                return {Failure::Usage, "--encoding names array '" + name +
                                            "', which the slice does not have"};
        }
        return Status::ok();
    }

    void addLabelArray(const LabelForm &form)
    {
        NewArray array;
        array.path = join(m_site.group, m_slice.appendDim());
        array.shape = {m_slice.size()};
        array.chunk = {labelsPerChunk};
        array.dimensions = {m_slice.appendDim()};
        if (form.text)
        {
            array.kind = textKind();
            array.stringLength = 64;
        }
        else
        {
            array.gdal = form.type;
        }
        if (!form.units.empty())
        {
            array.attributes["standard_name"] = "time";
            array.attributes["axis"] = "T";
            array.attributes["units"] = form.units;
            array.attributes["calendar"] = form.calendar;
        }
        m_arrays.push_back(std::move(array));
    }

    DataType::Kind textKind() const
    {
        return m_format == ZarrFormat::V3 ? DataType::Kind::VariableUnicode
                                          : DataType::Kind::FixedUnicode;
    }

    Status addArray(const SliceArray &source)
    {
        const auto axis = axisOf(source, m_slice.appendDim());
        NewArray array;
        array.path = join(m_site.group, source.name);
        array.shape = source.shape;
        array.dimensions = source.dimensions;
        array.attributes = source.attributes;
        if (source.scale)
            array.attributes["scale_factor"] = *source.scale;
        if (source.offset)
            array.attributes["add_offset"] = *source.offset;
        std::size_t elementSize = source.type.GetSize();
        if (source.type.GetClass() == GEDTC_STRING)
        {
            array.kind = textKind();
            // Later texts may be longer than the first ones.
            array.stringLength =
                axis ? std::max<std::size_t>(source.stringLength, 64)
                     : std::max<std::size_t>(source.stringLength, 1);
            elementSize = 4 * array.stringLength;
        }
        else
        {
            array.gdal = source.type.GetNumericDataType();
            array.missingValue = source.missingValue;
        }
        array.chunk =
            defaultChunk(source.shape, source.block, axis, elementSize);
        MDIMAPPEND_RETURN_IF_ERROR(encode(array, source.name));
        m_arrays.push_back(std::move(array));
        return Status::ok();
    }

    static Status fit(const NewArray &array, const char *what,
                      std::vector<std::uint64_t> &sizes)
    {
        if (sizes.size() != array.shape.size())
            return {Failure::Usage,
                    "--encoding: " + std::string(what) + " for array '" +
                        array.path + "' has " + std::to_string(sizes.size()) +
                        " sizes, the array has " +
                        std::to_string(array.shape.size()) + " dimensions"};
        for (std::size_t i = 0; i < sizes.size(); ++i)
        {
            if (sizes[i] == 0)
                sizes[i] = array.shape[i];
        }
        return Status::ok();
    }

    Status encode(NewArray &array, const std::string &name) const
    {
        const bool named = m_options.encodings.count(name) != 0;
        const auto wanted = encodingOf(m_options.encodings, name);
        // What "*" says of shapes is about arrays of that rank; a named array
        // must fit.
        const auto applies =
            [&](const std::optional<std::vector<std::uint64_t>> &sizes)
        { return sizes && (named || sizes->size() == array.shape.size()); };
        if (applies(wanted.chunk))
        {
            array.chunk = *wanted.chunk;
            MDIMAPPEND_RETURN_IF_ERROR(fit(array, "chunk", array.chunk));
        }
        if (applies(wanted.shard))
        {
            if (m_format == ZarrFormat::V2)
                return {Failure::Usage, "--encoding: Zarr V2 has no shards"};
            auto shard = *wanted.shard;
            MDIMAPPEND_RETURN_IF_ERROR(fit(array, "shard", shard));
            array.innerChunk = array.chunk;
            for (std::size_t i = 0; i < shard.size(); ++i)
                shard[i] =
                    ceilDivide(shard[i], array.chunk[i]) * array.chunk[i];
            array.chunk = std::move(shard);
        }
        if (wanted.compressor)
            array.compressor = *wanted.compressor;
        if (wanted.level)
            array.level = *wanted.level;
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
        groups.back().attributes = m_slice.attributes();
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
                place(join(group, document));
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
                                 const std::optional<LabelForm> &labelForm,
                                 const Target &existing)
{
    const auto format =
        existing.rootDocuments.empty() ? options.zarrFormat : existing.format;
    return Model(slice, options, site, format).make(labelForm, existing);
}

}  // namespace mdimappend
