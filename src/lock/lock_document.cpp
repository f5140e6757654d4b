// The document is JSON; what comes from it is believed only as far as it can do
// no harm, since names of transactions become part of paths.

#include "lock/lock_document.h"

#include "json/json_text.h"
#include "lock/claims.h"

#include <format>

namespace mdimappend
{

namespace
{

constexpr const char *formatName = "mdimappend lock 2";
constexpr std::uint64_t largestDocumentOfLock = 1U << 20;
/// Records are carried along as long as they are small.
constexpr std::size_t largestRecordCarried = 16U << 10;

bool isTransactionName(const std::string &name)
{
    return !name.empty() &&
           name.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz-") ==
               std::string::npos;
}

}  // namespace

std::string transactionOf(const LockDocument &document)
{
    return std::format("{:012}-{}", document.count, document.holder.nonce);
}

std::string toText(const LockDocument &document)
{
    Json json = {{"format", formatName},
                 {"state", document.held ? "held" : "free"},
                 {"lease", document.lease.count()},
                 {"renewals", document.renewals},
                 {"count", document.count}};
    json.update(toJson(document.holder));
    json["unsettled"] = document.unsettled;
    json["complete"] = document.complete;
    if (document.logEnd)
    {
        Json end = {{"sequence", document.logEnd->sequence}};
        if (!document.logEnd->record.empty() &&
            document.logEnd->record.size() <= largestRecordCarried)
            end["record"] = document.logEnd->record;
        json["log_end"] = std::move(end);
    }
    return dumpJson(json, 2) + "\n";
}

LockDocument parseLockDocument(const std::string &text)
{
    LockDocument document;
    document.held = true;
    document.lease = leaseFrom({});
    const auto json = parseJson(text);
    if (!json || textMember(*json, "format") != formatName)
        return document;
    document.held = textMember(*json, "state") != "free";
    document.holder = holderFrom(*json);
    document.lease = leaseFrom(*json);
    document.renewals = countMember(*json, "renewals");
    document.count = countMember(*json, "count");
    if (const Json &names = member(*json, "unsettled"); names.is_array())
    {
        for (const Json &name : names)
        {
            if (name.is_string() && isTransactionName(name.get<std::string>()))
                document.unsettled.push_back(name.get<std::string>());
        }
    }
    document.complete = member(*json, "complete") == true;
    if (const Json &end = member(*json, "log_end"); end.is_object())
        document.logEnd =
            LogEnd{countMember(end, "sequence"), textMember(end, "record")};
    return document;
}

Result<SeenLock> readObjectLock(ObjectRequests &requests,
                                const std::string &path)
{
    MDIMAPPEND_ASSIGN(const auto found,
                      requests.get(path, largestDocumentOfLock));
    if (!found)
        return SeenLock{};
    return SeenLock{true, parseLockDocument(found->bytes), found->version,
                    found->age, false};
}

/// A part of it that has the nonce is this holder's, from a put that broke off.
Result<std::optional<std::string>> putObjectLock(ObjectRequests &requests,
                                                 const std::string &path,
                                                 const LockDocument &document,
                                                 const PutCondition &condition)
{
    const auto text = toText(document);
    const auto &nonce = document.holder.nonce;
    const auto at = text.find('"' + nonce + '"');
    return requests.putOwn(path, text, condition, VersionOfPut::Needed,
                           at == text.npos ? text.size()
                                           : at + nonce.size() + 2);
}

}  // namespace mdimappend
