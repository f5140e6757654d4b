// What is reachable below a prefix of GDAL's file systems, each by a name of
// its own: `<prefix><name>/<path>`.

#pragma once

#include "mutex.h"

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace mdimappend
{

/// `Mounted`: a pointer to what is mounted.
template <class Mounted> class Mounts
{
  public:
    explicit Mounts(std::string prefix) : m_prefix(std::move(prefix))
    {
    }

    /// Makes it reachable below `<prefix><name>/`; the name, which is never
    /// given again.
    std::string enter(Mounted mounted)
    {
        const MutexLock lock(m_mutex);
        auto name = std::to_string(++m_last);
        m_mounted[name] = std::move(mounted);
        return name;
    }

    void leave(const std::string &name)
    {
        const MutexLock lock(m_mutex);
        m_mounted.erase(name);
    }

    struct Place
    {
        Mounted mounted{};  ///< null: nothing (any more) has this name
        std::string path{};
    };

    Place locate(std::string_view whole) const
    {
        if (!whole.starts_with(m_prefix))
            return {};
        whole.remove_prefix(m_prefix.size());
        const auto slash = whole.find('/');
        if (slash == whole.npos)
            return {};
        const MutexLock lock(m_mutex);
        const auto found = m_mounted.find(whole.substr(0, slash));
        if (found == m_mounted.end())
            return {};
        return {found->second, std::string(whole.substr(slash + 1))};
    }

  private:
    const std::string m_prefix;
    mutable Mutex m_mutex;
    std::map<std::string, Mounted, std::less<>>
        m_mounted MDIMAPPEND_GUARDED_BY(m_mutex){};
    unsigned long long m_last MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
};

}  // namespace mdimappend
