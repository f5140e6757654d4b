// Creation options of the driver: the algorithm's arguments by other names.

#include "creation_options.h"

#include <cpl_minixml.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string_view>
#include <vector>

namespace mdimappend
{

namespace
{

/// The dataset that is copied is the only slice, and it is open; the report is
/// the dataset that comes back, which GDAL's own configuration has to open.
constexpr std::array<std::string_view, 15> notHere = {"input",
                                                      "output",
                                                      "input-format",
                                                      "open-option",
                                                      "slices-from",
                                                      "wait",
                                                      "poll-interval",
                                                      "ready-suffix",
                                                      "slice-config",
                                                      "target-config",
                                                      "slices-per-commit",
                                                      "keep-going",
                                                      "dry-run",
                                                      "report",
                                                      "verbose"};

bool isCreationOption(const GDALAlgorithmArg &argument)
{
    return argument.IsInput() && !argument.IsHiddenForAPI() &&
           argument.GetCategory() != GAAC_COMMON &&
           std::find(notHere.begin(), notHere.end(), argument.GetName()) ==
               notHere.end();
}

std::string optionName(const GDALAlgorithmArg &argument)
{
    return CPLString(argument.GetName()).replaceAll('-', '_').toupper();
}

bool isList(const GDALAlgorithmArg &argument)
{
    return GDALAlgorithmArgTypeIsList(argument.GetType());
}

const char *typeName(const GDALAlgorithmArg &argument)
{
    if (!argument.GetChoices().empty())
        return "string-select";
    switch (argument.GetType())
    {
    case GAAT_BOOLEAN:
        return "boolean";
    case GAAT_INTEGER:
        return "int";
    case GAAT_REAL:
        return "float";
    default:
        return "string";
    }
}

std::string defaultText(const GDALAlgorithmArg &argument)
{
    if (!argument.HasDefaultValue())
        return {};
    switch (argument.GetType())
    {
    case GAAT_INTEGER:
        return std::to_string(argument.GetDefault<int>());
    case GAAT_STRING:
        return argument.GetDefault<std::string>();
    default:
        return {};
    }
}

void addBound(CPLXMLNode *option, const char *name,
              const std::pair<double, bool> &bound, const char *type)
{
    // It is part of the values, and finite, in all arguments of the algorithm.
    if (bound.second && EQUAL(type, "int"))
        CPLAddXMLAttributeAndValue(
            option, name,
            std::to_string(static_cast<long long>(bound.first)).c_str());
}

void addOption(CPLXMLNode *list, const GDALAlgorithmArg &argument)
{
    auto *option = CPLCreateXMLNode(list, CXT_Element, "Option");
    const char *type = typeName(argument);
    CPLAddXMLAttributeAndValue(option, "name", optionName(argument).c_str());
    CPLAddXMLAttributeAndValue(option, "type", type);
    const auto description =
        argument.GetDescription() + (isList(argument) ? " (repeatable)" : "");
    CPLAddXMLAttributeAndValue(option, "description", description.c_str());
    const auto byDefault = defaultText(argument);
    if (!byDefault.empty())
        CPLAddXMLAttributeAndValue(option, "default", byDefault.c_str());
    addBound(option, "min", argument.GetMinValue(), type);
    addBound(option, "max", argument.GetMaxValue(), type);
    for (const auto &choice : argument.GetChoices())
        CPLCreateXMLElementAndValue(option, "Value", choice.c_str());
}

Result<GDALAlgorithmArg *> findArgument(const std::string &key,
                                        GDALAlgorithm &append)
{
    for (const auto &argument : append.GetArgs())
        if (isCreationOption(*argument) &&
            EQUAL(optionName(*argument).c_str(), key.c_str()))
            return argument.get();
    return Status(Failure::Usage,
                  STARTS_WITH_CI(key.c_str(), "ARRAY:")
                      ? "'" + key + "': array options go into ENCODING"
                      : "there is no creation option '" + key + "'");
}

Status add(const std::string &key, const std::string &value,
           GDALAlgorithm &append)
{
    MDIMAPPEND_ASSIGN(GDALAlgorithmArg *const argument,
                      findArgument(key, append));
    bool set = false;
    if (isList(*argument))
    {
        auto values = argument->IsExplicitlySet()
                          ? argument->Get<std::vector<std::string>>()
                          : std::vector<std::string>();
        if (argument->GetPackedValuesAllowed())
            for (const char *part :
                 CPLStringList(CSLTokenizeString2(value.c_str(), ",", 0)))
                values.emplace_back(part);
        else
            values.push_back(value);
        set = argument->Set(values);
    }
    else if (argument->IsExplicitlySet())
        return {Failure::Usage,
                "the creation option " + key + " is given twice"};
    else
        set = argument->Set(value);
    return set ? Status::ok()
               : Status(Failure::Usage, "the creation option " + key +
                                            " cannot be '" + value + "'");
}

}  // namespace

std::string creationOptionsXml(const GDALAlgorithm &append,
                               const std::string &root)
{
    const CPLXMLTreeCloser list(
        CPLCreateXMLNode(nullptr, CXT_Element, root.c_str()));
    for (const auto &argument : append.GetArgs())
        if (isCreationOption(*argument))
            addOption(list.get(), *argument);
    const std::unique_ptr<char, VSIFreeReleaser> text(
        CPLSerializeXMLTree(list.get()));
    return text.get();
}

Status setCreationOptions(CSLConstList options, GDALAlgorithm &append)
{
    for (const std::string option : CPLStringList(options))
    {
        const auto equals = option.find('=');
        const auto key = option.substr(0, equals);
        if (key.empty() || equals == std::string::npos)
            return {Failure::Usage,
                    "the creation option '" + option + "' is not NAME=VALUE"};
        // Such options are between GDAL and its callers.
        if (key[0] == '@' || EQUAL(key.c_str(), "APPEND_SUBDATASET"))
            continue;
        MDIMAPPEND_RETURN_IF_ERROR(add(key, option.substr(equals + 1), append));
    }
    return Status::ok();
}

}  // namespace mdimappend
