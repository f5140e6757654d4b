// How a batch comes to its target: by the lock, or by a look at it that takes
// the lock when there is something to write (transaction/look.h).

#include "append/batch.h"

#include "storage/object_address.h"

#include <utility>

namespace mdimappend
{

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

Result<bool> Batch::lock(const WriterRequest &place,
                         const std::string &appendDim,
                         RecoveryReport &recovered)
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
        m_kept.cube.goOn(*m_open.writer.storage);
        return true;
    }
    m_creation.reset();
    m_cube = CubeState();
    MDIMAPPEND_RETURN_IF_ERROR(readCube(appendDim));
    return false;
}

}  // namespace mdimappend
