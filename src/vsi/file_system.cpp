// GDAL's interface of a file system, answered by a FileSystem, or by the file
// system of what a name stands for.

#include "vsi/file_system.h"

#include <cpl_vsi_virtual.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

class Handler final : public VSIFilesystemHandler
{
  public:
    explicit Handler(std::unique_ptr<FileSystem> fileSystem)
        : m_fileSystem(std::move(fileSystem))
    {
    }

    VSIVirtualHandleUniquePtr Open(const char *name, const char *access, bool,
                                   CSLConstList options) override
    {
        return VSIVirtualHandleUniquePtr(
            m_fileSystem->open(name, access, options).release());
    }

    int Stat(const char *name, VSIStatBufL *state, int flags) override
    {
        std::memset(state, 0, sizeof(*state));
        return m_fileSystem->stat(name, *state, flags);
    }

    char **ReadDirEx(const char *folder, int most) override
    {
        return m_fileSystem->list(folder, most).StealList();
    }

    int Unlink(const char *) override
    {
        return change();
    }

    int Mkdir(const char *, long) override
    {
        return change();
    }

    char **SiblingFiles(const char *name) override
    {
        const auto other = m_fileSystem->standsFor(name);
        return other.empty() ? nullptr : VSISiblingFiles(other.c_str());
    }

    int HasOptimizedReadMultiRange(const char *name) override
    {
        const auto other = m_fileSystem->standsFor(name);
        return other.empty() ? 0 : VSIHasOptimizedReadMultiRange(other.c_str());
    }

    char **GetFileMetadata(const char *name, const char *domain,
                           CSLConstList options) override
    {
        const auto other = m_fileSystem->standsFor(name);
        return other.empty()
                   ? nullptr
                   : VSIGetFileMetadata(other.c_str(), domain, options);
    }

    std::string GetStreamingFilename(const std::string &name) const override
    {
        const auto other = m_fileSystem->standsFor(name);
        return name.substr(0, name.size() - other.size()) +
               handlerOf(other).GetStreamingFilename(other);
    }

    bool IsLocal(const char *name) const override
    {
        const auto other = m_fileSystem->standsFor(name);
        return handlerOf(other).IsLocal(other.c_str());
    }

    bool IsArchive(const char *name) const override
    {
        const auto other = m_fileSystem->standsFor(name);
        return handlerOf(other).IsArchive(other.c_str());
    }

  private:
    /// Of "" the local file system's.
    static const VSIFilesystemHandler &handlerOf(const std::string &path)
    {
        return *VSIFileManager::GetHandler(path.c_str());
    }

    int change() const
    {
        if (m_fileSystem->swallowsChanges())
            return 0;
        errno = ENOENT;
        return -1;
    }

    std::unique_ptr<FileSystem> m_fileSystem;
};

}  // namespace

void installFileSystem(const std::string &prefix,
                       std::unique_ptr<FileSystem> fileSystem)
{
    VSIFileManager::InstallHandler(
        prefix, std::make_shared<Handler>(std::move(fileSystem)));
}

std::string withoutStreaming(const std::string &path)
{
    return VSIFileManager::GetHandler(path.c_str())
        ->GetNonStreamingFilename(path);
}

}  // namespace mdimappend
