// The storage options of fsspec (S3 and Azure) as GDAL configuration options.

#pragma once

#include "settings/value.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// Sets KEY=VALUE in a list, in place of an earlier one.
void setConfig(std::vector<std::string> &config, const std::string &key,
               const std::string &value);

/// Refuses by name what has no counterpart.
Status readStorageOptions(const Value &options,
                          std::vector<std::string> &config);

/// The keys that readStorageOptions knows.
std::vector<std::string> storageOptionKeys();

/// Whether a configuration option's value must not be shown.
bool isSecret(const std::string &key);

}  // namespace mdimappend
