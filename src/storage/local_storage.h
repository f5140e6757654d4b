// Storage on a local (or mounted) file system, by POSIX calls.

#pragma once

#include "mutex.h"
#include "storage/barrier.h"
#include "storage/folder_storage.h"
#include "storage/known_folders.h"
#include "storage/open_file.h"
#include "storage/posix.h"

#include <atomic>
#include <memory>
#include <optional>
#include <span>
#include <string>

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
    void watchReads(const std::shared_ptr<ReadObjects> &reads) override;
    Status publish(const std::string &staged,
                   const std::string &destination) override;
    Result<bool> create(const std::string &path,
                        std::string_view bytes) override;
    Status prepare(const std::string &path, std::string_view bytes) override;
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
    std::string barrierReach() const override;
    void adopt(const std::string &path) override;

  private:
    LocalStorage(Posix &posix, Durability durability, std::string anchorPath,
                 int anchor)
        : m_posix(posix), m_anchorPath(std::move(anchorPath)), m_anchor(anchor),
          m_barrier(posix, durability, anchor),
          m_folders(posix, m_barrier, m_anchorPath, anchor)
    {
    }

    struct Readable
    {
        std::unique_ptr<OpenFile> file;
        std::uint64_t size = 0;
    };

    /// Complete, under a name of its own.
    struct Prepared
    {
        std::string path;  ///< where it is going to be created
        std::string bytes;
        std::string own;
        bool isDurable = false;
    };

    static std::string versionOf(const struct stat &state);
    Result<Readable> openReadable(const std::string &path);
    Status readFully(int fd, const std::string &path, std::span<char> bytes);

    // local_writes.cpp
    int createFile(const std::string &path);
    Result<int> openUnlessThere(const std::string &path);
    Result<int> openNew(const std::string &path);
    Status writeNew(const std::string &path, std::string_view bytes,
                    const std::string *likeObject,
                    struct stat *written = nullptr);
    Status complete(int fd, const std::string &path, std::string_view bytes,
                    const std::string *likeObject, bool syncNow,
                    struct stat *written = nullptr);
    Status writeAll(int fd, std::string_view bytes);
    Status takeRights(int fd, const std::string &likeObject);
    Status checkPublishable(int fd, const std::string &destination);

    // local_names.cpp
    Result<std::string> writeOwn(const std::string &path,
                                 std::string_view bytes, bool syncNow);
    std::optional<Prepared> takePrepared(const std::string &path,
                                         std::string_view bytes);
    int nameOnce(const std::string &file, const std::string &path);
    Result<bool> created(const std::string &path, int code);
    int moveOver(const std::string &staged, const std::string &destination);

    // local_folders.cpp
    Status checkExchangeable(int fd, const std::string &destination);

    Posix &m_posix;
    std::string m_anchorPath;
    int m_anchor;
    Barrier m_barrier;
    KnownFolders m_folders;
    std::atomic<bool> m_canExchange = true;
    std::shared_ptr<ReadObjects> m_reads;
    Mutex m_mutex;
    std::optional<Prepared> m_prepared MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
