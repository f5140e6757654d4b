// Opens a target for writing, staging or reading, wherever it is.

#include "transaction/writer.h"

#include "lock/kernel_lock.h"
#include "lock/lease.h"
#include "lock/object_lock.h"
#include "storage/folder_storage.h"
#include "storage/local_storage.h"
#include "storage/object_address.h"
#include "transaction/lone_sidecar.h"
#include "transaction/object_target.h"

#include <cerrno>
#include <sys/stat.h>

namespace mdimappend
{

namespace
{

/// `--lock none`: the caller vouches that nobody else writes.
class NoLock final : public Lock
{
  public:
    Status stillOurs() override
    {
        return Status::ok();
    }
};

LockRequest lockRequest(const WriterRequest &request, const Site &site)
{
    return {site.lock(),       request.command, request.lockTimeout,
            request.cancelled, request.lease,   request.left,
            request.clock};
}

/// Where nothing is yet, nobody's files may be.
Status makeSidecar(const WriterRequest &request, const Site &site)
{
    MDIMAPPEND_ASSIGN(const auto beside,
                      LocalStorage::open(site.parent + "/", request.durability,
                                         *request.posix));
    MDIMAPPEND_ASSIGN(const auto sidecar, beside->state(site.sidecar()));
    if (!sidecar)
        MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(site));
    return beside->makeFolders(site.sidecar())
        .suffixed("The sidecar beside the target is needed for every append. "
                  "Nothing was written.");
}

/// Storage of the sidecar, and its lock.
Status tryLocalLock(const WriterRequest &request, Writer &writer)
{
    MDIMAPPEND_RETURN_IF_ERROR(makeSidecar(request, writer.site));
    MDIMAPPEND_ASSIGN(auto storage,
                      LocalStorage::open(writer.site.sidecar(),
                                         request.durability, *request.posix));
    // So that the first plan's barrier makes it durable.
    MDIMAPPEND_RETURN_IF_ERROR(storage->makeFolders(writer.site.sidecar()));
    writer.storage = std::move(storage);
    if (request.lock == LockMode::None)
    {
        writer.lock = std::make_unique<NoLock>();
        return Status::ok();
    }
    const auto lock = lockRequest(request, writer.site);
    MDIMAPPEND_ASSIGN(
        writer.lock,
        request.lock == LockMode::Lease
            ? acquireLease(lock, *writer.storage, *request.posix)
            : acquireLocalLock(lock, *writer.storage, *request.posix));
    return Status::ok();
}

/// Whoever has the lock may take away a sidecar that was made for nothing
/// (lone_sidecar.h), while others wait for the lock in it.
Status takeLocalLock(const WriterRequest &request, Writer &writer)
{
    const std::string sidecar = writer.site.sidecar();
    constexpr int mostTries = 100;
    for (int tries = 1;; ++tries)
    {
        auto taken = tryLocalLock(request, writer);
        struct stat state = {};
        const bool hasGone =
            !taken && taken.kind() == Failure::Error && writer.storage &&
            request.posix->stat(sidecar.c_str(), &state) != 0 &&
            errno == ENOENT;
        if (!hasGone || tries == mostTries)
            return taken;
    }
}

/// Its folder is the connection's, which lives as long.
Result<Writer> openObjects(const WriterRequest &request, bool looks)
{
    std::shared_ptr<ObjectTarget> connection;
    auto &kept = request.connection ? *request.connection : connection;
    if (!kept)
    {
        MDIMAPPEND_ASSIGN(
            kept,
            ObjectTarget::open(request.target, request.group, request.config));
    }
    Writer writer;
    writer.objects = kept;
    writer.storage =
        std::shared_ptr<Storage>(writer.objects, &writer.objects->storage());
    MDIMAPPEND_ASSIGN(writer.site, writer.objects->locate(looks));
    return writer;
}

Result<Writer> lockObjects(const WriterRequest &request, Writer writer)
{
    MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(writer.site));
    if (request.lock == LockMode::None)
    {
        // Not removed: a deletion that came late would remove another's lock.
        MDIMAPPEND_RETURN_IF_ERROR(
            voidObjectLock(writer.objects->lockRequests(), writer.site.lock()));
        writer.objects->storage().forget();
        writer.lock = std::make_unique<NoLock>();
        MDIMAPPEND_RETURN_IF_ERROR(writer.objects->look(writer.site));
        return writer;
    }
    auto &objects = *writer.objects;
    MDIMAPPEND_ASSIGN(
        writer.lock,
        objects.acquire(lockRequest(request, writer.site), writer.site));
    objects.storage().requests().setTimeLeft([lease = writer.lock->lease()]
                                             { return lease->timeLeft(); });
    MDIMAPPEND_RETURN_IF_ERROR(objects.look(writer.site));
    return writer;
}

}  // namespace

