// Opens a target for writing or for looking, and recovers it before it is read.

#include "cube/open_target.h"

#include "lock/lock_wait.h"

namespace mdimappend
{

WriterRequest placeOf(const AppendOptions &options,
                      std::shared_ptr<ObjectTarget> &connection,
                      const Surroundings &around)
{
    WriterRequest request;
    request.target = options.target;
    request.group = options.group;
    request.config = options.targetConfig;
    request.connection = &connection;
    request.durability = options.durability;
    if (around.posix)
        request.posix = around.posix;
    request.clock = around.clock;
    request.cancelled = around.cancelled;
    return request;
}

WriterRequest lockRequestOf(const AppendOptions &options,
                            const WriterRequest &place)
{
    WriterRequest request = place;
    request.lock = options.lock;
    request.lockTimeout = options.lockTimeout;
    request.lease = options.lease;
    request.command = options.command;
    return request;
}

namespace
{

Result<Writer> openWriter(const AppendOptions &options,
                          const WriterRequest &place, const Writer *reader)
{
    if (options.dryRun)
        return openForReading(place);
    const auto request = lockRequestOf(options, place);
    return reader ? lockLooked(request, *reader) : openForWriting(request);
}

/// Of a file system: in an object store whoever waits has asked for the lock.
Status waitForLock(const AppendOptions &options, const WriterRequest &place,
                   const Writer &reader)
{
    if (reader.objects)
        return Status::ok();
    LockRequest request;
    request.path = reader.site.lock();
    request.timeout = options.lockTimeout;
    request.cancelled = place.cancelled;
    LockWait wait(request);
    while (true)
    {
        MDIMAPPEND_ASSIGN(const auto lock, reader.peekLock());
        if (!lock.held)
            return Status::ok();
        MDIMAPPEND_RETURN_IF_ERROR(wait.pause(lock.holder));
    }
}

}  // namespace

Result<OpenTarget> openTarget(const AppendOptions &options,
                              const WriterRequest &place,
                              RecoveryReport &recovered, const Writer *reader)
{
    OpenTarget open;
    MDIMAPPEND_ASSIGN(open.writer, openWriter(options, place, reader));
    if (!options.dryRun)
    {
        MDIMAPPEND_ASSIGN(
            recovered,
            recover(*open.writer.storage, open.writer.site, *open.writer.lock));
    }
    // Whoever had the lock before, or recovery, may have made or removed the
    // store.
    MDIMAPPEND_ASSIGN(open.site, locateAgain(place, open.writer));
    open.site.config = options.targetConfig;
    MDIMAPPEND_RETURN_IF_ERROR(refuseForeign(open.site));
    return open;
}

Result<std::optional<OpenTarget>> lookAtTarget(const AppendOptions &options,
                                               const WriterRequest &place,
                                               bool waited)
{
    OpenTarget open;
    MDIMAPPEND_ASSIGN(open.writer, openForLooking(place));
    if (waited)
        MDIMAPPEND_RETURN_IF_ERROR(waitForLock(options, place, open.writer));
    MDIMAPPEND_ASSIGN(open.look, Look::begin(open.writer));
    if (!open.look)
        return std::optional<OpenTarget>();
    // The store may have come or gone before the look was begun.
    MDIMAPPEND_ASSIGN(open.site, locateAgain(place, open.writer));
    open.site.config = options.targetConfig;
    if (!open.site.exists || open.site.foreign)
        return std::optional<OpenTarget>();
    return std::optional(std::move(open));
}

}  // namespace mdimappend
