// Every key of a settings file: what it is called, and what it is read into.

#pragma once

#include "settings/settings.h"
#include "settings/value.h"

#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{

/// Those at the top of a file, in the order in which they are read.
const std::vector<Key<Settings>> &topKeys();

/// Those of zappend that are ignored, or may say only one thing.
std::vector<Key<Settings>> zappendSettings();

/// Keys that are known and refused, whatever their value, each with the reason.
const std::vector<std::pair<std::string, std::string>> &refusedKeys();

}  // namespace mdimappend
