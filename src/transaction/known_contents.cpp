#include "transaction/known_contents.h"

#include "storage/checksum.h"

#include <utility>

namespace mdimappend
{

void KnownContents::note(const std::string &path, std::string version,
                         Content content)
{
    const std::lock_guard guard(m_mutex);
    m_known[path] = {std::move(version), std::move(content)};
}

Result<Content> KnownContents::at(Storage &storage, const std::string &path,
                                  bool chunk) const
{
    Known known;
    {
        const std::lock_guard guard(m_mutex);
        if (const auto found = m_known.find(path); found != m_known.end())
            known = found->second;
    }
    if (!known.version.empty())
    {
        MDIMAPPEND_ASSIGN(const auto state, storage.state(path));
        if (state && state->version == known.version)
            return known.content;
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
