#include "transaction/view.h"

#include "storage/checksum.h"
#include "transaction/view_file_system.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// No codec makes twice as much of a chunk, and some more for headers and the
/// index of a shard. What is larger is refused before it takes memory.
std::uint64_t largestEncoded(const ArrayDocument &document)
{
    if (document.dataType.size == 0)
        return largestObject;
    const auto bytes = chunkBytes(document.chunk, document.dataType.size);
    const auto innerChunks =
        chunkBytes(document.chunk, 1) / chunkBytes(document.innerChunk, 1);
    constexpr std::uint64_t overhead = 128;
    return std::min(largestObject,
                    2 * bytes + (innerChunks + 1) * overhead + (1 << 20));
}

}  // namespace

View::View(const Site &site, Storage &storage, const std::string &transaction,
           std::vector<Array> arrays)
    : m_site(site), m_storage(storage), m_transaction(transaction),
      m_arrays(std::move(arrays))
{
    for (const auto &array : m_arrays)
    {
        Records records;
        for (const auto &box : array.planned.added)
            records.added.emplace_back(static_cast<std::size_t>(box.count()));
        for (const auto &box : array.planned.replaced)
            records.replaced.emplace_back(
                static_cast<std::size_t>(box.count()));
        m_records.push_back(std::move(records));
    }
    m_id = ViewFileSystem::enter(this);
}

View::~View()
{
    ViewFileSystem::leave(m_id);
}

std::string View::path(std::size_t array, Face face) const
{
    static constexpr const char *faces[] = {"read", "zero", "one"};
    return ViewFileSystem::prefix() + m_id + "/" + std::to_string(array) + "." +
           faces[static_cast<int>(face)] + "." + std::to_string(m_generation);
}

std::string View::chunkKey(std::size_t array, const ChunkIndex &index) const
{
    const auto &planned = m_arrays[array].planned;
    const auto key = planned.keys.key(index);
    return planned.path.empty() ? key : planned.path + "/" + key;
}

std::string View::stagedName(std::size_t array, const Slot &slot)
{
    return std::to_string(array) + "-" + std::to_string(slot.box) + "-" +
           std::to_string(slot.position);
}

std::string View::stagedPath(std::size_t array, const Slot &slot) const
{
    return m_site.stage(m_transaction) + "/" + stagedName(array, slot);
}

std::optional<View::Slot> View::slot(std::size_t array,
                                     const ChunkIndex &index) const
{
    const auto &planned = m_arrays[array].planned;
    for (const bool replaced : {false, true})
    {
        const auto &boxes = replaced ? planned.replaced : planned.added;
        for (std::size_t box = 0; box < boxes.size(); ++box)
        {
            if (boxes[box].contains(index))
                return Slot{
                    replaced, box,
                    static_cast<std::size_t>(boxes[box].position(index))};
        }
    }
    return std::nullopt;
}

ChunkRecord &View::record(std::size_t array, const Slot &slot)
{
    auto &records = m_records[array];
    return (slot.replaced ? records.replaced
                          : records.added)[slot.box][slot.position];
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
                  const std::vector<std::uint64_t> &paddedShape)
{
    const std::lock_guard guard(m_mutex);
    ++m_generation;
    auto &extended = m_arrays.at(array);
    extended.paddedShape = paddedShape;
    for (const auto &box : added)
    {
        extended.planned.added.push_back(box);
        m_records[array].added.emplace_back(
            static_cast<std::size_t>(box.count()));
    }
}

Status View::keep(Status failure)
{
    const std::lock_guard guard(m_mutex);
    if (m_failure && !failure)
        m_failure = failure;
    return failure;
}

Status View::failure() const
{
    const std::lock_guard guard(m_mutex);
    return m_failure;
}

Status View::setAbsent(std::size_t array, const ChunkIndex &index)
{
    const auto found = slot(array, index);
    const auto key = chunkKey(array, index);
    if (!found)
        return keep(error("chunk '" + key + "' is not in the plan"));
    // A replaced chunk is removed by apply, after the decision.
    if (!found->replaced)
    {
        if (auto removed = m_storage.remove(m_site.object(key)); !removed)
            return keep(std::move(removed));
    }
    const std::lock_guard guard(m_mutex);
    record(array, *found).state = ChunkState::Absent;
    return Status::ok();
}

