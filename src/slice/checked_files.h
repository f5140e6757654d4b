// The files of a slice as GDAL's drivers see them: through a file system of
// ours that passes everything on, and keeps what went wrong.
//
// Drivers do not tell "cannot be read" from "is not there". The Zarr driver
// takes a chunk that it cannot open for an empty one, and a document for one
// that there is none of; others go on without a sidecar, which may hold the
// missing value. The netCDF library reads remote files through a mapping of
// memory, and never returns if a page of it cannot be read. So here "is not
// there" is said of what is not there only. Any other failure is kept, and
// whatever was read until then does not count.

#pragma once

#include "slice/seen_files.h"
#include "status.h"

#include <memory>
#include <string>

namespace mdimappend
{

class CheckedOpening;
class ObjectFolder;

class CheckedFiles
{
  public:
    /// Whether files of this name, or below it, should be opened so. Not those
    /// that libraries open by themselves.
    static bool areNeeded(const std::string &file);

    /// GDAL is configured as it is now in this thread whenever a file is
    /// opened. `folder`: the slice's, if it is listed; else null.
    CheckedFiles(const std::string &file, std::shared_ptr<SeenFiles> seen,
                 std::shared_ptr<const ObjectFolder> folder = nullptr);
    ~CheckedFiles();
    CheckedFiles(const CheckedFiles &) = delete;
    CheckedFiles &operator=(const CheckedFiles &) = delete;

    /// `name`, which has the file in it or is below it, as GDAL is to open it;
    /// "" if the file is not in it.
    std::string nameFor(const std::string &name) const;

    /// Failure::Unavailable: the first failure; without the slice's name.
    Status failure() const;

  private:
    std::shared_ptr<CheckedOpening> m_opening;
    std::string m_mount;  ///< the name of `m_opening` below the prefix
};

/// A message of GDAL with the names of files as they are.
std::string withPlainNames(std::string message);

}  // namespace mdimappend
