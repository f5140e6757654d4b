// On a file system the log and the folders of journals are asked, in an object
// store the version of the lock.

#include "transaction/look.h"

#include "journal/log.h"
#include "trace.h"
#include "transaction/object_target.h"

namespace mdimappend
{

Result<bool> Look::isQuiet(const Writer &reader)
{
    const auto &site = reader.site;
    MDIMAPPEND_ASSIGN(const auto lock, reader.peekLock());
    if (lock.held)
        return false;
    for (const char *kind : {"/journal", "/stage", "/overwrite"})
    {
        MDIMAPPEND_ASSIGN(const auto left,
                          reader.storage->list(site.sidecar() + kind));
        if (!left.empty())
            return false;
    }
    return true;
}

Result<Look::Past> Look::pastOf(Storage &storage, const Site &site)
{
    Past past;
    MDIMAPPEND_ASSIGN(past.commits, lastSequence(storage, site));
    MDIMAPPEND_ASSIGN(past.newest,
                      storage.versionAt(logRecordPath(site, past.commits)));
    MDIMAPPEND_ASSIGN(past.setAside,
                      storage.list(site.sidecar() + "/set-aside"));
    return past;
}

Result<std::optional<Look>> Look::begin(Writer &reader)
{
    Look look;
    bool isQuietNow = false;
    if (reader.objects)
    {
        MDIMAPPEND_ASSIGN(isQuietNow, reader.objects->beginLook(reader.site));
    }
    else
    {
        // The past first: a commit after this is seen at the end.
        MDIMAPPEND_ASSIGN(look.m_past, pastOf(*reader.storage, reader.site));
        MDIMAPPEND_ASSIGN(isQuietNow, isQuiet(reader));
    }
    if (!isQuietNow)
        return std::optional<Look>();
    trace("", "looked at without the lock: nobody has it, and nothing has to "
              "be recovered");
    return std::make_optional(std::move(look));
}

Result<bool> Look::holds(Writer &reader) const
{
    bool same = false;
    if (reader.objects)
    {
        MDIMAPPEND_ASSIGN(same, reader.objects->looksStill(reader.site));
    }
    else
    {
        MDIMAPPEND_ASSIGN(same, isQuiet(reader));
        MDIMAPPEND_ASSIGN(const Past past,
                          pastOf(*reader.storage, reader.site));
        same = same && past == m_past;
    }
    trace("", same ? "nobody has written while it was looked at"
                   : "somebody is writing, or has written since");
    return same;
}

Result<bool> Look::holdsLocked(const Writer &writer) const
{
    bool same = false;
    if (writer.objects)
        same = writer.objects->keptLook();
    else
    {
        MDIMAPPEND_ASSIGN(const Past past,
                          pastOf(*writer.storage, writer.site));
        same = past == m_past;
    }
    trace("", same ? "the lock was taken, and nobody has written before"
                   : "the lock was taken, and somebody has written before: "
                     "the target is read again");
    return same;
}

}  // namespace mdimappend
