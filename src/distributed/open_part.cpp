#include "distributed/open_part.h"

#include "append/open_target.h"
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

Status readInto(OpenPart &open, const Token &token,
                const AppendOptions &options)
{
    open.writer.site.config = options.targetConfig;
    MDIMAPPEND_ASSIGN(
        open.session,
        readSession(*open.writer.storage, open.writer.site, token.transaction));
    return Status::ok();
}

}  // namespace

Result<OpenPart> openPart(const Token &token, const AppendOptions &options)
{
    OpenPart open;
    const auto all = optionsFor(token, options);
    MDIMAPPEND_ASSIGN(open.writer,
                      openForStaging(placeOf(all, open.connection)));
    MDIMAPPEND_RETURN_IF_ERROR(open.writer.checkLeft(token.lease));
    MDIMAPPEND_RETURN_IF_ERROR(readInto(open, token, all));
    return open;
}

Result<OpenPart> openToEnd(const Token &token, const AppendOptions &options)
{
    OpenPart open;
    const auto all = optionsFor(token, options);
    auto request = lockRequestOf(all, placeOf(all, open.connection));
    request.left = token.lease;
    MDIMAPPEND_ASSIGN(open.writer, openForWriting(request));
    MDIMAPPEND_RETURN_IF_ERROR(readInto(open, token, all));
    return open;
}

std::string writtenPath(const Site &site, const std::string &transaction,
                        const std::string &part)
{
    return site.stage(transaction) + "/" + part + "-written";
}

}  // namespace mdimappend
