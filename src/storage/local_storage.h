// Storage on a local (or mounted) file system, by POSIX calls.
//
// Barriers are one `syncfs` where it reports write errors (ext4, xfs, btrfs;
// Linux >= 5.8), through a descriptor that was open before the first write, so
// that no error in between is missed. Elsewhere each file written and each
// folder changed since the last barrier is fsynced.

#pragma once

#include "storage/folder_storage.h"
#include "storage/open_file.h"
#include "storage/posix.h"

#include <atomic>
#include <mutex>
#include <set>
#include <span>

namespace mdimappend
{

class LocalStorage final : public FolderStorage
{
  public:
    /// `anchor` is an existing folder on the file system of all that will be
    /// written. Below the folder that it is in, nothing is written or removed
    /// in a folder that is a link (Failure::Conflict where
    /// something was to be listed or removed).
    static Result<std::unique_ptr<LocalStorage>>
    open(const std::string &anchor, Durability durability,
         Posix &posix = Posix::system());
    ~LocalStorage() override;

    Result<std::optional<std::string>> read(const std::string &path,
                                            std::uint64_t limit) override;
    Result<bool>
    readInParts(const std::string &path,
                const std::function<void(std::string_view)> &visit) override;
    Result<std::optional<ObjectState>> state(const std::string &path) override;
    Status put(const std::string &path, std::string_view bytes) override;
    Result<std::optional<std::string>>
    putUnlessThere(const std::string &path, std::string_view bytes) override;
    Result<std::string> stage(const std::string &path, std::string_view bytes,
                              const std::string &destination) override;
    Status publish(const std::string &staged,
                   const std::string &destination) override;
    Result<bool> create(const std::string &path,
                        std::string_view bytes) override;
    Result<bool> createFrom(const std::string &prepared,
                            const std::string &path) override;
    Status remove(const std::string &path) override;
    Result<std::optional<double>> age(const std::string &path) override;
    Result<std::vector<std::string>> list(const std::string &folder) override;
    Status makeFolders(const std::string &folder) override;
    void expectFolder(const std::string &folder) override;
    Status removeFolderIfEmpty(const std::string &folder) override;
    Status makeReplacement(const std::string &folder,
                           const std::string &destination) override;
    Status exchange(const std::string &folder,
                    const std::string &other) override;
    Result<std::optional<std::string>>
    identity(const std::string &folder) override;
    Result<bool> removeTree(const std::string &folder) override;
    Status barrier() override;
    void adopt(const std::string &path) override;

  private:
    LocalStorage(Posix &posix, Durability durability, std::string anchor)
        : m_posix(posix), m_durability(durability),
          m_anchorPath(std::move(anchor))
    {
    }

    struct Readable
    {
        std::unique_ptr<OpenFile> file;
        std::uint64_t size = 0;
    };

    int moveOver(const std::string &staged, const std::string &destination);
    Result<Readable> openReadable(const std::string &path);
    Status readFully(int fd, const std::string &path, std::span<char> bytes);
    Status writeNew(const std::string &path, std::string_view bytes,
                    const std::string *likeObject,
                    struct stat *written = nullptr);
    Status complete(int fd, const std::string &path, std::string_view bytes,
                    const std::string *likeObject, bool syncNow,
                    struct stat *written = nullptr);
    int nameOnce(const std::string &file, const std::string &path);
    Result<bool> created(const std::string &path, int code);
    Status writeAll(int fd, std::string_view bytes);
    Result<int> openUnlessThere(const std::string &path);
    Result<int> openNew(const std::string &path);
    Status takeRights(int fd, const std::string &likeObject);
    Status checkPublishable(int fd, const std::string &destination);
    Status checkExchangeable(int fd, const std::string &destination);
    void forgetFolders();
    bool isExpected(const std::string &folder);
    Status refuseLinks(const std::string &folder,
                       Failure kind = Failure::Error);
    Status syncPath(const std::string &path);
    void changed(const std::string &path);
    void folderChanged(const std::string &path);

    Posix &m_posix;
    Durability m_durability;
    std::string m_anchorPath;
    int m_anchor = -1;
    bool m_syncfs = false;
    std::atomic<bool> m_canExchange = true;
    std::mutex m_mutex;
    std::set<std::string> m_knownFolders;
    std::set<std::string> m_expectedFolders;
    std::set<std::string> m_foldersWithoutLinks;
    std::set<std::string> m_unsyncedFiles;
    std::set<std::string> m_unsyncedFolders;
};

/// "…/a/b" of "…/a/b/c"; "/" of "/a"; "." of "a".
std::string parentFolder(const std::string &path);

}  // namespace mdimappend
