// Storage that has folders, and objects and folders whose names can be given
// anew in one instant: a file system. A commit there is a row of renames.

#pragma once

#include "storage/read_objects.h"
#include "storage/storage.h"

#include <memory>

namespace mdimappend
{

/// Of a file's version: its time stamp, which a copy of the file can keep.
std::string fileTimeOf(const std::string &version);

class FolderStorage : public Storage
{
  public:
    FolderStorage *folders() final
    {
        return this;
    }

    Status putWhole(const std::string &path, std::string_view bytes) override
    {
        MDIMAPPEND_RETURN_IF_ERROR(put(path + ".new", bytes));
        return publish(path + ".new", path);
    }

    /// Notes what is read from now on.
    virtual void watchReads(const std::shared_ptr<ReadObjects> &reads)
    {
        static_cast<void>(reads);
    }

    /// Moves a staged object over `destination`, atomically. Missing parent
    /// folders are made.
    virtual Status publish(const std::string &staged,
                           const std::string &destination) = 0;

    /// The same with the content of an object that is there under another name,
    /// which needs no space. That name may be gone afterwards.
    virtual Result<bool> createFrom(const std::string &prepared,
                                    const std::string &path) = 0;

    /// Seconds since the object was written, by the clock of whatever keeps it:
    /// the same one for all who look. Nothing if it is not there, or where
    /// that cannot be told.
    virtual Result<std::optional<double>> age(const std::string &path) = 0;

    virtual Status makeFolders(const std::string &folder) = 0;

    /// A folder that is there. If somebody takes it away, what would be written
    /// into it fails: it is not made again where nobody looks for it.
    virtual void expectFolder(const std::string &folder) = 0;

    /// Removes a folder if it is empty; one that is not there or not empty is
    /// left alone and is no error.
    virtual Status removeFolderIfEmpty(const std::string &folder) = 0;

    /// Makes a folder that is going to be exchanged with the folder
    /// `destination`, with the access rights of that. Fails where the exchange
    /// could not succeed: on a file system that cannot do it, or on another
    /// one than the destination's, or without the rights.
    virtual Status makeReplacement(const std::string &folder,
                                   const std::string &destination) = 0;

    /// Each of two folders takes the other's place, in one instant.
    virtual Status exchange(const std::string &folder,
                            const std::string &other) = 0;

    /// What a folder keeps when it is renamed and shares with no other of its
    /// file system, no copy of it, and none that was there before it; nothing
    /// if there is no such folder.
    virtual Result<std::optional<std::string>>
    identity(const std::string &folder) = 0;

    /// Removes a folder and all that is below it; it may be gone already.
    /// Links are removed and never followed, mounted file systems never
    /// entered. False if something must stay for good, for want of rights or
    /// because it is in use: then all else is gone.
    virtual Result<bool> removeTree(const std::string &folder) = 0;
};

}  // namespace mdimappend
