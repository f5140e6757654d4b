// Puts of objects: their checksums, and what became of an attempt whose answer
// was lost, or that broke off.

#include "storage/object_requests.h"
#include "trace.h"

#include <utility>

namespace mdimappend
{

namespace
{

using PutKind = ObjectAnswer::Kind;

/// Of a put that leaves a part of the object each time.
constexpr int mostTornPuts = 6;

}  // namespace

Result<std::optional<std::string>>
ObjectRequests::put(const std::string &path, std::string_view bytes,
                    const PutCondition &condition, VersionOfPut version)
{
    MDIMAPPEND_ASSIGN(auto outcome,
                      putOnce(path, bytes, condition, version, std::nullopt));
    return std::move(outcome.version);
}

Result<std::optional<std::string>>
ObjectRequests::putOwn(const std::string &path, std::string_view bytes,
                       const PutCondition &condition, VersionOfPut version,
                       std::size_t mark)
{
    auto holds = condition;
    for (int i = 0; i < mostTornPuts; ++i)
    {
        MDIMAPPEND_ASSIGN(auto outcome,
                          putOnce(path, bytes, holds, version, mark));
        if (!outcome.torn)
            return std::move(outcome.version);
        trace("request", "a put to '", path,
              "' broke off and left a part of it: it is put again");
        holds = PutCondition::same(std::move(*outcome.torn));
    }
    return error("cannot write '" + path +
                 "': each of the attempts left only a part of it");
}

/// A store that takes no checksum is asked once more without; only if that is
/// an answer was it the checksum's fault.
ObjectAnswer ObjectRequests::attemptPut(const std::string &path,
                                        std::string_view bytes,
                                        const PutCondition &condition,
                                        VersionOfPut version,
                                        const std::string &checksum)
{
    const bool hasChecksum = !checksum.empty() && !m_checksums->areRefused();
    auto answer =
        m_transport->put(path, bytes, condition, hasChecksum ? checksum : "",
                         version, timeLeft());
    if (!hasChecksum || !answer.mayBeOfChecksum)
        return answer;
    auto without =
        m_transport->put(path, bytes, condition, "", version, timeLeft());
    if (without.kind != PutKind::Done && without.kind != PutKind::NotMet)
        return answer;
    trace("request", "a put with a checksum to '", path,
          "' was refused, and not without: ", answer.message);
    m_checksums->noteRefused();
    return without;
}

Result<ObjectRequests::PutOutcome>
ObjectRequests::putOnce(const std::string &path, std::string_view bytes,
                        const PutCondition &condition, VersionOfPut version,
                        std::optional<std::size_t> mark)
{
    const auto checksum = m_checksums->header(bytes);
    MDIMAPPEND_ASSIGN(
        auto answer,
        tried(
            "write", path, true, [&]
            { return attemptPut(path, bytes, condition, version, checksum); }));
    if (answer.kind == PutKind::Done)
        return PutOutcome{std::move(answer.version)};
    if (answer.kind == PutKind::Missing)
        return error("cannot write '" + path + "': " + answer.message);
    trace("request", "the condition of a put to '", path,
          "' does not hold: looks whether an earlier attempt was carried out");
    return whatIsThere(path, bytes, mark);
}

/// An attempt whose answer was lost may have been carried out, by us or by
/// libcurl, which says nothing of sending once more.
Result<ObjectRequests::PutOutcome>
ObjectRequests::whatIsThere(const std::string &path, std::string_view bytes,
                            std::optional<std::size_t> mark)
{
    MDIMAPPEND_ASSIGN(const auto there, head(path));
    const bool mayBeTorn =
        there && mark && there->size >= *mark && there->size < bytes.size();
    if (!there || (there->size != bytes.size() && !mayBeTorn))
        return PutOutcome();
    MDIMAPPEND_ASSIGN(auto present, get(path, bytes.size()));
    if (!present || !bytes.starts_with(present->bytes))
        return PutOutcome();
    if (present->bytes.size() == bytes.size())
        return PutOutcome{std::move(present->version)};
    return mark && present->bytes.size() >= *mark
               ? PutOutcome{{}, std::move(present->version)}
               : PutOutcome();
}

}  // namespace mdimappend
