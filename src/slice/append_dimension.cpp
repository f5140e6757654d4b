// Finds which dimension of a slice is the append dimension; where none is, puts
// it in front of the arrays that are data.

#include "slice/label_array.h"
#include "slice/label_advice.h"
#include "slice/slice_label.h"
#include "slice/slice_source.h"
#include "slice/time_arrays.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

bool isTimeLike(const SliceArray &array)
{
    return array.attributes.value("axis", Json()) == "T" ||
           array.attributes.value("standard_name", Json()) == "time";
}

bool asksForLabel(const SliceRequest &request)
{
    return request.label || !request.labelFrom.empty();
}

Status noAppendDimension(SourceContents &contents, const std::string &why)
{
    const std::string times = listTimes(contents);
    return refused(
        why + " Its dimensions: " + contents.listDimensions() + "." +
        (times.empty() ? "" : " Arrays of times lie along " + times + ".") +
        " Name one with --append-dim.");
}

/// The names of dimensions (rank 1) or scalars (rank 0) that are temporal.
std::vector<std::string> temporalNames(const SourceContents &contents,
                                       std::size_t rank)
{
    std::vector<std::string> names;
    for (const SourceDimension &dimension : contents.dimensions)
        if (rank == 1 && dimension.temporal)
            names.push_back(dimension.name);
    for (const SourceArray &source : contents.arrays)
    {
        const SliceArray &array = source.array;
        if (array.dimensions.size() != rank || !isTimeLike(array) ||
            (rank == 1 && array.dimensions[0] != array.name) ||
            std::ranges::find(names, array.name) != names.end())
            continue;
        // standard_name alone may belong to an auxiliary time.
        if (array.attributes.value("axis", Json()) == "T" || rank == 0)
            names.push_back(array.name);
    }
    return names;
}

/// Dimensions along which arrays of times lie, whatever their names.
Result<std::vector<std::string>>
dimensionsWithTimes(SourceContents &contents, const SourceDataset &source)
{
    auto names = dimensionsOfTimes(contents);
    if (!names.empty())
        return names;
    for (const SourceDimension &dimension : contents.dimensions)
    {
        MDIMAPPEND_ASSIGN(
            const FoundLabels labels,
            labelsOfAnotherName(contents, dimension.name, source));
        if (labels.array)
            names.push_back(dimension.name);
    }
    return names;
}

Result<std::string> findAppendDimension(SourceContents &contents,
                                        const SliceRequest &request,
                                        const SourceDataset &source)
{
    if (!request.appendDim.empty())
        return request.appendDim;
    if (contents.findDimension("time"))
        return std::string("time");
    const auto dimensions = temporalNames(contents, 1);
    if (dimensions.size() == 1)
        return dimensions.front();
    if (dimensions.size() > 1)
        return noAppendDimension(contents, "has more than one time dimension.");
    const SourceArray *time = contents.find("time");
    if (asksForLabel(request) || (time && time->array.dimensions.empty()))
        return std::string("time");
    const auto scalars = temporalNames(contents, 0);
    if (scalars.size() == 1)
        return scalars.front();
    MDIMAPPEND_ASSIGN(const auto others, dimensionsWithTimes(contents, source));
    if (others.size() == 1)
        return others.front();
    if (others.size() > 1)
        return noAppendDimension(contents, "has more than one time dimension.");
    return noAppendDimension(contents, "has no time dimension, and no label is "
                                       "given " +
                                           labelAdvice(request.name) + ".");
}

void putInFront(SourceArray &source, const std::string &dimension)
{
    SliceArray &array = source.array;
    array.dimensions.insert(array.dimensions.begin(), dimension);
    array.shape.insert(array.shape.begin(), 1);
    array.block.insert(array.block.begin(), 1);
    source.dimensionAdded = true;
}

/// Returns how many arrays got the dimension. `label` is the scalar that
/// becomes the label array, or null: its bounds get the dimension, too.
std::size_t addDimension(SourceContents &contents, const std::string &name,
                         SourceArray *label)
{
    std::vector<NamedArray> arrays;
    for (const SourceArray &source : contents.arrays)
        arrays.push_back({source.array.name, source.array.dimensions,
                          source.array.attributes});
    const std::set<std::string> data = dataAmong(arrays);
    for (SourceArray &source : contents.arrays)
    {
        const std::string &own = source.array.name;
        if (data.contains(own) ||
            (label && namesBounds(label->array.attributes, own)))
            putInFront(source, name);
    }
    if (label)
        putInFront(*label, name);
    return data.size();
}

Status alreadyThere(const std::string &what, const std::string &name)
{
    return refused("a label is given, but it already has the " + what + " '" +
                   name + "'. Give no label for it.");
}

/// Returns whether there are any.
bool markLabels(SourceContents &contents, const std::string &name)
{
    bool any = false;
    for (SourceArray &source : contents.arrays)
    {
        source.array.labels = source.array.name == name &&
                              isCoordinate(name, source.array.dimensions);
        any = any || source.array.labels;
    }
    return any;
}

/// Of a dimension that the slice has.
Status settleLabels(SourceContents &contents, AppendDimension &dimension,
                    const SliceRequest &request, const SourceDataset &source)
{
    if (markLabels(contents, dimension.name))
        return Status::ok();
    if (isExcluded(request, dimension.name))
    {
        dimension.whyNoLabels = "they are excluded";
        return Status::ok();
    }
    MDIMAPPEND_ASSIGN(FoundLabels found,
                      labelsOfAnotherName(contents, dimension.name, source));
    dimension.whyNoLabels = std::move(found.whyNone);
    if (!found.array)
        return Status::ok();
    found.array->array.labels = true;
    contents.arrays.push_back(std::move(*found.array));
    return Status::ok();
}

}  // namespace

Result<AppendDimension> settleAppendDimension(SourceContents &contents,
                                              const SliceRequest &request,
                                              const SourceDataset &source)
{
    AppendDimension found;
    MDIMAPPEND_ASSIGN(found.name,
                      findAppendDimension(contents, request, source));
    if (const auto *dimension = contents.findDimension(found.name))
    {
        if (asksForLabel(request))
            return alreadyThere("dimension", found.name);
        found.size = dimension->size;
        MDIMAPPEND_RETURN_IF_ERROR(
            settleLabels(contents, found, request, source));
        return found;
    }

    SourceArray *scalar = contents.find(found.name);
    if (scalar && !scalar->array.dimensions.empty())
        return refused("has no dimension '" + found.name +
                       "', and its array of that name is not a scalar: it "
                       "cannot be the label.");
    if (scalar && asksForLabel(request))
        return alreadyThere("scalar", found.name);
    if (!scalar && !asksForLabel(request))
        return noAppendDimension(contents,
                                 "has no dimension '" + found.name +
                                     "', and no label is given " +
                                     labelAdvice(request.name) + "." +
                                     renameAdvice(contents, found.name));
    if (!scalar)
    {
        MDIMAPPEND_ASSIGN(
            GivenLabel label,
            labelOf(request, found.name, contents.attributes, *source.dataset));
        found.label = std::move(label);
    }
    if (addDimension(contents, found.name, scalar) == 0)
        return refused("has no data arrays.");
    contents.dimensions.insert(contents.dimensions.begin(),
                               {found.name, 1, true});
    markLabels(contents, found.name);
    return found;
}

}  // namespace mdimappend
