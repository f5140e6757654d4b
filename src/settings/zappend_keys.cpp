// Keys that zappend's settings files have and that mean nothing here, or
// something that is not to be had.

#include "settings/settings_keys.h"

#include <functional>
#include <utility>

namespace mdimappend
{

namespace
{

using Read = std::function<Status(const Value &, Settings &)>;

Status readVersion(const Value &value, Settings &)
{
    return value.whole(1, 1).takeStatus();
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

}  // namespace

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

std::vector<Key<Settings>> zappendSettings()
{
    return {
        {"version", "", readVersion},
        {"permit_eval", "", onlyFalse("Python expressions are not evaluated")},
        {"disable_rollback", "",
         onlyFalse("an append is always finished or undone; durability: "
                   "process makes it faster")},
        {"persist_mem_slices", "",
         ignored("slices are read where they are, chunk by chunk")},
        {"temp_dir", "", ignored("what undo needs is kept beside the target")},
        {"temp_storage_options", "",
         ignored("what undo needs is kept beside the target")},
        {"profiling", "", ignored("the report has times and sizes")},
        {"logging", "", ignored("for GDAL's messages set CPL_DEBUG=ON")},
        {"extra", "", ignored("it is for Python code")}};
}

}  // namespace mdimappend
