// Readers of settings with a form of their own: configuration, slices,
// variables.

#include "settings/settings_readers.h"

#include "secrets.h"
#include "settings/encoding.h"
#include "settings/storage_options.h"

#include <limits>
#include <map>

namespace mdimappend
{

void mergeDeep(Json &into, const Json &over)
{
    if (!into.is_object() || !over.is_object())
    {
        into = over;
        return;
    }
    for (const auto &[key, value] : over.items())
        mergeDeep(into[key], value);
}

Status readConfig(const Value &value, std::vector<std::string> &config)
{
    if (value.json().is_array())
    {
        MDIMAPPEND_ASSIGN(const auto pairs, value.names());
        for (const auto &pair : pairs)
        {
            const auto middle = pair.find('=');
            if (middle == 0 || middle == std::string::npos)
                return value.fail("'" + withoutSecrets(pair) +
                                  "' is not KEY=VALUE");
            setConfig(config, pair.substr(0, middle), pair.substr(middle + 1));
        }
        return Status::ok();
    }
    if (!value.json().is_object())
        return value.wrong("an object, or a list of KEY=VALUE");
    for (const auto &[key, option] : value.json().items())
    {
        const Value element = value.at(key);
        if (key.empty() || key.find('=') != std::string::npos)
            return element.fail("'" + key + "' is not an option's name");
        if (option.is_boolean())
            setConfig(config, key, option.get<bool>() ? "YES" : "NO");
        else if (option.is_number_integer())
            setConfig(config, key, dumpJson(option, -1));
        else
        {
            MDIMAPPEND_ASSIGN(const auto text, element.text());
            setConfig(config, key, text);
        }
    }
    return Status::ok();
}

Status readZarrFormat(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(const auto format, value.whole(2, 3));
    settings.options.zarrFormat = format == 2 ? ZarrFormat::V2 : ZarrFormat::V3;
    return Status::ok();
}

Status readSlicesPerCommit(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(const auto count,
                      value.whole(1, std::numeric_limits<int>::max()));
    settings.options.slicesPerCommit = static_cast<int>(count);
    return Status::ok();
}

Status readThreads(const Value &value, Settings &settings)
{
    std::int64_t threads = 0;
    if (value.json() != "ALL_CPUS")
    {
        if (!value.json().is_number())
            return value.wrong("a whole number or ALL_CPUS");
        MDIMAPPEND_ASSIGN(threads, value.whole(1, 1024));
    }
    settings.options.threads = static_cast<int>(threads);
    return Status::ok();
}

Status readStep(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(settings.options.step, stepOf(value));
    return Status::ok();
}

Status readFixedDims(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
    for (const auto &[name, ignored] : value.json().items())
    {
        MDIMAPPEND_ASSIGN(
            const auto size,
            value.at(name).whole(1, std::numeric_limits<std::int64_t>::max()));
        settings.options.fixedDims[name] = static_cast<std::uint64_t>(size);
    }
    return Status::ok();
}

Status readRename(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
    for (const auto &[from, ignored] : value.json().items())
    {
        MDIMAPPEND_ASSIGN(settings.options.renamedArrays[from],
                          value.at(from).name());
    }
    return Status::ok();
}

Status readAttributes(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
    mergeDeep(settings.options.attributes, value.json());
    return Status::ok();
}

Status readBothConfigs(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(readConfig(value, settings.options.sliceConfig));
    return readConfig(value, settings.options.targetConfig);
}

Status readEngine(const Value &value, Settings &settings)
{
    static const std::map<std::string, std::vector<std::string>> engines = {
        {"netcdf4", {"netCDF"}}, {"h5netcdf", {"netCDF", "HDF5"}},
        {"scipy", {"netCDF"}},   {"zarr", {"Zarr"}},
        {"cfgrib", {"GRIB"}},    {"rasterio", {}}};
    MDIMAPPEND_ASSIGN(const auto engine, value.name());
    const auto drivers = engines.find(engine);
    if (drivers == engines.end())
        return value.fail("no GDAL driver is known for xarray's engine '" +
                          engine + "': name drivers with input_format");
    settings.options.allowedDrivers = drivers->second;
    return Status::ok();
}

namespace
{

/// A label may be a number: labels of an append dimension often are.
Status readLabel(const Value &value, NamedSlice &slice)
{
    if (value.json().is_number())
        slice.label = dumpJson(value.json(), -1);
    else
    {
        MDIMAPPEND_ASSIGN(slice.label, value.name());
    }
    return Status::ok();
}

}  // namespace

const std::vector<Key<NamedSlice>> &sliceKeys()
{
    static const std::vector<Key<NamedSlice>> keys = {
        {"slice", "",
         [](const Value &value, NamedSlice &slice) -> Status
         {
             MDIMAPPEND_ASSIGN(slice.name, value.name());
             return Status::ok();
         }},
        {"label", "", readLabel}};
    return keys;
}

Status readSlices(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireList());
    std::vector<NamedSlice> slices;
    for (std::size_t i = 0; i < value.json().size(); ++i)
    {
        const Value element = value.at(i);
        NamedSlice slice;
        if (element.json().is_object())
        {
            MDIMAPPEND_RETURN_IF_ERROR(readObject(element, sliceKeys(), slice));
            if (slice.name.empty())
                return element.fail("'slice' is missing");
        }
        else
        {
            MDIMAPPEND_ASSIGN(slice.name, element.name());
        }
        slices.push_back(std::move(slice));
    }
    settings.options.slices = std::move(slices);
    return Status::ok();
}

const std::vector<Key<VariableReading>> &variableKeys()
{
    static const std::vector<Key<VariableReading>> keys = {
        {"dims", "",
         [](const Value &value, VariableReading &variable) -> Status
         {
             MDIMAPPEND_ASSIGN(variable.encoding.dimensions, value.names());
             return Status::ok();
         }},
        {"attrs", "",
         [](const Value &value, VariableReading &variable) -> Status
         {
             MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
             mergeDeep(variable.encoding.attributes, value.json());
             return Status::ok();
         }},
        {"encoding", "", [](const Value &value, VariableReading &variable)
         {
             EncodingReading reading{variable.encoding, variable.warnings};
             return readEncoding(value, reading);
         }}};
    return keys;
}

Status readVariables(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
    for (const auto &[name, ignored] : value.json().items())
    {
        VariableReading reading{settings.options.encodings[name],
                                settings.warnings};
        MDIMAPPEND_RETURN_IF_ERROR(
            readObject(value.at(name), variableKeys(), reading));
    }
    return Status::ok();
}

}  // namespace mdimappend
