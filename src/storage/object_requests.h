// Requests on single objects of a store: checked, retried, and with a plain
// outcome also where an answer is lost.
//
// A request is tried again (bounded, with pauses that double and vary) after
// anything that may pass: no answer, 408, 409 of two writers at once, 429, 5xx.
// A put whose condition does not hold may have been carried out before, and its
// answer lost: the object is read back, and one's own content is success.
//
// Two ways to a store (transport): signed URLs and libcurl, where GDAL signs;
// GDAL's own file API where it does not (docs/architecture.md).

#pragma once

#include "mutex.h"
#include "status.h"
#include "storage/object_address.h"
#include "storage/object_transport.h"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
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
    ObjectRequests(const ObjectAddress &store, std::vector<std::string> config);
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

    Status remove(const std::string &path);

    /// Many at once, as far as the store can.
    Status removeAll(const std::vector<std::string> &paths);

    /// Below the folder: names of objects and folders, sorted.
    Result<std::vector<std::string>> list(const std::string &folder);

    /// While it says that no time is left, nothing is written: what has begun
    /// is broken off. (The time of a lease.)
    void setTimeLeft(std::function<Seconds()> timeLeft);

  private:
    bool mayGoOn() const;
    ObjectTransport::TimeLeft timeLeft() const;
    Result<ObjectAnswer> tried(const std::string &what, const std::string &path,
                               bool writes,
                               const std::function<ObjectAnswer()> &attempt);

    StoreKind m_kind;
    std::vector<std::string> m_config;
    std::unique_ptr<ObjectTransport> m_transport;
    mutable Mutex m_mutex;
    std::function<Seconds()> m_timeLeft MDIMAPPEND_GUARDED_BY(m_mutex);
};

}  // namespace mdimappend
