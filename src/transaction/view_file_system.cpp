#include "transaction/view_file_system.h"

#include "transaction/view.h"

#include <cpl_vsi_virtual.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <map>
#include <mutex>
#include <optional>
#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// The views that exist, by name. A view outlives every handle of the driver,
/// which its pipeline closes first.
class Views
{
  public:
    static Views &instance()
    {
        static Views views;
        return views;
    }

    std::string enter(View *view)
    {
        const std::lock_guard guard(m_mutex);
        auto id = std::to_string(++m_last);
        m_views[id] = view;
        return id;
    }

    void leave(const std::string &id)
    {
        const std::lock_guard guard(m_mutex);
        m_views.erase(id);
    }

    View *find(const std::string &id)
    {
        const std::lock_guard guard(m_mutex);
        const auto found = m_views.find(id);
        return found == m_views.end() ? nullptr : found->second;
    }

  private:
    std::mutex m_mutex;
    std::map<std::string, View *> m_views;
    unsigned long long m_last = 0;
};

/// What a path below the prefix names.
struct Place
{
    View *view = nullptr;
    std::size_t array = 0;
    Face face = Face::Read;
    std::string key;  ///< "" is the array's folder itself
};

std::optional<Place> locatePlace(const char *path)
{
    std::string rest = path;
    const auto prefix = ViewFileSystem::prefix();
    if (!rest.starts_with(prefix))
        return std::nullopt;
    rest.erase(0, prefix.size());
    const auto slash = rest.find('/');
    if (slash == std::string::npos)
        return std::nullopt;
    Place place;
    place.view = Views::instance().find(rest.substr(0, slash));
    rest.erase(0, slash + 1);
    const auto end = std::min(rest.find('/'), rest.size());
    const std::string array = rest.substr(0, end);
    const auto dot = array.find('.');
    if (!place.view || dot == std::string::npos)
        return std::nullopt;
    const auto [stop, code] =
        std::from_chars(array.data(), array.data() + dot, place.array);
    if (code != std::errc() || stop != array.data() + dot)
        return std::nullopt;
    // What follows the second dot only makes the name new.
    const auto face = array.substr(dot + 1, array.find('.', dot + 1) - dot - 1);
    if (face == "zero")
        place.face = Face::WriteZero;
    else if (face == "one")
        place.face = Face::WriteOne;
    else if (face != "read")
        return std::nullopt;
    if (end < rest.size())
        place.key = rest.substr(end + 1);
    while (place.key.ends_with('/'))
        place.key.pop_back();
    return place;
}

bool isDocument(const std::string &key)
{
    const auto name = key.substr(key.find_last_of('/') + 1);
    return name.starts_with(".z") || name == "zarr.json" ||
           name.ends_with(".gmac") || name.ends_with(".aux.xml");
}

/// A whole object in memory.
class MemoryHandle : public VSIVirtualHandle
{
  public:
    explicit MemoryHandle(std::string bytes) : m_bytes(std::move(bytes))
    {
    }

    int Seek(vsi_l_offset offset, int whence) override
    {
        m_eof = false;
        if (whence == SEEK_SET)
            m_position = offset;
        else
            m_position =
                (whence == SEEK_CUR ? m_position : m_bytes.size()) + offset;
        return 0;
    }

    vsi_l_offset Tell() override
    {
        return m_position;
    }

    void ClearErr() override
    {
        m_eof = false;
    }

    int Eof() override
    {
        return m_eof;
    }

    int Error() override
    {
        return 0;
    }

  protected:
    std::string m_bytes;
    vsi_l_offset m_position = 0;
    bool m_eof = false;
};

class ReadHandle final : public MemoryHandle
{
  public:
    using MemoryHandle::MemoryHandle;

    size_t Read(void *buffer, size_t count) override
    {
        const auto done = PRead(buffer, count, m_position);
        m_eof = done < count;
        m_position += done;
        return done;
    }

    bool HasPRead() const override
    {
        return true;
    }

