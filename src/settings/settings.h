// Settings files: AppendOptions by name.
//
// Several files are read in order, each over those before: single values and
// lists take the place of earlier ones; variables, attrs, fixed_dims, rename
// and options of GDAL and of storages are merged key by key. The names are
// those of docs/settings.md, made from settings.schema.json.

#pragma once

#include "settings/options.h"
#include "settings/value.h"

#include <set>
#include <string>
#include <vector>

namespace mdimappend
{

struct Settings
{
    AppendOptions options;
    std::string report = "text";
    bool quiet = false;
    bool verbose = false;
    /// Keys that a file had, by their first names (docs/settings.md).
    std::set<std::string> given;
    /// What was ignored, and why.
    std::vector<std::string> warnings;
};

/// Failure::Usage names the file and the key.
Result<Settings> readSettings(const std::vector<std::string> &files);

/// Applies one file's content over `settings`; `source` is for messages.
Status applySettings(const Json &content, const std::string &source,
                     Settings &settings);

/// The options in the names of a settings file. Applied again, it gives the
/// same options, but for datasets that are already open.
Json toSettings(const AppendOptions &options);

/// For showing: passwords, tokens and the like are replaced by "...".
Json withoutSecrets(Json settings);

/// Every key, with the path to it: "append_dim", "variables.*.encoding.dtype",
/// "slices[].label". Keys that are refused by name are not among them.
std::vector<std::string> settingsKeys();

/// Keys that are known and refused, whatever their value.
std::vector<std::string> refusedSettingsKeys();

/// The step as in a settings file: a number, "+", "-", null, what --step takes,
/// or pandas' units ("1D", "6H", "1ME").
Result<StepRule> stepOf(const Value &value);

}  // namespace mdimappend
