// Which versions of objects were read: what was made of them holds as long as
// they are the same.

#pragma once

#include "mutex.h"
#include "storage/storage.h"

#include <map>
#include <string>

namespace mdimappend
{

/// Of each path; "" if there is no object.
using ObjectVersions = std::map<std::string, std::string>;

class ReadObjects
{
  public:
    /// Of those below a folder; others are not looked at.
    explicit ReadObjects(const std::string &folder) : m_folder(folder + "/")
    {
    }

    /// `version`: "" if there was no object.
    void noteRead(const std::string &path, const std::string &version);

    /// What is in a folder was listed, which no version tells.
    void noteListed(const std::string &folder);

    /// What whoever has read them has put there.
    void noteWritten(const std::string &path, const std::string &version);

    bool has(const std::string &path) const;

    /// What was read of objects whose paths begin so is not needed any more.
    void forgetBelow(const std::string &beginning);

    /// Whether each is the version that was read; false if that cannot be
    /// known.
    Result<bool> areTheSame(Storage &storage) const;

  private:
    bool isBelow(const std::string &path) const
    {
        return path.starts_with(m_folder);
    }

    const std::string m_folder;
    mutable Mutex m_mutex;
    ObjectVersions m_versions MDIMAPPEND_GUARDED_BY(m_mutex){};
    bool m_unclear MDIMAPPEND_GUARDED_BY(m_mutex) = false;
};

}  // namespace mdimappend
