// The effective settings, in the names of a settings file.

#include "secrets.h"
#include "settings/encoding.h"
#include "settings/settings.h"
#include "settings/storage_options.h"

namespace mdimappend
{

namespace
{

Json durationJson(const std::optional<Seconds> &duration)
{
    return duration ? Json(duration->count()) : Json("forever");
}

Json configJson(const std::vector<std::string> &config)
{
    Json json = Json::object();
    for (const auto &pair : config)
    {
        const auto middle = std::min(pair.find('='), pair.size());
        // What is made here is printed.
        const auto shown = withoutSecrets(pair);
        json[pair.substr(0, middle)] =
            middle < pair.size() ? shown.substr(middle + 1) : "";
    }
    return json;
}

Json variablesJson(const Encodings &encodings)
{
    Json variables = Json::object();
    for (const auto &[name, encoding] : encodings)
    {
        Json variable = Json::object();
        if (encoding.dimensions)
            variable["dims"] = *encoding.dimensions;
        if (!encoding.attributes.empty())
            variable["attrs"] = encoding.attributes;
        variable["encoding"] = encodingJson(encoding);
        variables[name] = std::move(variable);
    }
    return variables;
}

Json slicesJson(const std::vector<NamedSlice> &slices)
{
    Json list = Json::array();
    for (const auto &slice : slices)
        list.push_back(
            slice.label ? Json{{"slice", slice.name}, {"label", *slice.label}}
                        : Json(slice.name));
    return list;
}

const char *nameOf(AttributesMode mode)
{
    switch (mode)
    {
    case AttributesMode::Keep:
        break;
    case AttributesMode::Replace:
        return "replace";
    case AttributesMode::Update:
        return "update";
    case AttributesMode::Ignore:
        return "ignore";
    }
    return "keep";
}

const char *nameOf(OnDuplicate policy)
{
    switch (policy)
    {
    case OnDuplicate::Identical:
        break;
    case OnDuplicate::Error:
        return "error";
    case OnDuplicate::Skip:
        return "skip";
    case OnDuplicate::Replace:
        return "replace";
    }
    return "identical";
}

const char *nameOf(OnOverflow policy)
{
    switch (policy)
    {
    case OnOverflow::Error:
        break;
    case OnOverflow::Clamp:
        return "clamp";
    case OnOverflow::Fill:
        return "fill";
    }
    return "error";
}

const char *nameOf(LockMode lock)
{
    switch (lock)
    {
    case LockMode::Auto:
        break;
    case LockMode::Lease:
        return "lease";
    case LockMode::None:
        return "none";
    }
    return "auto";
}

const char *errorOr(const char *other, bool isOther)
{
    return isOther ? other : "error";
}

void addGuards(Json &json, const AppendOptions &options)
{
    json["on_coordinate"] = errorOr("ignore", options.ignoreCoordinates);
    json["on_static"] = errorOr("ignore", options.ignoreStatic);
    json["on_crs"] = errorOr("ignore", options.ignoreCrs);
    json["on_units"] = errorOr("ignore", options.ignoreUnits);
    json["on_precision"] = errorOr("round", options.roundFinerSteps);
    json["on_missing_array"] = errorOr("fill", options.fillMissingArrays);
    json["on_extra_array"] = options.refuseExtraArrays ? "error" : "ignore";
    json["on_overflow"] = nameOf(options.onOverflow);
    json["on_duplicate"] = nameOf(options.onDuplicate);
    json["again"] = options.again;
    json["append_step"] = options.step.text;
    json["require_aligned"] = options.requireAligned;
    json["merge_shards"] = options.mergeShards;
}

void addRun(Json &json, const AppendOptions &options)
{
    json["lock"] = nameOf(options.lock);
    json["lock_timeout"] = durationJson(options.lockTimeout);
    json["lease"] = options.lease.count();
    json["durability"] =
        options.durability == Durability::Full ? "full" : "process";
    json["slices_per_commit"] = options.slicesPerCommit;
    json["keep_going"] = options.keepGoing;
    json["num_threads"] =
        options.threads > 0 ? Json(options.threads) : Json("ALL_CPUS");
    json["dry_run"] = options.dryRun;
    json["message"] = options.message;
    json["target_config"] = configJson(options.targetConfig);
    json["slice_config"] = configJson(options.sliceConfig);
}

}  // namespace

Json toSettings(const AppendOptions &options)
{
    Json json = Json::object();
    // What is empty when it is not given has no value to be shown.
    const auto addText = [&](const char *key, const std::string &text)
    {
        if (!text.empty())
            json[key] = text;
    };
    json["slices"] = slicesJson(options.slices);
    addText("slices_from", options.slicesFrom);
    addText("append_dim", options.appendDim);
    addText("label_from", options.labelFrom);
    json["groups"] = options.groups;
    json["slice_group"] = options.sliceGroup;
    json["included_variables"] = options.arrays;
    json["excluded_variables"] = options.excludedArrays;
    json["rename"] = options.renamedArrays;
    json["vary"] = options.vary;
    json["input_format"] = options.allowedDrivers;
    json["open_options"] = configJson(options.openOptions);
    json["wait"] =
        options.wait ? durationJson(options.waitTimeout) : Json(false);
    json["poll_interval"] = options.pollInterval.count();
    json["ready_suffix"] = options.readySuffix;
    addText("target_dir", options.target);
    json["group"] = options.group;
    json["zarr_format"] = options.zarrFormat == ZarrFormat::V2 ? 2 : 3;
    json["consolidated"] = options.consolidated;
    json["fixed_dims"] = options.fixedDims;
    json["variables"] = variablesJson(options.encodings);
    json["attrs"] = options.attributes;
    json["attrs_update_mode"] = nameOf(options.attributesMode);
    json["force_new"] = options.overwrite;
    addGuards(json, options);
    addRun(json, options);
    return json;
}

Json withoutSecrets(Json settings)
{
    for (const char *key : {"target_config", "slice_config", "open_options"})
    {
        if (!settings.contains(key))
            continue;
        for (auto &[option, value] : settings[key].items())
        {
            if (isSecret(option))
                value = "...";
        }
    }
    return settings;
}

}  // namespace mdimappend
