// Takes a label from the settings, from a slice's name or from its metadata.

#include "slice/slice_label.h"

#include "slice/asked_names.h"
#include "slice/attributes_json.h"
#include "slice/product_date.h"
#include "slice/time_arrays.h"

#include <regex>

namespace mdimappend
{

namespace
{

/// TIFF's and EXIF's form has always been taken for a date, whatever the
/// labels. Along time, digits are dates, too.
GivenLabel labelOfText(const std::string &text, const std::string &dimension)
{
    static const std::regex exif(R"(\d{4}:\d\d:\d\d \d\d:\d\d:\d\d)");
    std::string date = productDate(text).value_or("");
    const bool isExif = text.size() < 20 && std::regex_match(text, exif);
    if (isExif && !date.empty())
        return {date, date};
    if (date.empty() && isNameOfTime(dimension) && areDigitsOfDate(text))
        date = dateInDigits(text).value_or(text);
    return {text, date};
}

Result<GivenLabel> labelInMetadata(const std::string &item,
                                   const std::string &dimension,
                                   const Json &attributes, GDALDataset &dataset)
{
    if (const char *value = dataset.GetMetadataItem(item.c_str()))
        return labelOfText(validUtf8(value), dimension);
    const auto found = attributes.find(item);
    if (found != attributes.end())
        return labelOfText(textOrJson(*found), dimension);
    return refused("has no metadata item '" + item +
                   "' (--label-from metadata:" + item + ").");
}

/// A number that was given is one, but for digits of a date along time.
GivenLabel labelGiven(const std::string &text, const std::string &dimension)
{
    const bool isNumber =
        text.find_first_not_of("+-.0123456789") == text.npos &&
        text.find('-', 1) == text.npos;
    if (!isNumber)
        return {text, productDate(text).value_or("")};
    const bool isDate = isNameOfTime(dimension) && areDigitsOfDate(text);
    return {text, isDate ? dateInDigits(text).value_or("") : ""};
}

}  // namespace

Status checkLabelFrom(const std::string &labelFrom)
{
    if (labelFrom.empty() || labelFrom.starts_with("metadata:"))
        return Status::ok();
    if (labelFrom.starts_with("name:"))
        return datesInName("", labelFrom.substr(5)).status();
    return {Failure::Usage, "--label-from '" + labelFrom +
                                "' is neither name:PATTERN nor metadata:ITEM."};
}

Result<GivenLabel> labelOf(const SliceRequest &request,
                           const std::string &dimension, const Json &attributes,
                           GDALDataset &dataset)
{
    if (request.label)
        return labelGiven(*request.label, dimension);
    const std::string &from = request.labelFrom;
    MDIMAPPEND_RETURN_IF_ERROR(checkLabelFrom(from));
    if (from.starts_with("metadata:"))
        return labelInMetadata(from.substr(9), dimension, attributes, dataset);
    MDIMAPPEND_ASSIGN(std::string date,
                      dateInPath(request.name, from.substr(5)));
    return GivenLabel{date, date};
}

}  // namespace mdimappend
