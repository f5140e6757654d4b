// How the values of settings are read that are more than a text, a number or a
// choice. settings_keys.cpp says which key has which.

#pragma once

#include "settings/settings.h"

#include <string>
#include <vector>

namespace mdimappend
{

struct VariableReading
{
    ArrayEncoding &encoding;
    std::vector<std::string> &warnings;
};

const std::vector<Key<Settings>> &pollingKeys();
const std::vector<Key<NamedSlice>> &sliceKeys();
const std::vector<Key<VariableReading>> &variableKeys();

/// Objects are merged, all else takes the place of what was there.
void mergeDeep(Json &into, const Json &over);

/// KEY: VALUE, or a list of "KEY=VALUE".
Status readConfig(const Value &value, std::vector<std::string> &config);

Status readLockTimeout(const Value &value, Settings &settings);
Status readLease(const Value &value, Settings &settings);
/// false or 0: no waiting.
Status readWait(const Value &value, Settings &settings);
Status readPollInterval(const Value &value, Settings &settings);
/// true: for a minute, as zappend does.
Status readPolling(const Value &value, Settings &settings);
Status readSlices(const Value &value, Settings &settings);
Status readVariables(const Value &value, Settings &settings);
Status readZarrFormat(const Value &value, Settings &settings);
Status readSlicesPerCommit(const Value &value, Settings &settings);
Status readThreads(const Value &value, Settings &settings);
Status readStep(const Value &value, Settings &settings);
Status readFixedDims(const Value &value, Settings &settings);
Status readRename(const Value &value, Settings &settings);
Status readAttributes(const Value &value, Settings &settings);
/// Of slices and of the target.
Status readBothConfigs(const Value &value, Settings &settings);
/// xarray's engines, as the GDAL drivers that read the same.
Status readEngine(const Value &value, Settings &settings);

}  // namespace mdimappend
