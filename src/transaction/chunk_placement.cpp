// Puts chunks at their keys or into the stage, and records which.

#include "transaction/chunk_placement.h"

#include "storage/checksum.h"
#include "trace.h"

#include <functional>
#include <utility>

namespace mdimappend
{

namespace
{

std::size_t hashOf(const std::string &version)
{
    return std::hash<std::string>{}(version);
}

}  // namespace

std::string StageNames::name(const ChunkSlot &slot,
                             const ChunkRecord &chunk) const
{
    if (!chunk.staged.empty())
        return chunk.staged;
    const auto again =
        chunk.staging == 0 ? "" : "-" + std::to_string(chunk.staging);
    return (part.empty() ? "" : part + "-") + (slot.replaced ? "" : "added-") +
           std::to_string(slot.array) + "-" + std::to_string(slot.box) + "-" +
           std::to_string(slot.position) + again;
}

bool movesWithCommit(const ChunkSlot &slot, const ChunkRecord &chunk)
{
    return slot.replaced || chunk.keyTaken;
}

ChunkPlacement::ChunkPlacement(const Site &site, Storage &storage,
                               const std::string &transaction, StageNames names,
                               ChunkTable &table, KnownContents &known)
    : m_site(site), m_storage(storage), m_transaction(transaction),
      m_names(std::move(names)), m_table(table), m_known(known),
      m_bases(site, storage, table, known)
{
}

Result<ChunkSlot> ChunkPlacement::planned(std::size_t array,
                                          const ChunkIndex &index) const
{
    const auto slot = m_table.find(array, index);
    if (!slot)
        return error("chunk '" + m_table.key(array, index) +
                     "' is not in the plan");
    return *slot;
}

Status ChunkPlacement::put(std::size_t array, const ChunkIndex &index,
                           std::string_view bytes)
{
    MDIMAPPEND_ASSIGN(const ChunkSlot slot, planned(array, index));
    const auto key = m_table.key(array, index);
    const Content content{true, bytes.size(), xxh3(bytes)};
    if (slot.replaced)
    {
        MDIMAPPEND_ASSIGN(const Content base, m_bases.of(slot, key));
        if (base.exists)
            MDIMAPPEND_RETURN_IF_ERROR(m_bases.checkUnchanged(key, base));
    }
    ChunkRecord chunk = m_table.at(slot);
    std::string superseded;
    if (m_storage.mayComeLate() && chunk.state == ChunkState::Put &&
        movesWithCommit(slot, chunk))
    {
        superseded = m_names.path(slot, chunk);
        ++chunk.staging;
    }
    const auto staged = m_names.path(slot, chunk);
    if (slot.replaced)
        MDIMAPPEND_RETURN_IF_ERROR(stage(key, staged, bytes, content));
    else
        MDIMAPPEND_RETURN_IF_ERROR(
            putAdded(key, staged, bytes, content, chunk));
    if (!superseded.empty())
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(superseded));
    chunk.state = ChunkState::Put;
    chunk.size = content.size;
    chunk.checksum = content.checksum;
    m_table.setPut(slot, std::move(chunk));
    return Status::ok();
}

/// Puts an added chunk at its key, or into the stage if that is taken.
Status ChunkPlacement::putAdded(const std::string &key,
                                const std::string &staged,
                                std::string_view bytes, const Content &content,
                                ChunkRecord &chunk)
{
    if (chunk.state == ChunkState::Put && !chunk.keyTaken)
        MDIMAPPEND_RETURN_IF_ERROR(freeKey(key, chunk));
    if (!chunk.keyTaken)
    {
        MDIMAPPEND_ASSIGN(const auto version,
                          m_storage.putUnlessThere(m_site.object(key), bytes));
        if (version)
        {
            chunk.version = hashOf(*version);
            return Status::ok();
        }
        MDIMAPPEND_ASSIGN(chunk.base, m_bases.at(key));
        // It may have gone as it came: whoever it was is at work.
        chunk.keyTaken = true;
        trace(m_transaction, "the key of chunk '", key, "' is taken");
    }
    return stage(key, staged, bytes, content);
}

