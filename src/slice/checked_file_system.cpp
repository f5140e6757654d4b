// Asks the file system that a slice's files are in, and where the answer is
// "nothing", says that they are not there only if that is so.

#include "slice/checked_file_system.h"

#include "vsi/attempt.h"
#include "vsi/checked_reads.h"
#include "vsi/file_system.h"
#include "vsi/memory_files.h"
#include "vsi/paths.h"

#include <cpl_conv.h>
#include <cpl_error.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace mdimappend
{

namespace
{

using Place = CheckedOpenings::Place;

/// The size of a file that the netCDF library reads.
std::optional<std::uint64_t> sizeIfNetcdf(VsiFile &file)
{
    std::array<char, 4> start{};
    const bool isNetcdf =
        file.read(start.data(), start.size()) == start.size() &&
        (std::memcmp(start.data(), "CDF", 3) == 0 ||
         std::memcmp(start.data(), "\x89HDF", 4) == 0);
    std::optional<std::uint64_t> size;
    if (isNetcdf)
        size = file.size();
    VSIFClearErrL(file.get());
    // What follows reads at positions that it sets itself.
    static_cast<void>(file.seek(0));
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
    explicit ConfigOf(const CheckedOpening &opening)
        : m_before(CPLGetThreadLocalConfigOptions())
    {
        CPLSetThreadLocalConfigOptions(opening.config().List());
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

TellFailure failureOf(const Place &place)
{
    return [place](const std::string &what)
    {
        // A folder can be opened, not read.
        if (!isFolder(place.path))
            place.mounted->fail(place.path, what);
    };
}

class CheckedFileSystem final : public FileSystem
{
  public:
    VsiFile open(const std::string &name, const std::string &access,
                 CSLConstList options) override;
    int stat(const std::string &name, VSIStatBufL &state, int flags) override;
    CPLStringList list(const std::string &folder, int most) override;
    std::string standsFor(const std::string &name) const override;

  private:
    static VsiFile openListed(const Place &place, const std::string &path,
                              const ObjectFolder &folder);
    static VsiFile openPlain(const Place &place, const std::string &path,
                             const std::string &access, CSLConstList options);
    static VsiFile checked(VsiFile file, const Place &place);
};

VsiFile CheckedFileSystem::open(const std::string &name,
                                const std::string &access, CSLConstList options)
{
    const Place place = checkedOpenings().locate(name);
    if (!place.mounted || isHidden(place.path))
    {
        errno = ENOENT;
        return {};
    }
    if (!access.starts_with('r') || access.find('+') != access.npos)
    {
        errno = EROFS;
        return {};
    }
    const ConfigOf config(*place.mounted);
    // Streams end at the first error, and do not say which. So what cannot be
    // opened as one is asked for once more, as a file.
    const std::string path = withoutStreaming(place.path);
    if (const auto *folder = place.mounted->folderOf(path))
    {
        const auto *listed = folder->listing().find(folder->keyOf(path));
        if (!listed || listed->size <= ObjectFolder::largestFetched)
            return openListed(place, path, *folder);
    }
    if (path != place.path)
    {
        VsiFile stream(
            VSIFOpenEx2L(place.path.c_str(), access.c_str(), true, options));
        if (stream)
            return checked(std::move(stream), place);
    }
    return openPlain(place, path, access, options);
}

VsiFile CheckedFileSystem::openListed(const Place &place,
                                      const std::string &path,
                                      const ObjectFolder &folder)
{
    const auto key = folder.keyOf(path);
    if (!folder.listing().find(key))
    {
        errno = ENOENT;
        return {};
    }
    auto object = folder.fetch(key);
    if (object)
        return fileOfBytes(*object);
    place.mounted->fail(path, object.status().message());
    errno = EIO;
    return {};
}

VsiFile CheckedFileSystem::openPlain(const Place &place,
                                     const std::string &path,
                                     const std::string &access,
                                     CSLConstList options)
{
    CheckedOpening &opening = *place.mounted;
    if (opening.seen() && opening.isOwn(path) && !isVirtual(path) &&
        !opening.seen()->note(path))
        opening.fail(path, "it has changed since it was first read");
    Attempt attempt;
    VsiFile file(VSIFOpenEx2L(path.c_str(), access.c_str(), true, options));
    attempt.ended();
    if (file)
        return checked(std::move(file), place);
    auto why = attempt.failure(path, opening.isOwn(path));
    // Archives, and others that do not tell.
    if (!why && isVirtual(path) && isFile(path))
        why = "it exists, but cannot be opened";
    if (why && opening.matters(path) && !isFolder(path))
        opening.fail(path, *why);
    if (const auto size = opening.mappedSize(place.path); why && size)
        return fileOfSize({}, *size, failureOf(place));
    errno = why ? EIO : ENOENT;
    return {};
}

VsiFile CheckedFileSystem::checked(VsiFile file, const Place &place)
{
    CheckedOpening &opening = *place.mounted;
    auto size = opening.mappedSize(place.path);
    if (!size && place.path == opening.file())
    {
        size = sizeIfNetcdf(file);
        opening.setMappedSize(size);
    }
    if (size)
        return fileOfSize(std::move(file), *size, failureOf(place));
    return checkedFile(std::move(file), place.path, failureOf(place));
}

int CheckedFileSystem::stat(const std::string &name, VSIStatBufL &state,
                            int flags)
{
    const Place place = checkedOpenings().locate(name);
    if (!place.mounted || isHidden(place.path))
    {
        errno = ENOENT;
        return -1;
    }
    CheckedOpening &opening = *place.mounted;
    const std::string path = withoutStreaming(place.path);
    if (const auto *folder = opening.folderOf(path))
    {
        const bool isThere = folder->listing().stat(folder->keyOf(path), state);
        errno = isThere ? 0 : ENOENT;
        return isThere ? 0 : -1;
    }
    const ConfigOf config(opening);
    Attempt attempt;
    const int result =
        VSIStatExL(place.path.c_str(), &state, flags | VSI_STAT_SET_ERROR_FLAG);
    attempt.ended();
    if (result == 0)
        return 0;
    const auto why = attempt.failure(place.path, opening.isOwn(place.path));
    if (why && opening.matters(place.path))
        opening.fail(place.path, *why);
    errno = why ? EIO : ENOENT;
    return result;
}

CPLStringList CheckedFileSystem::list(const std::string &folder, int most)
{
    const Place place = checkedOpenings().locate(folder);
    if (!place.mounted)
        return {};
    CheckedOpening &opening = *place.mounted;
    const std::string &path = place.path;
    if (const auto *objects = opening.folderOf(path))
        return objects->listing().names(objects->keyOf(path));
    const ConfigOf config(opening);
    Attempt attempt;
    CPLStringList names(VSIReadDirEx(path.c_str(), most));
    attempt.ended();
    // A folder beside or above need not be readable: what is looked for in it
    // is then looked for by its name.
    if (!names.List() && opening.isOwn(path))
    {
        if (const auto why = attempt.failure(path, true))
            opening.fail(path, *why);
        else if (attempt.reportedErrors())
            opening.fail(path, CPLGetLastErrorMsg());
    }
    // What a listing leaves out is not looked for at all.
    if (names.List() && opening.matters(path + "/") &&
        opening.ownNames(path, names) !=
            opening.ownNames(path,
                             CPLStringList(VSIReadDirEx(path.c_str(), most))))
        opening.fail(path, "its listing has changed");
    return names;
}

std::string CheckedFileSystem::standsFor(const std::string &name) const
{
    return checkedOpenings().locate(name).path;
}

}  // namespace

CheckedOpenings &checkedOpenings()
{
    static CheckedOpenings openings{std::string(checkedPrefix)};
    static const bool installed = []
    {
        installFileSystem(std::string(checkedPrefix),
                          std::make_unique<CheckedFileSystem>());
        return true;
    }();
    static_cast<void>(installed);
    return openings;
}

}  // namespace mdimappend
