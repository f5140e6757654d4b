// Takes a label from the settings, from a slice's name or from its metadata.

#include "slice/slice_label.h"

#include "slice/attributes_json.h"

namespace mdimappend
{

namespace
{

std::string baseName(std::string path)
{
    while (path.size() > 1 && path.back() == '/')
        path.pop_back();
    return path.substr(path.find_last_of('/') + 1);
}

Result<GivenLabel> labelInMetadata(const std::string &item,
                                   const Json &attributes, GDALDataset &dataset)
{
    if (const char *value = dataset.GetMetadataItem(item.c_str()))
        return GivenLabel{isoDate(validUtf8(value))};
    const auto found = attributes.find(item);
    if (found != attributes.end())
        return GivenLabel{isoDate(textOrJson(*found))};
    return refused("has no metadata item '" + item +
                   "' (--label-from metadata:" + item + ").");
}

}  // namespace

std::string isoDate(const std::string &text)
{
    constexpr std::string_view form = "dddd:dd:dd dd:dd:dd";
    if (text.size() != form.size())
        return text;
    for (std::size_t i = 0; i < form.size(); ++i)
        if (form[i] == 'd' ? text[i] < '0' || text[i] > '9'
                           : text[i] != form[i])
            return text;
    std::string iso = text;
    iso[4] = iso[7] = '-';
    iso[10] = 'T';
    return iso;
}

Result<GivenLabel> labelOf(const SliceRequest &request, const Json &attributes,
                           GDALDataset &dataset)
{
    if (request.label)
        return GivenLabel{*request.label};
    const std::string &from = request.labelFrom;
    if (from.starts_with("metadata:"))
        return labelInMetadata(from.substr(9), attributes, dataset);
    if (!from.starts_with("name:"))
        return Status(Failure::Usage,
                      "--label-from '" + from +
                          "' is neither name:PATTERN nor metadata:ITEM.");
    MDIMAPPEND_ASSIGN(std::string date,
                      dateInName(baseName(request.name), from.substr(5)));
    return GivenLabel{std::move(date)};
}

}  // namespace mdimappend
