// Takes a label from the settings, from a slice's name or from its metadata.

#include "slice/slice_label.h"

#include "slice/attributes_json.h"
#include "slice/product_date.h"

#include <regex>

namespace mdimappend
{

namespace
{

/// TIFF's and EXIF's form has always been taken for a date, whatever the
/// labels.
GivenLabel labelOfText(const std::string &text)
{
    static const std::regex exif(R"(\d{4}:\d\d:\d\d \d\d:\d\d:\d\d)");
    const std::string date = productDate(text).value_or("");
    const bool isExif = text.size() < 20 && std::regex_match(text, exif);
    return {isExif && !date.empty() ? date : text, date};
}

Result<GivenLabel> labelInMetadata(const std::string &item,
                                   const Json &attributes, GDALDataset &dataset)
{
    if (const char *value = dataset.GetMetadataItem(item.c_str()))
        return labelOfText(validUtf8(value));
    const auto found = attributes.find(item);
    if (found != attributes.end())
        return labelOfText(textOrJson(*found));
    return refused("has no metadata item '" + item +
                   "' (--label-from metadata:" + item + ").");
}

}  // namespace

Result<GivenLabel> labelOf(const SliceRequest &request, const Json &attributes,
                           GDALDataset &dataset)
{
    if (request.label)
        return GivenLabel{*request.label, {}};
    const std::string &from = request.labelFrom;
    if (from.starts_with("metadata:"))
        return labelInMetadata(from.substr(9), attributes, dataset);
    if (!from.starts_with("name:"))
        return Status(Failure::Usage,
                      "--label-from '" + from +
                          "' is neither name:PATTERN nor metadata:ITEM.");
    MDIMAPPEND_ASSIGN(std::string date,
                      dateInPath(request.name, from.substr(5)));
    return GivenLabel{std::move(date), {}};
}

}  // namespace mdimappend
