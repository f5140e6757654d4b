// Finds the arrays of characters of a netCDF file, and makes texts of them.

#include "slice/char_arrays.h"

#include "slice/attributes_json.h"
#include "slice/gdal_messages.h"
#include "slice/hdf5_chars.h"
#include "slice/netcdf3_size.h"

#include <algorithm>
#include <map>
#include <set>

namespace mdimappend
{

namespace
{

using CharVariables = std::map<std::string, std::vector<std::string>>;

/// GDAL's word for it is a length of texts, or the type of bytes.
bool mayBeChars(const GDALExtendedDataType &type)
{
    return type.GetClass() == GEDTC_STRING
               ? type.GetMaxStringLength() > 0
               : type.GetNumericDataType() == GDT_UInt8;
}

struct Opened
{
    std::string name{};
    std::vector<std::string> dimensions{};
    std::size_t rowLength = 0;  ///< of texts that GDAL has made
    bool mayBeChars = false;
};

Opened seen(const GDALMDArray &array)
{
    Opened opened;
    opened.name = array.GetName();
    for (const auto &dimension : array.GetDimensions())
        opened.dimensions.push_back(dimension->GetName());
    const auto &type = array.GetDataType();
    opened.mayBeChars = mayBeChars(type);
    if (type.GetClass() == GEDTC_STRING)
        opened.rowLength = type.GetMaxStringLength();
    return opened;
}

/// By their paths. Also arrays that are excluded: what is made of the others
/// must not change with them.
std::map<std::string, Opened> allArrays(const SourceContents &contents,
                                        const OpenedArrays &arrays,
                                        const SourceGroup &group)
{
    std::map<std::string, Opened> all;
    for (std::size_t i = 0; i < arrays.size(); ++i)
        all[contents.arrays[i].path] = seen(*arrays[i]);
    const char *const showAll[] = {"SHOW_ALL=YES", nullptr};
    const GdalMessages quiet;
    for (const std::string &name : group.own().GetMDArrayNames(showAll))
    {
        const auto path = (group.isRoot() ? "" : group.path + "/") + name;
        if (!all.contains(path))
            if (const auto array = group.own().OpenMDArray(name))
                all[path] = seen(*array);
    }
    return all;
}

/// The dimensions of all arrays of characters; of one that GDAL has made rows
/// of, the last one is "" where the file does not name it.
CharVariables charsAmong(const std::map<std::string, Opened> &all,
                         const std::string &file)
{
    std::vector<std::string> names;
    for (const auto &[name, array] : all)
        if (array.mayBeChars)
            names.push_back(name);
    if (names.empty())
        return {};
    auto told = netcdf3Chars(file);
    if (!told)
        told = hdf5Chars(file, names);
    CharVariables chars;
    for (const auto &name : names)
    {
        const Opened &array = all.at(name);
        const bool isTold = told && told->contains(name);
        if (array.rowLength == 0 && !isTold)
            continue;
        chars[name] = array.dimensions;
        if (array.rowLength > 0)
            chars[name].push_back(isTold && told->at(name).size() == 2
                                      ? told->at(name).back()
                                      : "");
    }
    return chars;
}

/// Those that are no lengths of texts.
std::set<std::string> otherDimensions(const std::map<std::string, Opened> &all,
                                      const CharVariables &chars,
                                      const SliceRequest &request)
{
    const std::string appendDim =
        request.appendDim.empty() ? "time" : request.appendDim;
    std::set<std::string> others = {appendDim};
    for (const auto &[from, to] : request.renamedArrays)
        if (to == appendDim)
            others.insert(from);
    for (const auto &[path, array] : all)
    {
        others.insert(array.name);
        const auto found = chars.find(path);
        auto used = found == chars.end() ? array.dimensions : found->second;
        if (found != chars.end() && !used.empty())
            used.pop_back();
        others.insert(used.begin(), used.end());
    }
    return others;
}

void makeText(SourceArray &source, const Opened &opened, bool joined)
{
    SliceArray &array = source.array;
    CharLayout layout;
    layout.rows = opened.rowLength > 0;
    layout.joined = joined;
    layout.encoding = textMember(array.attributes, "_Encoding");
    layout.width = layout.rows           ? opened.rowLength
                   : array.shape.empty() ? 1
                                         : array.shape.back();
    if (joined && !layout.rows)
    {
        array.dimensions.pop_back();
        array.shape.pop_back();
        array.block.resize(array.shape.size());
    }
    array.type = GDALExtendedDataType::CreateString();
    array.stringLength = joined ? static_cast<std::size_t>(layout.width) : 1;
    array.missingValue.reset();
    array.alsoMissing.clear();
    source.chars = std::move(layout);
}

/// The rows that GDAL has made are taken apart again.
void splitRows(SourceArray &source, const std::string &dimension,
               std::size_t length)
{
    SliceArray &array = source.array;
    array.dimensions.push_back(validKey(validUtf8(dimension)));
    array.shape.push_back(length);
    array.block.push_back(0);
}

}  // namespace

void makeTexts(SourceContents &contents, const OpenedArrays &arrays,
               const MultidimSource &source, const SliceRequest &request)
{
    if (std::ranges::none_of(arrays, [](const auto &array)
                             { return mayBeChars(array->GetDataType()); }))
        return;
    const auto all = allArrays(contents, arrays, source.group);
    const auto chars = charsAmong(all, source.file);
    if (chars.empty())
        return;
    const auto others = otherDimensions(all, chars, request);
    for (SourceArray &described : contents.arrays)
    {
        const auto found = chars.find(described.path);
        if (found == chars.end() || !described.problem)
            continue;
        const auto &dimensions = found->second;
        const bool joined =
            !dimensions.empty() && !others.contains(dimensions.back());
        const Opened &opened = all.at(described.path);
        if (opened.rowLength > 0 && !joined)
            splitRows(described, dimensions.back(), opened.rowLength);
        makeText(described, opened, joined);
    }
}

void undoTexts(const CharLayout &layout, std::vector<std::uint64_t> &shape,
               GDALExtendedDataType &type)
{
    if (!layout.rows)
        type = GDALExtendedDataType::Create(GDT_UInt8);
    if (layout.joined && !layout.rows)
        shape.push_back(layout.width);
    if (!layout.joined && layout.rows)
        shape.pop_back();
}

}  // namespace mdimappend