/// Before an added chunk is put again, with the rows of the next slice.
Status ChunkPlacement::freeKey(const std::string &key, ChunkRecord &chunk)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_bases.checkOwn(key, chunk));
    if (!m_storage.mayComeLate())
        return m_storage.remove(m_site.object(key));
    // There, a key that has been put once is not put again.
    chunk.base = chunk.content();
    chunk.keyTaken = true;
    return m_bases.noteSeen(key, *chunk.base);
}

Status ChunkPlacement::stage(const std::string &key, const std::string &staged,
                             std::string_view bytes, const Content &content)
{
    MDIMAPPEND_ASSIGN(auto version,
                      m_storage.stage(staged, bytes, m_site.object(key)));
    m_known.note(staged, std::move(version), content);
    return Status::ok();
}

Status ChunkPlacement::setAbsent(std::size_t array, const ChunkIndex &index)
{
    MDIMAPPEND_ASSIGN(const ChunkSlot slot, planned(array, index));
    const auto key = m_table.key(array, index);
    // A replaced chunk is removed by apply, after the decision.
    if (slot.replaced)
        MDIMAPPEND_RETURN_IF_ERROR(m_bases.of(slot, key).takeStatus());
    ChunkRecord chunk = m_table.at(slot);
    if (!movesWithCommit(slot, chunk))
    {
        if (chunk.state == ChunkState::Put)
        {
            MDIMAPPEND_RETURN_IF_ERROR(m_bases.checkOwn(key, chunk));
            MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(m_site.object(key)));
        }
        else
        {
            MDIMAPPEND_ASSIGN(chunk.base, m_bases.at(key));
            chunk.keyTaken = chunk.base->exists;
        }
    }
    chunk.state = ChunkState::Absent;
    m_table.set(slot, std::move(chunk));
    return Status::ok();
}

Status ChunkPlacement::adopt(std::size_t array, const ChunkIndex &index,
                             ChunkRecord chunk,
                             const std::string &stagedVersion)
{
    MDIMAPPEND_ASSIGN(const ChunkSlot slot, planned(array, index));
    const bool isPut = chunk.state == ChunkState::Put;
    if (movesWithCommit(slot, chunk) &&
        (!chunk.base || (isPut && chunk.staged.empty())))
        return error("chunk '" + m_table.key(array, index) +
                     "': what was written does not say what it replaces, or "
                     "where it is");
    if (!chunk.staged.empty() && !stagedVersion.empty())
        m_known.note(m_names.path(slot, chunk), stagedVersion, chunk.content());
    if (isPut)
        m_table.setPut(slot, std::move(chunk));
    else
        m_table.set(slot, std::move(chunk));
    return Status::ok();
}

Status ChunkPlacement::withdraw()
{
    const auto withdrawOne = [&](const std::string &key,
                                 const ChunkRecord &chunk) -> Status
    {
        const auto path = m_site.object(key);
        MDIMAPPEND_ASSIGN(const auto there, m_storage.state(path));
        if (!there || hashOf(there->version) != chunk.version)
            return Status::ok();
        trace(m_transaction, "chunk '", key, "' is withdrawn");
        return m_storage.remove(path);
    };
    Status status;
    m_table.forEach(
        [&](const ChunkSlot &slot, const ChunkIndex &index,
            const ChunkRecord &chunk)
        {
            if (status && chunk.state == ChunkState::Put &&
                !movesWithCommit(slot, chunk))
                status = withdrawOne(m_table.key(slot.array, index), chunk);
        });
    MDIMAPPEND_RETURN_IF_ERROR(std::move(status));
    return m_storage.barrier();
}

}  // namespace mdimappend
