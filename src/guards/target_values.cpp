// Reads through a private view in which nothing is planned to be written.

#include "guards/target_values.h"

#include "chunks/planned_arrays.h"
#include "guards/array_labels.h"
#include "guards/slice_coordinates.h"
#include "guards/value_comparison.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// None of their chunks is planned to be written.
std::vector<View::Array> viewArrays(const Target &target)
{
    std::vector<View::Array> arrays;
    for (const auto &array : target.arrays)
        arrays.push_back(
            plannedArray(array.document, {}, array.document.shape));
    return arrays;
}

}  // namespace

TargetValues::TargetValues(const Site &site, Storage &storage,
                           const Target &target)
    : m_target(target),
      m_view(std::make_unique<View>(site, storage, "", viewArrays(target)))
{
}

Result<std::unique_ptr<ElementBuffer>> TargetValues::readAll(std::size_t array)
{
    const auto &shape = m_target.arrays[array].document.shape;
    return read(array, Extent(shape.size(), 0), shape);
}

Result<std::unique_ptr<ElementBuffer>>
TargetValues::read(std::size_t array, const Extent &start, const Extent &extent)
{
    MDIMAPPEND_RETURN_IF_ERROR(
        checkReadWhole(m_target.arrays[array].name, extent)
            .prefixed("the target"));
    MDIMAPPEND_ASSIGN(const auto handle,
                      ArrayHandle::open(*m_view, array, OpenMode::Read));
    auto buffer =
        std::make_unique<ElementBuffer>(handle->type(), elementCount(extent));
    MDIMAPPEND_RETURN_IF_ERROR(handle->read(start, extent, buffer->data()));
    MDIMAPPEND_RETURN_IF_ERROR(m_view->failure());
    return buffer;
}

Result<CoordinateValues> TargetValues::coordinate(std::size_t array)
{
    const auto &document = m_target.arrays[array].document;
    MDIMAPPEND_ASSIGN(const auto buffer, readAll(array));
    if (document.dataType.isString())
    {
        CoordinateValues values;
        values.shape = document.shape;
        values.texts = buffer->strings();
        return values;
    }
    auto values = coordinateValues(
        buffer->data(), GDALExtendedDataType::Create(document.dataType.gdal),
        document.shape);
    unpack(values, numberMember(document.attributes, "scale_factor"),
           numberMember(document.attributes, "add_offset"));
    return values;
}

ReadValues TargetValues::reader(std::size_t array) const
{
    return [this, array, handle = std::shared_ptr<ArrayHandle>()](
               const Extent &start, const Extent &size,
               void *values) mutable -> Status
    {
        if (!handle)
        {
            MDIMAPPEND_ASSIGN(
                handle, ArrayHandle::open(*m_view, array, OpenMode::Read));
        }
        MDIMAPPEND_RETURN_IF_ERROR(handle->read(start, size, values));
        return m_view->failure();
    };
}

/// Labels that are gone would be taken for others, and the steps that had them
/// would be appended again.
Status TargetValues::checkAreThere(const TargetArray &labels,
                                   const ElementBuffer &values,
                                   std::uint64_t first, std::uint64_t end)
{
    MDIMAPPEND_ASSIGN(const auto missing,
                      firstMissing(labels, values.data(), end - first));
    return missing
               ? error("label " + std::to_string(first + *missing) +
                       " of the target is missing: there is none in '" +
                       labels.name +
                       "', as if its chunk had been removed. Put that file "
                       "back from a copy of the cube, or write the labels anew "
                       "with another tool.")
               : Status::ok();
}

Result<Labels> TargetValues::labels(std::uint64_t first, std::uint64_t end)
{
    const auto *array = m_target.labels();
    if (!array)
        return Labels{};
    MDIMAPPEND_ASSIGN(
        const auto buffer,
        read(static_cast<std::size_t>(array - m_target.arrays.data()), {first},
             {end - first}));
    if (array->document.dataType.isString())
        return textLabels(buffer->strings());
    MDIMAPPEND_RETURN_IF_ERROR(checkAreThere(*array, *buffer, first, end));
    const auto &attributes = array->document.attributes;
    MDIMAPPEND_RETURN_IF_ERROR(checkLabelsNotPacked(
        "the target's", numberMember(attributes, "scale_factor").value_or(1),
        numberMember(attributes, "add_offset").value_or(0)));
    auto labels = decodeLabels(labelForm(*array), buffer->data(),
                               static_cast<std::size_t>(end - first));
    return labels ? std::move(labels)
                  : labels.takeStatus().prefixed("the labels of the target");
}

Result<std::optional<std::string>> TargetValues::firstDifference(
    const Slice &slice, const std::vector<Match> &matches, const RowRun &run)
{
    for (const auto &match : matches)
    {
        if (!match.sliceArray)
            continue;
        const auto &target = m_target.arrays[match.targetArray];
        MDIMAPPEND_ASSIGN(
            const auto difference,
            comparison(slice, match)
                .firstInRows(run.sliceRow, run.targetRow, run.rows));
        if (difference)
            return std::optional<std::string>("array '" + target.name + "'");
    }
    return std::optional<std::string>();
}

}  // namespace mdimappend
