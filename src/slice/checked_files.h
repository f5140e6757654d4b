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

#include "status.h"

#include <memory>
#include <string>

namespace mdimappend
{

/// What files of a slice were when they were read, for all its readers.
class SeenFiles
{
  public:
    SeenFiles();
    ~SeenFiles();
    SeenFiles(const SeenFiles &) = delete;
    SeenFiles &operator=(const SeenFiles &) = delete;

    /// Notes a local file as it is now, or that it is not there; false if it
    /// was seen otherwise before.
    bool note(const std::string &path);

    /// The first file that is no longer as it was seen; "" if none.
    std::string changed() const;

  private:
    struct Files;
    std::unique_ptr<Files> m_files;
};

class CheckedFiles
{
  public:
    /// Whether files of this name, or below it, should be opened so. Not those
    /// that libraries open by themselves.
    static bool areNeeded(const std::string &file);

    CheckedFiles(const std::string &file, std::shared_ptr<SeenFiles> seen);
    ~CheckedFiles();
    CheckedFiles(const CheckedFiles &) = delete;
    CheckedFiles &operator=(const CheckedFiles &) = delete;

    /// `name`, which has the file in it or is below it, as GDAL is to open it;
    /// "" if the file is not in it.
    std::string nameFor(const std::string &name) const;

    /// Failure::Unavailable: the first failure; without the slice's name.
    Status failure() const;

    struct State;

  private:
    std::shared_ptr<State> m_state;
};

/// A message of GDAL with the names of files as they are.
std::string withPlainNames(std::string message);

}  // namespace mdimappend
