// GDAL configuration for one side only: it holds for the slice while the slice
// is opened, looked at and read, and for nothing else that runs meanwhile.

#pragma once

#include "status.h"

#include <cpl_conv.h>
#include <cpl_string.h>

#include <deque>
#include <string>
#include <vector>

namespace mdimappend
{

/// "KEY=VALUE", the last one of a key holds. Failure::Usage: not of that form.
Result<CPLStringList> parseConfig(const std::vector<std::string> &entries);

/// The same for a slice, with the endpoint that AWS's tools are told.
Result<CPLStringList> configOf(const std::string &slice,
                               const std::vector<std::string> &entries);

/// While it lives, GDAL is configured so in this thread. Threads that GDAL
/// itself starts see it where GDAL hands it on.
class ScopedConfig
{
  public:
    explicit ScopedConfig(const CPLStringList &config);

    /// Only if the user configures nothing else.
    void setDefault(const char *key, const char *value);

  private:
    std::deque<CPLConfigOptionSetter> m_setters{};
};

}  // namespace mdimappend
