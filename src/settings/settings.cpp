#include "settings/settings.h"

#include "settings/encoding.h"
#include "settings/settings_readers.h"
#include "settings/settings_text.h"
#include "settings/storage_options.h"

#include <limits>

namespace mdimappend
{

namespace
{

using Read = std::function<Status(const Value &, Settings &)>;

/// A member of AppendOptions that is read as `read` says.
template <class Member, class Method>
Read into(Member AppendOptions::*member, Method method)
{
    return [member, method](const Value &value, Settings &settings) -> Status
    {
        MDIMAPPEND_ASSIGN(settings.options.*member, (value.*method)());
        return Status::ok();
    };
}

/// A member that takes one of several values, by name.
template <class Member>
Read oneOf(Member AppendOptions::*member,
           std::vector<std::pair<std::string, Member>> choices)
{
    return [member, choices = std::move(choices)](const Value &value,
                                                  Settings &settings) -> Status
    {
        std::vector<std::string> names;
        for (const auto &[name, ignored] : choices)
            names.push_back(name);
        MDIMAPPEND_ASSIGN(const auto which, value.choice(names));
        settings.options.*member = choices[which].second;
        return Status::ok();
    };
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

Read config(std::vector<std::string> AppendOptions::*member)
{
    return [member](const Value &value, Settings &settings)
    { return readConfig(value, settings.options.*member); };
}

Read storageOptions(std::vector<std::string> AppendOptions::*member)
{
    return [member](const Value &value, Settings &settings)
    { return readStorageOptions(value, settings.options.*member); };
}

Status readBothConfigs(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(readConfig(value, settings.options.sliceConfig));
    return readConfig(value, settings.options.targetConfig);
}

/// xarray's engines, as the GDAL drivers that read the same.
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

Status readVersion(const Value &value, Settings &)
{
    MDIMAPPEND_ASSIGN(const auto version, value.whole(1, 1));
    static_cast<void>(version);
    return Status::ok();
}

/// A key that may only be false: `reason` says why.
Read onlyFalse(std::string reason)
{
    return
        [reason = std::move(reason)](const Value &value, Settings &) -> Status
    {
        MDIMAPPEND_ASSIGN(const bool wanted, value.truth());
        return wanted ? value.fail(reason) : Status::ok();
    };
}

Read ignored(std::string reason)
{
    return [reason = std::move(reason)](const Value &value, Settings &settings)
    {
        if (value.json() != false && !value.json().is_null())
            settings.warnings.push_back(value.where() + ": ignored; " + reason);
        return Status::ok();
    };
}

const std::vector<std::pair<std::string, std::string>> &refusedKeys()
{
    static const std::vector<std::pair<std::string, std::string>> keys = {
        {"slice_source",
         "it names Python code: use slices_from, or the Python package"},
        {"slice_source_kwargs",
         "it is for Python code: use slices_from, or the Python package"},
        {"label", "give labels with their slices: slices: [{slice: ..., "
                  "label: ...}]"},
        {"encoding", "give it by array: variables: {NAME: {encoding: ...}}"},
        {"settings", "a settings file names no others: give several with "
                     "--settings"}};
    return keys;
}

using O = AppendOptions;

std::vector<Key<Settings>> sliceSettings()
{
    return {{"slices", "", readSlices},
            {"input", "slices", readSlices},
            {"slices_from", "", into(&O::slicesFrom, &Value::name)},
            {"append_dim", "", into(&O::appendDim, &Value::name)},
            {"label_from", "", into(&O::labelFrom, &Value::name)},
            {"included_variables", "", into(&O::arrays, &Value::names)},
            {"array", "included_variables", into(&O::arrays, &Value::names)},
            {"excluded_variables", "", into(&O::excludedArrays, &Value::names)},
            {"exclude_array", "excluded_variables",
             into(&O::excludedArrays, &Value::names)},
            {"rename", "", readRename},
            {"input_format", "", into(&O::allowedDrivers, &Value::names)},
            {"slice_engine", "input_format", readEngine},
            {"open_options", "", config(&O::openOptions)},
            {"open_option", "open_options", config(&O::openOptions)},
            // Polling before what refines it.
            {"slice_polling", "", readPolling},
            {"wait", "slice_polling", readWait},
            {"poll_interval", "", readPollInterval},
            {"ready_suffix", "", into(&O::readySuffix, &Value::text)}};
}

std::vector<Key<Settings>> targetSettings()
{
    using Mode = AttributesMode;
    const std::vector<std::pair<std::string, Mode>> modes = {
        {"keep", Mode::Keep},
        {"replace", Mode::Replace},
        {"update", Mode::Update},
        {"ignore", Mode::Ignore}};
    return {
        {"target_dir", "", into(&O::target, &Value::name)},
        {"output", "target_dir", into(&O::target, &Value::name)},
        {"group", "", into(&O::group, &Value::text)},
        {"zarr_format", "", readZarrFormat},
        {"zarr_version", "zarr_format", readZarrFormat},
        {"consolidated", "", into(&O::consolidated, &Value::truth)},
        {"fixed_dims", "", readFixedDims},
        {"variables", "", readVariables},
        {"attrs", "", readAttributes},
        {"attrs_update_mode", "", oneOf(&O::attributesMode, modes)},
        {"attributes", "attrs_update_mode", oneOf(&O::attributesMode, modes)},
        {"force_new", "", into(&O::overwrite, &Value::truth)},
        {"overwrite", "force_new", into(&O::overwrite, &Value::truth)}};
}

std::vector<Key<Settings>> guardSettings()
{
    const std::vector<std::pair<std::string, bool>> ignoring = {
        {"error", false}, {"ignore", true}};
    const auto onSize = [](const Value &value, Settings &) -> Status
    {
        MDIMAPPEND_ASSIGN(const auto only, value.choice({"error"}));
        static_cast<void>(only);
        return Status::ok();
    };
    return {{"on_size", "", onSize},
            {"on_coordinate", "", oneOf(&O::ignoreCoordinates, ignoring)},
            {"on_crs", "", oneOf(&O::ignoreCrs, ignoring)},
            {"on_units", "", oneOf(&O::ignoreUnits, ignoring)},
            {"on_missing_array", "",
             oneOf<bool>(&O::fillMissingArrays,
                         {{"error", false}, {"fill", true}})},
            {"on_extra_array", "",
             oneOf<bool>(&O::refuseExtraArrays,
                         {{"ignore", false}, {"error", true}})},
            {"on_overflow", "",
             oneOf<OnOverflow>(&O::onOverflow, {{"error", OnOverflow::Error},
                                                {"clamp", OnOverflow::Clamp},
                                                {"fill", OnOverflow::Fill}})},
            {"on_duplicate", "",
             oneOf<OnDuplicate>(&O::onDuplicate,
                                {{"identical", OnDuplicate::Identical},
                                 {"error", OnDuplicate::Error},
                                 {"skip", OnDuplicate::Skip},
                                 {"replace", OnDuplicate::Replace}})},
            {"append_step", "", readStep},
            {"step", "append_step", readStep},
            {"require_aligned", "", into(&O::requireAligned, &Value::truth)},
            {"merge_shards", "", into(&O::mergeShards, &Value::truth)}};
}

std::vector<Key<Settings>> runSettings()
{
    const auto report = [](const Value &value, Settings &settings) -> Status
    {
        MDIMAPPEND_ASSIGN(const auto which, value.choice({"text", "json"}));
        settings.report = which == 0 ? "text" : "json";
        return Status::ok();
    };
    const auto quiet = [](const Value &value, Settings &settings) -> Status
    {
        MDIMAPPEND_ASSIGN(settings.quiet, value.truth());
        return Status::ok();
    };
    return {
        {"lock", "",
         oneOf<LockMode>(&O::lock, {{"auto", LockMode::Auto},
                                    {"lease", LockMode::Lease},
                                    {"none", LockMode::None}})},
        {"lease", "", readLease},
        {"lock_timeout", "", readLockTimeout},
        {"durability", "",
         oneOf<Durability>(&O::durability, {{"full", Durability::Full},
                                            {"process", Durability::Process}})},
        {"slices_per_commit", "", readSlicesPerCommit},
        {"keep_going", "", into(&O::keepGoing, &Value::truth)},
        {"num_threads", "", readThreads},
        {"dry_run", "", into(&O::dryRun, &Value::truth)},
        {"message", "", into(&O::message, &Value::text)},
        {"report", "", report},
        {"quiet", "", quiet},
        {"config", "", readBothConfigs},
        {"target_config", "", config(&O::targetConfig)},
        {"slice_config", "", config(&O::sliceConfig)},
        {"target_storage_options", "", storageOptions(&O::targetConfig)},
        {"slice_storage_options", "", storageOptions(&O::sliceConfig)}};
}

std::vector<Key<Settings>> zappendSettings()
{
    return {
        {"version", "", readVersion},
        {"permit_eval", "", onlyFalse("Python expressions are not evaluated")},
        {"disable_rollback", "",
         onlyFalse("an append is finished or undone, always; "
                   "durability: process makes it faster")},
        {"persist_mem_slices", "",
         ignored("slices are read where they are, chunk by chunk")},
        {"temp_dir", "", ignored("what undoing needs lies beside the target")},
        {"temp_storage_options", "",
         ignored("what undoing needs lies beside the target")},
        {"profiling", "", ignored("the report has times and sizes")},
        {"logging", "", ignored("for GDAL's messages set CPL_DEBUG=ON")},
        {"extra", "", ignored("it is for Python code")}};
}

const std::vector<Key<Settings>> &topKeys()
{
    static const std::vector<Key<Settings>> keys = []
    {
        std::vector<Key<Settings>> all;
        for (auto &group : {sliceSettings(), targetSettings(), guardSettings(),
                            runSettings(), zappendSettings()})
            all.insert(all.end(), group.begin(), group.end());
        return all;
    }();
    return keys;
}

/// One target name for two arrays of a slice.
Status checkRename(const AppendOptions &options, const Value &place)
{
    std::set<std::string> names;
    for (const auto &[from, to] : options.renamedArrays)
    {
        if (!names.insert(to).second)
            return place.fail("rename gives two arrays the name '" + to + "'");
    }
    return Status::ok();
}

}  // namespace

Status applySettings(const Json &content, const std::string &source,
                     Settings &settings)
{
    const Value top(content, source);
    MDIMAPPEND_RETURN_IF_ERROR(top.requireObject());
    for (const auto &[key, reason] : refusedKeys())
    {
        if (content.contains(key))
            return top.at(key).fail("refused: " + reason);
    }
    MDIMAPPEND_RETURN_IF_ERROR(readObject(top, topKeys(), settings));
    for (const auto &key : topKeys())
    {
        if (content.contains(key.name))
            settings.given.insert(key.sameAs.empty() ? key.name : key.sameAs);
    }
    return checkRename(settings.options, top);
}

Result<Settings> readSettings(const std::vector<std::string> &files)
{
    Settings settings;
    for (const auto &file : files)
    {
        MDIMAPPEND_ASSIGN(const Json content, readSettingsText(file));
        MDIMAPPEND_RETURN_IF_ERROR(
            applySettings(content, settingsSource(file), settings));
    }
    return settings;
}

std::vector<std::string> settingsKeys()
{
    std::vector<std::string> names;
    const auto add = [&](const std::string &prefix, const auto &keys)
    {
        for (const auto &key : keys)
            names.push_back(prefix + key.name);
    };
    add("", topKeys());
    add("slices[].", sliceKeys());
    add("slice_polling.", pollingKeys());
    add("variables.*.", variableKeys());
    add("variables.*.encoding.", encodingKeys());
    for (const char *side : {"target", "slice"})
        for (const auto &name : storageOptionKeys())
            names.push_back(std::string(side) + "_storage_options." + name);
    return names;
}

std::vector<std::string> refusedSettingsKeys()
{
    std::vector<std::string> names;
    for (const auto &[name, ignored] : refusedKeys())
        names.push_back(name);
    return names;
}

}  // namespace mdimappend
