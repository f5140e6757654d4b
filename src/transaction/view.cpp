// Gives each question of the pipeline and of the driver to the part of the view
// that knows, reads what chunks hold, and keeps the first failure.

#include "transaction/view.h"

#include "trace.h"
#include "transaction/view_file_system.h"
#include "zarr/encoded_chunk.h"

#include <algorithm>
#include <utility>

namespace mdimappend
{

View::View(const Site &site, Storage &storage, const std::string &transaction,
           std::vector<Array> arrays, bool mayDelete, std::string part)
    : m_site(site), m_storage(storage), m_transaction(transaction),
      m_mayDelete(mayDelete), m_arrays(std::move(arrays)), m_table(m_arrays),
      m_placement(m_site, storage, transaction,
                  {m_site.stage(transaction), std::move(part)}, m_table,
                  m_known),
      m_documents(m_arrays)
{
    m_id = ViewFileSystem::enter(this);
}

View::~View()
{
    m_queue.reset();
    ViewFileSystem::leave(m_id);
}

std::string View::path(std::size_t array, OpenMode mode) const
{
    static constexpr const char *modes[] = {"read", "zero", "one"};
    return ViewFileSystem::prefix() + m_id + "/" + std::to_string(array) + "." +
           modes[static_cast<int>(mode)] + "." + std::to_string(m_generation);
}

std::optional<std::size_t> View::find(const std::string &path) const
{
    for (std::size_t i = 0; i < m_arrays.size(); ++i)
    {
        if (m_arrays[i].document.path == path)
            return i;
    }
    return std::nullopt;
}

void View::extend(std::size_t array, const std::vector<ChunkBox> &added,
                  const std::vector<ChunkBox> &replaced,
                  const std::vector<std::uint64_t> &paddedShape)
{
    ++m_generation;
    m_documents.clear();
    auto &extended = m_arrays.at(array);
    extended.paddedShape = paddedShape;
    auto &planned = extended.planned;
    planned.added.insert(planned.added.end(), added.begin(), added.end());
    planned.replaced.insert(planned.replaced.end(), replaced.begin(),
                            replaced.end());
    m_table.extend();
}

Status View::keep(Status failure)
{
    const MutexLock lock(m_mutex);
    if (m_failure && !failure)
    {
        m_failure = failure;
        trace(m_transaction, "the view fails: ", failure.message());
    }
    return failure;
}

Status View::failure() const
{
    const MutexLock lock(m_mutex);
    return m_failure;
}

void View::putAtOnce(std::size_t most)
{
    if (m_storage.waitsForAnswers())
        m_queue = std::make_unique<RequestQueue>(most);
}

void View::wait()
{
    if (m_queue)
        m_queue->wait();
}

Status View::put(std::size_t array, const ChunkIndex &index,
                 std::string_view bytes)
{
    if (!m_queue)
        return keep(m_placement.put(array, index, bytes));
    m_queue->add([this, array, index, object = std::string(bytes)]
                 { putLater(array, index, object); });
    return failure();
}

void View::putLater(std::size_t array, const ChunkIndex &index,
                    const std::string &bytes)
{
    constexpr auto reason = "whoever asks for the view's failure sees it";
    // After a failure nothing more is to be put.
    if (!failure())
        return;
    try
    {
        keep(m_placement.put(array, index, bytes)).ignore(reason);
    }
    catch (const std::exception &thrown)
    {
        keep(error(thrown.what())).ignore(reason);
    }
}

Status View::setAbsent(std::size_t array, const ChunkIndex &index)
{
    return keep(m_placement.setAbsent(array, index));
}

Status View::adopt(std::size_t array, const ChunkIndex &index,
                   ChunkRecord chunk, const std::string &stagedVersion)
{
    return m_placement.adopt(array, index, std::move(chunk), stagedVersion);
}

Status View::withdraw()
{
    return m_placement.withdraw();
}

Result<bool> View::mustBeWritten(std::size_t array, const ChunkIndex &index)
{
    const auto slot = m_table.find(array, index);
    if (m_storage.mayComeLate())
        return slot.has_value();
    if (m_mayDelete || !slot || !slot->replaced)
        return false;
    auto base = m_placement.bases().of(*slot, m_table.key(array, index));
    if (!base)
        return keep(base.takeStatus());
    return base->exists;
}

Result<bool> View::holdsData(std::size_t array, const ChunkIndex &index)
{
    const auto slot = m_table.find(array, index);
    if (slot)
    {
        const auto state = m_table.at(*slot).state;
        // What lies at an added chunk's key is not the cube's.
        if (state != ChunkState::Planned || !slot->replaced)
            return state == ChunkState::Put;
        if (m_storage.waitsForAnswers())
            return true;
    }
    auto there = m_storage.state(m_site.object(m_table.key(array, index)));
    if (!there)
        return keep(there.takeStatus());
    if (!*there && slot)
        m_table.setBase(*slot, Content{});
    return there->has_value();
}

Result<std::optional<std::string>> View::read(std::size_t array,
                                              const ChunkIndex &index)
{
    auto bytes = readObject(array, index);
    if (!bytes)
        return keep(bytes.takeStatus());
    return bytes;
}

Result<std::optional<std::string>> View::readObject(std::size_t array,
                                                    const ChunkIndex &index)
{
    const auto slot = m_table.find(array, index);
    const auto chunk = slot ? m_table.at(*slot) : ChunkRecord{};
    if (chunk.state == ChunkState::Absent)
        return std::optional<std::string>();
    const auto key = m_table.key(array, index);
    const bool isOurs = chunk.state == ChunkState::Put;
    const bool isStaged = isOurs && movesWithCommit(*slot, chunk);
    MDIMAPPEND_ASSIGN(
        auto bytes,
        m_storage.read(
            isStaged ? m_placement.names().path(*slot, chunk)
                     : m_site.object(key),
            std::min(largestObject, largestEncoded(m_arrays[array].document))));
    // What is merged into it gets a new checksum, which hides a wrong one.
    if (isOurs && chunkContent(bytes) != chunk.content())
        return error("chunk '" + key +
                     "' is not as it was written by this append");
    if (slot && slot->replaced && !isStaged)
    {
        const auto base = chunkContent(bytes);
        MDIMAPPEND_RETURN_IF_ERROR(m_placement.bases().noteSeen(key, base));
        m_table.setBase(*slot, base);
    }
    return bytes;
}

Status View::allSettled() const
{
    MDIMAPPEND_RETURN_IF_ERROR(failure());
    Status missing;
    m_table.forEach(
        [&](const ChunkSlot &slot, const ChunkIndex &index,
            const ChunkRecord &chunk)
        {
            if (missing && chunk.state == ChunkState::Planned)
                missing = error("chunk '" + m_table.key(slot.array, index) +
                                "' was not written by GDAL's Zarr driver, "
                                "which reported no failure");
        });
    return missing;
}

View::Settled View::settled(const ChunkSlot &slot, ChunkIndex index,
                            const ChunkRecord &chunk) const
{
    Settled settled;
    settled.array = slot.array;
    settled.index = std::move(index);
    settled.replaced = movesWithCommit(slot, chunk);
    settled.record = chunk;
    if (settled.replaced)
    {
        settled.staged = m_placement.names().name(slot, chunk);
        settled.stagedVersion =
            m_known.version(m_placement.names().path(slot, chunk));
    }
    return settled;
}

std::optional<ChunkIndex> View::parseKey(std::size_t array,
                                         std::string_view key) const
{
    const auto &parsed = m_arrays.at(array);
    return parsed.planned.keys.parse(key, parsed.document.rank());
}

Status View::writeChunk(std::size_t array, std::string_view key,
                        std::string_view bytes)
{
    const auto index = parseKey(array, key);
    if (!index || !m_table.find(array, *index))
        return keep(error("GDAL's Zarr driver wrote '" + std::string(key) +
                          "' of array '" + arrayName(array) +
                          "', which is not in the plan"));
    return put(array, *index, bytes);
}

Result<std::optional<std::string>> View::readChunk(std::size_t array,
                                                   std::string_view key)
{
    const auto index = parseKey(array, key);
    return index ? read(array, *index) : std::optional<std::string>();
}

}  // namespace mdimappend
