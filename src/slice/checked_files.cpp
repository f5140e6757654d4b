#include "slice/checked_files.h"

#include "slice/fingerprint.h"
#include "vsi/file_position.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi_error.h>
#include <cpl_vsi_virtual.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr std::string_view prefix = "/vsimdimappend_slice/";

bool isVirtual(const std::string &path)
{
    return path.starts_with("/vsi");
}

bool exists(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatExL(path.c_str(), &state, VSI_STAT_EXISTS_FLAG) == 0;
}

bool isFile(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatL(path.c_str(), &state) == 0 && !VSI_ISDIR(state.st_mode);
}

bool isFolder(const std::string &path)
{
    VSIStatBufL state;
    return VSIStatL(path.c_str(), &state) == 0 && VSI_ISDIR(state.st_mode);
}

bool isZarrFolder(const std::string &file)
{
    constexpr std::array<const char *, 4> documents = {
        "/zarr.json", "/.zgroup", "/.zmetadata", "/.zarray"};
    return std::ranges::any_of(documents, [&](const char *document)
                               { return exists(file + document); });
}

}  // namespace

struct SeenFiles::Files
{
    mutable std::mutex mutex;
    std::map<std::string, std::string> states;
};

SeenFiles::SeenFiles() : m_files(std::make_unique<Files>())
{
}

SeenFiles::~SeenFiles() = default;

bool SeenFiles::note(const std::string &path)
{
    const std::string state = stateOfLocalFile(path);
    const std::lock_guard guard(m_files->mutex);
    const auto [found, isNew] = m_files->states.try_emplace(path, state);
    return isNew || found->second == state;
}

std::string SeenFiles::changed() const
{
    const std::lock_guard guard(m_files->mutex);
    for (const auto &[path, state] : m_files->states)
        if (stateOfLocalFile(path) != state)
            return path;
    return {};
}

/// What one opening of a slice, and all handles of it, share.
struct CheckedFiles::State
{
    std::string file;
    std::string folder;  ///< the file is in
    std::string id;
    std::shared_ptr<SeenFiles> seen;
    /// GDAL's configuration where the slice was opened. The netCDF library has
    /// threads of its own read.
    CPLStringList config;
    mutable std::mutex mutex;
    Status failure;
    /// The file's size, if it is one that the netCDF library may have mapped.
    std::optional<std::uint64_t> mapped;

    void fail(const std::string &path, const std::string &what)
    {
        const std::lock_guard guard(mutex);
        if (failure)
            failure = {Failure::Unavailable,
                       "'" + path + "' cannot be read: " + what + "."};
    }

    bool isOwn(const std::string &path) const
    {
        return path == file || path.starts_with(file + "/");
    }

    /// Of the names in a folder, those of the slice: all that is in it, or what
    /// lies beside its file and is called like it.
    std::set<std::string> ownNames(const std::string &path,
                                   const CPLStringList &names) const
    {
        const std::string stem =
            isOwn(path) ? "" : CPLGetBasenameSafe(file.c_str());
        std::set<std::string> own;
        for (const char *name : names)
            if (std::string_view(name).starts_with(stem))
                own.insert(name);
        return own;
    }

    /// Drivers also look at files beside the slice, and the Zarr driver above
    /// it, where others' files are.
    bool matters(const std::string &path) const
    {
        return isOwn(path) || path.starts_with(folder);
    }
};

namespace
{

using State = CheckedFiles::State;

class Mounts
{
  public:
    static Mounts &instance()
    {
        static Mounts mounts;
        return mounts;
    }

    std::string enter(const std::shared_ptr<State> &state)
    {
        const std::lock_guard guard(m_mutex);
        auto id = std::to_string(++m_last);
        m_states[id] = state;
        return id;
    }

    void leave(const std::string &id)
    {
        const std::lock_guard guard(m_mutex);
        m_states.erase(id);
    }

    std::shared_ptr<State> find(const std::string &id) const
    {
        const std::lock_guard guard(m_mutex);
        const auto found = m_states.find(id);
        return found == m_states.end() ? nullptr : found->second;
    }

