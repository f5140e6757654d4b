// Knows which files are a slice's own, and keeps what went wrong with them.

#include "slice/checked_opening.h"

#include "trace.h"

#include <cpl_conv.h>

#include <string_view>
#include <utility>

namespace mdimappend
{

CheckedOpening::CheckedOpening(const std::string &file,
                               std::shared_ptr<SeenFiles> seen,
                               std::shared_ptr<const ObjectFolder> folder)
    : m_file(file), m_folder(file.substr(0, file.rfind('/') + 1)),
      m_seen(std::move(seen)), m_objects(std::move(folder)),
      m_config(CPLStringList(CPLGetThreadLocalConfigOptions()))
{
}

const ObjectFolder *CheckedOpening::folderOf(const std::string &path) const
{
    return m_objects && m_objects->contains(path) ? m_objects.get() : nullptr;
}

bool CheckedOpening::isOwn(const std::string &path) const
{
    return path == m_file || path.starts_with(m_file + "/");
}

bool CheckedOpening::matters(const std::string &path) const
{
    return isOwn(path) || path.starts_with(m_folder);
}

std::set<std::string> CheckedOpening::ownNames(const std::string &path,
                                               const CPLStringList &names) const
{
    const std::string stem =
        isOwn(path) ? "" : CPLGetBasenameSafe(m_file.c_str());
    std::set<std::string> own;
    for (const char *name : names)
        if (std::string_view(name).starts_with(stem))
            own.insert(name);
    return own;
}

void CheckedOpening::fail(const std::string &path, const std::string &what)
{
    trace(m_file, "'", path, "' cannot be read: ", what);
    const MutexLock lock(m_mutex);
    if (m_failure)
        m_failure = {Failure::Unavailable,
                     "'" + path + "' cannot be read: " + what + "."};
}

Status CheckedOpening::failure() const
{
    const MutexLock lock(m_mutex);
    return m_failure;
}

std::optional<std::uint64_t>
CheckedOpening::mappedSize(const std::string &path) const
{
    const MutexLock lock(m_mutex);
    return path == m_file ? m_mappedSize : std::nullopt;
}

void CheckedOpening::setMappedSize(std::optional<std::uint64_t> size)
{
    const MutexLock lock(m_mutex);
    m_mappedSize = size;
}

}  // namespace mdimappend
