// What a path below the prefix names, and what is read from and written to it.

#include "transaction/view_file_system.h"

#include "transaction/view.h"
#include "vsi/file_system.h"
#include "vsi/memory_files.h"
#include "vsi/mounts.h"

#include <cerrno>
#include <charconv>
#include <optional>
#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// A view outlives every handle of the driver, which its pipeline closes first.
Mounts<View *> &views()
{
    static Mounts<View *> mounts(ViewFileSystem::prefix());
    return mounts;
}

/// What a path below the prefix names.
struct Place
{
    View *view = nullptr;
    std::size_t array = 0;
    OpenMode mode = OpenMode::Read;
    std::string key;  ///< "" is the array's folder itself
};

std::optional<OpenMode> parseMode(std::string_view name)
{
    if (name == "read")
        return OpenMode::Read;
    if (name == "zero")
        return OpenMode::WriteZero;
    if (name == "one")
        return OpenMode::WriteOne;
    return std::nullopt;
}

std::optional<Place> locatePlace(const std::string &whole)
{
    const auto found = views().locate(whole);
    const std::string &path = found.path;
    const auto end = std::min(path.find('/'), path.size());
    const auto array = std::string_view(path).substr(0, end);
    const auto dot = array.find('.');
    if (!found.mounted || dot == array.npos)
        return std::nullopt;
    Place place;
    place.view = found.mounted;
    const std::string number(array.substr(0, dot));
    const char *numberEnd = number.data() + number.size();
    const auto [stop, code] =
        std::from_chars(number.data(), numberEnd, place.array);
    if (code != std::errc() || stop != numberEnd)
        return std::nullopt;
    // What follows the second dot only makes the name new.
    const auto mode =
        parseMode(array.substr(dot + 1, array.find('.', dot + 1) - dot - 1));
    if (!mode)
        return std::nullopt;
    place.mode = *mode;
    if (end < path.size())
        place.key = path.substr(end + 1);
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

std::optional<std::string> contentAt(const Place &place)
{
    if (const auto document =
            place.view->document(place.array, place.mode, place.key))
        return *document;
    if (place.mode != OpenMode::Read || isDocument(place.key))
        return std::nullopt;
    auto bytes = place.view->readChunk(place.array, place.key);
    return bytes ? std::move(*bytes) : std::nullopt;
}

/// A chunk is handed over whole when it is closed; a document is swallowed.
VsiFile fileToWrite(const Place &place)
{
    return fileForBytes(
        [place](std::string_view bytes)
        {
            return isDocument(place.key) ||
                   bool(place.view->writeChunk(place.array, place.key, bytes));
        });
}

class Files final : public FileSystem
{
  public:
    VsiFile open(const std::string &name, const std::string &access,
                 CSLConstList) override
    {
        const auto place = locatePlace(name);
        if (place && !place->key.empty())
        {
            if (access.find('w') != access.npos)
                return fileToWrite(*place);
            if (auto bytes = contentAt(*place))
                return fileOfBytes(std::move(*bytes));
        }
        errno = ENOENT;
        return {};
    }

    int stat(const std::string &name, VSIStatBufL &state, int) override
    {
        const auto place = locatePlace(name);
        if (place && isFolder(*place))
        {
            state.st_mode = S_IFDIR | 0755;
            return 0;
        }
        if (place)
        {
            if (const auto document = place->view->document(
                    place->array, place->mode, place->key))
            {
                state.st_mode = S_IFREG | 0644;
                state.st_size = static_cast<off_t>(document->size());
                return 0;
            }
        }
        errno = ENOENT;
        return -1;
    }

    /// Nothing of a view is in a file that could be removed.
    bool swallowsChanges() const override
    {
        return true;
    }

  private:
    /// Folders of `/` keys exist as far as the driver is concerned; what is
    /// written was not there before.
    static bool isFolder(const Place &place)
    {
        return place.key.empty() ||
               (place.mode != OpenMode::Read && !isDocument(place.key) &&
                !place.view->isChunkKey(place.array, place.key));
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
        installFileSystem(prefix(), std::make_unique<Files>());
        return true;
    }();
    static_cast<void>(installed);
    return views().enter(view);
}

void leave(const std::string &id)
{
    views().leave(id);
}

}  // namespace ViewFileSystem

}  // namespace mdimappend
