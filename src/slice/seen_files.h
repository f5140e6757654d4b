// What files of a slice were when they were read, for all its readers.

#pragma once

#include "mutex.h"

#include <map>
#include <string>

namespace mdimappend
{

class SeenFiles
{
  public:
    /// Notes a local file as it is now, or that it is not there; false if it
    /// was seen otherwise before.
    bool note(const std::string &path);

    /// The first file that is no longer as it was seen; "" if none.
    std::string changed() const;

  private:
    mutable Mutex m_mutex;
    std::map<std::string, std::string>
        m_states MDIMAPPEND_GUARDED_BY(m_mutex){};
};

}  // namespace mdimappend
