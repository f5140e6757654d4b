// The ways to a transaction that a token names, each with as much of the lock
// as it needs.

#include "distributed/open_part.h"

#include "cube/open_target.h"
#include "distributed/ended_transaction.h"
#include "storage/object_address.h"

namespace mdimappend
{

namespace
{

AppendOptions optionsFor(const Token &token, const AppendOptions &options)
{
    AppendOptions all = options;
    all.target = token.target;
    all.group = token.group;
    if (!isRemote(token.target))
        all.lock = LockMode::Lease;
    return all;
}

}  // namespace

Status checkStillOpen(const Writer &writer, const Token &token)
{
    auto left = writer.checkLeft(token.lease);
    if (left)
        return left;
    return sayHowItEnded(std::move(left), *writer.storage, writer.site,
                         token.transaction);
}

Result<OpenPart> openPart(const Token &token, const AppendOptions &options)
{
    OpenPart open;
    const auto all = optionsFor(token, options);
    MDIMAPPEND_ASSIGN(open.writer,
                      openForStaging(placeOf(all, open.connection)));
    MDIMAPPEND_RETURN_IF_ERROR(checkStillOpen(open.writer, token));
    MDIMAPPEND_RETURN_IF_ERROR(readSession(open, token, options));
    return open;
}

Result<OpenPart> openToEnd(const Token &token, const AppendOptions &options)
{
    OpenPart open;
    const auto all = optionsFor(token, options);
    auto request = lockRequestOf(all, placeOf(all, open.connection));
    request.left = token.lease;
    auto writer = openForWriting(request);
    if (!writer)
    {
        const auto there = openToLook(token, options);
        return there ? sayHowItEnded(writer.takeStatus(), *there->storage,
                                     there->site, token.transaction)
                     : writer.takeStatus();
    }
    open.writer = std::move(*writer);
    return open;
}

Result<LeaseTicket> leaveLease(Lock &lock, LeftUntil until)
{
    auto *lease = lock.lease();
    return lease ? lease->leave(until) : error("only a lease can be left");
}

void freeLeaseAtEnd(Lock &lock)
{
    if (auto *lease = lock.lease())
        lease->freeAtEnd();
}

Result<OpenPart> openToFinish(const Token &token, const AppendOptions &options)
{
    OpenPart open;
    auto all = optionsFor(token, options);
    all.lock = LockMode::Auto;
    MDIMAPPEND_ASSIGN(open.writer, openForWriting(lockRequestOf(
                                       all, placeOf(all, open.connection))));
    return open;
}

Status readSession(OpenPart &open, const Token &token,
                   const AppendOptions &options)
{
    open.writer.site.config = options.targetConfig;
    MDIMAPPEND_ASSIGN(
        open.session,
        readSession(*open.writer.storage, open.writer.site, token.transaction));
    return Status::ok();
}

Result<Writer> openToLook(const Token &token, const AppendOptions &options)
{
    std::shared_ptr<ObjectTarget> connection;
    return openForReading(placeOf(optionsFor(token, options), connection),
                          false);
}

std::string writtenPath(const Site &site, const std::string &transaction,
                        const std::string &part)
{
    return site.stage(transaction) + "/" + part + "-written";
}

}  // namespace mdimappend
