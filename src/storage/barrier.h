// What has to be made durable on a local file system, and the barrier that does
// it: one `syncfs` where that reports write errors (ext4, xfs, btrfs; Linux >=
// 5.8), through a descriptor that was open before the first write, so that no
// error in between is missed. Elsewhere each file written and each folder
// changed since the last barrier is fsynced.

#pragma once

#include "mutex.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <set>
#include <string>

namespace mdimappend
{

class Barrier
{
  public:
    /// `anchor` is an open folder on the file system, for as long as this
    /// lives.
    Barrier(Posix &posix, Durability durability, int anchor);

    Durability durability() const
    {
        return m_durability;
    }

    /// A file or folder was made, written or replaced.
    void changed(const std::string &path);

    /// A name in this folder was made or removed.
    void folderChanged(const std::string &path);

    /// All that was changed is durable when this succeeds.
    Status pass();

    /// The file system, as long as it is mounted: what others change of it is
    /// durable, too. "" where that is not so.
    std::string reach() const;

    /// One file or folder, now.
    Status syncPath(const std::string &path);

  private:
    Posix &m_posix;
    Durability m_durability;
    int m_anchor;
    bool m_syncfs;
    Mutex m_mutex;
    std::set<std::string> m_unsyncedFiles MDIMAPPEND_GUARDED_BY(m_mutex);
    std::set<std::string> m_unsyncedFolders MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
