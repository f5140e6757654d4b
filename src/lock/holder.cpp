// A holder's name is for humans, and for telling one claim from another
// (nonce).

#include "lock/holder.h"

#include "json/utf8.h"
#include "storage/checksum.h"
#include "time/utc_now.h"

#include <unistd.h>

namespace mdimappend
{

std::string LockHolder::describe() const
{
    if (host.empty() && process == 0)
        return "a holder that left no name";
    return "process " + std::to_string(process) + " on " + host +
           (started.empty() ? "" : " since " + started) +
           (command.empty() ? "" : " (" + command + ")");
}

LockHolder thisProcess(const std::string &command)
{
    LockHolder holder;
    holder.nonce = randomNonce();
    char host[256] = {};
    if (gethostname(host, sizeof(host) - 1) == 0)
        holder.host = host;
    holder.process = getpid();
    holder.started = utcNow();
    holder.command = utf8Beginning(command, 1000);
    return holder;
}

Json toJson(const LockHolder &holder)
{
    return {{"nonce", holder.nonce},
            {"host", holder.host},
            {"process", holder.process},
            {"started", holder.started},
            {"command", holder.command}};
}

LockHolder holderFrom(const Json &document)
{
    LockHolder holder;
    holder.nonce = textMember(document, "nonce");
    holder.host = textMember(document, "host");
    holder.started = textMember(document, "started");
    holder.command = textMember(document, "command");
    if (const Json &process = member(document, "process");
        process.is_number_integer())
        holder.process = process.get<long>();
    return holder;
}

}  // namespace mdimappend
