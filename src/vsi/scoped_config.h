// GDAL's configuration in one thread, for a while.

#pragma once

#include <cpl_conv.h>

#include <algorithm>
#include <deque>
#include <string>
#include <vector>

namespace mdimappend
{

/// While it lives, GDAL is configured so ("KEY=VALUE") in this thread.
class Configured
{
  public:
    explicit Configured(const std::vector<std::string> &config)
    {
        for (const auto &entry : config)
        {
            const auto equals = std::min(entry.find('='), entry.size());
            m_setters.emplace_back(
                entry.substr(0, equals).c_str(),
                equals < entry.size() ? entry.c_str() + equals + 1 : "", false);
        }
    }

  private:
    std::deque<CPLConfigOptionSetter> m_setters{};
};

}  // namespace mdimappend
