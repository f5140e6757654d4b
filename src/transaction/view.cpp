#include "transaction/view.h"

#include "storage/checksum.h"
#include "transaction/view_file_system.h"
#include "zarr/encoded_chunk.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

/// By the checksum that chunks have.
Content chunkContent(const std::optional<std::string> &bytes)
{
    return bytes ? Content{true, bytes->size(), xxh3(*bytes)} : Content{};
}

}  // namespace

View::View(const Site &site, Storage &storage, const std::string &transaction,
           std::vector<Array> arrays, bool mayDelete, std::string part)
    : m_site(site), m_storage(storage), m_transaction(transaction),
      m_mayDelete(mayDelete), m_part(std::move(part)),
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
    m_queue.reset();
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

std::string View::stagedName(std::size_t array, const Slot &slot,
                             const ChunkRecord &chunk) const
{
    if (!chunk.staged.empty())
        return chunk.staged;
    const auto again =
        chunk.staging == 0 ? "" : "-" + std::to_string(chunk.staging);
    return (m_part.empty() ? "" : m_part + "-") +
           (slot.replaced ? "" : "added-") + std::to_string(array) + "-" +
           std::to_string(slot.box) + "-" + std::to_string(slot.position) +
           again;
}

std::string View::stagedPath(std::size_t array, const Slot &slot,
                             const ChunkRecord &chunk) const
{
    return m_site.stage(m_transaction) + "/" + stagedName(array, slot, chunk);
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

ChunkRecord View::recordOf(std::size_t array, const Slot &slot)
{
    const std::lock_guard guard(m_mutex);
    return record(array, slot);
}

void View::setRecord(std::size_t array, const Slot &slot, ChunkRecord chunk)
{
    const std::lock_guard guard(m_mutex);
    record(array, slot) = std::move(chunk);
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
    const std::lock_guard guard(m_mutex);
    ++m_generation;
    m_documents.clear();
    auto &extended = m_arrays.at(array);
    extended.paddedShape = paddedShape;
    const auto plan = [](const std::vector<ChunkBox> &more,
                         std::vector<ChunkBox> &boxes,
                         std::vector<BoxRecords> &records)
    {
        for (const auto &box : more)
        {
            boxes.push_back(box);
            records.emplace_back(static_cast<std::size_t>(box.count()));
        }
    };
    plan(added, extended.planned.added, m_records[array].added);
    plan(replaced, extended.planned.replaced, m_records[array].replaced);
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
    if (found->replaced)
        MDIMAPPEND_RETURN_IF_ERROR(baseOf(array, *found, index).takeStatus());
    ChunkRecord chunk = recordOf(array, *found);
    if (!found->replaced && !chunk.aside)
    {
        if (chunk.state == ChunkState::Put)
        {
            if (auto own = checkOwn(key, chunk); !own)
                return keep(std::move(own));
            if (auto removed = m_storage.remove(m_site.object(key)); !removed)
                return keep(std::move(removed));
        }
        else if (auto there = setAside(key, chunk); !there)
        {
            return keep(std::move(there));
        }
    }
    chunk.state = ChunkState::Absent;
    setRecord(array, *found, std::move(chunk));
    return Status::ok();
}

Result<bool> View::mustBeWritten(std::size_t array, const ChunkIndex &index)
{
    const auto found = slot(array, index);
    if (m_storage.mayComeLate())
        return found.has_value();
    if (m_mayDelete || !found || !found->replaced)
        return false;
    MDIMAPPEND_ASSIGN(const Content base, baseOf(array, *found, index));
    return base.exists;
}

Result<Content> View::baseOf(std::size_t array, const Slot &slot,
                             const ChunkIndex &index)
{
    ChunkRecord chunk = recordOf(array, slot);
    if (!chunk.base)
    {
        auto bytes = m_storage.read(m_site.object(chunkKey(array, index)));
        if (!bytes)
            return keep(bytes.takeStatus());
        chunk.base = chunkContent(*bytes);
        setRecord(array, slot, chunk);
        MDIMAPPEND_RETURN_IF_ERROR(
            noteSeen(chunkKey(array, index), *chunk.base));
    }
    return *chunk.base;
}

/// What is merged gets a new checksum, which would hide a wrong bit in what was
/// read: so it is read twice.
Status View::checkBase(const std::string &key, const Content &base)
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
        return {Failure::Conflict,
                "conflict: chunk '" + key +
                    "' was changed by somebody else during the append"};
    m_known.note(path, version, base);
    return Status::ok();
}

/// Notes what is at an added chunk's key, if anything is.
Status View::setAside(const std::string &key, ChunkRecord &chunk)
{
    MDIMAPPEND_ASSIGN(const auto there, m_storage.read(m_site.object(key)));
    chunk.aside = there.has_value();
    chunk.base = chunkContent(there);
    return noteSeen(key, *chunk.base);
}

