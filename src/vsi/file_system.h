// A file system of ours among those of GDAL: all names that begin with its
// prefix are answered by it. It is read only, and lives as long as the process.

#pragma once

#include "vsi/vsi_file.h"

#include <cpl_string.h>

#include <memory>
#include <string>

namespace mdimappend
{

class FileSystem
{
  public:
    FileSystem() = default;
    virtual ~FileSystem() = default;
    FileSystem(const FileSystem &) = delete;
    FileSystem &operator=(const FileSystem &) = delete;

    /// `access` and `options` as VSIFOpenEx2L has them. Empty if there is
    /// nothing to open: errno says why.
    virtual VsiFile open(const std::string &name, const std::string &access,
                         CSLConstList options) = 0;

    /// As VSIStatExL has it: 0, or -1 with errno. `state` is all zeros before.
    virtual int stat(const std::string &name, VSIStatBufL &state,
                     int flags) = 0;

    /// The names in a folder, at least `most` of them if there are so many (0:
    /// all). A list that is null: they cannot be listed.
    virtual CPLStringList list(const std::string &folder, int most)
    {
        static_cast<void>(folder);
        static_cast<void>(most);
        return {};
    }

    /// Whether GDAL is told that it has removed a file or made a folder, which
    /// is not done.
    virtual bool swallowsChanges() const
    {
        return false;
    }

    /// What `name` stands for in another file system of GDAL's, which is asked
    /// all that is not asked here: the end of `name`. "" if it is nothing
    /// else's.
    virtual std::string standsFor(const std::string &name) const
    {
        static_cast<void>(name);
        return {};
    }
};

/// Until the end of the process.
void installFileSystem(const std::string &prefix,
                       std::unique_ptr<FileSystem> fileSystem);

/// The name of a file that can be read in any order, for one that GDAL reads as
/// a stream; any other name as it is.
std::string withoutStreaming(const std::string &path);

}  // namespace mdimappend
