// Storage in an object store: requests, and what has been seen since the lock
// was taken.

#include "storage/object_storage.h"

#include <utility>

namespace mdimappend
{

namespace
{

/// Documents, labels, coordinates; not chunks of data.
constexpr std::size_t largestKept = 4U << 20;
constexpr std::uint64_t mostKept = 64ULL << 20;

}  // namespace

ObjectStorage::ObjectStorage(const ObjectAddress &store,
                             std::vector<std::string> config,
                             std::shared_ptr<PutChecksums> checksums)
    : m_requests(store, std::move(config), std::move(checksums))
{
}

std::optional<ObjectStorage::Known>
ObjectStorage::known(const std::string &path) const
{
    const MutexLock lock(m_mutex);
    const auto found = m_known.find(path);
    return found == m_known.end() ? std::nullopt : std::optional(found->second);
}

void ObjectStorage::remember(const std::string &path, Known object)
{
    forget(path);
    const MutexLock lock(m_mutex);
    if (object.bytes && (object.bytes->size() > largestKept ||
                         m_knownBytes + object.bytes->size() > mostKept))
        object.bytes.reset();
    if (object.bytes)
        m_knownBytes += object.bytes->size();
    m_known[path] = std::move(object);
}

void ObjectStorage::forget(const std::string &path)
{
    const MutexLock lock(m_mutex);
    const auto found = m_known.find(path);
    if (found == m_known.end())
        return;
    if (found->second.bytes)
        m_knownBytes -= found->second.bytes->size();
    m_known.erase(found);
}

void ObjectStorage::rememberBytes(const std::string &path,
                                  std::string_view bytes,
                                  const std::string &version)
{
    Known object{true, version, bytes.size(), {}};
    if (bytes.size() <= largestKept)
        object.bytes.emplace(bytes);
    remember(path, std::move(object));
}

void ObjectStorage::forget()
{
    const MutexLock lock(m_mutex);
    m_known.clear();
    m_knownBytes = 0;
}

void ObjectStorage::forgetBelow(const std::string &folder)
{
    std::vector<std::string> below;
    {
        const MutexLock lock(m_mutex);
        for (auto at = m_known.lower_bound(folder + "/");
             at != m_known.end() && at->first.starts_with(folder + "/"); ++at)
            below.push_back(at->first);
    }
    for (const auto &path : below)
        forget(path);
}

void ObjectStorage::assume(const std::string &path,
                           const std::optional<std::string> &bytes)
{
    if (bytes)
        rememberBytes(path, *bytes, "assumed");
    else
        remember(path, {});
}

Result<std::optional<std::string>> ObjectStorage::read(const std::string &path,
                                                       std::uint64_t limit)
{
    if (const auto object = known(path))
    {
        if (!object->exists)
            return std::optional<std::string>();
        if (object->size > limit)
            return error("'" + path + "' is longer than " +
                         std::to_string(limit) + " bytes");
        if (object->bytes)
            return object->bytes;
    }
    MDIMAPPEND_ASSIGN(auto found, m_requests.get(path, limit));
    if (!found)
    {
        remember(path, {});
        return std::optional<std::string>();
    }
    rememberBytes(path, found->bytes, found->version);
    return std::optional(std::move(found->bytes));
}

Result<bool>
ObjectStorage::readInParts(const std::string &path,
                           const std::function<void(std::string_view)> &visit)
{
    MDIMAPPEND_ASSIGN(const auto bytes, read(path, largestObject));
    if (bytes)
        visit(*bytes);
    return bytes.has_value();
}

Result<std::optional<ObjectState>> ObjectStorage::state(const std::string &path)
{
    auto object = known(path);
    if (!object || (object->exists && object->version.empty()))
    {
        MDIMAPPEND_ASSIGN(const auto head, m_requests.head(path));
        object = head ? Known{true, head->version, head->size, {}} : Known{};
        remember(path, *object);
    }
    if (!object->exists)
        return std::optional<ObjectState>();
    return std::make_optional<ObjectState>(
        {object->size, false, object->version});
}

Status ObjectStorage::put(const std::string &path, std::string_view bytes)
{
    MDIMAPPEND_ASSIGN(const auto version,
                      m_requests.put(path, bytes, PutCondition::none(),
                                     VersionOfPut::NotNeeded));
    rememberBytes(path, bytes, version.value_or(""));
    return Status::ok();
}

Status ObjectStorage::putWhole(const std::string &path, std::string_view bytes)
{
    return put(path, bytes);
}

Result<std::optional<std::string>>
ObjectStorage::putUnlessThere(const std::string &path, std::string_view bytes)
{
    MDIMAPPEND_ASSIGN(auto version,
                      m_requests.put(path, bytes, PutCondition::absent(),
                                     VersionOfPut::NotNeeded));
    // Chunks are many: nothing is kept of them.
    forget(path);
    return version;
}

Result<std::string> ObjectStorage::stage(const std::string &path,
                                         std::string_view bytes,
                                         const std::string &)
{
    MDIMAPPEND_ASSIGN(const bool created, create(path, bytes));
    if (!created)
        return error("'" + path + "' exists already, with different content");
    return known(path)->version;
}

Status ObjectStorage::replace(const std::string &path, std::string_view bytes,
                              const std::string &version)
{
    MDIMAPPEND_ASSIGN(const auto put,
                      m_requests.put(path, bytes,
                                     version.empty()
                                         ? PutCondition::absent()
                                         : PutCondition::same(version),
                                     VersionOfPut::Needed));
    if (!put)
        return {Failure::Conflict,
                "conflict: '" + path + "' was changed by somebody else"};
    rememberBytes(path, bytes, *put);
    return Status::ok();
}

/// What is created is in the sidecar, at a name that one transaction uses.
Result<bool> ObjectStorage::create(const std::string &path,
                                   std::string_view bytes)
{
    MDIMAPPEND_ASSIGN(const auto version,
                      m_requests.putOwn(path, bytes, PutCondition::absent(),
                                        VersionOfPut::NotNeeded));
    if (!version)
    {
        forget(path);
        return false;
    }
    rememberBytes(path, bytes, *version);
    return true;
}

Status ObjectStorage::remove(const std::string &path)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_requests.remove(path));
    forget(path);
    return Status::ok();
}

Status ObjectStorage::removeAll(const std::vector<std::string> &paths)
{
    MDIMAPPEND_RETURN_IF_ERROR(m_requests.removeAll(paths));
    for (const auto &path : paths)
        forget(path);
    return Status::ok();
}

Result<std::vector<std::string>> ObjectStorage::list(const std::string &folder)
{
    return m_requests.list(folder);
}

Result<std::vector<std::string>>
ObjectStorage::listFilled(const std::string &folder)
{
    return m_requests.listFilled(folder);
}

Result<std::vector<ListedObject>>
ObjectStorage::listAll(const std::string &folder)
{
    return m_requests.listAll(folder);
}

Status ObjectStorage::barrier()
{
    return Status::ok();
}

void ObjectStorage::adopt(const std::string &)
{
}

Result<bool> ObjectStorage::isUnchanged(const std::string &path)
{
    const auto seen = known(path);
    MDIMAPPEND_ASSIGN(const auto head, m_requests.head(path));
    return seen && seen->exists == head.has_value() &&
           (!head || head->version == seen->version);
}

}  // namespace mdimappend
