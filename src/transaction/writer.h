// The way in: a target's site, its storage and (for writers) its lock.

#pragma once

#include "journal/site.h"
#include "lock/lock.h"
#include "settings/lock_mode.h"
#include "status.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class ObjectTarget;

struct WriterRequest
{
    std::string target;
    std::string group;
    /// GDAL's configuration for the target ("KEY=VALUE").
    std::vector<std::string> config{};
    /// The connection to an object store, which is made if there is none yet:
    /// whoever opens a target several times keeps it.
    std::shared_ptr<ObjectTarget> *connection = nullptr;
    Durability durability = Durability::Full;
    LockMode lock = LockMode::Auto;
    std::optional<std::chrono::duration<double>> lockTimeout;
    std::chrono::duration<double> lease{30};
    /// Goes on with a lease that was left.
    std::optional<LeaseTicket> left{};
    std::function<std::chrono::duration<double>()> clock;
    std::string command;
    std::function<bool()> cancelled;
    Posix *posix = &Posix::system();
};

struct Writer
{
    Site site;
    std::shared_ptr<ObjectTarget> objects;  ///< of an object store
    std::shared_ptr<Storage> storage;
    std::unique_ptr<Lock> lock;
    /// There was no store, and nobody has committed one: the sidecar may be
    /// for nothing. Not with a lease, whose claims others have to find.
    bool mayBeLone = false;
    Posix *posix = &Posix::system();

    Writer() = default;
    /// Takes away a sidecar that is for nothing (lone_sidecar.h).
    ~Writer();
    Writer(Writer &&) = default;
    Writer &operator=(Writer &&) = default;

    /// Whether the lock document has been made, by anybody: then there is a
    /// sidecar.
    Result<bool> hasSidecar() const;
    Result<LockState> peekLock() const;
    /// Fails if a lease that was left is not held any more.
    Status checkLeft(const LeaseTicket &left) const;
    /// Ends a lease whose holder is known to be gone. False if there is none.
    Result<bool> endLease() const;
};

/// Makes the sidecar if there is none, and takes the lock.
Result<Writer> openForWriting(const WriterRequest &request);

/// As openForReading, for a look (look.h): of an object store nothing is
/// believed that was seen before others wrote.
Result<Writer> openForLooking(const WriterRequest &request);

/// As openForWriting, of what was looked at.
Result<Writer> lockLooked(const WriterRequest &request, const Writer &reader);

/// Site and storage for whoever writes into the stage of a transaction whose
/// lease somebody else holds. Nothing is locked; barriers do what `durability`
/// says.
Result<Writer> openForStaging(const WriterRequest &request);

/// Site and storage; nothing is made, nothing is locked.
/// `looks`: whether there is a store, too (which costs an object store a
/// request).
Result<Writer> openForReading(const WriterRequest &request, bool looks = true);
Result<Writer> openForReading(const std::string &target,
                              const std::string &group,
                              Posix &posix = Posix::system());

/// Where the request's target is now: recovery may have made or removed the
/// store since it was opened.
Result<Site> locateAgain(const WriterRequest &request, const Writer &writer);

}  // namespace mdimappend
