// Sends requests until they have an answer that counts: pauses between
// attempts, lost answers of puts, the time that a lease leaves.

#include "storage/object_requests.h"

#include "storage/gdal_answers.h"
#include "storage/requests_at_once.h"
#include "trace.h"
#include "vsi/scoped_config.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <cpl_vsi_error.h>

#include <algorithm>
#include <random>
#include <set>
#include <thread>

namespace mdimappend
{

namespace
{

using AnswerKind = ObjectAnswer::Kind;
using Seconds = ObjectRequests::Seconds;

/// With the pauses between them some 10 s.
constexpr int mostAttempts = 6;
constexpr Seconds firstPause{0.2};
constexpr Seconds longestPause{10};

/// Doubled each time; a little by chance, or those who failed together would
/// come back together.
Seconds pauseAfter(int attempt, const ObjectAnswer &answer)
{
    thread_local std::minstd_rand random{std::random_device{}()};
    std::uniform_real_distribution<double> jitter(0.5, 1.0);
    const auto pause =
        firstPause * static_cast<double>(1 << attempt) * jitter(random);
    return std::clamp(std::max(pause, Seconds(answer.retryAfter.value_or(0))),
                      Seconds(0), longestPause);
}

}  // namespace

ObjectRequests::ObjectRequests(const ObjectAddress &store,
                               std::vector<std::string> config,
                               std::shared_ptr<PutChecksums> checksums)
    : m_kind(store.kind), m_config(std::move(config)),
      m_checksums(std::move(checksums))
{
    const Configured configured(m_config);
    m_transport = makeTransport(store);
}

ObjectRequests::~ObjectRequests() = default;

void ObjectRequests::setTimeLeft(std::function<Seconds()> timeLeft)
{
    const MutexLock lock(m_mutex);
    m_timeLeft = std::move(timeLeft);
}

ObjectTransport::TimeLeft ObjectRequests::timeLeft() const
{
    const MutexLock lock(m_mutex);
    if (!m_timeLeft)
        return {};
    return [left = m_timeLeft] { return left().count(); };
}

bool ObjectRequests::mayGoOn() const
{
    const MutexLock lock(m_mutex);
    return !m_timeLeft || m_timeLeft() > Seconds(0);
}

Result<ObjectAnswer>
ObjectRequests::tried(const std::string &what, const std::string &path,
                      bool writes, const std::function<ObjectAnswer()> &attempt)
{
    const Configured configured(m_config);
    for (int i = 0;; ++i)
    {
        if (writes && !mayGoOn())
            return tryAgain("cannot " + what + " '" + path +
                            "': the lease ran out");
        auto answer = attempt();
        if (answer.kind != AnswerKind::TryAgain &&
            answer.kind != AnswerKind::Failed)
            return answer;
        trace("request", what, " '", path, "', attempt ", i + 1, ": ",
              answer.message);
        if (answer.kind == AnswerKind::Failed || i + 1 == mostAttempts)
        {
            const auto attempts =
                answer.kind == AnswerKind::TryAgain
                    ? " (" + std::to_string(mostAttempts) + " attempts)"
                    : std::string();
            const auto endpoint = answer.endpoint.empty()
                                      ? std::string()
                                      : ". The endpoint is " + answer.endpoint;
            return Status(answer.isAway ? Failure::TryAgain : Failure::Error,
                          "cannot " + what + " '" + path +
                              "': " + answer.message + attempts + endpoint);
        }
        std::this_thread::sleep_for(pauseAfter(i, answer));
    }
}

Result<std::optional<ReadObject>> ObjectRequests::get(const std::string &path,
                                                      std::uint64_t limit)
{
    MDIMAPPEND_ASSIGN(auto answer,
                      tried("read", path, false,
                            [&] { return m_transport->get(path, limit); }));
    if (answer.kind == AnswerKind::Missing)
        return std::optional<ReadObject>();
    return std::make_optional<ReadObject>(
        {std::move(answer.bytes), std::move(answer.version), answer.age});
}

Result<std::optional<ObjectHead>> ObjectRequests::head(const std::string &path)
{
    MDIMAPPEND_ASSIGN(auto answer, tried("look at", path, false, [&]
                                         { return m_transport->head(path); }));
    if (answer.kind == AnswerKind::Missing)
        return std::optional<ObjectHead>();
    return std::make_optional<ObjectHead>(
        {answer.size, std::move(answer.version)});
}

Status ObjectRequests::remove(const std::string &path)
{
    return tried("remove", path, true,
                 [&] { return m_transport->remove(path, timeLeft()); })
        .takeStatus();
}

Status ObjectRequests::removeAll(const std::vector<std::string> &paths)
{
    // More would be several requests anyway.
    constexpr std::size_t mostAtOnce = 1000;
    // GDAL takes Azure's answers to a batch for failures, and has none for GCS.
    if (m_kind != StoreKind::S3)
        return forEachAtOnce(requestsAtOnce, paths.size(),
                             [&](std::size_t i) { return remove(paths[i]); });
    for (std::size_t first = 0; first < paths.size(); first += mostAtOnce)
    {
        const std::size_t end = std::min(first + mostAtOnce, paths.size());
        if (!mayGoOn())
            return tryAgain("cannot remove '" + paths[first] +
                            "': the lease ran out");
        const Configured configured(m_config);
        std::unique_ptr<int, decltype(&VSIFree)> removed(nullptr, VSIFree);
        if (end - first > 1)
        {
            const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
            CPLStringList batch;
            for (std::size_t i = first; i < end; ++i)
                batch.AddString(paths[i].c_str());
            removed.reset(VSIUnlinkBatch(batch.List()));
        }
        for (std::size_t i = first; i < end; ++i)
        {
            if (!removed || !removed.get()[i - first])
                MDIMAPPEND_RETURN_IF_ERROR(remove(paths[i]));
        }
    }
    return Status::ok();
}

/// `list` asks GDAL; whether it failed is known by what is said meanwhile.
Status ObjectRequests::listed(const std::string &folder,
                              const std::function<void()> &list)
{
    const Configured configured(m_config);
    return tried("list", folder, false,
                 [&]() -> ObjectAnswer
                 {
                     const GdalAnswers answers;
                     VSICurlPartialClearCache(folder.c_str());
                     list();
                     // Nothing is what is listed of what is not there, and of
                     // what may not be listed.
                     if (!answers.failed())
                         return {AnswerKind::Done};
                     const int code = VSIGetLastErrorNo();
                     const bool stays = code == VSIE_AccessDenied ||
                                        code == VSIE_BucketNotFound ||
                                        code == VSIE_InvalidCredentials ||
                                        code == VSIE_SignatureDoesNotMatch;
                     ObjectAnswer answer;
                     const bool passes = answers.mayPass(answer.isAway);
                     answer.kind = passes && !stays ? AnswerKind::TryAgain
                                                    : AnswerKind::Failed;
                     answer.isAway = answer.isAway && passes && !stays;
                     answer.message = answers.reason();
                     if (code != VSIE_InvalidCredentials)
                         answer.endpoint = endpointOfPath(folder);
                     return answer;
                 })
        .takeStatus();
}

Result<std::vector<std::string>> ObjectRequests::list(const std::string &folder)
{
    CPLStringList entries;
    MDIMAPPEND_RETURN_IF_ERROR(listed(
        folder,
        [&] { entries = CPLStringList(VSIReadDir((folder + "/").c_str())); }));
    std::set<std::string> names;
    for (const char *entry : entries)
    {
        std::string name = entry;
        while (name.ends_with('/'))
            name.pop_back();
        if (!name.empty() && name != "." && name != "..")
            names.insert(std::move(name));
    }
    return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<std::string>>
ObjectRequests::listFilled(const std::string &folder)
{
    MDIMAPPEND_ASSIGN(const auto objects, listAll(folder));
    std::set<std::string> names;
    for (const auto &object : objects)
        names.insert(object.key.substr(0, object.key.find('/')));
    return std::vector<std::string>(names.begin(), names.end());
}

Result<std::vector<ListedObject>>
ObjectRequests::listAll(const std::string &folder, std::size_t most)
{
    std::vector<ListedObject> found;
    MDIMAPPEND_RETURN_IF_ERROR(listed(
        folder,
        [&]
        {
            found.clear();
            constexpr int allBelow = -1;
            const std::unique_ptr<VSIDIR, decltype(&VSICloseDir)> below(
                VSIOpenDir(folder.c_str(), allBelow, nullptr), VSICloseDir);
            const VSIDIREntry *entry = nullptr;
            while (below && found.size() < most &&
                   (entry = VSIGetNextDirEntry(below.get())))
            {
                const std::string name = entry->pszName;
                // A folder's own marker is no object in it.
                if (VSI_ISDIR(entry->nMode) || name.ends_with('/'))
                    continue;
                const char *version =
                    CSLFetchNameValueDef(entry->papszExtra, "ETag", "");
                found.push_back({name, entry->nSize, version, entry->nMTime});
            }
        }));
    return found;
}

}  // namespace mdimappend
