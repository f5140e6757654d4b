// The folders of a local storage: made where they are missing, looked at once,
// never made again where somebody took one away that has to be there, and never
// entered through a link.

#pragma once

#include "mutex.h"
#include "status.h"
#include "storage/barrier.h"
#include "storage/posix.h"

#include <set>
#include <string>

namespace mdimappend
{

class KnownFolders
{
  public:
    /// `anchor`: the folder `anchorPath`, open for as long as this lives.
    KnownFolders(Posix &posix, Barrier &barrier, std::string anchorPath,
                 int anchor)
        : m_posix(posix), m_barrier(barrier),
          m_anchorPath(std::move(anchorPath)), m_anchor(anchor)
    {
    }

    /// Makes a folder, and those above it, unless they are there.
    Status make(const std::string &folder);

    /// It is there, and is not made again.
    void expect(const std::string &folder);

    /// One of them is gone, and perhaps those above and below it.
    void forget();

    /// Fails, as a failure of this kind, where a folder below the one that the
    /// anchor is in, or one above it, is a link.
    Status refuseLinks(const std::string &folder,
                       Failure kind = Failure::Error);

  private:
    bool isExpected(const std::string &folder);

    Posix &m_posix;
    Barrier &m_barrier;
    std::string m_anchorPath;
    int m_anchor;
    Mutex m_mutex;
    std::set<std::string> m_knownFolders MDIMAPPEND_GUARDED_BY(m_mutex);
    std::set<std::string> m_expectedFolders MDIMAPPEND_GUARDED_BY(m_mutex);
    std::set<std::string> m_foldersWithoutLinks MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
