// Objects by signed URLs and libcurl: one request each, with the status code
// and the version in hand.

#include "storage/gdal_answers.h"
#include "storage/http_exchange.h"
#include "storage/object_transport.h"
#include "storage/refusal_words.h"
#include "vsi/paths.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_http.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <curl/curl.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdlib>
#include <ctime>

namespace mdimappend
{

namespace
{

/// Answers without content are of this size at most, errors too.
constexpr std::uint64_t shortAnswer = 1U << 20;

std::optional<double> secondsBetween(const std::string &earlier,
                                     const std::string &later)
{
    const auto from = curl_getdate(earlier.c_str(), nullptr);
    const auto to = curl_getdate(later.c_str(), nullptr);
    if (earlier.empty() || later.empty() || from < 0 || to < 0)
        return std::nullopt;
    return static_cast<double>(to - from);
}

std::optional<double> number(const std::string &text)
{
    char *end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    return text.empty() || *end != '\0' ? std::nullopt : std::optional(value);
}

class SignedTransport final : public ObjectTransport
{
  public:
    explicit SignedTransport(const ObjectAddress &store)
        : m_kind(store.kind), m_bucket(store.bucket)
    {
    }

    ObjectAnswer get(const std::string &path, std::uint64_t limit) override
    {
        auto answer = request("GET", path, {}, {}, limit, {});
        answer.size = answer.bytes.size();
        return answer;
    }

    ObjectAnswer head(const std::string &path) override
    {
        auto answer = request("HEAD", path, {}, {}, shortAnswer, {});
        // The answer to a HEAD has no place for a reason.
        if (answer.kind == ObjectAnswer::Kind::Failed)
        {
            auto reason =
                request("GET", path, {"Range: bytes=0-0"}, {}, shortAnswer, {});
            if (reason.kind == ObjectAnswer::Kind::TryAgain ||
                reason.kind == ObjectAnswer::Kind::Failed)
                return reason;
            if (reason.kind == ObjectAnswer::Kind::Done)
                answer.kind = ObjectAnswer::Kind::TryAgain;
        }
        return answer;
    }

    ObjectAnswer put(const std::string &path, std::string_view bytes,
                     const PutCondition &condition, const std::string &checksum,
                     VersionOfPut, const TimeLeft &timeLeft) override
    {
        std::vector<std::string> headers = {
            "Content-Type: application/octet-stream"};
        if (!checksum.empty())
            headers.push_back(checksum);
        if (m_kind == StoreKind::Azure)
            headers.emplace_back("x-ms-blob-type: BlockBlob");
        if (condition.kind == PutCondition::Kind::Absent)
            headers.emplace_back("If-None-Match: *");
        if (condition.kind == PutCondition::Kind::Same)
            headers.emplace_back("If-Match: " + condition.version);
        auto answer =
            request("PUT", path, headers, bytes, shortAnswer, timeLeft);
        // There is nothing that could be the same.
        if (answer.kind == ObjectAnswer::Kind::Missing &&
            condition.kind == PutCondition::Kind::Same)
            answer.kind = ObjectAnswer::Kind::NotMet;
        return answer;
    }

    ObjectAnswer remove(const std::string &path,
                        const TimeLeft &timeLeft) override
    {
        return request("DELETE", path, {}, {}, shortAnswer, timeLeft);
    }

  private:
    static constexpr const char *permissions(const std::string &method)
    {
        return method == "PUT"      ? "SIGNEDPERMISSIONS=cw"
               : method == "DELETE" ? "SIGNEDPERMISSIONS=d"
                                    : "SIGNEDPERMISSIONS=r";
    }

    /// "" if there are no credentials. The store itself refuses what comes
    /// after the time that is left.
    std::string url(const std::string &method, const std::string &path,
                    const TimeLeft &timeLeft) const
    {
        constexpr double longest = 3600;
        const double seconds =
            timeLeft
                ? std::clamp(std::ceil(timeLeft() +
                                       std::max(0.0, m_clockAhead.load())) +
                                 1,
                             1.0, longest)
                : longest;
        const auto verb = "VERB=" + method;
        const auto delay =
            "EXPIRATION_DELAY=" + std::to_string(static_cast<long>(seconds));
        std::vector<const char *> options = {verb.c_str(), delay.c_str()};
        if (m_kind == StoreKind::Azure)
            options.push_back(permissions(method));
        options.push_back(nullptr);
        const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
        const CPLStringList none;
        std::unique_ptr<char, decltype(&VSIFree)> made(
            VSIGetSignedURL(path.c_str(), options.data()), VSIFree);
        std::string url = made ? made.get() : "";
        // GDAL signs with no key then.
        if (m_kind == StoreKind::S3 &&
            CPLTestBool(VSIGetPathSpecificOption(path.c_str(),
                                                 "AWS_NO_SIGN_REQUEST", "NO")))
            url.resize(std::min(url.find('?'), url.size()));
        return url;
    }

