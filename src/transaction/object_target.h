// A target in an object store: its connection, which lasts for a whole run, and
// how store and sidecar are found there.

#pragma once

#include "journal/site.h"
#include "lock/object_lock.h"
#include "status.h"
#include "storage/object_storage.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class ObjectTarget
{
  public:
    /// `target`: "/vsis3/bucket/cube.zarr", "s3://bucket/cube.zarr", ...
    /// `config`: GDAL's configuration for all that lies there ("KEY=VALUE").
    /// Failure::Usage for what is no such name.
    static Result<std::shared_ptr<ObjectTarget>>
    open(const std::string &target, const std::string &group,
         const std::vector<std::string> &config);
    ObjectTarget(const ObjectTarget &) = delete;
    ObjectTarget &operator=(const ObjectTarget &) = delete;

    /// Finds the outermost Zarr store. Where a lock is beside the target that
    /// is known; else the folders above it are looked at.
    /// `looks`: whether there is a store, too.
    Result<Site> locate(bool looks = true);

    /// Whether there is a store at a site now.
    Status look(Site &site);

    /// Takes the lock. What was read before is asked for again, unless nobody
    /// else has had the lock since this process had it and the store is as it
    /// left it, or since the look that is under way was begun.
    Result<std::unique_ptr<Lock>> acquire(const LockRequest &request,
                                          const Site &site);

    /// Before `locate`, by whoever is going to look without the lock: what an
    /// earlier look has read is believed if nobody has written since.
    Status prepareLook();

    /// Whether nobody holds the lock, nor has left anything in it that has to
    /// be recovered. From here on everything is read, and nothing written.
    Result<bool> beginLook(const Site &site);

    /// Whether nobody has held the lock since the look was begun, and nothing
    /// has to be recovered: then all was read at one moment, so to speak.
    Result<bool> looksStill(const Site &site);

    /// Whether the lock was taken from whom the look has seen leave it: what
    /// was read since then holds.
    bool keptLook() const
    {
        return m_keptLook;
    }

    ObjectStorage &storage()
    {
        return m_storage;
    }

    /// For the lock alone, whose requests are not bounded by its lease.
    ObjectRequests &lockRequests()
    {
        return m_lockRequests;
    }

    /// What the user should know of the store.
    std::vector<std::string> warnings() const;

    /// What the lock says that the log ends with, without holding it.
    Result<std::optional<LogEnd>> logEnd(const Site &site);

  private:
    ObjectTarget(ObjectAddress address, std::string group,
                 std::vector<std::string> config);

    Result<bool> isZarrNode(const std::string &path);
    Result<bool> seesLock(const std::string &path);
    void assumeLogEnd(const Site &site, const std::optional<LogEnd> &end);
    Result<bool> isAsWeLeftIt(const Site &site);
    Result<bool> isSettled(const Site &site, const SeenLock &seen);

    ObjectAddress m_address;
    std::string m_group;
    std::vector<std::string> m_config;
    std::shared_ptr<PutChecksums> m_checksums;
    ObjectStorage m_storage;
    ObjectRequests m_lockRequests;
    std::string m_root;
    std::string m_seenAt;  ///< the store whose lock that is
    std::optional<SeenLock> m_seen;
    /// As it was when the look was begun.
    std::optional<SeenLock> m_looked;
    bool m_keptLook = false;
};

}  // namespace mdimappend
