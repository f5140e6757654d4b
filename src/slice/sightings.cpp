// Looks at all that must hold still of a slice, without reading it, and
// remembers since when it has looked so.

#include "slice/sightings.h"

#include "slice/fingerprint.h"
#include "slice/gdal_messages.h"
#include "slice/slice_config.h"
#include "slice/slice_name.h"
#include "vsi/paths.h"

#include <cpl_vsi.h>

#include <filesystem>
#include <memory>

namespace mdimappend
{

namespace
{

bool isCancelled(const std::function<bool()> &cancelled)
{
    return cancelled && cancelled();
}

/// What lies below a folder, in any order.
class Contents
{
  public:
    /// The size of a folder is how much it has ever held.
    void add(const std::string &name, const std::string &size,
             std::int64_t modified)
    {
        ++m_count;
        m_sum += std::hash<std::string>()(name + ":" + size + ":" +
                                          std::to_string(modified));
    }

    std::string text() const
    {
        return ";" + std::to_string(m_count) + ":" + std::to_string(m_sum);
    }

  private:
    std::size_t m_count = 0;
    std::size_t m_sum = 0;
};

/// Links to folders are not entered: they may lead back.
std::string localContentsOf(const std::string &folder,
                            const std::function<bool()> &cancelled)
{
    namespace fs = std::filesystem;
    Contents contents;
    std::error_code code;
    fs::recursive_directory_iterator entry(
        folder, fs::directory_options::skip_permission_denied, code);
    for (; !code && entry != fs::recursive_directory_iterator();
         entry.increment(code))
    {
        if (isCancelled(cancelled))
            break;
        std::error_code gone;
        const auto size = entry->is_regular_file(gone)
                              ? std::to_string(entry->file_size(gone))
                              : "/";
        const auto modified = entry->last_write_time(gone);
        contents.add(entry->path().string(), size,
                     modified.time_since_epoch().count());
    }
    return contents.text();
}

std::string contentsOf(const std::string &folder,
                       const std::function<bool()> &cancelled)
{
    if (!folder.starts_with("/vsi"))
        return localContentsOf(folder, cancelled);
    const std::unique_ptr<VSIDIR, decltype(&VSICloseDir)> listing(
        VSIOpenDir(folder.c_str(), -1, nullptr), VSICloseDir);
    Contents contents;
    while (listing)
    {
        const VSIDIREntry *entry = VSIGetNextDirEntry(listing.get());
        if (!entry || isCancelled(cancelled))
            break;
        contents.add(entry->pszName,
                     VSI_ISDIR(entry->nMode) ? "/"
                                             : std::to_string(entry->nSize),
                     entry->nMTime);
    }
    return contents.text();
}

}  // namespace

void forgetCached(const std::string &file)
{
    const std::size_t slash = file.rfind('/');
    if (file.starts_with("/vsi") && slash != std::string::npos)
        VSICurlPartialClearCache(file.substr(0, slash + 1).c_str());
}

std::string stateOfSlice(const std::string &file,
                         const std::function<bool()> &cancelled)
{
    const GdalMessages quiet;
    const std::string archive = archiveOf(file);
    forgetCached(archive.empty() ? file : archive);
    std::string state = fingerprintOf(file);
    // A member may be there before its bytes are.
    if (!archive.empty() && state.empty())
        state = "@" + fingerprintOf(archive);
    else if (archive.empty() && isFolder(file))
        state += contentsOf(file, cancelled);
    return state;
}

const Sightings::Sighting &Sightings::note(const std::string &file,
                                           std::string state)
{
    const auto [found, isNew] = m_byFile.try_emplace(file);
    Sighting &sighting = found->second;
    if (isNew || sighting.state != state)
        sighting = {std::move(state), Clock::now()};
    return sighting;
}

void Sightings::look(const SliceRequest &request,
                     const std::function<bool()> &cancelled)
{
    const auto config = configOf(request.name, request.config);
    if (request.dataset || !config)
        return;
    const ScopedConfig configured(*config);
    const std::string file = fileOf(request.name);
    note(file, stateOfSlice(file, cancelled));
}

}  // namespace mdimappend
