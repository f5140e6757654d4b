// Notes versions as they are read, and asks for them again.

#include "storage/read_objects.h"

namespace mdimappend
{

void ReadObjects::noteRead(const std::string &path, const std::string &version)
{
    if (!isBelow(path))
        return;
    const MutexLock lock(m_mutex);
    const auto [noted, isNew] = m_versions.try_emplace(path, version);
    // Somebody was at work in between.
    if (!isNew && noted->second != version)
        m_unclear = true;
}

void ReadObjects::noteListed(const std::string &folder)
{
    if (!isBelow(folder + "/"))
        return;
    const MutexLock lock(m_mutex);
    m_unclear = true;
}

void ReadObjects::noteWritten(const std::string &path,
                              const std::string &version)
{
    const MutexLock lock(m_mutex);
    m_versions[path] = version;
    if (version.empty())
        m_unclear = true;
}

bool ReadObjects::has(const std::string &path) const
{
    const MutexLock lock(m_mutex);
    return m_versions.contains(path);
}

void ReadObjects::forgetBelow(const std::string &beginning)
{
    const MutexLock lock(m_mutex);
    std::erase_if(m_versions, [&](const auto &noted)
                  { return noted.first.starts_with(beginning); });
}

Result<bool> ReadObjects::areTheSame(Storage &storage) const
{
    const MutexLock lock(m_mutex);
    if (m_unclear)
        return false;
    for (const auto &[path, version] : m_versions)
    {
        MDIMAPPEND_ASSIGN(const auto present, storage.versionAt(path));
        if (present != version)
            return false;
    }
    return true;
}

}  // namespace mdimappend
