// Reads what is at the keys of planned chunks, and compares it with what was
// there.

#include "transaction/chunk_bases.h"

#include "storage/checksum.h"

namespace mdimappend
{

namespace
{

Status changedByOthers(const std::string &key)
{
    return {Failure::Conflict,
            "conflict: chunk '" + key +
                "' was changed by somebody else during the append"};
}

}  // namespace

Content chunkContent(const std::optional<std::string> &bytes)
{
    return bytes ? Content{true, bytes->size(), xxh3(*bytes)} : Content{};
}

Result<Content> ChunkBases::of(const ChunkSlot &slot, const std::string &key)
{
    if (auto known = m_table.at(slot).base)
        return std::move(*known);
    MDIMAPPEND_ASSIGN(const auto bytes, m_storage.read(m_site.object(key)));
    auto base = chunkContent(bytes);
    m_table.setBase(slot, base);
    MDIMAPPEND_RETURN_IF_ERROR(noteSeen(key, base));
    return base;
}

Result<Content> ChunkBases::at(const std::string &key)
{
    MDIMAPPEND_ASSIGN(const auto there, m_storage.read(m_site.object(key)));
    auto content = chunkContent(there);
    MDIMAPPEND_RETURN_IF_ERROR(noteSeen(key, content));
    return content;
}

Status ChunkBases::noteSeen(const std::string &key, const Content &content)
{
    if (!m_storage.versions())
        return Status::ok();
    const auto path = m_site.object(key);
    MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(path));
    m_known.note(path, version, content);
    return Status::ok();
}

Status ChunkBases::checkUnchanged(const std::string &key, const Content &base)
{
    // There, only this version will be replaced, and answers have checksums of
    // their own on the way.
    if (m_storage.versions())
        return Status::ok();
    const auto path = m_site.object(key);
    MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(path));
    MDIMAPPEND_ASSIGN(const auto present,
                      m_known.at(m_storage, path, version, true));
    if (present != base)
        return changedByOthers(key);
    m_known.note(path, version, base);
    return Status::ok();
}

Status ChunkBases::checkOwn(const std::string &key, const ChunkRecord &chunk)
{
    MDIMAPPEND_ASSIGN(const auto there, m_storage.read(m_site.object(key)));
    return chunkContent(there) == chunk.content() ? Status::ok()
                                                  : changedByOthers(key);
}

}  // namespace mdimappend