Writer::~Writer()
{
    if (objects)
        objects->storage().requests().setTimeLeft({});
    if (mayBeLone && lock && lock->stillOurs())
        removeLoneSidecar(*storage, site).ignore("it does no harm");
}

Result<bool> Writer::hasSidecar() const
{
    MDIMAPPEND_ASSIGN(const auto found,
                      storage->state(objects ? site.lock() : site.sidecar()));
    return found.has_value();
}

Result<LockState> Writer::peekLock() const
{
    return objects ? peekObjectLock(objects->lockRequests(), site.lock())
                   : mdimappend::peekLock(site.lock(), *storage, *posix);
}

Result<bool> Writer::endLease() const
{
    return objects ? endObjectLease(objects->lockRequests(), site.lock())
                   : mdimappend::endLease(site.lock(), *storage);
}

Status Writer::checkLeft(const LeaseTicket &left) const
{
    return objects ? mdimappend::checkLeft(left, site.lock(),
                                           objects->lockRequests())
                   : mdimappend::checkLeft(left, site.lock(), *storage);
}

Result<Site> locateAgain(const WriterRequest &request, const Writer &writer)
{
    if (!writer.objects)
        return locateSite(request.target, request.group);
    Site site = writer.site;
    MDIMAPPEND_RETURN_IF_ERROR(writer.objects->look(site));
    return site;
}

Result<Writer> openForWriting(const WriterRequest &request)
{
    if (isRemote(request.target))
    {
        MDIMAPPEND_ASSIGN(Writer objects, openObjects(request, false));
        return lockObjects(request, std::move(objects));
    }
    Writer writer;
    MDIMAPPEND_ASSIGN(writer.site, locateSite(request.target, request.group));
    MDIMAPPEND_RETURN_IF_ERROR(takeLocalLock(request, writer));
    // What the target is may have changed while waiting.
    if (request.lock != LockMode::None)
    {
        MDIMAPPEND_ASSIGN(writer.site,
                          locateSite(request.target, request.group));
    }
    writer.mayBeLone = request.lock != LockMode::Lease && !writer.site.exists;
    return writer;
}

Result<Writer> openForLooking(const WriterRequest &request)
{
    if (request.connection && *request.connection)
        MDIMAPPEND_RETURN_IF_ERROR((*request.connection)->prepareLook());
    // What the lock says of the store comes first, and saves requests.
    return openForReading(request, false);
}

Result<Writer> lockLooked(const WriterRequest &request, const Writer &reader)
{
    if (!reader.objects)
        return openForWriting(request);
    Writer writer;
    writer.site = reader.site;
    writer.objects = reader.objects;
    writer.storage = reader.storage;
    return lockObjects(request, std::move(writer));
}

Result<Writer> openForStaging(const WriterRequest &request)
{
    if (isRemote(request.target))
        return openObjects(request, true);
    Writer writer;
    MDIMAPPEND_ASSIGN(writer.site, locateSite(request.target, request.group));
    MDIMAPPEND_ASSIGN(writer.storage,
                      LocalStorage::open(writer.site.sidecar(),
                                         request.durability, *request.posix));
    return writer;
}

Result<Writer> openForReading(const WriterRequest &request, bool looks)
{
    if (isRemote(request.target))
        return openObjects(request, looks);
    Writer writer;
    MDIMAPPEND_ASSIGN(writer.site, locateSite(request.target, request.group));
    MDIMAPPEND_ASSIGN(writer.storage,
                      LocalStorage::open(writer.site.parent + "/",
                                         Durability::Process, *request.posix));
    writer.posix = request.posix;
    return writer;
}

Result<Writer> openForReading(const std::string &target,
                              const std::string &group, Posix &posix)
{
    WriterRequest request;
    request.target = target;
    request.group = group;
    request.posix = &posix;
    return openForReading(request);
}

}  // namespace mdimappend