    size_t PRead(void *buffer, size_t count, vsi_l_offset offset) const override
    {
        if (offset >= m_bytes.size())
            return 0;
        const auto done = std::min<std::size_t>(count, m_bytes.size() - offset);
        std::memcpy(buffer, m_bytes.data() + offset, done);
        return done;
    }

    size_t Write(const void *, size_t) override
    {
        return 0;
    }

    int Close() override
    {
        return 0;
    }
};

class WriteHandle final : public MemoryHandle
{
  public:
    explicit WriteHandle(Place place)
        : MemoryHandle(std::string()), m_place(std::move(place))
    {
    }

    ~WriteHandle() override
    {
        deliver();
    }

    size_t Read(void *, size_t) override
    {
        return 0;
    }

    size_t Write(const void *buffer, size_t count) override
    {
        const std::size_t end = static_cast<std::size_t>(m_position) + count;
        if (end > m_bytes.size())
            m_bytes.resize(end);
        std::memcpy(m_bytes.data() + m_position, buffer, count);
        m_position = end;
        return count;
    }

    int Close() override
    {
        return deliver();
    }

  private:
    int deliver()
    {
        if (!std::exchange(m_open, false) || isDocument(m_place.key))
            return m_result;
        m_result = m_place.view->writeChunk(m_place.array, m_place.key, m_bytes)
                       ? 0
                       : -1;
        m_bytes = std::string();
        return m_result;
    }

    Place m_place;
    bool m_open = true;
    int m_result = 0;
};

class Handler final : public VSIFilesystemHandler
{
  public:
    VSIVirtualHandleUniquePtr Open(const char *path, const char *access, bool,
                                   CSLConstList) override
    {
        const auto place = locatePlace(path);
        if (!place || place->key.empty())
        {
            errno = ENOENT;
            return nullptr;
        }
        if (std::strchr(access, 'w'))
            return VSIVirtualHandleUniquePtr(new WriteHandle(*place));
        auto bytes = contentAt(*place);
        if (!bytes)
        {
            errno = ENOENT;
            return nullptr;
        }
        return VSIVirtualHandleUniquePtr(new ReadHandle(std::move(*bytes)));
    }

    int Stat(const char *path, VSIStatBufL *state, int) override
    {
        std::memset(state, 0, sizeof(*state));
        const auto place = locatePlace(path);
        if (place && place->key.empty())
        {
            state->st_mode = S_IFDIR | 0755;
            return 0;
        }
        if (place)
        {
            if (const auto document = place->view->document(
                    place->array, place->face, place->key))
            {
                state->st_mode = S_IFREG | 0644;
                state->st_size = static_cast<off_t>(document->size());
                return 0;
            }
            // Folders of `/` keys exist as far as the driver is concerned;
            // what is written was not there before.
            if (place->face != Face::Read && !isDocument(place->key) &&
                !place->view->isChunkKey(place->array, place->key))
            {
                state->st_mode = S_IFDIR | 0755;
                return 0;
            }
        }
        errno = ENOENT;
        return -1;
    }

    int Unlink(const char *) override
    {
        return 0;
    }

    int Mkdir(const char *, long) override
    {
        return 0;
    }

    std::string GetStreamingFilename(const std::string &filename) const override
    {
        return filename;
    }

    bool IsLocal(const char *) const override
    {
        return true;
    }

  private:
    static std::optional<std::string> contentAt(const Place &place)
    {
        if (const auto document =
                place.view->document(place.array, place.face, place.key))
            return *document;
        if (place.face != Face::Read || isDocument(place.key))
            return std::nullopt;
        auto bytes = place.view->readChunk(place.array, place.key);
        return bytes ? std::move(*bytes) : std::nullopt;
    }
};

}  // namespace

namespace ViewFileSystem
{

std::string prefix()
{
    return "/vsimdimappend/";
}

std::string enter(View *view)
{
    static const bool installed = []
    {
        VSIFileManager::InstallHandler(prefix(), std::make_shared<Handler>());
        return true;
    }();
    static_cast<void>(installed);
    return Views::instance().enter(view);
}

void leave(const std::string &id)
{
    Views::instance().leave(id);
}

}  // namespace ViewFileSystem

}  // namespace mdimappend