  private:
    mutable std::mutex m_mutex;
    std::map<std::string, std::shared_ptr<State>> m_states;
    unsigned long long m_last = 0;
};

/// A path below the prefix, taken apart.
struct Place
{
    std::shared_ptr<State> state;
    std::string mount;  ///< the prefix and what names the state
    std::string path;   ///< what it is without us
};

Place locatePlace(std::string_view path)
{
    Place place;
    if (!path.starts_with(prefix))
        return place;
    const auto slash = path.find('/', prefix.size());
    if (slash == path.npos)
        return place;
    place.mount = path.substr(0, slash + 1);
    place.state = Mounts::instance().find(
        std::string(path.substr(prefix.size(), slash - prefix.size())));
    place.path = path.substr(slash + 1);
    return place;
}

/// Whether an error of the system says that there is no such file.
bool saysNotThere(int code)
{
    return code == 0 || code == ENOENT || code == ENOTDIR ||
           code == ENAMETOOLONG;
}

/// File systems of GDAL's own leave behind what the system said of something
/// else.
bool saysWhy(int code)
{
    constexpr std::array<int, 11> reasons = {
        EIO,       EACCES,     EPERM,        EMFILE,       ENFILE,     ENOMEM,
        ETIMEDOUT, ECONNRESET, ECONNREFUSED, EHOSTUNREACH, ENETUNREACH};
    return std::ranges::find(reasons, code) != reasons.end();
}

/// Calls a function of VSI and says, if it returned nothing, why: nothing if
/// that means "is not there".
class Attempt
{
  public:
    Attempt() : m_errors(CPLGetErrorCounter())
    {
        VSIErrorReset();
        errno = 0;
    }

    /// Right after the call.
    void ended()
    {
        m_code = errno;
        m_vsi = VSIGetLastErrorNo();
        m_message = VSIGetLastErrorMsg();
    }

    /// `isOwn`: not a file beside the slice. Object stores that may not be
    /// listed forbid what is not there.
    std::optional<std::string> failure(const std::string &path,
                                       bool isOwn) const
    {
        const auto isReal = [&](int code)
        { return isVirtual(path) ? saysWhy(code) : !saysNotThere(code); };
        const bool aboutServer = m_vsi != VSIE_None && m_vsi != VSIE_FileError;
        if (aboutServer)
        {
            const auto says = [&](const char *text)
            { return m_message.find(text) != std::string::npos; };
            const bool notThere =
                m_vsi == VSIE_ObjectNotFound || says("404") || says("410");
            const bool forbidden = m_vsi == VSIE_AccessDenied || says("403");
            if (notThere || (forbidden && !isOwn))
                return {};
            return m_message;
        }
        if (isReal(m_code))
            return std::strerror(m_code);
        return {};
    }

    bool reportedErrors() const
    {
        return CPLGetErrorCounter() != m_errors;
    }

  private:
    std::uint32_t m_errors;
    int m_code = 0;
    int m_vsi = VSIE_None;
    std::string m_message{};
};

class Handle final : public VSIVirtualHandle
{
  public:
    Handle(VSIVirtualHandle *file, Place place)
        : m_file(file), m_place(std::move(place))
    {
    }

    ~Handle() override
    {
        Handle::Close();
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        m_ended = false;
        return m_file->Seek(offset, whence);
    }

    vsi_l_offset Tell() override
    {
        return m_file->Tell();
    }

    size_t Read(void *buffer, size_t count) override
    {
        const size_t done = m_file->Read(buffer, count);
        if (done < count)
            checkEnd(count, done);
        return done;
    }

    bool HasPRead() const override
    {
        return m_file->HasPRead();
    }

    size_t PRead(void *buffer, size_t count, vsi_l_offset offset) const override
    {
        const size_t done = m_file->PRead(buffer, count, offset);
        // How long the file is cannot be asked without moving in it.
        if (done < count && done + offset < statedSize())
            failShort(count, done);
        return done;
    }

    int ReadMultiRange(int ranges, void **data, const vsi_l_offset *offsets,
                       const size_t *sizes) override
    {
        const int result = m_file->ReadMultiRange(ranges, data, offsets, sizes);
        if (result != 0)
            fail("a read of " + std::to_string(ranges) + " ranges failed");
        return result;
    }

    void AdviseRead(int ranges, const vsi_l_offset *offsets,
                    const size_t *sizes) override
    {
        m_file->AdviseRead(ranges, offsets, sizes);
    }

