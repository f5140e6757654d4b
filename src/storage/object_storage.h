// Storage in an object store: objects are put whole, nothing is renamed,
// folders are only parts of keys.
//
// Before the decision of a transaction nothing is ever replaced at a key that
// readers look at: chunks are created under the condition that nothing is
// there. After it, what the manifest names is replaced under the condition that
// it still is the version that was seen.
//
// What was read or written is remembered, with its version, from the taking of
// the lock on (forget): nobody else of ours writes meanwhile, and whoever else
// does is noticed by the condition.

#pragma once

#include "mutex.h"
#include "storage/object_requests.h"
#include "storage/requests_at_once.h"
#include "storage/versioned_storage.h"

#include <map>

namespace mdimappend
{

class ObjectStorage final : public VersionedStorage
{
  public:
    /// `config`: GDAL's, for this store alone ("KEY=VALUE").
    ObjectStorage(const ObjectAddress &store, std::vector<std::string> config,
                  std::shared_ptr<PutChecksums> checksums);

    Result<std::optional<std::string>> read(const std::string &path,
                                            std::uint64_t limit) override;
    Result<bool>
    readInParts(const std::string &path,
                const std::function<void(std::string_view)> &visit) override;
    Result<std::optional<ObjectState>> state(const std::string &path) override;
    Status put(const std::string &path, std::string_view bytes) override;
    Status putWhole(const std::string &path, std::string_view bytes) override;
    Result<std::optional<std::string>>
    putUnlessThere(const std::string &path, std::string_view bytes) override;
    Result<std::string> stage(const std::string &path, std::string_view bytes,
                              const std::string &destination) override;
    Status replace(const std::string &path, std::string_view bytes,
                   const std::string &version) override;
    Result<bool> create(const std::string &path,
                        std::string_view bytes) override;
    Status remove(const std::string &path) override;
    Status removeAll(const std::vector<std::string> &paths) override;
    Result<std::vector<std::string>> list(const std::string &folder) override;
    Result<std::vector<std::string>>
    listFilled(const std::string &folder) override;
    Status barrier() override;
    void adopt(const std::string &path) override;

    std::size_t operationsAtOnce() const override
    {
        return requestsAtOnce;
    }

    bool isDurableAtOnce() const override
    {
        return true;
    }

    bool mayComeLate() const override
    {
        return true;
    }

    bool createsWhole() const override
    {
        return true;
    }

    Result<std::vector<ListedObject>>
    listAll(const std::string &folder) override;

    Result<bool> isUnchanged(const std::string &path) override;

    void forget() override;
    void forget(const std::string &path) override;

    void forgetBelow(const std::string &folder);

    /// What need not be asked for: whoever took the lock says so.
    void assume(const std::string &path,
                const std::optional<std::string> &bytes);

    /// Requests without memory: of the lock, which others write, too.
    ObjectRequests &requests()
    {
        return m_requests;
    }

  private:
    struct Known
    {
        bool exists = false;
        std::string version;
        std::uint64_t size = 0;
        /// If it is small.
        std::optional<std::string> bytes;
    };

    std::optional<Known> known(const std::string &path) const;
    void remember(const std::string &path, Known object);
    void rememberBytes(const std::string &path, std::string_view bytes,
                       const std::string &version);

    ObjectRequests m_requests;
    mutable Mutex m_mutex;
    std::map<std::string, Known> m_known MDIMAPPEND_GUARDED_BY(m_mutex);
    std::uint64_t m_knownBytes MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
};

}  // namespace mdimappend
