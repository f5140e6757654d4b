// The text of a settings file as one JSON value: JSON or YAML, with ${NAME}
// replaced by environment variables.
//
// YAML's scalars without quotation marks are numbers, truth values or null only
// where YAML 1.1, YAML 1.2 and JSON agree: 12, -0.5, 1e3, true, null, .nan. All
// others are texts, as they stand: NO, on, 007, 0o17, 1_000, 12:30, 2024-01-01.
//
// Files are trusted to be what the user wants, not to be harmless: size, depth
// and what aliases (*name) expand to are limited, and tags that would make
// other things than text, numbers, lists and objects are refused.

#pragma once

#include "json/json_text.h"
#include "status.h"

#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// Failure::Usage with line and column.
Result<Json> parseYaml(std::string_view text);

/// The value of an environment variable, or nothing.
using Environment =
    std::function<std::optional<std::string>(const std::string &)>;

/// Replaces ${NAME} in all texts of `value`; $${ stands for ${. Keys are left
/// alone. `source` is for messages.
Status replaceVariables(Json &value, const Environment &environment,
                        const std::string &source);

/// Reads a file: an object, with variables replaced. `.json` is JSON, `.yaml`
/// and `.yml` are YAML, others are JSON if they begin with `{`.
Result<Json> readSettingsText(const std::string &file);

/// How messages name a file: "settings file 'x.yaml'".
std::string settingsSource(const std::string &file);

}  // namespace mdimappend
