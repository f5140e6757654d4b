// Selects the arrays of a source that belong to the slice.

#include "slice/name_pattern.h"
#include "slice/slice_source.h"
#include "slice/time_arrays.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

bool isNamed(const std::vector<std::string> &names, const std::string &name)
{
    return std::ranges::find(names, name) != names.end();
}

/// Whether one of the names, which may be patterns, is this one.
bool isMeant(const std::vector<std::string> &names, const std::string &name)
{
    return std::ranges::any_of(names, [&](const std::string &each)
                               { return matches(name, each); });
}

/// The slice's arrays that `request.arrays` names. Refused if it has none of a
/// name.
Result<std::vector<std::string>> namedArrays(const SourceContents &contents,
                                             const SliceRequest &request)
{
    std::vector<std::string> names;
    for (const std::string &wanted : request.arrays)
    {
        const auto before = names.size();
        for (const SourceArray &source : contents.arrays)
            if (matches(source.array.name, wanted))
                names.push_back(source.array.name);
        if (names.size() == before && !isExcluded(request, wanted))
            return refused("has no array '" + wanted + "'.");
    }
    return names;
}

/// What becomes the labels of a dimension that has no coordinate.
void addTimes(SourceContents &contents, const std::string &dimension,
              std::vector<std::string> &names)
{
    if (contents.find(dimension))
        return;
    const auto times = timesAlong(contents, dimension);
    if (times.size() == 1)
        names.push_back(times.front()->array.name);
    if (const SourceArray *exact = exactTextsAlong(contents, dimension))
        names.push_back(exact->array.name);
}

/// The names in `wanted`, and those that the arrays so named need: coordinates
/// of their dimensions or times along them, and what their attributes refer to.
std::set<std::string> withNeeded(SourceContents &contents,
                                 std::vector<std::string> wanted)
{
    std::set<std::string> names;
    while (!wanted.empty())
    {
        const std::string name = std::move(wanted.back());
        wanted.pop_back();
        const SourceArray *source = contents.find(name);
        if (!source || !names.insert(name).second)
            continue;
        const SliceArray &array = source->array;
        for (const std::string &dimension : array.dimensions)
            addTimes(contents, dimension, wanted);
        wanted.insert(wanted.end(), array.dimensions.begin(),
                      array.dimensions.end());
        for (std::string &reference : referencedNames(array.attributes))
            wanted.push_back(std::move(reference));
    }
    return names;
}

Status addDimensions(SourceContents &contents, const SliceArray &array,
                     const std::set<std::string> &temporal)
{
    for (std::size_t i = 0; i < array.dimensions.size(); ++i)
    {
        const std::string &name = array.dimensions[i];
        const SourceDimension *known = contents.findDimension(name);
        if (known && known->size != array.shape[i])
            return refused("array '" + array.name + "': dimension '" + name +
                           "' has size " + std::to_string(array.shape[i]) +
                           ", but " + std::to_string(known->size) +
                           " in another array.");
        if (!known)
            contents.dimensions.push_back(
                {name, array.shape[i], temporal.contains(name)});
    }
    return Status::ok();
}

Status checkDistinct(const SourceContents &contents)
{
    std::set<std::string> names;
    for (const SourceArray &source : contents.arrays)
        if (!names.insert(source.array.name).second)
            return refused("two arrays have the name '" + source.array.name +
                           "'.");
    return Status::ok();
}

/// What may be the append dimension must not be empty.
void leaveOutEmpty(SourceContents &contents, const SliceRequest &request,
                   const std::set<std::string> &temporal)
{
    const std::string appendDim =
        nameInSlice(contents, request,
                    request.appendDim.empty() ? "time" : request.appendDim);
    std::erase_if(contents.arrays,
                  [&](const SourceArray &source)
                  {
                      const auto &empty = source.emptyDimension;
                      const auto &name = source.array.name;
                      if (empty.empty() || empty == appendDim ||
                          temporal.contains(empty) ||
                          isNamed(request.arrays, name))
                          return false;
                      contents.leftOut.push_back(
                          "array '" + name + "' has no values (dimension '" +
                          empty + "' has size 0) and was left out");
                      return true;
                  });
}

/// GDAL's Zarr driver resolves `grid_mapping` only to arrays that a V3 store's
/// consolidated metadata list before: so they come first here.
void putGridMappingsFirst(SourceContents &contents)
{
    std::set<std::string> mappings;
    for (const SourceArray &source : contents.arrays)
        mappings.insert(
            firstName(textMember(source.array.attributes, "grid_mapping")));
    std::ranges::stable_partition(
        contents.arrays, [&](const SourceArray &source)
        { return mappings.contains(source.array.name); });
}

}  // namespace

bool isExcluded(const SliceRequest &request, const std::string &array)
{
    return isMeant(request.excludedArrays, array);
}

bool isAskedFor(const SliceRequest &request, const std::string &array)
{
    return request.arrays.empty() || isNamed(request.arrays, array);
}

Status selectArrays(SourceContents &contents, const SliceRequest &request)
{
    std::set<std::string> temporal;
    for (const SourceDimension &dimension : contents.dimensions)
        if (dimension.temporal)
            temporal.insert(dimension.name);

    std::erase_if(contents.arrays, [&](const SourceArray &source)
                  { return isExcluded(request, source.array.name); });
    MDIMAPPEND_RETURN_IF_ERROR(checkRenamed(contents, request));
    if (!request.arrays.empty())
    {
        MDIMAPPEND_ASSIGN(std::vector<std::string> wanted,
                          namedArrays(contents, request));
        const std::string label =
            nameInSlice(contents, request,
                        request.appendDim.empty() ? "time" : request.appendDim);
        const SourceArray *scalar = contents.find(label);
        if (scalar && scalar->array.dimensions.empty())
            wanted.push_back(label);
        const std::set<std::string> kept =
            withNeeded(contents, std::move(wanted));
        std::erase_if(contents.arrays, [&](const SourceArray &source)
                      { return !kept.contains(source.array.name); });
    }

    leaveOutEmpty(contents, request, temporal);
    contents.dimensions.clear();
    for (const SourceArray &source : contents.arrays)
    {
        MDIMAPPEND_RETURN_IF_ERROR(source.problem);
        MDIMAPPEND_RETURN_IF_ERROR(
            addDimensions(contents, source.array, temporal));
    }
    MDIMAPPEND_RETURN_IF_ERROR(checkDistinct(contents));
    MDIMAPPEND_RETURN_IF_ERROR(renameArrays(contents, request));
    putGridMappingsFirst(contents);
    return Status::ok();
}

}  // namespace mdimappend
