// How a batch comes to its target: by the lock, or by a look at it that takes
// the lock when there is something to write (transaction/look.h).

#include "append/batch.h"

#include "append/may_write.h"
#include "storage/object_address.h"
#include "trace.h"
#include "zarr/document_key.h"

#include <utility>

namespace mdimappend
{

namespace
{

/// Of a store that is there.
Status refuseExchange(const WriterRequest &place)
{
    MDIMAPPEND_ASSIGN(const Writer reader, openForReading(place));
    return reader.site.exists
               ? Status(Failure::Usage,
                        "--overwrite exchanges two folders in one instant, "
                        "which an object store cannot do. Write to a new name. "
                        "Nothing was written.")
               : Status::ok();
}

}  // namespace

Result<std::unique_ptr<Batch>>
Batch::open(const AppendOptions &options, const WriterRequest &place,
            KeptTarget &kept, RecoveryReport &recovered, const Opening &opening)
{
    std::unique_ptr<Batch> batch(new Batch(options, kept));
    batch->m_appendDim = opening.appendDim;
    batch->m_groups = opening.groups;
    const bool overwrites = options.overwrite && opening.mayOverwrite;
    if (overwrites && isRemote(options.target))
        MDIMAPPEND_RETURN_IF_ERROR(refuseExchange(place));
    MDIMAPPEND_RETURN_IF_ERROR(
        batch->openTarget(place, recovered, opening.looksFirst && !overwrites));
    if (overwrites)
        MDIMAPPEND_RETURN_IF_ERROR(batch->prepareOverwrite());
    auto read = batch->readMembers();
    if (!read && batch->onlyLooks())
    {
        // Without the lock, what somebody is writing may be found half written.
        MDIMAPPEND_RETURN_IF_ERROR(batch->openTarget(place, recovered, false));
        read = batch->readMembers();
    }
    MDIMAPPEND_RETURN_IF_ERROR(std::move(read));
    for (const auto &member : batch->m_members)
    {
        const auto &cube = member->cube();
        if (options.dryRun && !isRemote(options.target))
            MDIMAPPEND_RETURN_IF_ERROR(checkMayWrite(
                *batch->m_open.writer.posix, batch->m_open.site, cube.target));
        trace("", "batch begun: the group '", member->group(), "' ",
              cube.target.exists ? "is there" : "is not there", ", of ",
              cube.committedRows, " rows");
    }
    return batch;
}

/// Anew, but for what the run has kept.
Status Batch::readMembers()
{
    m_members.clear();
    const auto &site = m_open.site;
    CubesByGroup kept;
    if (mayKeepCube(m_options) && site.exists)
    {
        MDIMAPPEND_ASSIGN(kept,
                          m_kept.cubes.watch(*m_open.writer.storage, site));
    }
    for (const auto &below : m_groups)
    {
        const auto group =
            below.empty() ? site.group : documentKey(site.group, below);
        auto member = std::make_unique<BatchMember>(m_options, m_open, group,
                                                    m_kept.logs[group]);
        if (const auto found = kept.find(group); found != kept.end())
            member->use(std::move(found->second));
        else
            MDIMAPPEND_RETURN_IF_ERROR(member->read(m_appendDim));
        m_members.push_back(std::move(member));
    }
    return Status::ok();
}

/// From here on the site is the folder of the new store, in which there is
/// nothing yet.
Status Batch::prepareOverwrite()
{
    if (!m_open.site.group.empty())
        return {Failure::Usage, "--overwrite replaces whole stores, and '" +
                                    m_open.site.group + "' is a group in '" +
                                    m_open.site.store() +
                                    "'. Nothing was written."};
    if (m_options.lock == LockMode::Lease)
        return {Failure::Usage,
                "--overwrite exchanges two folders, and a writer that has "
                "unknowingly lost its lease could exchange them back. It "
                "cannot be used with --lock lease. Nothing was written."};
    if (!m_open.site.exists)
        return Status::ok();
    MDIMAPPEND_ASSIGN(m_open.site.overwriting,
                      nextTransaction(*m_open.writer.storage, m_open.site));
    return Status::ok();
}

/// Who may not take the lock may look all the same. (In an object store --lock
/// none removes the lock first, and then looks at what is there.)
Status Batch::openTarget(const WriterRequest &place, RecoveryReport &recovered,
                         bool looksFirst)
{
    const bool mayLook = !m_options.dryRun && !m_options.overwrite;
    const bool removesLock =
        m_options.lock == LockMode::None && isRemote(m_options.target);
    if (looksFirst && mayLook && !removesLock)
    {
        MDIMAPPEND_ASSIGN(const bool looked, look(place, false));
        if (looked)
            return Status::ok();
    }
    auto locked = mdimappend::openTarget(m_options, place, recovered);
    if (locked)
    {
        m_open = std::move(*locked);
        return Status::ok();
    }
    if (!mayLook || locked.status().kind() != Failure::Error)
        return locked.takeStatus();
    auto looked = look(place, true);
    if (!looked && (looked.status().kind() == Failure::Locked ||
                    looked.status().kind() == Failure::Interrupted))
        return looked.takeStatus();
    return looked && *looked ? Status::ok() : locked.takeStatus();
}

Result<bool> Batch::look(const WriterRequest &place, bool waited)
{
    MDIMAPPEND_ASSIGN(auto looked, lookAtTarget(m_options, place, waited));
    if (looked)
        m_open = std::move(*looked);
    return onlyLooks();
}

Result<bool> Batch::confirmed()
{
    if (!m_confirmed)
    {
        MDIMAPPEND_ASSIGN(m_confirmed, m_open.look->holds(m_open.writer));
    }
    return m_confirmed;
}

Result<bool> Batch::lock(const WriterRequest &place, RecoveryReport &recovered)
{
    MDIMAPPEND_ASSIGN(
        OpenTarget locked,
        mdimappend::openTarget(m_options, place, recovered, &m_open.writer));
    bool holds = recovered.nothing() && locked.site.exists;
    if (holds)
    {
        MDIMAPPEND_ASSIGN(holds, m_open.look->holdsLocked(locked.writer));
    }
    m_open = std::move(locked);
    if (holds)
    {
        m_kept.cubes.goOn(*m_open.writer.storage);
        for (const auto &member : m_members)
            member->reopened();
        return true;
    }
    MDIMAPPEND_RETURN_IF_ERROR(readMembers());
    return false;
}

}  // namespace mdimappend
