// Requests on single objects of a store: checked, retried, and with a plain
// outcome also where an answer is lost.
//
// A request is tried again (bounded, with pauses that double and vary) after
// anything that may pass: no answer, 408, 409 of two writers at once, 429, 5xx.
// A put whose condition does not hold may have been carried out before, and its
// answer lost: the object is read back, and one's own content is success. Some
// stores also keep the beginning of a put that broke off (`putOwn`), unless
// they verify a checksum, which each put has.
//
// Two ways to a store (transport): signed URLs and libcurl, where GDAL signs;
// GDAL's own file API where it does not (docs/architecture.md).

#pragma once

#include "mutex.h"
#include "status.h"
#include "storage/all_objects.h"
#include "storage/object_address.h"
#include "storage/object_transport.h"
#include "storage/put_checksums.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// An object as it was read.
struct ReadObject
{
    std::string bytes;
    std::string version;
    /// How long it has been so by the server's clock, if that tells.
    std::optional<double> age;
};

struct ObjectHead
{
    std::uint64_t size = 0;
    std::string version;
};

class ObjectRequests
{
  public:
    using Seconds = std::chrono::duration<double>;

    /// `config`: GDAL's configuration ("KEY=VALUE") for these requests alone.
    /// `checksums`: what all that speak to this store know of them.
    ObjectRequests(const ObjectAddress &store, std::vector<std::string> config,
                   std::shared_ptr<PutChecksums> checksums);
    ~ObjectRequests();

    /// Nothing if it does not exist. Failure::Error if the bucket does not.
    Result<std::optional<ReadObject>> get(const std::string &path,
                                          std::uint64_t limit);

    Result<std::optional<ObjectHead>> head(const std::string &path);

    /// The version that the object then has ("" if the store does not tell);
    /// nothing if the condition does not hold, and nothing was written then.
    Result<std::optional<std::string>> put(const std::string &path,
                                           std::string_view bytes,
                                           const PutCondition &condition,
                                           VersionOfPut version);

    /// The same where nobody else puts anything that begins as these bytes do.
    /// What is there and is a beginning of them, at least `mark` bytes long, is
    /// a put of one's own that broke off: it is replaced by the whole, under
    /// the condition that it still is that.
    Result<std::optional<std::string>> putOwn(const std::string &path,
                                              std::string_view bytes,
                                              const PutCondition &condition,
                                              VersionOfPut version,
                                              std::size_t mark = 0);

    Status remove(const std::string &path);

    /// Many at once, as far as the store can.
    Status removeAll(const std::vector<std::string> &paths);

    /// Below the folder: names of objects and folders, sorted.
    Result<std::vector<std::string>> list(const std::string &folder);

    /// The same without folders that have no object in them.
    Result<std::vector<std::string>> listFilled(const std::string &folder);

    /// All objects below the folder, up to `most` of them.
    Result<std::vector<ListedObject>>
    listAll(const std::string &folder,
            std::size_t most = std::numeric_limits<std::size_t>::max());

    /// While it says that no time is left, nothing is written: what has begun
    /// is broken off. (The time of a lease.)
    void setTimeLeft(std::function<Seconds()> timeLeft);

  private:
    /// What became of a put.
    struct PutOutcome
    {
        /// Of the object, if it is as it was put.
        std::optional<std::string> version{};
        /// Of a beginning of it that is there instead, if that was asked for.
        std::optional<std::string> torn{};
    };

    Status listed(const std::string &folder, const std::function<void()> &list);
    bool mayGoOn() const;
    Result<PutOutcome> putOnce(const std::string &path, std::string_view bytes,
                               const PutCondition &condition,
                               VersionOfPut version,
                               std::optional<std::size_t> mark);
    Result<PutOutcome> whatIsThere(const std::string &path,
                                   std::string_view bytes,
                                   std::optional<std::size_t> mark);
    ObjectAnswer attemptPut(const std::string &path, std::string_view bytes,
                            const PutCondition &condition, VersionOfPut version,
                            const std::string &checksum);
    ObjectTransport::TimeLeft timeLeft() const;
    Result<ObjectAnswer> tried(const std::string &what, const std::string &path,
                               bool writes,
                               const std::function<ObjectAnswer()> &attempt);

    StoreKind m_kind;
    std::vector<std::string> m_config;
    std::shared_ptr<PutChecksums> m_checksums;
    std::unique_ptr<ObjectTransport> m_transport;
    mutable Mutex m_mutex;
    std::function<Seconds()> m_timeLeft MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
