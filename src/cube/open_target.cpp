// Opens a target for writing or for looking, and recovers it before it is read.

#include "cube/open_target.h"

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

Result<OpenTarget> openTarget(const AppendOptions &options,
                              const WriterRequest &place,
                              RecoveryReport &recovered)
{
    OpenTarget open;
    MDIMAPPEND_ASSIGN(open.writer,
                      options.dryRun
                          ? openForReading(place)
                          : openForWriting(lockRequestOf(options, place)));
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

}  // namespace mdimappend
