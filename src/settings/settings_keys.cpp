// What each key of a settings file is read into.

#include "settings/settings_keys.h"

#include "settings/settings_readers.h"
#include "settings/storage_options.h"

#include <functional>
#include <utility>

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

using O = AppendOptions;

std::vector<Key<Settings>> sliceSettings()
{
    return {{"slices", "", readSlices},
            {"input", "slices", readSlices},
            {"slices_from", "", into(&O::slicesFrom, &Value::name)},
            {"append_dim", "", into(&O::appendDim, &Value::name)},
            {"label_from", "", into(&O::labelFrom, &Value::name)},
            {"slice_group", "", into(&O::sliceGroup, &Value::text)},
            {"groups", "", into(&O::groups, &Value::truth)},
            {"included_variables", "", into(&O::arrays, &Value::names)},
            {"array", "included_variables", into(&O::arrays, &Value::names)},
            {"excluded_variables", "", into(&O::excludedArrays, &Value::names)},
            {"exclude_array", "excluded_variables",
             into(&O::excludedArrays, &Value::names)},
            {"vary", "", into(&O::vary, &Value::names)},
            {"rename", "", readRename},
            {"input_format", "", into(&O::allowedDrivers, &Value::names)},
            {"slice_engine", "input_format", readEngine},
            {"open_options", "", config(&O::openOptions)},
            {"open_option", "open_options", config(&O::openOptions)},
            // Polling is read before what refines it.
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
    const std::vector<std::pair<std::string, bool>> rounding = {
        {"error", false}, {"round", true}};
    const auto onSize = [](const Value &value, Settings &) -> Status
    { return value.choice({"error"}).takeStatus(); };
    return {{"on_size", "", onSize},
            {"on_coordinate", "", oneOf(&O::ignoreCoordinates, ignoring)},
            {"on_static", "", oneOf(&O::ignoreStatic, ignoring)},
            {"on_crs", "", oneOf(&O::ignoreCrs, ignoring)},
            {"on_units", "", oneOf(&O::ignoreUnits, ignoring)},
            {"on_precision", "", oneOf(&O::roundFinerSteps, rounding)},
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
            {"again", "", into(&O::again, &Value::truth)},
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
    const auto verbose = [](const Value &value, Settings &settings) -> Status
    {
        MDIMAPPEND_ASSIGN(settings.verbose, value.truth());
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
        {"verbose", "", verbose},
        {"config", "", readBothConfigs},
        {"target_config", "", config(&O::targetConfig)},
        {"slice_config", "", config(&O::sliceConfig)},
        {"target_storage_options", "", storageOptions(&O::targetConfig)},
        {"slice_storage_options", "", storageOptions(&O::sliceConfig)}};
}

}  // namespace

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

}  // namespace mdimappend