/// What was read need not be read again before it is replaced, where that is
/// done under the condition that it is the same.
Status View::noteSeen(const std::string &key, const Content &content)
{
    if (!m_storage.versions())
        return Status::ok();
    const auto path = m_site.object(key);
    MDIMAPPEND_ASSIGN(const auto version, m_storage.versionAt(path));
    m_known.note(path, version, content);
    return Status::ok();
}

/// An added chunk that is written again, with the rows of the next slice of a
/// batch, must be what this transaction made of it.
Status View::checkOwn(const std::string &key, const ChunkRecord &chunk)
{
    MDIMAPPEND_ASSIGN(const auto there, m_storage.read(m_site.object(key)));
    if (chunkContent(there) == Content{true, chunk.size, chunk.checksum})
        return Status::ok();
    return {Failure::Conflict,
            "conflict: chunk '" + key +
                "' was changed by somebody else during the append"};
}

/// Puts an added chunk at its key, or into the stage if that is taken.
Result<ChunkRecord> View::putAdded(const std::string &key,
                                   const std::string &staged,
                                   std::string_view bytes,
                                   const Content &content, ChunkRecord chunk)
{
    const auto destination = m_site.object(key);
    if (chunk.state == ChunkState::Put && !chunk.aside &&
        m_storage.mayComeLate())
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkOwn(key, chunk));
        chunk.base = Content{true, chunk.size, chunk.checksum};
        MDIMAPPEND_RETURN_IF_ERROR(noteSeen(key, *chunk.base));
        chunk.aside = true;
    }
    else if (chunk.state == ChunkState::Put && !chunk.aside)
    {
        MDIMAPPEND_RETURN_IF_ERROR(checkOwn(key, chunk));
        MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(destination));
    }
    if (!chunk.aside)
    {
        MDIMAPPEND_ASSIGN(const auto version,
                          m_storage.putUnlessThere(destination, bytes));
        if (version)
        {
            chunk.version = std::hash<std::string>{}(*version);
            return chunk;
        }
        MDIMAPPEND_RETURN_IF_ERROR(setAside(key, chunk));
        // It went as it came: whoever it was is at work.
        chunk.aside = true;
    }
    MDIMAPPEND_RETURN_IF_ERROR(stage(staged, bytes, content, destination));
    return chunk;
}

Status View::stage(const std::string &staged, std::string_view bytes,
                   const Content &content, const std::string &destination)
{
    MDIMAPPEND_ASSIGN(auto version,
                      m_storage.stage(staged, bytes, destination));
    m_known.note(staged, std::move(version), content);
    return Status::ok();
}

Status View::withdraw()
{
    for (std::size_t a = 0; a < m_arrays.size(); ++a)
    {
        const auto &boxes = m_arrays[a].planned.added;
        for (std::size_t box = 0; box < boxes.size(); ++box)
        {
            const auto &records = m_records[a].added[box];
            for (std::size_t i = 0; i < records.size(); ++i)
            {
                const auto &chunk = records[i];
                if (chunk.state != ChunkState::Put || chunk.aside)
                    continue;
                const auto path = m_site.object(chunkKey(a, boxes[box].at(i)));
                MDIMAPPEND_ASSIGN(const auto there, m_storage.state(path));
                if (there &&
                    std::hash<std::string>{}(there->version) == chunk.version)
                    MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(path));
            }
        }
    }
    return m_storage.barrier();
}

