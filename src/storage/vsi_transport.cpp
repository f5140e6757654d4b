// Objects by GDAL's own file API: with every kind of credentials that GDAL
// knows, at the price of more requests, and of answers that have to be read
// from messages.

#include "storage/gdal_answers.h"
#include "storage/object_transport.h"
#include "storage/refusal_words.h"
#include "vsi/vsi_file.h"

#include <cpl_conv.h>
#include <cpl_error.h>
#include <cpl_string.h>
#include <cpl_vsi.h>
#include <cpl_vsi_error.h>

#include <algorithm>
#include <memory>

namespace mdimappend
{

namespace
{

bool has(const std::string &text, const char *part)
{
    return text.find(part) != std::string::npos;
}

/// "" if GDAL cannot sign.
std::string signedUrl(const ObjectAddress &store)
{
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    const auto path = store.prefix + store.bucket + "/object";
    const std::unique_ptr<char, decltype(&VSIFree)> url(
        VSIGetSignedURL(path.c_str(), nullptr), VSIFree);
    return url ? url.get() : "";
}

/// Though its endpoint is another.
bool isForHttpsAlone(const std::string &url)
{
    return url.starts_with("http://") &&
           (has(url, "spr=https&") || url.ends_with("spr=https"));
}

/// One with which GDAL would sign URLs, if they could be used.
bool hasAzureKey(const ObjectAddress &store)
{
    return store.kind == StoreKind::Azure && isForHttpsAlone(signedUrl(store));
}

class VsiTransport final : public ObjectTransport
{
  public:
    VsiTransport(const ObjectAddress &store,
                 std::unique_ptr<ObjectTransport> reader)
        : m_kind(store.kind), m_hasKey(hasAzureKey(store)),
          m_reader(std::move(reader))
    {
    }

    ObjectAnswer get(const std::string &path, std::uint64_t limit) override
    {
        if (m_reader)
            return m_reader->get(path, limit);
        const GdalAnswers answers;
        // A version that belongs to what was read: the same before and after.
        auto before = head(path);
        if (before.kind != ObjectAnswer::Kind::Done)
            return before;
        if (before.size > limit)
            return {ObjectAnswer::Kind::Failed,
                    "it is longer than " + std::to_string(limit) + " bytes"};
        forget(path);
        VsiFile file(VSIFOpenEx2L(path.c_str(), "rb", TRUE, nullptr));
        if (!file)
            return failed(path, answers);
        ObjectAnswer answer = std::move(before);
        const auto version = answer.version;
        answer.bytes.resize(static_cast<std::size_t>(answer.size));
        if (file.read(answer.bytes.data(), answer.bytes.size()) !=
            answer.bytes.size())
            return {ObjectAnswer::Kind::TryAgain,
                    "it cannot be read: " + answers.reason()};
        file = VsiFile();
        const auto after = head(path);
        if (after.kind != ObjectAnswer::Kind::Done || after.version != version)
            return {ObjectAnswer::Kind::TryAgain,
                    "it changed while it was read"};
        return answer;
    }

    ObjectAnswer head(const std::string &path) override
    {
        if (m_reader)
            return m_reader->head(path);
        const GdalAnswers answers;
        forget(path);
        VSIStatBufL state;
        if (VSIStatExL(path.c_str(), &state,
                       VSI_STAT_EXISTS_FLAG | VSI_STAT_NATURE_FLAG |
                           VSI_STAT_SIZE_FLAG | VSI_STAT_SET_ERROR_FLAG) != 0)
        {
            const int code = VSIGetLastErrorNo();
            if (code == VSIE_ObjectNotFound ||
                has(answers.reason(), "HTTP response code: 404"))
                return {ObjectAnswer::Kind::Missing};
            return failed(path, answers);
        }
        // What only has objects below it is no object.
        if (VSI_ISDIR(state.st_mode))
            return {ObjectAnswer::Kind::Missing};
        ObjectAnswer answer{ObjectAnswer::Kind::Done};
        answer.size = static_cast<std::uint64_t>(state.st_size);
        const CPLStringList headers(
            VSIGetFileMetadata(path.c_str(), "HEADERS", nullptr));
        const char *version = headers.FetchNameValue(
            m_kind == StoreKind::Gcs ? "x-goog-generation" : "ETag");
        answer.version = version ? version : "";
        return answer;
    }

    ObjectAnswer put(const std::string &path, std::string_view bytes,
                     const PutCondition &condition, const std::string &checksum,
                     VersionOfPut version, const TimeLeft &timeLeft) override
    {
        if (timeLeft && timeLeft() <= 0)
            return leaseRanOut();
        const GdalAnswers answers;
        const auto options = optionsFor(bytes.size(), condition, checksum);
        VsiFile file(VSIFOpenEx2L(path.c_str(), "wb", TRUE, options.List()));
        if (!file)
            return failed(path, answers);
        const bool written = VSIFWriteL(bytes.data(), 1, bytes.size(),
                                        file.get()) == bytes.size();
        if (!file.close() || !written)
            return failed(path, answers);
        forget(path);
        return version == VersionOfPut::Needed
                   ? withVersion(path, bytes)
                   : ObjectAnswer{ObjectAnswer::Kind::Done};
    }

    ObjectAnswer remove(const std::string &path,
                        const TimeLeft &timeLeft) override
    {
        if (timeLeft && timeLeft() <= 0)
            return leaseRanOut();
        if (m_reader)
            return m_reader->remove(path, timeLeft);
        const GdalAnswers answers;
        if (VSIUnlink(path.c_str()) == 0 ||
            head(path).kind == ObjectAnswer::Kind::Missing)
            return {ObjectAnswer::Kind::Done};
        return failed(path, answers);
    }

