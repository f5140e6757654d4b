// Believes what was read before as long as each object has its version. The
// documents that a commit replaces are compared by content before its decision
// all the same.

#include "append/kept_cube.h"

#include "cube/target_attributes.h"
#include "storage/folder_storage.h"
#include "trace.h"

#include <utility>

namespace mdimappend
{

Result<std::optional<CubeState>> KeptCube::watch(Storage &storage,
                                                 const Site &site)
{
    auto cube = std::exchange(m_cube, std::nullopt);
    auto *folders = storage.folders();
    if (!folders)
        return std::optional<CubeState>();
    bool isSame = false;
    if (cube)
    {
        MDIMAPPEND_ASSIGN(isSame, m_reads->areTheSame(*folders));
        trace("", "the target is ",
              isSame ? "as this run has left it" : "read again");
    }
    if (!isSame)
    {
        cube.reset();
        m_reads = std::make_shared<ReadObjects>(site.store());
    }
    folders->watchReads(m_reads);
    return cube;
}

void KeptCube::goOn(Storage &storage)
{
    if (auto *folders = storage.folders(); folders && m_reads)
        folders->watchReads(m_reads);
}

void KeptCube::keep(const Site &site, CubeState cube,
                    const ObjectVersions &replaced)
{
    if (!m_reads)
        return;
    const auto *labels = cube.target.labels();
    const auto labelChunks =
        labels ? site.object(labels->document.path) + "/" : std::string();
    if (!replaced.empty() && cube.labelsOrdered && cube.labelsFrom > 0)
        keepLastLabels(cube, labelChunks);
    for (const auto &[path, version] : replaced)
    {
        const bool isOfLabels = labels && path.starts_with(labelChunks);
        if (isOfLabels || m_reads->has(path))
            m_reads->noteWritten(path, version);
    }
    cube.committedRows = cube.target.size;
    m_cube = std::move(cube);
}

/// Only the last two were needed; the last of the chunks that hold them, which
/// the commit has written, tells whether they are the same.
void KeptCube::keepLastLabels(CubeState &cube, const std::string &labelChunks)
{
    if (cube.labels.size() <= 2)
        return;
    const auto rows = cube.labelsFrom + cube.labels.size();
    cube.labels = KnownLabels(cube.labels.last(2));
    cube.labelsFrom = rows - 2;
    m_reads->forgetBelow(labelChunks);
}

bool mayKeepCube(const AppendOptions &options)
{
    return !options.overwrite && !options.dryRun &&
           !mayChangeAttributes(options);
}

}  // namespace mdimappend