Result<bool> View::holdsData(std::size_t array, const ChunkIndex &index)
{
    const auto found = slot(array, index);
    if (found)
    {
        const std::lock_guard guard(m_mutex);
        const auto state = record(array, *found).state;
        // What lies at an added chunk's key is not the cube's.
        if (state != ChunkState::Planned || !found->replaced)
            return state == ChunkState::Put;
    }
    auto state = m_storage.state(m_site.object(chunkKey(array, index)));
    if (!state)
        return keep(state.takeStatus());
    return state->has_value();
}

Status View::allSettled() const
{
    MDIMAPPEND_RETURN_IF_ERROR(failure());
    Status missing;
    forEach(
        [&](const Settled &chunk)
        {
            if (missing && chunk.record.state == ChunkState::Planned)
                missing = error("chunk '" + chunkKey(chunk.array, chunk.index) +
                                "' was not written by GDAL's Zarr driver, "
                                "which reported no failure");
        });
    return missing;
}

std::uint64_t View::bytesWritten() const
{
    const std::lock_guard guard(m_mutex);
    return m_bytesWritten;
}

std::uint64_t View::chunksWritten() const
{
    const std::lock_guard guard(m_mutex);
    return m_chunksWritten;
}

std::optional<std::string> View::document(std::size_t array, Face face,
                                          std::string_view key) const
{
    if (array >= m_arrays.size())
        return std::nullopt;
    const auto &document = m_arrays[array].document;
    if (key != (document.format == ZarrFormat::V2 ? ".zarray" : "zarr.json"))
        return std::nullopt;
    // In a shard the driver leaves out inner chunks that are all fill, and a
    // reader then sees the array's own fill value: no other may be served.
    if (face == Face::Read || document.sharded)
        return privateDocument(document, m_arrays[array].paddedShape,
                               std::nullopt);
    Json fill = face == Face::WriteZero ? 0 : 1;
    if (document.dataType.isString())
        fill = face == Face::WriteZero ? "" : "1";
    else if (document.dataType.kind == DataType::Kind::Numeric &&
             GDALDataTypeIsComplex(document.dataType.gdal))
        fill = Json::array({fill, 0});
    return privateDocument(document, m_arrays[array].paddedShape,
                           std::make_optional<Json>(fill));
}

bool View::isChunkKey(std::size_t array, std::string_view key) const
{
    const auto &described = m_arrays.at(array);
    return described.planned.keys.parse(key, described.document.rank())
        .has_value();
}

Status View::writeChunk(std::size_t array, std::string_view key,
                        std::string_view bytes)
{
    const auto &planned = m_arrays.at(array).planned;
    const auto index = planned.keys.parse(key, m_arrays[array].document.rank());
    const auto found = index ? slot(array, *index) : std::nullopt;
    if (!found)
        return keep(error("GDAL's Zarr driver wrote '" + std::string(key) +
                          "' of array '" + planned.path +
                          "', which is not in the plan"));
    const auto destination = m_site.object(chunkKey(array, *index));
    auto written = found->replaced ? m_storage.stage(stagedPath(array, *found),
                                                     bytes, destination)
                                   : m_storage.put(destination, bytes);
    if (!written)
        return keep(std::move(written));
    auto checksum = xxh3(bytes);
    const std::lock_guard guard(m_mutex);
    auto &put = record(array, *found);
    put.state = ChunkState::Put;
    put.size = bytes.size();
    put.checksum = std::move(checksum);
    m_bytesWritten += bytes.size();
    ++m_chunksWritten;
    return Status::ok();
}

Result<std::optional<std::string>> View::readChunk(std::size_t array,
                                                   std::string_view key)
{
    const auto &planned = m_arrays.at(array).planned;
    const auto index = planned.keys.parse(key, m_arrays[array].document.rank());
    if (!index)
        return std::optional<std::string>();
    const auto found = slot(array, *index);
    auto state = ChunkState::Planned;
    if (found)
    {
        const std::lock_guard guard(m_mutex);
        state = record(array, *found).state;
    }
    if (state == ChunkState::Absent)
        return std::optional<std::string>();
    const bool isStaged = found && found->replaced && state == ChunkState::Put;
    auto bytes =
        m_storage.read(isStaged ? stagedPath(array, *found)
                                : m_site.object(chunkKey(array, *index)),
                       largestEncoded(m_arrays[array].document));
    if (!bytes)
        return keep(bytes.takeStatus());
    if (found && found->replaced && !isStaged)
    {
        Content base;
        if (*bytes)
            base = {true, (*bytes)->size(), xxh3(**bytes)};
        const std::lock_guard guard(m_mutex);
        record(array, *found).base = std::move(base);
    }
    return bytes;
}

}  // namespace mdimappend
