// A claim is a small JSON document that is read whole and replaced by renaming;
// its number is its file's name. What is damaged is held, for a minute.

#include "lock/claims.h"

#include "json/json_text.h"
#include "storage/checksum.h"
#include "storage/paths.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <format>

namespace mdimappend
{

namespace
{

using Seconds = std::chrono::duration<double>;

constexpr std::size_t digits = 12;
/// Nobody comes so far by claiming.
constexpr std::uint64_t highestNumber = 1'000'000'000'000'000;
constexpr std::uint64_t largestClaim = 1U << 16;
/// Longer leases are not only watched, since nobody would wait for so long.
constexpr Seconds longestWatched{60};
/// The file system's clock may have been set meanwhile.
constexpr Seconds fileClocks{10};

std::optional<std::uint64_t> numberOf(const std::string &name)
{
    std::uint64_t number = 0;
    const auto *end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || name.size() < digits ||
        number > highestNumber)
        return std::nullopt;
    return number;
}

}  // namespace

std::string claimsFolder(const std::string &lock)
{
    return parentFolder(lock) + "/lease";
}

std::string toText(const Claim &claim)
{
    Json document = {{"format", "mdimappend lease 1"},
                     {"state", claim.held ? "held" : "free"},
                     {"lease", claim.lease.count()},
                     {"renewals", claim.renewals}};
    document.update(toJson(claim.holder));
    if (claim.until)
        document["until"] = toJson(*claim.until);
    return dumpJson(document, 2) + "\n";
}

std::chrono::duration<double> leaseFrom(const Json &document)
{
    const Json &lease = member(document, "lease");
    if (!lease.is_number() || !std::isfinite(lease.get<double>()))
        return Seconds(60);
    return std::clamp<Seconds>(Seconds(lease.get<double>()), shortestLease,
                               longestLease);
}

Claim parseClaim(std::uint64_t number, const std::string &text)
{
    Claim claim;
    claim.number = number;
    claim.lease = leaseFrom({});
    const auto document = parseJson(text);
    if (!document)
        return claim;
    claim.held = textMember(*document, "state") != "free";
    claim.holder = holderFrom(*document);
    claim.lease = leaseFrom(*document);
    claim.renewals = countMember(*document, "renewals");
    claim.until = processIdentityFrom(member(*document, "until"));
    return claim;
}

Claim freeAfter(const Claim &claim)
{
    Claim next = claim;
    ++next.number;
    next.held = false;
    return next;
}

std::string endOf(const Claim &claim)
{
    if (claim.lease > longestWatched)
        return std::format("That is a lease, which expires {:g} s after its "
                           "last renewal. Whoever has its token can `abort` "
                           "it, and `gdal driver mdimappend unlock` ends it. ",
                           claim.lease.count());
    return std::format("That is a lease, which expires {:g} s after its last "
                       "renewal, if you wait that long (--lock-timeout). ",
                       claim.lease.count());
}

std::string Claims::path(std::uint64_t number) const
{
    return m_folder + std::format("/{:0{}}", number, digits);
}

Result<std::optional<std::uint64_t>> Claims::highest()
{
    MDIMAPPEND_ASSIGN(const auto names, m_storage.list(m_folder));
    std::optional<std::uint64_t> highest;
    for (const auto &name : names)
        highest = std::max(highest, numberOf(name));
    return highest;
}

Result<std::optional<Claim>> Claims::latest()
{
    std::optional<std::uint64_t> vanished;
    while (true)
    {
        MDIMAPPEND_ASSIGN(const auto number, highest());
        if (!number)
            return std::optional<Claim>();
        MDIMAPPEND_ASSIGN(const auto text,
                          m_storage.read(path(*number), largestClaim));
        if (text)
            return std::optional<Claim>(parseClaim(*number, *text));
        // It goes only when there is a higher one.
        if (number == vanished)
            return error("the claim '" + path(*number) +
                         "' is listed, but cannot be read");
        vanished = number;
    }
}

Result<bool> Claims::create(const Claim &claim)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.makeFolders(m_folder));
    MDIMAPPEND_ASSIGN(const bool created,
                      m_storage.create(path(claim.number), toText(claim)));
    if (!created)
        return false;
    // The number was free to create also if others have come and gone since it
    // was looked for.
    MDIMAPPEND_ASSIGN(const auto number, highest());
    return number == claim.number;
}

Status Claims::rewrite(const Claim &claim)
{
    // Others may do the same to a lease that several processes share.
    const auto replacement = path(claim.number) + "." + randomNonce() + ".new";
    MDIMAPPEND_RETURN_IF_ERROR(m_storage.put(replacement, toText(claim)));
    return m_storage.publish(replacement, path(claim.number));
}

Status Claims::removeBefore(std::uint64_t number)
{
    MDIMAPPEND_ASSIGN(const auto names, m_storage.list(m_folder));
    for (const auto &name : names)
    {
        const auto old = numberOf(name.substr(0, name.find('.')));
        if (old && *old < number)
            MDIMAPPEND_RETURN_IF_ERROR(m_storage.remove(m_folder + "/" + name));
    }
    return Status::ok();
}

Result<std::optional<double>> Claims::age(const Claim &claim)
{
    return m_storage.age(path(claim.number));
}

Result<bool> ClaimWatch::isGone(const Claim &claim, Seconds now)
{
    if (claim.until && isKnownGone(*claim.until))
        return true;
    if (m_seen != claim)
    {
        m_seen = claim;
        m_since = now;
        m_ageThen = Seconds(0);
        if (claim.lease > longestWatched)
        {
            MDIMAPPEND_ASSIGN(const auto age, m_claims.age(claim));
            m_ageThen =
                std::max(Seconds(age.value_or(0)) - fileClocks, Seconds(0));
        }
    }
    // Clocks may run at slightly different rates.
    return m_ageThen + (now - m_since) > 1.1 * claim.lease;
}

}  // namespace mdimappend