    size_t GetAdviseReadTotalBytesLimit() const override
    {
        return m_file->GetAdviseReadTotalBytesLimit();
    }

    VSIRangeStatus GetRangeStatus(vsi_l_offset offset,
                                  vsi_l_offset length) override
    {
        return m_file->GetRangeStatus(offset, length);
    }

    size_t Write(const void *, size_t) override
    {
        return 0;
    }

    void ClearErr() override
    {
        m_ended = false;
        m_file->ClearErr();
    }

    int Eof() override
    {
        return m_ended || m_file->Eof();
    }

    int Error() override
    {
        return m_file->Error();
    }

    void Interrupt() override
    {
        m_file->Interrupt();
    }

    int Close() override
    {
        return m_file ? VSIFCloseL(std::exchange(m_file, nullptr)) : 0;
    }

  private:
    void fail(const std::string &what) const
    {
        // A folder can be opened, not read.
        if (!isFolder(m_place.path))
            m_place.state->fail(m_place.path, what);
    }

    void failShort(size_t count, size_t done) const
    {
        fail("only " + std::to_string(done) + " of " + std::to_string(count) +
             " bytes came");
    }

    std::uint64_t statedSize() const
    {
        VSIStatBufL state;
        return VSIStatL(m_place.path.c_str(), &state) == 0
                   ? static_cast<std::uint64_t>(state.st_size)
                   : 0;
    }

    /// Whether fewer bytes came because there are no more.
    void checkEnd(size_t count, size_t done)
    {
        const bool ended = m_file->Eof();
        const auto position = m_file->Tell();
        if (m_file->Error())
        {
            failShort(count, done);
            return;
        }
        const bool isKnown = m_file->Seek(0, SEEK_END) == 0;
        if (isKnown && position < m_file->Tell())
            failShort(count, done);
        m_file->Seek(position, SEEK_SET);
        m_ended = ended;
    }

    VSIVirtualHandle *m_file;
    Place m_place;
    bool m_ended = false;
};

/// A file that a page of memory may stand for: whatever happens, there must be
/// bytes for all of it, or the netCDF library waits for ever.
class MappedHandle final : public VSIVirtualHandle
{
  public:
    /// `file` may be null.
    MappedHandle(VSIVirtualHandle *file, Place place, std::uint64_t size)
        : m_file(file), m_place(std::move(place)), m_size(size)
    {
    }

    ~MappedHandle() override
    {
        MappedHandle::Close();
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        return m_position.seek(offset, whence, m_size);
    }

    vsi_l_offset Tell() override
    {
        return m_position.at();
    }

    size_t Read(void *buffer, size_t count) override
    {
        const auto at = m_position.at();
        const auto left = at < m_size ? m_size - at : 0;
        const auto due =
            static_cast<size_t>(std::min<std::uint64_t>(count, left));
        size_t done = 0;
        if (m_file && due > 0 && m_file->Seek(at, SEEK_SET) == 0)
            done = m_file->Read(buffer, due);
        if (done < due)
        {
            m_place.state->fail(m_place.path, "only " + std::to_string(done) +
                                                  " of " + std::to_string(due) +
                                                  " bytes came");
            std::memset(static_cast<char *>(buffer) + done, 0, due - done);
        }
        m_position.moved(due, count);
        return due;
    }

    size_t Write(const void *, size_t) override
    {
        return 0;
    }

    void ClearErr() override
    {
        m_position.clearEnded();
        if (m_file)
            m_file->ClearErr();
    }

    int Eof() override
    {
        return m_position.ended();
    }

    int Error() override
    {
        return 0;
    }

    int Close() override
    {
        return m_file ? VSIFCloseL(std::exchange(m_file, nullptr)) : 0;
    }

