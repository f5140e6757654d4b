// Makes, checks, exchanges and removes the two folders of an overwrite. What
// has happened to them is read from the folders themselves, each time.

#include "transaction/overwrite.h"

#include "journal/record_paths.h"
#include "trace.h"
#include "transaction/conflict.h"
#include "transaction/reboot.h"

namespace mdimappend
{

namespace
{

/// Whether the store in a folder has all these documents.
Result<bool> hasDocuments(FolderStorage &storage, const std::string &folder,
                          const std::vector<BaseDocument> &documents)
{
    for (const auto &document : documents)
    {
        MDIMAPPEND_ASSIGN(const auto bytes,
                          storage.read(folder + "/" + document.key));
        if (contentOf(bytes) != document.content)
            return false;
    }
    return !documents.empty();
}

std::vector<BaseDocument> newDocuments(const Manifest &manifest)
{
    std::vector<BaseDocument> documents;
    for (const auto &move : manifest.documents)
        documents.push_back({move.key, move.content});
    return documents;
}

/// The folders of the two stores, before or after the exchange.
class Exchange
{
  public:
    Exchange(FolderStorage &storage, const Site &site, const Manifest &manifest)
        : m_storage(storage), m_store(site.store()),
          m_waiting(site.replacement(manifest.transaction)),
          m_manifest(manifest)
    {
    }

    Result<bool> isDone()
    {
        const auto &overwrite = *m_manifest.overwrite;
        MDIMAPPEND_ASSIGN(const auto there, m_storage.identity(m_store));
        MDIMAPPEND_ASSIGN(const auto waiting, m_storage.identity(m_waiting));
        if (there == overwrite.newIdentity)
            return true;
        if (there == overwrite.oldIdentity && waiting == overwrite.newIdentity)
            return false;
        // Only a copy of both, together, may be judged by what it holds: where
        // one is still the one it was, somebody has replaced the other.
        if (!there || !waiting || there == overwrite.oldIdentity ||
            waiting == overwrite.oldIdentity ||
            waiting == overwrite.newIdentity)
            return conflict("'" + m_store +
                            "' is neither the store that was to be "
                            "overwritten nor the new one, which was made in '" +
                            m_waiting + "'");
        return isDoneInCopy();
    }

  private:
    Result<bool> isDoneInCopy()
    {
        const auto isNew = newDocuments(m_manifest);
        const auto &isOld = m_manifest.overwrite->oldDocuments;
        MDIMAPPEND_ASSIGN(const bool newThere,
                          hasDocuments(m_storage, m_store, isNew));
        MDIMAPPEND_ASSIGN(const bool oldThere,
                          hasDocuments(m_storage, m_store, isOld));
        MDIMAPPEND_ASSIGN(const bool newWaits,
                          hasDocuments(m_storage, m_waiting, isNew));
        MDIMAPPEND_ASSIGN(const bool oldWaits,
                          hasDocuments(m_storage, m_waiting, isOld));
        const bool done = newThere && oldWaits;
        const bool pending = oldThere && newWaits;
        if (done != pending)
            return done;
        return Status(
            Failure::Conflict,
            "conflict: '" + m_store + "' and '" + m_waiting +
                "' were copied or moved to another file system in the middle "
                "of an overwrite, and what they hold does not tell which of "
                "them is the new store. Nothing was changed, and nothing will "
                "be. Put the one that is to be kept at '" +
                m_store +
                "'; then `gdal driver mdimappend recover --set-aside` lets "
                "appending go on with it");
    }