    ObjectAnswer request(const std::string &method, const std::string &path,
                         std::vector<std::string> headers,
                         std::string_view body, std::uint64_t limit,
                         const TimeLeft &timeLeft)
    {
        HttpRequest request;
        request.method = method;
        request.url = url(method, path, timeLeft);
        if (request.url.empty())
            return {ObjectAnswer::Kind::Failed,
                    "no credentials for it are configured (GDAL's "
                    "documentation of " +
                        std::string(path, 0, path.find('/', 1)) +
                        "/ says how)"};
        request.headers = std::move(headers);
        request.body = body;
        request.limit = limit;
        if (timeLeft)
            request.mayGoOn = [&timeLeft] { return timeLeft() > 0; };
        auto response = m_connections.exchange(request);
        ObjectAnswer answer;
        if (response)
        {
            noteClock(response->header("date"));
            answer = understood(method, path, *response);
        }
        else
        {
            answer.message = response.status().message();
            answer.isAway = response.status().kind() == Failure::TryAgain;
            answer.kind = answer.isAway ? ObjectAnswer::Kind::TryAgain
                                        : ObjectAnswer::Kind::Failed;
        }
        answer.endpoint = endpointOf(request.url);
        return answer;
    }

    ObjectAnswer understood(const std::string &method, const std::string &path,
                            HttpResponse &response) const
    {
        using Kind = ObjectAnswer::Kind;
        ObjectAnswer answer;
        answer.version = response.header("x-goog-generation");
        if (answer.version.empty())
            answer.version = response.header("etag");
        answer.age = secondsBetween(response.header("last-modified"),
                                    response.header("date"));
        answer.retryAfter = number(response.header("retry-after"));
        const long code = response.code;
        if (code >= 200 && code < 300)
        {
            // An answer that was cut after its first line looks like this.
            const bool isWhole = method == "DELETE" || !answer.version.empty();
            answer.kind = isWhole ? Kind::Done : Kind::TryAgain;
            answer.message = isWhole ? "" : "a part of an answer";
            answer.size = static_cast<std::uint64_t>(
                number(response.header("content-length")).value_or(0));
            if (method == "GET")
                answer.bytes = std::move(response.body);
            return answer;
        }
        Refusal refusal{code, xmlElement(response.body, "Code"),
                        xmlElement(response.body, "Message"),
                        m_clockAhead.load()};
        if (refusal.code.empty())
            refusal.code = response.header("x-ms-error-code");
        if (refusal.code.empty() && refusal.message.empty())
            refusal.message = beginningOf(response.body);
        const auto &what = refusal.code;
        const auto &message = refusal.message;
        const auto words = wordsFor(refusal);
        answer.message = "HTTP " + std::to_string(code) +
                         (what.empty() ? "" : " " + what) +
                         (message.empty() ? "" : ": " + message) +
                         (words.empty() ? "" : ". " + words);
        answer.isAway = code == 408 || code == 409 || code == 429 ||
                        code >= 500 || what == "RequestTimeout";
        const bool isBucket = what == "NoSuchBucket" ||
                              what == "ContainerNotFound" ||
                              what == "ContainerBeingDeleted";
        if (isBucket)
            answer.message =
                "the bucket '" + m_bucket + "' does not exist (" + what + ")";
        else if (code == 404)
            answer.kind = method == "DELETE" ? Kind::Done : Kind::Missing;
        else if (code == 412 || (code == 409 && what == "BlobAlreadyExists"))
            answer.kind = Kind::NotMet;
        // There may be a new token, and a new signature is made each time.
        else if (answer.isAway || wasDamaged(what) || hasExpired(refusal))
            answer.kind = Kind::TryAgain;
        else if (code == 301 || code == 307 ||
                 what == "AuthorizationHeaderMalformed" ||
                 what == "AuthorizationQueryParametersError")
            answer.kind =
                knowsBetter(method, path) ? Kind::TryAgain : Kind::Failed;
        answer.mayBeOfChecksum =
            !wasDamaged(what) &&
            ((code == 400 && answer.kind == Kind::Failed) || code == 501 ||
             what == "SignatureDoesNotMatch");
        return answer;
    }

    /// On the way to the store, which has noticed and kept nothing.
    static bool wasDamaged(const std::string &what)
    {
        return what == "BadDigest" || what == "Md5Mismatch" ||
               what == "IncompleteBody" || what == "RequestTimeout";
    }

    /// GDAL finds out a bucket's region, and new credentials, when it fails.
    bool knowsBetter(const std::string &method, const std::string &path) const
    {
        const auto before = withoutMoment(url(method, path, {}));
        {
            const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
            VSICurlPartialClearCache(path.c_str());
            exists(path);
        }
        return withoutMoment(url(method, path, {})) != before;
    }

    /// The store's clock says when a signature is over.
    void noteClock(const std::string &date)
    {
        const auto there = curl_getdate(date.c_str(), nullptr);
        if (!date.empty() && there > 0)
            m_clockAhead = static_cast<double>(there - time(nullptr));
    }

    /// A signed URL without what differs from second to second.
    static std::string withoutMoment(std::string url)
    {
        for (const char *name :
             {"X-Amz-Date=", "X-Amz-Signature=", "X-Amz-Expires="})
        {
            if (const auto at = url.find(name); at != std::string::npos)
                url.erase(at, url.find('&', at) - at);
        }
        return url;
    }

    StoreKind m_kind;
    std::string m_bucket;
    /// Seconds by which the store's clock is ahead of ours.
    std::atomic<double> m_clockAhead = 0;
    HttpConnections m_connections;
};

}  // namespace

std::unique_ptr<ObjectTransport> makeSignedTransport(const ObjectAddress &store)
{
    return std::make_unique<SignedTransport>(store);
}

}  // namespace mdimappend
