// Empties folders from the inside out, by descriptors.

#include "storage/folder_removal.h"

#include "storage/open_file.h"

#include <cerrno>
#include <dirent.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace mdimappend
{

namespace
{

constexpr int folderToList = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

/// What no repetition of the call will change.
bool mustStay(int code)
{
    return code == EACCES || code == EPERM || code == EBUSY || code == EROFS ||
           code == ENOTEMPTY || code == EEXIST;
}

/// Removes what lies below an open folder, by descriptors all the way: whoever
/// puts a link in the place of a folder meanwhile leads nobody elsewhere.
class TreeRemoval
{
  public:
    TreeRemoval(Posix &posix, dev_t device) : m_posix(posix), m_device(device)
    {
    }

    /// False if something of it stays for good.
    Result<bool> remove(int above, const std::string &name,
                        const std::string &path, unsigned char type)
    {
        if (type == DT_DIR || type == DT_UNKNOWN)
        {
            const OpenFile folder(
                m_posix, m_posix.openAt(above, name.c_str(), folderNoLink));
            if (folder.fd() >= 0)
            {
                MDIMAPPEND_ASSIGN(const bool emptied,
                                  removeBelow(folder.fd(), path));
                return emptied ? removed(above, name, path, AT_REMOVEDIR)
                               : Result<bool>(false);
            }
            if (errno == ENOENT)
                return true;
            if (errno == EACCES)  // It may be empty.
                return removed(above, name, path, AT_REMOVEDIR);
            // A link, or another kind of object.
            if (errno != ENOTDIR && errno != ELOOP)
                return systemError("cannot open folder", path);
        }
        return removed(above, name, path, 0);
    }

  private:
    Result<bool> removeBelow(int folder, const std::string &path)
    {
        struct stat state = {};
        if (m_posix.fstat(folder, &state) != 0)
            return systemError("cannot stat", path);
        if (state.st_dev != m_device)
            return false;
        // All names first: what a folder that shrinks lists is not defined.
        MDIMAPPEND_ASSIGN(const auto entries, entriesOf(folder, path));
        bool all = true;
        for (const auto &[name, type] : entries)
        {
            MDIMAPPEND_ASSIGN(const bool gone,
                              remove(folder, name, path + "/" + name, type));
            all = all && gone;
        }
        return all;
    }

    using Entries = std::vector<std::pair<std::string, unsigned char>>;

    Result<Entries> entriesOf(int folder, const std::string &path)
    {
        // A descriptor of its own, which closedir closes.
        const int own = m_posix.openAt(folder, ".", folderToList);
        DIR *directory = own >= 0 ? m_posix.fdopendir(own) : nullptr;
        if (!directory)
        {
            const int code = errno;
            if (own >= 0)
                m_posix.close(own);
            return systemError("cannot list", path, code);
        }
        Entries entries;
        errno = 0;
        while (const auto *entry = m_posix.readdir(directory))
        {
            const std::string name = entry->d_name;
            if (name != "." && name != "..")
                entries.emplace_back(name, entry->d_type);
            errno = 0;
        }
        const int code = errno;
        m_posix.closedir(directory);
        if (code != 0)
            return systemError("cannot list", path, code);
        return entries;
    }

    Result<bool> removed(int above, const std::string &name,
                         const std::string &path, int flags)
    {
        if (m_posix.unlinkAt(above, name.c_str(), flags) == 0 ||
            errno == ENOENT)
            return true;
        if (mustStay(errno))
            return false;
        return systemError("cannot remove", path);
    }

    Posix &m_posix;
    dev_t m_device;
};

}  // namespace

Result<bool> removeTreeIn(Posix &posix, dev_t device, int above,
                          const std::string &name, const std::string &path)
{
    return TreeRemoval(posix, device).remove(above, name, path, DT_UNKNOWN);
}

}  // namespace mdimappend
