// What objects hold that this process has written, or read and compared: it
// need not be read again while they are the same version.

#pragma once

#include "journal/records.h"
#include "mutex.h"
#include "storage/storage.h"

#include <map>
#include <string>
#include <vector>

namespace mdimappend
{

/// What an object holds, as the version that it is.
struct KnownObject
{
    std::string path;
    std::string version;
    Content content;
};

class KnownContents
{
  public:
    /// What the object at a path held when it was this version.
    void note(const std::string &path, std::string version, Content content);
    void note(std::vector<KnownObject> objects);

    /// "" if nothing was noted.
    std::string version(const std::string &path) const;

    /// What is at a path, which has this version now, by the checksum of chunks
    /// or of documents.
    Result<Content> at(Storage &storage, const std::string &path,
                       const std::string &version, bool chunk) const;

  private:
    struct Known
    {
        std::string version;
        Content content;
    };

    mutable Mutex m_mutex;
    std::map<std::string, Known> m_known MDIMAPPEND_GUARDED_BY(m_mutex){};
};

/// What is at a path, read.
Result<Content> contentAt(Storage &storage, const std::string &path,
                          bool chunk);

}  // namespace mdimappend
