// What a folder tree holds, for comparing states of a store.

#pragma once

#include <map>
#include <string>
#include <sys/stat.h>

namespace mdimappend::protocol_testing
{

/// Every name below a folder, with its kind, mode, and content.
struct TreeEntry
{
    bool folder = false;
    unsigned mode = 0;
    std::string content;

    bool operator==(const TreeEntry &) const = default;
};

using Tree = std::map<std::string, TreeEntry>;

/// Empty if there is no such folder. Other than store contents, names ending in
/// `without` (the sidecar) are left out with all that is below.
Tree readTree(const std::string &folder, const std::string &without = "");

/// Which names differ, for a message; "" if none.
std::string difference(const Tree &expected, const Tree &found);

/// A copy in which files are hard links, but for `lock`: nothing else may ever
/// be rewritten in place (Campaign checks that nothing was).
void linkTree(const std::string &from, const std::string &to);

/// The identity of a folder: of that which it was copied from, if it was.
struct statx identityOf(const std::string &folder);

/// From now on the folder counts as a copy of the one with that identity.
void isCopyOf(const std::string &folder, const struct statx &original);

/// The identity of the folder that this one was copied from; its own, if it was
/// not.
struct statx originalOf(const struct statx &copy);

/// Whole content of a file; "" if there is none.
std::string fileContent(const std::string &path);
/// A new file in place of what is there.
void writeFile(const std::string &path, const std::string &content);

/// A new empty folder, removed with the object.
class ScratchFolder
{
  public:
    ScratchFolder();
    /// Below another folder (of another file system, say).
    explicit ScratchFolder(const std::string &above);
    ~ScratchFolder();
    ScratchFolder(const ScratchFolder &) = delete;
    ScratchFolder &operator=(const ScratchFolder &) = delete;

    const std::string &path() const
    {
        return m_path;
    }

    std::string operator/(const std::string &name) const
    {
        return m_path + "/" + name;
    }

    /// Removes what is in it.
    void clear() const;

  private:
    std::string m_path;
};

}  // namespace mdimappend::protocol_testing
