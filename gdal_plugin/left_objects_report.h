// What `status --objects` says of what lies about.

#pragma once

#include "cube/left_objects.h"
#include "json/json_text.h"

#include <string>

namespace mdimappend
{

Json objectsJson(const LeftObjects &left);

/// A line for each.
std::string objectsText(const LeftObjects &left);

}  // namespace mdimappend
