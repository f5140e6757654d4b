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

Result<CubesByGroup> KeptCubes::watch(Storage &storage, const Site &site)
{
    auto cubes = std::exchange(m_cubes, {});
    auto *folders = storage.folders();
    if (!folders)
        return CubesByGroup();
    bool isSame = false;
    if (!cubes.empty())
    {
        MDIMAPPEND_ASSIGN(isSame, m_reads->areTheSame(*folders));
        trace("", "the target is ",
              isSame ? "as this run has left it" : "read again");
    }
    if (!isSame)
    {
        cubes.clear();
        m_reads = std::make_shared<ReadObjects>(site.store());
    }
    folders->watchReads(m_reads);
    return cubes;
}

void KeptCubes::goOn(Storage &storage)
{
    if (auto *folders = storage.folders(); folders && m_reads)
        folders->watchReads(m_reads);
}

void KeptCubes::keep(const Site &site, CubesByGroup cubes,
                     const ObjectVersions &replaced)
{
    if (!m_reads)
        return;
    for (auto &[group, cube] : cubes)
    {
        keepLabels(site, cube, replaced);
        cube.committedRows = cube.target.size;
    }
    for (const auto &[path, version] : replaced)
    {
        if (m_reads->has(path))
            m_reads->noteWritten(path, version);
    }
    m_cubes = std::move(cubes);
}

/// Their chunks count, also those that were not read.
void KeptCubes::keepLabels(const Site &site, CubeState &cube,
                           const ObjectVersions &replaced)
{
    const auto *labels = cube.target.labels();
    if (!labels)
        return;
    const auto chunks = site.object(labels->document.path) + "/";
    if (!replaced.empty() && cube.labelsOrdered && cube.labelsFrom > 0)
        keepLastLabels(cube, chunks);
    for (const auto &[path, version] : replaced)
    {
        if (path.starts_with(chunks))
            m_reads->noteWritten(path, version);
    }
}

/// Only the last two were needed; the last of the chunks that hold them, which
/// the commit has written, tells whether they are the same.
void KeptCubes::keepLastLabels(CubeState &cube, const std::string &labelChunks)
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
