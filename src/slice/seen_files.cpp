// Compares local files with what they were when they were first read.

#include "slice/seen_files.h"

#include "slice/fingerprint.h"

namespace mdimappend
{

bool SeenFiles::note(const std::string &path)
{
    const std::string state = stateOfLocalFile(path);
    const MutexLock lock(m_mutex);
    const auto [found, isNew] = m_states.try_emplace(path, state);
    return isNew || found->second == state;
}

std::string SeenFiles::changed() const
{
    const MutexLock lock(m_mutex);
    for (const auto &[path, state] : m_states)
        if (stateOfLocalFile(path) != state)
            return path;
    return {};
}

}  // namespace mdimappend
