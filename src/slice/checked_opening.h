// What one opening of a slice, and all files that GDAL opens for it, share:
// what belongs to the slice, and the first failure. Internal to checked_files.

#pragma once

#include "mutex.h"
#include "slice/object_folder.h"
#include "slice/seen_files.h"
#include "status.h"

#include <cpl_string.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace mdimappend
{

class CheckedOpening
{
  public:
    /// In the thread in which the slice is opened. `seen` and `folder` may be
    /// null.
    CheckedOpening(const std::string &file, std::shared_ptr<SeenFiles> seen,
                   std::shared_ptr<const ObjectFolder> folder);

    const std::string &file() const
    {
        return m_file;
    }

    /// Null: files may change.
    SeenFiles *seen() const
    {
        return m_seen.get();
    }

    /// The folder that answers for this path; null: the file system does.
    const ObjectFolder *folderOf(const std::string &path) const;

    /// GDAL's configuration where the slice was opened. The netCDF library has
    /// threads of its own read.
    const CPLStringList &config() const
    {
        return m_config;
    }

    bool isOwn(const std::string &path) const;

    /// Drivers also look at files beside the slice, and the Zarr driver above
    /// it, where others' files are.
    bool matters(const std::string &path) const;

    /// Of the names in a folder, those of the slice: all that is in it, or what
    /// lies beside its file and is called like it.
    std::set<std::string> ownNames(const std::string &path,
                                   const CPLStringList &names) const;

    /// Only the first failure is kept.
    void fail(const std::string &path, const std::string &what);
    Status failure() const;

    /// The size of the file at `path`, if it is the slice's and one that the
    /// netCDF library may have mapped.
    std::optional<std::uint64_t> mappedSize(const std::string &path) const;
    void setMappedSize(std::optional<std::uint64_t> size);

  private:
    std::string m_file;
    std::string m_folder;  ///< the file is in
    std::shared_ptr<SeenFiles> m_seen;
    std::shared_ptr<const ObjectFolder> m_objects;
    CPLStringList m_config;
    mutable Mutex m_mutex;
    Status m_failure MDIMAPPEND_GUARDED_BY(m_mutex){};
    std::optional<std::uint64_t> m_mappedSize MDIMAPPEND_GUARDED_BY(m_mutex){};
};

}  // namespace mdimappend
