// Claims: who may write under `--lock lease`, where the kernel's locks do not
// reach (network file systems, object stores).
//
// `<sidecar>/lease/<number>` is a claim. Each number is created only once, and
// the highest one holds; so taking over is creating the next one, and the
// holder before it finds out by looking. All that a claim needs of a file
// system is what the decision needs: a key that can be created only once.
// A claim is removed only when there is a higher one.

#pragma once

#include "lock/holder.h"
#include "lock/process_identity.h"
#include "settings/lock_mode.h"
#include "status.h"
#include "storage/folder_storage.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace mdimappend
{

/// The folder of the claims that belong to a lock.
std::string claimsFolder(const std::string &lock);

/// How long what a document says lasts; a minute where it is damaged.
std::chrono::duration<double> leaseFrom(const Json &document);

struct Claim
{
    std::uint64_t number = 0;
    bool held = true;
    /// It is gone when it has not been renewed for so long.
    std::chrono::duration<double> lease{0};
    std::uint64_t renewals = 0;
    LockHolder holder;
    /// It is over as soon as this process is known to be gone, if there is one:
    /// a claim may also be left to processes that are yet to come.
    std::optional<ProcessIdentity> until{};

    bool operator==(const Claim &) const = default;
};

/// The text of a claim (docs/format.md), which has no number in it. One that is
/// damaged is held, by nobody in particular.
std::string toText(const Claim &claim);
Claim parseClaim(std::uint64_t number, const std::string &text);

/// The next claim, that nobody holds.
Claim freeAfter(const Claim &claim);

/// When a claim ends by itself, for a message.
std::string endOf(const Claim &claim);

class Claims
{
  public:
    /// Of storage with folders: elsewhere a lease is a document
    /// (object_lock.h).
    Claims(Storage &storage, std::string folder)
        : m_storage(*storage.folders()), m_folder(std::move(folder))
    {
    }

    /// The highest one.
    Result<std::optional<Claim>> latest();

    /// False if somebody else has claimed this number or a higher one.
    Result<bool> create(const Claim &claim);

    /// Writes one's own claim anew: renewed, or free.
    Status rewrite(const Claim &claim);

    /// Seconds since its last renewal, by the file system's clock, if that can
    /// be told.
    Result<std::optional<double>> age(const Claim &claim);

    /// Removes all claims before this one.
    Status removeBefore(std::uint64_t number);

  private:
    Result<std::optional<std::uint64_t>> highest();
    std::string path(std::uint64_t number) const;

    FolderStorage &m_storage;
    std::string m_folder;
};

/// Watches a claim: it is over when the process that it belongs to is known to
/// be gone, or when it has not been renewed. One's own clock tells how long,
/// never a time that somebody wrote. Of a lease that is longer than anybody
/// waits, the file system's clock tells, too.
class ClaimWatch
{
  public:
    explicit ClaimWatch(Claims &claims) : m_claims(claims)
    {
    }

    /// Whether its process is gone, or the claim has been the same for longer
    /// than its lease. `now` is of a clock that goes on while the machine
    /// sleeps.
    Result<bool> isGone(const Claim &claim, std::chrono::duration<double> now);

  private:
    Claims &m_claims;
    std::optional<Claim> m_seen;
    std::chrono::duration<double> m_since{0};
    std::chrono::duration<double> m_ageThen{0};
};

}  // namespace mdimappend
