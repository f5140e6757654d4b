// Labels first, since the model of a new target needs them; then its documents,
// and each array's values.

#include "append/plan_creation.h"

#include "append/plan_checks.h"
#include "append/plan_slabs.h"
#include "cube/array_conversion.h"
#include "cube/creation_warnings.h"
#include "cube/label_match.h"
#include "cube/new_target.h"
#include "cube/target_attributes.h"
#include "guards/array_labels.h"
#include "guards/coordinate_guard.h"
#include "guards/label_doubts.h"
#include "guards/static_guard.h"
#include "guards/step_guard.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

namespace
{

/// The labels that the slice has, or will have (Slice::labelsLike), or was
/// given.
Result<Labels> firstLabels(const Slice &slice)
{
    const Slice *like = slice.labelsLike();
    MDIMAPPEND_ASSIGN(Labels labels, sliceLabels(like ? *like : slice));
    if (!slice.givenLabel())
        return labels;
    const auto &given = *slice.givenLabel();
    MDIMAPPEND_ASSIGN(const auto form,
                      formForNewLabel(given, slice.appendDim()));
    return parseLabel(given, form);
}

/// What a user should know of a dimension without labels.
std::string noLabelsWarning(const Slice &slice)
{
    const auto &why = slice.whyNoLabels();
    return "'" + slice.appendDim() + "' has no labels" +
           (why.empty() ? "" : ", for " + why) +
           ". So a slice that comes again is known by the log alone (its path, "
           "size and time stamp), and the order of steps is not checked. "
           "--rename ARRAY=" +
           slice.appendDim() + " makes labels of an array along it";
}

/// What is in no order need not be the labels: of profiles as they were found,
/// for instance.
Status checkFirstLabels(const AppendOptions &options, const Slice &slice,
                        const Labels &labels)
{
    auto matched =
        matchLabels(KnownLabels(), labels, options.step.descending());
    const auto &arrays = slice.arrays();
    const auto array = std::ranges::find_if(arrays, &SliceArray::labels);
    const bool isOrder =
        labels.kind != Labels::Kind::Text && !options.step.descending();
    if (matched || !isOrder || array == arrays.end())
        return matched.takeStatus();
    auto name = array->labelsOf.empty() ? array->name : array->labelsOf;
    // --exclude-array goes by the slice's own names.
    for (const auto &[from, to] : options.renamedArrays)
        name = to == name ? from : name;
    return matched.takeStatus().suffixed(
        "Without labels (--exclude-array " + name +
        ") steps are in the order of the slices");
}

/// Values of an array that the slice has.
Status takeFromSlice(const PlanRequest &request, const Target &target,
                     const TargetArray &array, Slab &slab)
{
    const auto &arrays = request.slice.arrays();
    const auto found = std::ranges::find(arrays, array.name, &SliceArray::name);
    slab.sliceArray = static_cast<std::size_t>(found - arrays.begin());
    slab.sliceBlock = found->block;
    auto conversion =
        conversionFor(target, array, request.slice, *found, request.options);
    if (!conversion)
        return conversion.takeStatus().prefixed("array '" + array.name + "'");
    slab.conversion = std::move(*conversion);
    return Status::ok();
}

Status createArray(const PlanRequest &request, const Target &target,
                   const TargetArray &array, const Labels &labels,
                   AppendPlan &plan)
{
    const auto &slice = request.slice;
    const auto &document = array.document;
    if (array.axis)
        MDIMAPPEND_RETURN_IF_ERROR(
            checkAlignment(request.options, array, 0, slice.size()));
    Slab slab =
        planArray(plan, array, allChunks(document.shape, document.chunk),
                  Extent(document.rank(), 0), document.shape);
    slab.runs = {{0, 0, slice.size()}};
    const bool isLabels =
        &array == target.labels() && labels.kind != Labels::Kind::None;
    if (!isLabels)
        MDIMAPPEND_RETURN_IF_ERROR(takeFromSlice(request, target, array, slab));
    else if (!slice.labelsLike())
        MDIMAPPEND_RETURN_IF_ERROR(fillFromLabels(slab, labels, array));
    plan.slabs.push_back(std::move(slab));
    return Status::ok();
}

/// Later slices may lack something, or have it under the new name already; of
/// the first one it is more likely that the name is misspelled.
Status checkRenamed(const Slice &slice)
{
    if (slice.notRenamed().empty())
        return Status::ok();
    const auto &names = slice.notRenamed().front();
    return refused("it has no array and no dimension '" +
                   names.substr(0, names.find('=')) + "', and none '" +
                   names.substr(names.find('=') + 1) + "' (--rename " + names +
                   "). The slice that makes a target must have one of them.");
}

}  // namespace

Status planCreation(const PlanRequest &request, CubeState &cube,
                    AppendPlan &plan)
{
    const auto &options = request.options;
    const auto &site = request.site;
    const auto &slice = request.slice;
    plan.create = true;
    plan.rows = slice.size();
    plan.rowRuns = {{0, 0, slice.size()}};
    MDIMAPPEND_RETURN_IF_ERROR(checkRenamed(slice));
    const bool haveLabels = !slice.labelsLike();
    MDIMAPPEND_ASSIGN(Labels labels, firstLabels(slice));
    if (haveLabels)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkFirstLabels(options, slice, labels));
        MDIMAPPEND_RETURN_IF_ERROR(
            checkStep(options.step, Labels{}, labels, 0));
    }
    MDIMAPPEND_ASSIGN(NewTarget model, modelNewTarget(slice, options, site,
                                                      labels, cube.target));
    MDIMAPPEND_ASSIGN(labels, inCalendarOf(model.target, labels));
    if (const auto *array = model.target.labels())
    {
        MDIMAPPEND_ASSIGN(labels, inUnitOf(*array, slice, std::move(labels)));
    }
    if (haveLabels)
    {
        nameLabels(plan, labels, 0);
        for (auto &doubt : doubtsAboutFirst(slice, labels))
            model.warnings.push_back(std::move(doubt));
    }
    if (!model.target.labels())
        model.warnings.push_back(noLabelsWarning(slice));
    for (const auto &array : model.target.arrays)
        MDIMAPPEND_RETURN_IF_ERROR(
            createArray(request, model.target, array, labels, plan));
    plan.warnings = std::move(model.warnings);
    plan.intent.next = std::move(model.documents);
    plan.intent.order = std::move(model.order);
    cube.target = std::move(model.target);
    cube.labelsKnown = true;
    cube.labelsOrdered = isOrdered(labels);
    cube.labels = KnownLabels(std::move(labels));
    MDIMAPPEND_RETURN_IF_ERROR(keepCoordinates(options, slice, cube));
    MDIMAPPEND_RETURN_IF_ERROR(
        keepStatics(options, slice,
                    TargetValues(site, request.storage, cube.target), cube));
    MDIMAPPEND_ASSIGN(const Json present,
                      presentAttributes(cube.target, site.group));
    MDIMAPPEND_RETURN_IF_ERROR(
        setAttributes(options, site, slice, present, true, cube, plan.intent));
    MDIMAPPEND_ASSIGN(const Json attributes,
                      presentAttributes(cube.target, site.group));
    if (auto warning = groupWarning(attributes); !warning.empty())
        plan.warnings.push_back(std::move(warning));
    return Status::ok();
}

}  // namespace mdimappend
