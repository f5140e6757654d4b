// A scalar of YAML without quotation marks: what it means.

#pragma once

#include "json/json_text.h"

#include <string>

namespace mdimappend
{

/// A number or a truth value where YAML 1.1, YAML 1.2 and JSON agree that it is
/// one (settings_text.h); all else is a text, as it stands.
Json yamlScalar(const std::string &text);

}  // namespace mdimappend