Status View::adopt(std::size_t array, const ChunkIndex &index,
                   ChunkRecord chunk, const std::string &stagedVersion)
{
    const auto found = slot(array, index);
    if (!found)
        return error("chunk '" + chunkKey(array, index) +
                     "' is not in the plan");
    const bool replaces = found->replaced || chunk.aside;
    const bool isPut = chunk.state == ChunkState::Put;
    if (replaces && (!chunk.base || (isPut && chunk.staged.empty())))
        return error("chunk '" + chunkKey(array, index) +
                     "': what was written does not say what it replaces, or "
                     "where it is");
    const Content content{true, chunk.size, chunk.checksum};
    if (!chunk.staged.empty() && !stagedVersion.empty())
        m_known.note(stagedPath(array, *found, chunk), stagedVersion, content);
    const std::lock_guard guard(m_mutex);
    if (isPut)
    {
        m_bytesWritten += chunk.size;
        ++m_chunksWritten;
    }
    record(array, *found) = std::move(chunk);
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
    if (m_storage.waitsForAnswers() && found)
        return true;
    auto state = m_storage.state(m_site.object(chunkKey(array, index)));
    if (!state)
        return keep(state.takeStatus());
    if (!*state && found)
    {
        const std::lock_guard guard(m_mutex);
        record(array, *found).base = Content{};
    }
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

std::shared_ptr<const std::string> View::document(std::size_t array, Face face,
                                                  std::string_view key) const
{
    if (array >= m_arrays.size())
        return nullptr;
    const bool isV2 = m_arrays[array].document.format == ZarrFormat::V2;
    if (key != (isV2 ? ".zarray" : "zarr.json"))
        return nullptr;
    const std::lock_guard guard(m_mutex);
    auto &kept = m_documents[{array, face}];
    if (!kept)
        kept = std::make_shared<const std::string>(makeDocument(array, face));
    return kept;
}

std::string View::makeDocument(std::size_t array, Face face) const
{
    const auto &document = m_arrays[array].document;
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
    const auto index = m_arrays.at(array).planned.keys.parse(
        key, m_arrays[array].document.rank());
    if (!index || !slot(array, *index))
        return keep(error("GDAL's Zarr driver wrote '" + std::string(key) +
                          "' of array '" + arrayName(array) +
                          "', which is not in the plan"));
    return put(array, *index, bytes);
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
        return putNow(array, index, bytes);
    m_queue->add(
        [this, array, index, object = std::string(bytes)]
        {
            // After a failure nothing more is to be put.
            if (!failure())
                return;
            try
            {
                static_cast<void>(bool(keep(putNow(array, index, object))));
            }
            catch (const std::exception &thrown)
            {
                static_cast<void>(bool(keep(error(thrown.what()))));
            }
        });
    return failure();
}

Status View::putNow(std::size_t array, const ChunkIndex &index,
                    std::string_view bytes)
{
    const auto whole = chunkKey(array, index);
    const auto found = slot(array, index);
    if (!found)
        return keep(error("chunk '" + whole + "' is not in the plan"));
    const Content content{true, bytes.size(), xxh3(bytes)};
    if (found->replaced)
    {
        MDIMAPPEND_ASSIGN(const Content base, baseOf(array, *found, index));
        if (base.exists)
        {
            if (auto same = checkBase(whole, base); !same)
                return keep(std::move(same));
        }
    }
    ChunkRecord chunk = recordOf(array, *found);
    const bool isStagedAgain = m_storage.mayComeLate() &&
                               chunk.state == ChunkState::Put &&
                               (found->replaced || chunk.aside);
    const auto before = stagedPath(array, *found, chunk);
    chunk.staging += isStagedAgain ? 1 : 0;
    const auto staged = stagedPath(array, *found, chunk);
    if (found->replaced)
    {
        if (auto written = stage(staged, bytes, content, m_site.object(whole));
            !written)
            return keep(std::move(written));
    }
    else
    {
        auto put = putAdded(whole, staged, bytes, content, std::move(chunk));
        if (!put)
            return keep(put.takeStatus());
        chunk = std::move(*put);
    }
    if (isStagedAgain)
    {
        if (auto removed = m_storage.remove(before); !removed)
            return keep(std::move(removed));
    }
    chunk.state = ChunkState::Put;
    chunk.size = content.size;
    chunk.checksum = content.checksum;
    setRecord(array, *found, std::move(chunk));
    const std::lock_guard guard(m_mutex);
    m_bytesWritten += bytes.size();
    ++m_chunksWritten;
    return Status::ok();
}

Result<std::optional<std::string>> View::readChunk(std::size_t array,
                                                   std::string_view key)
{
    const auto &planned = m_arrays.at(array).planned;
    const auto index = planned.keys.parse(key, m_arrays[array].document.rank());
    return index ? read(array, *index) : std::optional<std::string>();
}

Result<std::optional<std::string>> View::read(std::size_t array,
                                              const ChunkIndex &index)
{
    const auto found = slot(array, index);
    const auto known = found ? recordOf(array, *found) : ChunkRecord{};
    if (known.state == ChunkState::Absent)
        return std::optional<std::string>();
    const bool isOurs = known.state == ChunkState::Put;
    const bool isStaged = isOurs && (found->replaced || known.aside);
    auto bytes = m_storage.read(
        isStaged ? stagedPath(array, *found, known)
                 : m_site.object(chunkKey(array, index)),
        std::min(largestObject, largestEncoded(m_arrays[array].document)));
    if (!bytes)
        return keep(bytes.takeStatus());
    // What is merged into it gets a new checksum, which hides a wrong one.
    if (isOurs &&
        chunkContent(*bytes) != Content{true, known.size, known.checksum})
        return keep(error("chunk '" + chunkKey(array, index) +
                          "' is not as it was written by this append"));
    if (found && found->replaced && !isStaged)
    {
        const auto base = chunkContent(*bytes);
        MDIMAPPEND_RETURN_IF_ERROR(noteSeen(chunkKey(array, index), base));
        const std::lock_guard guard(m_mutex);
        record(array, *found).base = base;
    }
    return bytes;
}

}  // namespace mdimappend
