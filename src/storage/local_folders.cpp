// Whole folders in LocalStorage: one that takes another's place, and a tree
// that goes.

#include "storage/local_storage.h"
#include "storage/open_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <unistd.h>

namespace mdimappend
{

namespace
{

constexpr int existingFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr int noLink = existingFolder | O_NOFOLLOW;

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
            const OpenFile folder(m_posix,
                                  m_posix.openAt(above, name.c_str(), noLink));
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
        const int own = m_posix.openAt(folder, ".", existingFolder);
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

/// The parts of `path` below `anchor`; none if it is not below, or could lead
/// out of it.
std::vector<std::string> partsBelow(const std::string &anchor,
                                    const std::string &path)
{
    const auto start = anchor.ends_with('/') ? anchor : anchor + "/";
    if (!path.starts_with(start))
        return {};
    std::vector<std::string> parts;
    for (std::size_t begin = start.size(); begin <= path.size();)
    {
        const auto end = std::min(path.find('/', begin), path.size());
        parts.push_back(path.substr(begin, end - begin));
        if (parts.back().empty() || parts.back() == "." || parts.back() == "..")
            return {};
        begin = end + 1;
    }
    return parts;
}

}  // namespace

Status LocalStorage::makeReplacement(const std::string &folder,
                                     const std::string &destination)
{
    MDIMAPPEND_RETURN_IF_ERROR(makeFolders(folder));
    // Whether two folders can be exchanged is only known from doing it.
    const auto probe = folder + ".probe";
    MDIMAPPEND_RETURN_IF_ERROR(makeFolders(probe));
    auto exchanged = exchange(folder, probe);
    MDIMAPPEND_RETURN_IF_ERROR(removeFolderIfEmpty(probe));
    MDIMAPPEND_RETURN_IF_ERROR(std::move(exchanged));

    const OpenFile made(m_posix, m_posix.open(folder.c_str(), noLink, 0));
    if (made.fd() < 0)
        return systemError("cannot open folder", folder);
    MDIMAPPEND_RETURN_IF_ERROR(checkExchangeable(made.fd(), destination));
    // Now, not at the end: what is made in it may inherit its group.
    MDIMAPPEND_RETURN_IF_ERROR(takeRights(made.fd(), destination));
    changed(folder);
    if (m_posix.access(folder.c_str(), R_OK | W_OK | X_OK) != 0)
        return systemError("with the access rights of '" + destination +
                               "' nothing could be written to folder",
                           folder);
    return Status::ok();
}

/// An exchange after the decision that can never succeed would leave an
/// overwrite that can neither be finished nor undone.
Status LocalStorage::checkExchangeable(int fd, const std::string &destination)
{
    struct stat made = {};
    struct stat there = {};
    struct stat above = {};
    const auto parent = parentFolder(destination);
    if (m_posix.fstat(fd, &made) != 0 ||
        m_posix.lstat(destination.c_str(), &there) != 0)
        return systemError("cannot stat", destination);
    if (m_posix.stat(parent.c_str(), &above) != 0)
        return systemError("cannot stat", parent);
    if (!S_ISDIR(there.st_mode))
        return error("'" + destination + "' is not a folder");
    if (there.st_dev != made.st_dev)
        return error("'" + destination +
                     "' is on another file system than its sidecar: they "
                     "cannot be exchanged atomically.");
    if (m_posix.access(parent.c_str(), W_OK | X_OK) != 0)
        return systemError("cannot write to folder", parent);
    // A folder that moves to another one has its `..` rewritten.
    if (m_posix.access(destination.c_str(), W_OK | X_OK) != 0)
        return systemError("cannot write to folder", destination);
    const uid_t user = geteuid();
    if ((above.st_mode & S_ISVTX) != 0 && user != 0 && user != there.st_uid &&
        user != above.st_uid)
        return error("'" + destination + "' belongs to another user, and '" +
                     parent + "' lets only the owner move it (sticky bit)");
    return Status::ok();
}

Status LocalStorage::exchange(const std::string &folder,
                              const std::string &other)
{
    if (m_posix.renameExchange(folder.c_str(), other.c_str()) != 0)
    {
        if (isUnsupported(errno))
            return error("the file system of '" + folder +
                         "' cannot exchange two folders atomically (" +
                         std::strerror(errno) + ")");
        return systemError("cannot exchange '" + folder + "' and", other);
    }
    forgetFolders();
    changed(folder);
    changed(other);
    return Status::ok();
}

Result<std::optional<std::string>>
LocalStorage::identity(const std::string &folder)
{
    struct statx state = {};
    if (m_posix.statx(folder.c_str(), &state) != 0)
    {
        if (errno == ENOENT || errno == ENOTDIR)
            return std::optional<std::string>();
        return systemError("cannot stat", folder);
    }
    // A link is no folder, whatever it leads to.
    if (!S_ISDIR(state.stx_mode))
        return std::optional<std::string>();
    // The number of an inode is used again once it is free, hence its birth.
    // That of the device says nothing: another start of the system may give
    // another.
    auto identity = std::to_string(state.stx_ino);
    if (state.stx_mask & STATX_BTIME)
        identity += "-" + std::to_string(state.stx_btime.tv_sec) + "." +
                    std::to_string(state.stx_btime.tv_nsec);
    return std::optional<std::string>(std::move(identity));
}

Result<bool> LocalStorage::removeTree(const std::string &folder)
{
    const auto parts = partsBelow(m_anchorPath, folder);
    struct stat anchor = {};
    if (parts.empty())
        return error("'" + folder + "' is not below '" + m_anchorPath +
                     "', and was not removed");
    if (m_posix.fstat(m_anchor, &anchor) != 0)
        return systemError("cannot stat", m_anchorPath);
    std::vector<std::unique_ptr<OpenFile>> above;
    int innermost = m_anchor;
    for (std::size_t i = 0; i + 1 < parts.size(); ++i)
    {
        above.push_back(std::make_unique<OpenFile>(
            m_posix, m_posix.openAt(innermost, parts[i].c_str(), noLink)));
        innermost = above.back()->fd();
        if (innermost < 0 && errno == ENOENT)
            return true;
        if (innermost < 0)
            return systemError("cannot open folder '" + parts[i] + "' of",
                               folder);
    }
    TreeRemoval removal(m_posix, anchor.st_dev);
    auto removed = removal.remove(innermost, parts.back(), folder, DT_UNKNOWN);
    forgetFolders();
    folderChanged(parentFolder(folder));
    return removed;
}

}  // namespace mdimappend
