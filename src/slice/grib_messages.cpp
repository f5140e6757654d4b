// Goes through GDAL's arrays in their order, which is that of the messages, and
// through the messages of the file beside them.

#include "slice/grib_messages.h"

#include "slice/attributes_json.h"
#include "slice/grib_templates.h"
#include "slice/grib_time.h"

namespace mdimappend
{

namespace
{

/// One array of fields.
struct FieldsOfArray
{
    std::string name{};
    std::shared_ptr<GDALMDArray> array{};
    std::optional<std::uint64_t> times{};  ///< length of TIME, if it has it
};

/// Coordinates have one dimension.
std::vector<FieldsOfArray> fieldsOf(const GDALGroup &root)
{
    std::vector<FieldsOfArray> fields;
    for (const std::string &name : root.GetMDArrayNames())
    {
        FieldsOfArray each{name, root.OpenMDArray(name)};
        if (!each.array || each.array->GetDimensionCount() < 2)
            continue;
        if (each.array->GetDimensionCount() > 2)
            each.times = each.array->GetDimensions()[0]->GetSize();
        fields.push_back(std::move(each));
    }
    return fields;
}

/// "UGRD_10-HTGL" of "UGRD_10-HTGL_3", by its attributes.
std::string nameOf(const FieldsOfArray &fields, const Json &attributes)
{
    std::string name = textMember(attributes, "name") + "_" +
                       textMember(attributes, "first_level");
    return fields.name.starts_with(name) ? name : fields.name;
}

/// GDAL's arrays are in the order of the messages; what it says of their first
/// ones shows whether the two lists are of the same messages.
Status checkSame(const FieldsOfArray &fields, const Json &attributes,
                 const GribSections &sections)
{
    const auto number =
        numberMember(attributes, "product_definition_template_number");
    if (!number ||
        (sections.edition == 2 &&
         *number == static_cast<double>(gribTemplateNumber(sections))))
        return Status::ok();
    return unavailable("its messages cannot be told apart: '" + fields.name +
                       "' is of another product than GDAL says.");
}

Result<GribMessage> messageOf(const FieldsOfArray &fields,
                              const GribSections &sections, bool isFirst)
{
    MDIMAPPEND_ASSIGN(const Json attributes, attributesToJson(*fields.array));
    if (isFirst)
        MDIMAPPEND_RETURN_IF_ERROR(checkSame(fields, attributes, sections));
    GribMessage message;
    message.array = fields.name;
    message.name = nameOf(fields, attributes);
    message.sections = sections;
    if (auto definition = gribDefinition(sections))
        message.definition = std::move(*definition);
    else
        message.problem = definition.status().message();
    message.product = gribProduct(message.definition);
    if (const auto reference = gribReference(sections))
        message.reference = gribText(*reference);
    if (const auto validity = gribValidity(sections))
        message.validity =
            static_cast<double>(validity->time_since_epoch().count());
    else if (message.problem.empty())
        message.problem = "the time that it is valid for is no date, or is "
                          "counted in a unit that is not known here";
    return message;
}

Status otherMessages(std::size_t inArrays, std::size_t inFile)
{
    return unavailable("its messages cannot be told apart: the file has " +
                       std::to_string(inFile) + " one by one, and GDAL " +
                       std::to_string(inArrays) + " in arrays.");
}

}  // namespace

Result<std::vector<GribMessage>> gribMessages(const GDALGroup &root,
                                              const std::string &file)
{
    MDIMAPPEND_ASSIGN(const auto sections, gribSections(file));
    const auto arrays = fieldsOf(root);
    std::size_t count = 0;
    for (const FieldsOfArray &fields : arrays)
        count += static_cast<std::size_t>(fields.times.value_or(1));
    if (count != sections.size())
        return otherMessages(count, sections.size());
    std::vector<GribMessage> messages;
    for (const FieldsOfArray &fields : arrays)
        for (std::uint64_t i = 0; i < fields.times.value_or(1); ++i)
        {
            MDIMAPPEND_ASSIGN(
                GribMessage message,
                messageOf(fields, sections[messages.size()], i == 0));
            if (fields.times)
                message.index = i;
            messages.push_back(std::move(message));
        }
    return messages;
}

}  // namespace mdimappend
