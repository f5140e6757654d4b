#include "transaction/writer.h"

#include "storage/local_storage.h"

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

}  // namespace

Result<Writer> openForWriting(const WriterRequest &request)
{
    Writer writer;
    MDIMAPPEND_ASSIGN(writer.site, locateSite(request.target, request.group));
    {
        MDIMAPPEND_ASSIGN(const auto beside,
                          LocalStorage::open(writer.site.parent + "/",
                                             request.durability,
                                             *request.posix));
        MDIMAPPEND_ASSIGN(const auto sidecar,
                          beside->state(writer.site.sidecar()));
        if (!sidecar)
            MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(writer.site));
        MDIMAPPEND_RETURN_IF_ERROR(
            beside->makeFolders(writer.site.sidecar())
                .suffixed("The sidecar beside the target is needed for every "
                          "append. Nothing was written."));
    }
    MDIMAPPEND_ASSIGN(writer.storage,
                      LocalStorage::open(writer.site.sidecar(),
                                         request.durability, *request.posix));
    // So that the first plan's barrier makes it durable.
    MDIMAPPEND_RETURN_IF_ERROR(
        writer.storage->makeFolders(writer.site.sidecar()));
    if (request.lock == LockMode::None)
    {
        writer.lock = std::make_unique<NoLock>();
        return writer;
    }
    const LockRequest lock{writer.site.lock(),  request.command,
                           request.lockTimeout, request.cancelled,
                           request.lease,       request.clock};
    MDIMAPPEND_ASSIGN(writer.lock, request.lock == LockMode::Lease
                                       ? acquireLease(lock, *writer.storage)
                                       : acquireLocalLock(lock, *writer.storage,
                                                          *request.posix));
    // What the target is may have changed while waiting.
    MDIMAPPEND_ASSIGN(writer.site, locateSite(request.target, request.group));
    return writer;
}

Result<Writer> openForReading(const std::string &target,
                              const std::string &group, Posix &posix)
{
    Writer writer;
    MDIMAPPEND_ASSIGN(writer.site, locateSite(target, group));
    MDIMAPPEND_ASSIGN(writer.storage,
                      LocalStorage::open(writer.site.parent + "/",
                                         Durability::Process, posix));
    return writer;
}

}  // namespace mdimappend
