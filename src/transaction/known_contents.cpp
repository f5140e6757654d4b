// Remembers what objects hold as long as they are the same version, and reads
// those that it does not know.

#include "transaction/known_contents.h"

#include "storage/checksum.h"

#include <utility>

namespace mdimappend
{

void KnownContents::note(const std::string &path, std::string version,
                         Content content)
{
    const MutexLock lock(m_mutex);
    m_known[path] = {std::move(version), std::move(content)};
}

void KnownContents::note(std::vector<KnownObject> objects)
{
    for (auto &[path, version, content] : objects)
        note(path, std::move(version), std::move(content));
}

std::string KnownContents::version(const std::string &path) const
{
    const MutexLock lock(m_mutex);
    const auto found = m_known.find(path);
    return found == m_known.end() ? std::string() : found->second.version;
}

Result<Content> KnownContents::at(Storage &storage, const std::string &path,
                                  const std::string &version, bool chunk) const
{
    {
        const MutexLock lock(m_mutex);
        const auto found = m_known.find(path);
        if (found != m_known.end() && !version.empty() &&
            found->second.version == version)
            return found->second.content;
    }
    return contentAt(storage, path, chunk);
}

Result<Content> contentAt(Storage &storage, const std::string &path, bool chunk)
{
    if (!chunk)
    {
        MDIMAPPEND_ASSIGN(const auto bytes,
                          storage.read(path, largestDocument));
        return contentOf(bytes);
    }
    Content content;
    Xxh3 checksum;
    MDIMAPPEND_ASSIGN(content.exists,
                      storage.readInParts(path,
                                          [&](std::string_view part)
                                          {
                                              content.size += part.size();
                                              checksum.add(part);
                                          }));
    if (content.exists)
        content.checksum = checksum.digest();
    return content;
}

}  // namespace mdimappend