  private:
    VSIVirtualHandle *m_file;
    Place m_place;
    std::uint64_t m_size;
    FilePosition m_position{};
};

/// The size of a file that the netCDF library reads.
std::optional<std::uint64_t> sizeIfNetcdf(VSIVirtualHandle &file)
{
    std::array<char, 4> start{};
    const bool isNetcdf =
        file.Read(start.data(), start.size()) == start.size() &&
        (std::memcmp(start.data(), "CDF", 3) == 0 ||
         std::memcmp(start.data(), "\x89HDF", 4) == 0);
    std::optional<std::uint64_t> size;
    if (isNetcdf && file.Seek(0, SEEK_END) == 0)
        size = file.Tell();
    file.ClearErr();
    file.Seek(0, SEEK_SET);
    return size;
}

/// GDAL's index of which chunks there are is a file beside them, and hides
/// those that were added after it was made.
bool isHidden(const std::string &path)
{
    return path.ends_with(".gmac");
}

/// While it lives, GDAL is configured in this thread as where the slice was
/// opened.
class ConfigOf
{
  public:
    explicit ConfigOf(const CheckedFiles::State &state)
        : m_before(CPLGetThreadLocalConfigOptions())
    {
        CPLSetThreadLocalConfigOptions(state.config.List());
    }

    ~ConfigOf()
    {
        CPLSetThreadLocalConfigOptions(m_before.List());
    }

    ConfigOf(const ConfigOf &) = delete;
    ConfigOf &operator=(const ConfigOf &) = delete;

  private:
    CPLStringList m_before;
};

class Handler final : public VSIFilesystemHandler
{
  public:
    VSIVirtualHandleUniquePtr Open(const char *name, const char *access, bool,
                                   CSLConstList options) override
    {
        const Place place = locatePlace(name);
        if (!place.state || isHidden(place.path))
        {
            errno = ENOENT;
            return nullptr;
        }
        if (access[0] != 'r' || std::strchr(access, '+'))
        {
            errno = EROFS;
            return nullptr;
        }
        State &state = *place.state;
        const ConfigOf config(state);
        // Streams end at the first error, and do not say which. So what cannot
        // be opened as one is asked for once more, as a file.
        const std::string path = VSIFileManager::GetHandler(place.path.c_str())
                                     ->GetNonStreamingFilename(place.path);
        if (path != place.path)
            if (auto *stream =
                    VSIFOpenEx2L(place.path.c_str(), access, true, options))
                return opened(stream, place);
        if (state.seen && state.isOwn(path) && !isVirtual(path) &&
            !state.seen->note(path))
            state.fail(path, "it changed since it was first read");
        Attempt attempt;
        auto *file = VSIFOpenEx2L(path.c_str(), access, true, options);
        attempt.ended();
        if (file)
            return opened(file, place);
        auto why = attempt.failure(path, state.isOwn(path));
        // Archives, and others that do not tell.
        if (!why && isVirtual(path) && isFile(path))
            why = "it is there, but cannot be opened";
        if (why && state.matters(path) && !isFolder(path))
            state.fail(path, *why);
        if (const auto size = mappedSize(place); why && size)
            return VSIVirtualHandleUniquePtr(
                new MappedHandle(nullptr, place, *size));
        errno = why ? EIO : ENOENT;
        return nullptr;
    }

    int Stat(const char *name, VSIStatBufL *stat, int flags) override
    {
        std::memset(stat, 0, sizeof(*stat));
        const Place place = locatePlace(name);
        if (!place.state || isHidden(place.path))
        {
            errno = ENOENT;
            return -1;
        }
        const ConfigOf config(*place.state);
        Attempt attempt;
        const int result = VSIStatExL(place.path.c_str(), stat,
                                      flags | VSI_STAT_SET_ERROR_FLAG);
        attempt.ended();
        if (result == 0)
            return 0;
        const auto why =
            attempt.failure(place.path, place.state->isOwn(place.path));
        if (why && place.state->matters(place.path))
            place.state->fail(place.path, *why);
        errno = why ? EIO : ENOENT;
        return result;
    }

    char **ReadDirEx(const char *name, int most) override
    {
        const Place place = locatePlace(name);
        if (!place.state)
            return nullptr;
        State &state = *place.state;
        const std::string &path = place.path;
        const ConfigOf config(state);
        Attempt attempt;
        CPLStringList names(VSIReadDirEx(path.c_str(), most));
        attempt.ended();
        // A folder beside or above need not be readable: what is looked for in
        // it is then looked for by its name.
        if (!names.List() && state.isOwn(path))
        {
            if (const auto why = attempt.failure(path, true))
                state.fail(path, *why);
            else if (attempt.reportedErrors())
                state.fail(path, CPLGetLastErrorMsg());
        }
        // What a listing leaves out is not looked for at all.
        if (names.List() && state.matters(path + "/") &&
            state.ownNames(path, names) !=
                state.ownNames(path,
                               CPLStringList(VSIReadDirEx(path.c_str(), most))))
            state.fail(path, "its listing is another one at second sight");
        return names.StealList();
    }

