// Lists a folder, and keeps what was fetched of it last.

#include "slice/object_folder.h"

#include "storage/requests_at_once.h"
#include "trace.h"
#include "vsi/vsi_file.h"

#include <exception>
#include <optional>
#include <utility>

namespace mdimappend
{

namespace
{

/// Of a slice, whatever it has: so much that chunks of usual size are fetched
/// once, although several chunks of the target need them.
constexpr std::uint64_t mostKept = 64ULL << 20;

/// A listing of more takes longer than the looks that it saves.
constexpr std::size_t mostListed = 500'000;

/// Connections are kept while there is a slice in the bucket: in a run the next
/// one is opened before the last is closed.
std::shared_ptr<ObjectRequests> requestsTo(const ObjectAddress &address)
{
    static Mutex mutex;
    static std::map<std::string, std::weak_ptr<ObjectRequests>> all;
    const MutexLock lock(mutex);
    auto &known = all[address.prefix + address.bucket];
    auto requests = known.lock();
    if (!requests)
    {
        // The configuration is that of the thread in which each request is
        // made.
        requests = std::make_shared<ObjectRequests>(
            address, std::vector<std::string>(),
            std::make_shared<PutChecksums>(address.kind));
        known = requests;
    }
    return requests;
}

/// As listings have it.
std::string withoutQuotes(std::string version)
{
    std::erase(version, '"');
    return version;
}

/// By GDAL's file API, which has ways to sign a request that URLs have not.
std::optional<std::string> readByGdal(const std::string &path,
                                      std::uint64_t size)
{
    VsiFile file = VsiFile::open(path);
    std::string bytes(static_cast<std::size_t>(size), '\0');
    if (!file || file.size() != size ||
        !file.readAt(0, bytes.data(), bytes.size()))
        return std::nullopt;
    return bytes;
}

}  // namespace

std::shared_ptr<ObjectFolder> ObjectFolder::list(const std::string &path)
{
    const auto address = parseObjectAddress(path);
    if (!address || address->key.empty())
        return nullptr;
    auto requests = requestsTo(*address);
    auto objects = requests->listAll(address->path(), mostListed);
    if (!objects)
    {
        objects.ignore("it is read without a listing");
        return nullptr;
    }
    if (objects->empty() || objects->size() >= mostListed)
        return nullptr;
    trace(path, objects->size(), " objects are listed");
    return std::make_shared<ObjectFolder>(path, ObjectListing(*objects),
                                          std::move(requests));
}

ObjectFolder::ObjectFolder(const std::string &path, ObjectListing listing,
                           std::shared_ptr<ObjectRequests> requests)
    : m_path(path), m_listing(std::move(listing)),
      m_requests(std::move(requests)),
      // Google tells generations, and lists ETags.
      m_listsVersions(!path.starts_with("/vsigs/"))
{
}

bool ObjectFolder::contains(const std::string &path) const
{
    return path == m_path || path.starts_with(m_path + "/");
}

std::string ObjectFolder::keyOf(const std::string &path) const
{
    return path.size() <= m_path.size() ? "" : path.substr(m_path.size() + 1);
}

Result<ObjectFolder::Bytes> ObjectFolder::fetch(const std::string &key) const
{
    const auto *listed = m_listing.find(key);
    if (!listed)
        return unavailable("it is not listed");
    {
        MutexLock lock(m_mutex);
        while (true)
        {
            const auto found = m_fetched.find(key);
            if (found == m_fetched.end())
                break;
            if (found->second->ended)
            {
                m_used.splice(m_used.begin(), m_used, found->second->used);
                return found->second->bytes;
            }
            m_changed.wait(lock.native());
        }
        m_fetched.emplace(key, std::make_shared<Fetched>());
    }
    Result<Bytes> got = unavailable("");
    try
    {
        got = get(key, *listed);
    }
    catch (const std::exception &thrown)
    {
        // Others wait for it.
        got = unavailable(thrown.what());
    }
    keep(key, got);
    return got;
}

/// Whether an object is the one that was listed.
bool ObjectFolder::isListed(const ReadObject &object,
                            const ListedObject &listed) const
{
    if (object.bytes.size() != listed.size)
        return false;
    if (!m_listsVersions || listed.version.empty() ||
        withoutQuotes(object.version) == withoutQuotes(listed.version))
        return true;
    // Some stores spell them otherwise: if nothing has changed, so does this
    // one.
    const auto now = list(m_path);
    if (!now || now->m_listing.state() != m_listing.state())
        return false;
    trace(m_path, "the store lists other versions than it tells with objects");
    m_listsVersions = false;
    return true;
}

Result<ObjectFolder::Bytes> ObjectFolder::get(const std::string &key,
                                              const ListedObject &listed) const
{
    const auto path = m_path + "/" + key;
    // So much more that one that grew is seen to have changed.
    auto object = m_requests->get(path, listed.size + largestFetched);
    std::string bytes;
    if (object && *object)
    {
        if (!isListed(**object, listed))
            return unavailable("it has changed since it was listed");
        bytes = std::move((*object)->bytes);
    }
    else if (object)
        return unavailable("it is no longer there");
    else if (auto other = readByGdal(path, listed.size))
        bytes = std::move(*other);
    else
        return unavailable(object.status().message());
    return std::make_shared<const std::string>(std::move(bytes));
}

void ObjectFolder::keep(const std::string &key, const Result<Bytes> &got) const
{
    const MutexLock lock(m_mutex);
    const auto found = m_fetched.find(key);
    if (!got || (*got)->size() > largestFetched)
        m_fetched.erase(found);
    else
    {
        auto &fetched = *found->second;
        fetched.ended = true;
        fetched.bytes = *got;
        m_used.push_front(key);
        fetched.used = m_used.begin();
        m_kept += (*got)->size();
    }
    // What was fetched just now is in front, and stays.
    while (m_kept > mostKept && m_used.size() > 1)
    {
        const auto oldest = m_fetched.find(m_used.back());
        m_kept -= oldest->second->bytes->size();
        m_fetched.erase(oldest);
        m_used.pop_back();
    }
    m_changed.notify_all();
}

void ObjectFolder::fetchAhead(const std::vector<std::string> &keys) const
{
    std::vector<std::string> wanted;
    std::uint64_t bytes = 0;
    for (const auto &key : keys)
    {
        const auto *listed = m_listing.find(key);
        if (!listed || isFetched(key))
            continue;
        wanted.push_back(key);
        bytes += listed->size;
    }
    if (bytes > mostKept / 2)
        return;
    forEachAtOnce(requestsAtOnce, wanted.size(),
                  [&](std::size_t i) { return fetch(wanted[i]).takeStatus(); })
        .ignore("who asks for it finds out");
}

/// Or somebody is fetching it.
bool ObjectFolder::isFetched(const std::string &key) const
{
    const MutexLock lock(m_mutex);
    return m_fetched.contains(key);
}

void ObjectFolder::forget() const
{
    const MutexLock lock(m_mutex);
    for (const auto &key : m_used)
        m_fetched.erase(key);
    m_used.clear();
    m_kept = 0;
}

}  // namespace mdimappend