  private:
    static ObjectAnswer leaseRanOut()
    {
        ObjectAnswer answer{ObjectAnswer::Kind::Failed, "the lease ran out"};
        answer.isAway = true;
        return answer;
    }

    static void forget(const std::string &path)
    {
        VSICurlPartialClearCache(path.c_str());
    }

    CPLStringList optionsFor(std::size_t size, const PutCondition &condition,
                             const std::string &checksum) const
    {
        using Kind = PutCondition::Kind;
        CPLStringList options;
        // In one part: a condition holds for no others.
        const auto chunk = std::clamp<std::size_t>((size >> 20) + 2, 8, 5000);
        options.SetNameValue("CHUNK_SIZE", std::to_string(chunk).c_str());
        if (const auto colon = checksum.find(": "); colon != checksum.npos)
            options.SetNameValue(m_hasKey ? "x-ms-blob-content-md5"
                                          : checksum.substr(0, colon).c_str(),
                                 checksum.c_str() + colon + 2);
        if (m_kind == StoreKind::Azure)
        {
            options.SetNameValue("BLOB_TYPE", "BLOCK");
            options.SetNameValue("x-ms-blob-type", "BlockBlob");
        }
        // It is signed, and GDAL signs it only if it is told (3.13).
        if (m_hasKey)
            options.SetNameValue("Content-Length",
                                 std::to_string(size).c_str());
        if (m_kind == StoreKind::Gcs)
        {
            if (condition.kind != Kind::None)
                options.SetNameValue("x-goog-if-generation-match",
                                     condition.kind == Kind::Absent
                                         ? "0"
                                         : condition.version.c_str());
            return options;
        }
        if (condition.kind == Kind::Absent)
            options.SetNameValue("If-None-Match", "*");
        if (condition.kind == Kind::Same)
            options.SetNameValue("If-Match", condition.version.c_str());
        return options;
    }

    /// Of what was put just now: another may have replaced it since.
    ObjectAnswer withVersion(const std::string &path, std::string_view bytes)
    {
        ObjectAnswer answer{ObjectAnswer::Kind::Done};
        auto present = get(path, bytes.size());
        if (present.kind == ObjectAnswer::Kind::Done && present.bytes == bytes)
            answer.version = present.version;
        return answer;
    }

    static ObjectAnswer failed(const std::string &path,
                               const GdalAnswers &answers)
    {
        using Kind = ObjectAnswer::Kind;
        const auto code = answers.code();
        const auto reason = answers.reason();
        if (has(code, "Precondition") || has(code, "onditionNotMet") ||
            code == "BlobAlreadyExists" || has(reason, "HTTP error code: 412"))
            return {Kind::NotMet, reason};
        const int vsi = VSIGetLastErrorNo();
        const bool stays =
            vsi == VSIE_BucketNotFound || vsi == VSIE_InvalidCredentials ||
            vsi == VSIE_AccessDenied || vsi == VSIE_SignatureDoesNotMatch;
        ObjectAnswer answer;
        const bool passes = answers.mayPass(answer.isAway);
        answer.kind = passes && !stays ? Kind::TryAgain : Kind::Failed;
        answer.isAway = answer.isAway && answer.kind == Kind::TryAgain;
        answer.message = reason.empty() ? "no answer" : reason;
        // Without credentials nobody was asked.
        if (vsi != VSIE_InvalidCredentials)
            answer.endpoint = endpointOfPath(path);
        answer.mayBeOfChecksum =
            code == "SignatureDoesNotMatch" || code == "NotImplemented" ||
            has(code, "Invalid") || has(code, "UnsupportedHeader");
        return answer;
    }

    StoreKind m_kind;
    /// GDAL signs headers with an account's key; of those that are the same in
    /// any store not all.
    bool m_hasKey;
    std::unique_ptr<ObjectTransport> m_reader;
};

/// Whether GDAL signs URLs with the credentials that are configured.
bool canSign(const ObjectAddress &store)
{
    const auto url = signedUrl(store);
    // Of a token in a header an Azure URL does not know. And what GDAL signs
    // with an account's key is for https alone.
    return store.kind == StoreKind::Azure
               ? has(url, "sig=") && !isForHttpsAlone(url)
               : !url.empty();
}

}  // namespace

std::string endpointOfPath(const std::string &path)
{
    // What collects GDAL's answers has it trace (gdal_answers.h).
    const CPLConfigOptionSetter untraced("CPL_DEBUG", "OFF", false);
    const CPLErrorStateBackuper quiet(CPLQuietErrorHandler);
    const char *url = VSIGetActualURL(path.c_str());
    return endpointOf(url ? url : "");
}

std::unique_ptr<ObjectTransport>
makeVsiTransport(const ObjectAddress &store,
                 std::unique_ptr<ObjectTransport> reader)
{
    return std::make_unique<VsiTransport>(store, std::move(reader));
}

std::unique_ptr<ObjectTransport> makeTransport(const ObjectAddress &store)
{
    if (store.kind != StoreKind::S3 && !canSign(store))
        return makeVsiTransport(store, nullptr);
    // Its conditions are headers of its own, which GDAL does not sign in URLs.
    if (store.kind == StoreKind::Gcs)
        return makeVsiTransport(store, makeSignedTransport(store));
    return makeSignedTransport(store);
}

}  // namespace mdimappend
