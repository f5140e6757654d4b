// Finds store and sidecar in an object store, and takes the lock there.

#include "transaction/object_target.h"

#include "journal/log.h"
#include "json/json_text.h"
#include "secrets.h"
#include "trace.h"
#include "vsi/endpoint.h"
#include "vsi/scoped_config.h"
#include "zarr/document_key.h"

#include <utility>

namespace mdimappend
{

namespace
{

Status notATarget(const std::string &target, const std::string &why)
{
    return {Failure::Error, "target '" + withoutSecrets(target) + "' " + why +
                                " Nothing was written."};
}

}  // namespace

ObjectTarget::ObjectTarget(ObjectAddress address, std::string group,
                           std::vector<std::string> config)
    : m_address(std::move(address)), m_group(std::move(group)),
      m_config(std::move(config)),
      m_checksums(std::make_shared<PutChecksums>(m_address.kind)),
      m_storage(m_address, m_config, m_checksums),
      m_lockRequests(m_address, m_config, m_checksums)
{
}

Result<std::shared_ptr<ObjectTarget>>
ObjectTarget::open(const std::string &target, const std::string &group,
                   const std::vector<std::string> &config)
{
    const auto address = parseObjectAddress(target);
    if (!address)
        return notATarget(
            target,
            "is neither on a local file system nor in an object store "
            "(/vsis3/, /vsiaz/, /vsigs/): this version can append only there.");
    if (address->bucket.empty())
        return notATarget(target, "names no bucket.");
    if (address->key.empty())
        return notATarget(target,
                          "is the root of a bucket: its sidecar beside it "
                          "would be in another one. Name a folder in it.");
    for (const auto *key : {&address->key, &group})
    {
        if (!key->empty() && !isKeyBelow(*key))
            return Status(Failure::Usage,
                          "target '" + withoutSecrets(target) + "': '" + *key +
                              "' has parts that are empty, '.' or '..'. "
                              "Nothing was written.");
    }
    auto whole = config;
    if (address->kind == StoreKind::S3)
    {
        const Configured configured(config);
        MDIMAPPEND_ASSIGN(const auto endpoint, endpointConfig(address->path()));
        whole.insert(whole.end(), endpoint.begin(), endpoint.end());
    }
    return std::shared_ptr<ObjectTarget>(
        new ObjectTarget(*address, group, std::move(whole)));
}

Result<bool> ObjectTarget::isZarrNode(const std::string &path)
{
    for (const char *document :
         {"zarr.json", ".zmetadata", ".zgroup", ".zarray"})
    {
        MDIMAPPEND_ASSIGN(
            const auto bytes,
            m_storage.read(path + "/" + document, largestDocument));
        if (bytes)
            return true;
    }
    return false;
}

Result<bool> ObjectTarget::seesLock(const std::string &path)
{
    if (!m_seen || m_seenAt != path)
    {
        MDIMAPPEND_ASSIGN(
            m_seen, readObjectLock(m_lockRequests, path + ".mdimappend/lock"));
        m_seenAt = path;
    }
    return m_seen->exists;
}

Result<Site> ObjectTarget::locate(bool looks)
{
    // Where it was once, it is for the rest of a run.
    auto root = m_root.empty() ? m_address.path() : m_root;
    MDIMAPPEND_ASSIGN(bool locked, seesLock(root));
    if (!locked)
    {
        // The bucket itself cannot be one.
        const auto bucket = m_address.prefix + m_address.bucket;
        for (auto above = root; above.size() > bucket.size();
             above.resize(above.rfind('/')))
        {
            MDIMAPPEND_ASSIGN(const bool isNode, isZarrNode(above));
            if (isNode)
                root = above;
        }
        if (root != m_address.path())
        {
            MDIMAPPEND_ASSIGN(locked, seesLock(root));
            // It is older than the lock that was seen.
            m_storage.forget();
        }
    }
    m_root = locked ? root : "";
    Site site;
    const auto slash = root.rfind('/');
    site.parent = root.substr(0, slash);
    site.name = root.substr(slash + 1);
    if (root.size() < m_address.path().size())
        site.group = m_address.path().substr(root.size() + 1);
    if (!m_group.empty())
        site.group += (site.group.empty() ? "" : "/") + m_group;
    MDIMAPPEND_RETURN_IF_ERROR(refuseSidecar(site));
    site.config = m_config;
    if (looks || !locked)
        MDIMAPPEND_RETURN_IF_ERROR(look(site));
    // What an undone append of ours has left is nobody else's.
    if (!site.exists && !locked)
    {
        auto &requests = m_storage.requests();
        MDIMAPPEND_ASSIGN(const auto names, requests.listAll(root, 1));
        MDIMAPPEND_ASSIGN(const auto own, requests.listAll(site.sidecar(), 1));
        site.foreign = !names.empty() && own.empty();
    }
    return site;
}

Status ObjectTarget::look(Site &site)
{
    MDIMAPPEND_ASSIGN(site.exists, isZarrNode(site.store()));
    return Status::ok();
}

Result<std::optional<LogEnd>> ObjectTarget::logEnd(const Site &site)
{
    MDIMAPPEND_ASSIGN(const bool exists, seesLock(site.store()));
    if (!exists || !m_seen->document.unsettled.empty())
        return std::optional<LogEnd>();
    return m_seen->document.logEnd;
}

void ObjectTarget::assumeLogEnd(const Site &site,
                                const std::optional<LogEnd> &end)
{
    if (!end)
        return;
    m_storage.assume(headPath(site), headText(end->sequence));
    if (!end->record.empty())
    {
        m_storage.assume(logRecordPath(site, end->sequence), end->record);
        const auto record = parseJson(end->record);
        if (record && member(*record, "zarr_format") == 2)
            m_storage.assume(site.store() + "/zarr.json", std::nullopt);
    }
    m_storage.assume(logRecordPath(site, end->sequence + 1), std::nullopt);
}

std::vector<std::string> ObjectTarget::warnings() const
{
    if (!m_checksums->areRefused())
        return {};
    return {"the store refuses the checksums of what is put (Content-MD5), so "
            "they are left out: should a connection break, it may keep a part "
            "of an object, which readers see until it is put again"};
}

/// Foreign writers take no lock; most of them change the document that readers
/// open first.
Result<bool> ObjectTarget::isAsWeLeftIt(const Site &site)
{
    for (const char *document : {"zarr.json", ".zmetadata"})
    {
        const auto path = site.store() + "/" + document;
        MDIMAPPEND_ASSIGN(const auto bytes,
                          m_storage.read(path, largestDocument));
        const bool isConsolidated =
            bytes && (document[0] == '.' ||
                      bytes->find("\"consolidated_metadata\"") != bytes->npos);
        if (isConsolidated)
            return m_storage.isUnchanged(path);
    }
    return false;
}

Status ObjectTarget::prepareLook()
{
    const auto before = std::exchange(m_looked, std::nullopt);
    if (!before)
    {
        m_storage.forget();
        return Status::ok();
    }
    const auto store = m_seenAt;
    // What was seen of it last will do: `looksStill` asks again.
    MDIMAPPEND_RETURN_IF_ERROR(seesLock(store).takeStatus());
    Site site;
    site.parent = store.substr(0, store.rfind('/'));
    site.name = store.substr(store.rfind('/') + 1);
    bool isSame = m_seen->version == before->version;
    if (isSame)
    {
        MDIMAPPEND_ASSIGN(isSame, isAsWeLeftIt(site));
    }
    if (!isSame)
        m_storage.forget();
    return Status::ok();
}

Result<bool> ObjectTarget::beginLook(const Site &site)
{
    MDIMAPPEND_RETURN_IF_ERROR(seesLock(site.store()).takeStatus());
    const auto &document = m_seen->document;
    if (m_seen->exists && (document.held || !document.unsettled.empty()))
        return false;
    m_looked = m_seen;
    if (document.complete)
        assumeLogEnd(site, document.logEnd);
    return true;
}

/// A lock that was lost says nothing of what its holders have left.
Result<bool> ObjectTarget::isSettled(const Site &site, const SeenLock &seen)
{
    const auto &document = seen.document;
    if (seen.exists && (document.held || !document.unsettled.empty()))
        return false;
    if (seen.exists && document.complete)
        return true;
    MDIMAPPEND_ASSIGN(const auto journals,
                      m_storage.listFilled(site.journals()));
    return journals.empty();
}

Result<bool> ObjectTarget::looksStill(const Site &site)
{
    if (!m_looked)
        return false;
    m_seen.reset();
    MDIMAPPEND_RETURN_IF_ERROR(seesLock(site.store()).takeStatus());
    if (m_seen->version != m_looked->version)
        return false;
    return isSettled(site, *m_seen);
}

Result<std::unique_ptr<Lock>> ObjectTarget::acquire(const LockRequest &request,
                                                    const Site &site)
{
    m_keptLook = false;
    m_storage.requests().setTimeLeft({});
    MDIMAPPEND_ASSIGN(auto taken,
                      acquireObjectLock(request, m_lockRequests, m_seen));
    const auto looked = std::exchange(m_looked, std::nullopt);
    m_keptLook = looked && looked->version == taken.replaced;
    bool isKnown = taken.isContinued;
    if (isKnown && !m_keptLook)
    {
        MDIMAPPEND_ASSIGN(isKnown, isAsWeLeftIt(site));
    }
    isKnown = isKnown || m_keptLook;
    trace("", isKnown ? "nobody has written since: what was seen is believed"
                      : "what was seen before the lock is asked for again");
    if (m_keptLook)
        return std::move(taken.lock);
    if (isKnown)
        m_storage.forgetBelow(site.sidecar());
    else
        m_storage.forget();
    assumeLogEnd(site, taken.logEnd);
    return std::move(taken.lock);
}

}  // namespace mdimappend
