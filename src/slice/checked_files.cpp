// Gives a slice's files names in our file system, and takes these out of
// messages again.

#include "slice/checked_files.h"

#include "slice/checked_file_system.h"
#include "vsi/paths.h"

#include <algorithm>
#include <array>
#include <utility>

namespace mdimappend
{

namespace
{

bool isZarrFolder(const std::string &file)
{
    constexpr std::array<const char *, 4> documents = {
        "/zarr.json", "/.zgroup", "/.zmetadata", "/.zarray"};
    return std::ranges::any_of(documents, [&](const char *document)
                               { return exists(file + document); });
}

}  // namespace

bool CheckedFiles::areNeeded(const std::string &file)
{
    if (isVirtual(file))
        return !file.starts_with("/vsimem/") && !file.starts_with("/vsistdin");
    return isZarrFolder(file);
}

CheckedFiles::CheckedFiles(const std::string &file,
                           std::shared_ptr<SeenFiles> seen,
                           std::shared_ptr<const ObjectFolder> folder)
    : m_opening(std::make_shared<CheckedOpening>(file, std::move(seen),
                                                 std::move(folder))),
      m_mount(checkedOpenings().enter(m_opening))
{
}

CheckedFiles::~CheckedFiles()
{
    checkedOpenings().leave(m_mount);
}

std::string CheckedFiles::nameFor(const std::string &name) const
{
    const std::string mount = std::string(checkedPrefix) + m_mount + "/";
    const std::string &file = m_opening->file();
    if (m_opening->isOwn(name))
        return mount + name;
    // ZARR:"file", ZARR:/file
    for (const char before : {'"', ':'})
        if (const auto found = name.find(before + file); found != name.npos)
            return std::string(name).insert(found + 1, mount);
    return {};
}

Status CheckedFiles::failure() const
{
    return m_opening->failure();
}

std::string withPlainNames(std::string message)
{
    for (auto found = message.find(checkedPrefix); found != message.npos;
         found = message.find(checkedPrefix, found))
    {
        const auto slash = message.find('/', found + checkedPrefix.size());
        if (slash == message.npos)
            break;
        message.erase(found, slash + 1 - found);
    }
    return message;
}

}  // namespace mdimappend
