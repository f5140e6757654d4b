// Compares versions: a look at each object is far less than reading it.

#include "append/kept_labels.h"

#include "chunks/chunk_grid.h"
#include "journal/log.h"

#include <utility>

namespace mdimappend
{

namespace
{

Result<std::vector<std::string>>
chunkVersions(Storage &storage, const Site &site, const TargetArray &labels)
{
    const auto &document = labels.document;
    const auto count = ceilDivide(document.shape[0], document.chunk[0]);
    std::vector<std::string> versions;
    for (std::uint64_t i = 0; i < count; ++i)
    {
        const auto key = document.path + "/" + document.keys.key(ChunkIndex{i});
        MDIMAPPEND_ASSIGN(auto version, storage.versionAt(site.object(key)));
        versions.push_back(std::move(version));
    }
    return versions;
}

}  // namespace

Status KeptLabels::keep(Storage &storage, const Site &site,
                        const CubeState &cube, std::uint64_t sequence)
{
    m_sequence = 0;
    const auto *labels = cube.target.labels();
    if (!labels || !cube.labelsKnown || cube.labelsFrom > 0 || sequence == 0 ||
        storage.waitsForAnswers())
        return Status::ok();
    MDIMAPPEND_ASSIGN(m_chunks, chunkVersions(storage, site, *labels));
    MDIMAPPEND_ASSIGN(m_record,
                      storage.versionAt(logRecordPath(site, sequence)));
    m_attributes = labels->document.attributes;
    m_labels = cube.labels;
    m_ordered = cube.labelsOrdered;
    m_sequence = sequence;
    return Status::ok();
}

Status KeptLabels::giveTo(Storage &storage, const Site &site, LoggedSlices &log,
                          CubeState &cube) const
{
    const auto *labels = cube.target.labels();
    if (m_sequence == 0 || !labels || !site.overwriting.empty() ||
        cube.target.size != m_labels.size() ||
        labels->document.attributes != m_attributes)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const Creation now, log.creation(storage, site));
    MDIMAPPEND_ASSIGN(const auto record,
                      storage.versionAt(logRecordPath(site, m_sequence)));
    if (now.last != m_sequence || record != m_record)
        return Status::ok();
    MDIMAPPEND_ASSIGN(const auto chunks, chunkVersions(storage, site, *labels));
    if (chunks != m_chunks)
        return Status::ok();
    cube.labels = m_labels;
    cube.labelsKnown = true;
    cube.labelsOrdered = m_ordered;
    return Status::ok();
}

}  // namespace mdimappend
