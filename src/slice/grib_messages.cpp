// Goes through GDAL's arrays in their order, which is that of the messages, and
// through the bands of the same file beside them.

#include "slice/grib_messages.h"

#include "slice/attributes_json.h"
#include "slice/gdal_messages.h"

#include <cpl_string.h>

#include <cstdlib>

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

Result<GribMessage> messageOf(const FieldsOfArray &fields)
{
    MDIMAPPEND_ASSIGN(const Json attributes, attributesToJson(*fields.array));
    GribMessage message;
    message.array = fields.name;
    message.name = nameOf(fields, attributes);
    message.validity = numberMember(attributes, "validity_time").value_or(0);
    message.product = gribProduct(attributes);
    for (const char *name :
         {"product_definition_template_number", "product_definition_numbers"})
        if (attributes.contains(name))
            message.definition[name] = attributes[name];
    return message;
}

std::vector<long> numbersIn(const char *text)
{
    std::vector<long> numbers;
    for (const char *number : CPLStringList(CSLTokenizeString(text)))
        numbers.push_back(std::strtol(number, nullptr, 10));
    return numbers;
}

void describeByBand(GribMessage &message, GDALRasterBand &band)
{
    const auto item = [&](const char *name)
    {
        const char *value = band.GetMetadataItem(name);
        return std::string(value ? value : "");
    };
    message.validity = CPLAtof(item("GRIB_VALID_TIME").c_str());
    const std::string number = item("GRIB_PDS_PDTN");
    message.product.reset();
    if (number.empty())
        return;
    message.definition["product_definition_template_number"] =
        std::strtol(number.c_str(), nullptr, 10);
    message.definition["product_definition_numbers"] =
        numbersIn(item("GRIB_PDS_TEMPLATE_ASSEMBLED_VALUES").c_str());
    message.product = gribProduct(message.definition);
}

Result<GDALDatasetUniquePtr> openBands(const std::string &file)
{
    const GdalMessages messages;
    const char *const drivers[] = {"GRIB", nullptr};
    // An index beside the file would name other messages.
    const char *const options[] = {"USE_IDX=NO", nullptr};
    GDALDatasetUniquePtr bands(GDALDataset::Open(
        file.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR,
        drivers, options, nullptr));
    if (!bands)
        return unavailable("its messages cannot be listed: " +
                           messages.failure("the driver does not say why") +
                           ".");
    return bands;
}

Status describeByBands(std::vector<GribMessage> &messages,
                       const std::string &file)
{
    MDIMAPPEND_ASSIGN(const auto bands, openBands(file));
    if (static_cast<std::size_t>(bands->GetRasterCount()) != messages.size())
        return unavailable("its messages cannot be told apart: GDAL finds " +
                           std::to_string(bands->GetRasterCount()) +
                           " one by one, and " +
                           std::to_string(messages.size()) + " in arrays.");
    int number = 0;
    for (GribMessage &message : messages)
        describeByBand(message, *bands->GetRasterBand(++number));
    return Status::ok();
}

}  // namespace

Result<std::vector<GribMessage>> gribMessages(const GDALGroup &root,
                                              const std::string &file)
{
    std::vector<GribMessage> messages;
    bool anyTimes = false;
    for (const FieldsOfArray &fields : fieldsOf(root))
    {
        MDIMAPPEND_ASSIGN(GribMessage message, messageOf(fields));
        if (!fields.times)
            messages.push_back(std::move(message));
        else
            for (std::uint64_t i = 0; i < *fields.times; ++i)
            {
                message.index = i;
                messages.push_back(message);
            }
        anyTimes = anyTimes || fields.times;
    }
    if (anyTimes)
        MDIMAPPEND_RETURN_IF_ERROR(describeByBands(messages, file));
    return messages;
}

}  // namespace mdimappend
