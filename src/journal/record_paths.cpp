// The names of a transaction's records; docs/format.md lists them.

#include "journal/record_paths.h"

namespace mdimappend
{

std::string planPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/plan";
}

std::string manifestPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/manifest";
}

std::string decisionPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/decision";
}

std::string sessionPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/session";
}

std::string abortPath(const Site &site, const std::string &transaction)
{
    return site.journal(transaction) + "/abort";
}

}  // namespace mdimappend
