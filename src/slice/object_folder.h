// A slice that is a folder in an object store (a Zarr store): what is in it is
// listed once, and each object is fetched once, as a whole.
//
// GDAL's drivers look for documents by name, one after the other, and each look
// at an object is a request; so is each that finds nothing. Here the listing
// answers. What is fetched must be what was listed: an object of another size
// or version is a failure, and so is a listing that differs when it is made
// again.

#pragma once

#include "mutex.h"
#include "slice/object_listing.h"
#include "status.h"
#include "storage/object_requests.h"

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace mdimappend
{

class ObjectFolder
{
  public:
    using Bytes = std::shared_ptr<const std::string>;

    /// Larger objects are read piece by piece, as drivers ask for them.
    static constexpr std::uint64_t largestFetched = 32ULL << 20;

    /// Null: it is in no object store, there is no object below it, it has too
    /// many, or it cannot be listed.
    static std::shared_ptr<ObjectFolder> list(const std::string &path);

    ObjectFolder(const std::string &path, ObjectListing listing,
                 std::shared_ptr<ObjectRequests> requests);

    const std::string &path() const
    {
        return m_path;
    }

    const ObjectListing &listing() const
    {
        return m_listing;
    }

    /// Whether it is the folder, or below it.
    bool contains(const std::string &path) const;

    /// Of a path that it contains: the key below the folder.
    std::string keyOf(const std::string &path) const;

    /// All of an object that is listed. Failure::Unavailable: it is not what
    /// was listed, or cannot be read.
    Result<Bytes> fetch(const std::string &key) const;

    /// Fetches many at once, those that are listed, unless they would not all
    /// be kept. What cannot be fetched is left to who asks for it, and says
    /// why.
    void fetchAhead(const std::vector<std::string> &keys) const;

    /// Forgets what was fetched; it is fetched again when it is asked for.
    void forget() const;

  private:
    /// An object that somebody is fetching, or has.
    struct Fetched
    {
        bool ended = false;
        Bytes bytes{};
        std::list<std::string>::iterator used{};
    };

    Result<Bytes> get(const std::string &key, const ListedObject &listed) const;
    bool isListed(const ReadObject &object, const ListedObject &listed) const;
    void keep(const std::string &key, const Result<Bytes> &got) const;
    bool isFetched(const std::string &key) const;

    std::string m_path;
    ObjectListing m_listing;
    std::shared_ptr<ObjectRequests> m_requests;
    /// Whether the store tells the same versions in listings as with objects.
    mutable std::atomic<bool> m_listsVersions;
    mutable Mutex m_mutex;
    mutable std::condition_variable m_changed;
    mutable std::map<std::string, std::shared_ptr<Fetched>>
        m_fetched MDIMAPPEND_GUARDED_BY(m_mutex){};
    /// Keys of what is kept, that was used last in front.
    mutable std::list<std::string> m_used MDIMAPPEND_GUARDED_BY(m_mutex){};
    mutable std::uint64_t m_kept MDIMAPPEND_GUARDED_BY(m_mutex) = 0;
};

}  // namespace mdimappend