    FolderStorage &m_storage;
    std::string m_store;
    std::string m_waiting;
    const Manifest &m_manifest;
};

Status removeAll(FolderStorage &storage, const Site &site,
                 const std::string &transaction)
{
    const auto folder = site.overwrite(transaction);
    MDIMAPPEND_ASSIGN(const bool gone, storage.removeTree(folder));
    if (!gone)
        trace(transaction, "some of '", folder, "' must stay: it is set aside");
    return gone ? Status::ok()
                : storage.publish(folder,
                                  site.setAside(transaction) + "/overwrite");
}

}  // namespace

Result<Overwrite> prepareOverwrite(FolderStorage &storage, const Site &site)
{
    const auto replacement = site.replacement(site.overwriting);
    Overwrite overwrite;
    MDIMAPPEND_RETURN_IF_ERROR(
        storage.makeReplacement(replacement, site.store())
            .prefixed("the target cannot be overwritten"));
    MDIMAPPEND_ASSIGN(const auto there, storage.identity(site.store()));
    MDIMAPPEND_ASSIGN(const auto made, storage.identity(replacement));
    if (!there || !made)
        return Status(Failure::Conflict, "conflict: the store '" +
                                             site.store() + "' has vanished");
    overwrite.oldIdentity = *there;
    overwrite.newIdentity = *made;
    for (const char *key :
         {"zarr.json", ".zgroup", ".zattrs", ".zmetadata", ".zarray"})
    {
        MDIMAPPEND_ASSIGN(const auto bytes,
                          storage.read(site.store() + "/" + key));
        if (bytes)
            overwrite.oldDocuments.push_back({key, contentOf(bytes)});
    }
    return overwrite;
}

Status checkOverwrite(FolderStorage &storage, const Site &site,
                      const Overwrite &overwrite)
{
    for (const auto &[folder, wanted] :
         {std::pair{site.store(), overwrite.oldIdentity},
          {site.replacement(site.overwriting), overwrite.newIdentity}})
    {
        MDIMAPPEND_ASSIGN(const auto found, storage.identity(folder));
        if (found != wanted)
            return {Failure::Conflict,
                    "conflict: the folder '" + folder +
                        "' was replaced by somebody else during the "
                        "overwrite"};
    }
    return Status::ok();
}

Status exchangeStores(FolderStorage &storage, const Site &site,
                      const Manifest &manifest)
{
    const auto waiting = site.replacement(manifest.transaction);
    // A link on the way to it would lead to somebody's folder.
    MDIMAPPEND_RETURN_IF_ERROR(
        storage.list(site.overwrite(manifest.transaction)).status());
    Exchange exchange(storage, site, manifest);
    MDIMAPPEND_ASSIGN(const bool done, exchange.isDone());
    Site made = site;
    if (!done)
        made.overwriting = manifest.transaction;
    MDIMAPPEND_RETURN_IF_ERROR(verifyPuts(storage, made, manifest));
    trace(manifest.transaction, done ? "redo: the stores were exchanged before"
                                     : "redo: exchanges the two stores");
    if (done)
    {
        storage.adopt(site.store());
        storage.adopt(waiting);
        return Status::ok();
    }
    MDIMAPPEND_ASSIGN(const bool whole,
                      hasDocuments(storage, waiting, newDocuments(manifest)));
    if (!whole)
        return conflict("the new store in '" + waiting +
                        "' is no longer as it was made");
    // A writer whose lock was taken away may have done it since.
    MDIMAPPEND_ASSIGN(const bool doneMeanwhile, exchange.isDone());
    if (doneMeanwhile)
        return error("the overwrite was finished by another process");
    return storage.exchange(waiting, site.store())
        .suffixed("Where that cannot be fixed, `gdal driver mdimappend recover "
                  "--set-aside` leaves the target as it is.");
}

Status undoOverwrite(FolderStorage &storage, const Site &site, const Plan &plan)
{
    MDIMAPPEND_ASSIGN(const auto waiting,
                      storage.identity(site.replacement(plan.transaction)));
    // A power cut that nothing was synced for (--durability process).
    if (waiting == plan.overwrite->oldIdentity)
        return conflict("the store was overwritten, and the decision to do so "
                        "is lost; the old store is in '" +
                        site.replacement(plan.transaction) + "'");
    return removeAll(storage, site, plan.transaction);
}

Status removeOverwritten(FolderStorage &storage, const Site &site,
                         const std::string &transaction)
{
    MDIMAPPEND_ASSIGN(const auto present,
                      storage.state(site.overwrite(transaction)));
    if (!present)
        return Status::ok();
    // Two writers at once, of whom one had lost its lock, may have exchanged
    // the stores twice: then it is the new one that lies here.
    MDIMAPPEND_ASSIGN(const auto record,
                      storage.read(manifestPath(site, transaction)));
    const auto manifest =
        record ? parseManifest(*record) : Result<Manifest>(Manifest());
    if (manifest && manifest->overwrite)
    {
        MDIMAPPEND_ASSIGN(const auto waiting,
                          storage.identity(site.replacement(transaction)));
        if (waiting == manifest->overwrite->newIdentity)
            return conflict("the new store that is logged lies in '" +
                            site.replacement(transaction) + "' again");
    }
    return removeAll(storage, site, transaction);
}

}  // namespace mdimappend