    char **SiblingFiles(const char *name) override
    {
        const Place place = locatePlace(name);
        return place.state ? VSISiblingFiles(place.path.c_str()) : nullptr;
    }

    int HasOptimizedReadMultiRange(const char *name) override
    {
        return VSIHasOptimizedReadMultiRange(locatePlace(name).path.c_str());
    }

    char **GetFileMetadata(const char *name, const char *domain,
                           CSLConstList options) override
    {
        return VSIGetFileMetadata(locatePlace(name).path.c_str(), domain,
                                  options);
    }

    std::string GetStreamingFilename(const std::string &name) const override
    {
        const Place place = locatePlace(name);
        return place.mount + VSIFileManager::GetHandler(place.path.c_str())
                                 ->GetStreamingFilename(place.path);
    }

    bool IsLocal(const char *name) const override
    {
        const std::string path = locatePlace(name).path;
        return VSIFileManager::GetHandler(path.c_str())->IsLocal(path.c_str());
    }

    bool IsArchive(const char *name) const override
    {
        const std::string path = locatePlace(name).path;
        return VSIFileManager::GetHandler(path.c_str())
            ->IsArchive(path.c_str());
    }

  private:
    static std::optional<std::uint64_t> mappedSize(const Place &place)
    {
        const std::lock_guard guard(place.state->mutex);
        return place.path == place.state->file ? place.state->mapped
                                               : std::nullopt;
    }

    static VSIVirtualHandleUniquePtr opened(VSIVirtualHandle *file,
                                            const Place &place)
    {
        auto size = mappedSize(place);
        if (!size && place.path == place.state->file)
        {
            size = sizeIfNetcdf(*file);
            const std::lock_guard guard(place.state->mutex);
            place.state->mapped = size;
        }
        if (size)
            return VSIVirtualHandleUniquePtr(
                new MappedHandle(file, place, *size));
        return VSIVirtualHandleUniquePtr(new Handle(file, place));
    }
};

}  // namespace

bool CheckedFiles::areNeeded(const std::string &file)
{
    if (isVirtual(file))
        return !file.starts_with("/vsimem/") && !file.starts_with("/vsistdin");
    return isZarrFolder(file);
}

CheckedFiles::CheckedFiles(const std::string &file,
                           std::shared_ptr<SeenFiles> seen)
    : m_state(std::make_shared<State>())
{
    static const bool installed = []
    {
        VSIFileManager::InstallHandler(std::string(prefix),
                                       std::make_shared<Handler>());
        return true;
    }();
    static_cast<void>(installed);
    m_state->file = file;
    m_state->config = CPLStringList(CPLGetThreadLocalConfigOptions());
    m_state->folder = file.substr(0, file.rfind('/') + 1);
    m_state->seen = std::move(seen);
    m_state->id = Mounts::instance().enter(m_state);
}

CheckedFiles::~CheckedFiles()
{
    Mounts::instance().leave(m_state->id);
}

std::string CheckedFiles::nameFor(const std::string &name) const
{
    const std::string mount = std::string(prefix) + m_state->id + "/";
    if (name == m_state->file || name.starts_with(m_state->file + "/"))
        return mount + name;
    // ZARR:"file", ZARR:/file
    for (const char before : {'"', ':'})
        if (const auto found = name.find(before + m_state->file);
            found != name.npos)
            return std::string(name).insert(found + 1, mount);
    return {};
}

Status CheckedFiles::failure() const
{
    const std::lock_guard guard(m_state->mutex);
    return m_state->failure;
}

std::string withPlainNames(std::string message)
{
    for (auto found = message.find(prefix); found != message.npos;
         found = message.find(prefix, found))
    {
        const auto slash = message.find('/', found + prefix.size());
        if (slash == message.npos)
            break;
        message.erase(found, slash + 1 - found);
    }
    return message;
}

}  // namespace mdimappend
