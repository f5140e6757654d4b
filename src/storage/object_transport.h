// One attempt at one request on an object, and what its answer means. No
// retries.

#pragma once

#include "storage/object_address.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// What must hold for a put to be carried out.
struct PutCondition
{
    enum class Kind
    {
        None,
        Absent,  ///< there is no object
        Same     ///< it still has this version
    };

    static PutCondition none()
    {
        return {};
    }

    static PutCondition absent()
    {
        return {Kind::Absent, {}};
    }

    static PutCondition same(std::string version)
    {
        return {Kind::Same, std::move(version)};
    }

    Kind kind = Kind::None;
    std::string version{};
};

/// Whether the version of what is put has to be known afterwards.
enum class VersionOfPut
{
    Needed,
    NotNeeded  ///< "" will do, where telling it costs requests
};

struct ObjectAnswer
{
    enum class Kind
    {
        Done,
        Missing,   ///< there is no such object
        NotMet,    ///< the condition does not hold
        TryAgain,  ///< it may pass; whether it was carried out is unknown
        Failed
    };

    Kind kind = Kind::Failed;
    std::string message{};  ///< of a failure; never a URL
    std::string bytes{};
    std::uint64_t size = 0;
    /// ETag, or generation.
    std::string version{};
    std::optional<double> age{};
    std::optional<double> retryAfter{};
    /// It was refused as a store refuses a checksum that it does not take.
    bool mayBeOfChecksum = false;
    /// The store did not answer, or says that it cannot now.
    bool isAway = false;
    /// Where it was asked: "https://host:port".
    std::string endpoint{};
};

class ObjectTransport
{
  public:
    /// Seconds for which a write may still be carried out; none: for ever.
    using TimeLeft = std::function<double()>;

    virtual ~ObjectTransport() = default;

    virtual ObjectAnswer get(const std::string &path, std::uint64_t limit) = 0;
    virtual ObjectAnswer head(const std::string &path) = 0;
    /// `checksum`: a header that tells the store what the content has to be
    /// (put_checksums.h); "" for none.
    virtual ObjectAnswer put(const std::string &path, std::string_view bytes,
                             const PutCondition &condition,
                             const std::string &checksum, VersionOfPut version,
                             const TimeLeft &timeLeft) = 0;
    virtual ObjectAnswer remove(const std::string &path,
                                const TimeLeft &timeLeft) = 0;
};

/// "http://host:port" where GDAL asks for a path; "" if it does not say.
std::string endpointOfPath(const std::string &path);

/// By signed URLs, where GDAL makes them for this store with these credentials
/// and they can carry what is needed; else by GDAL's file API.
std::unique_ptr<ObjectTransport> makeTransport(const ObjectAddress &store);

std::unique_ptr<ObjectTransport>
makeSignedTransport(const ObjectAddress &store);

/// `reader`, if there is one, does all but the puts.
std::unique_ptr<ObjectTransport>
makeVsiTransport(const ObjectAddress &store,
                 std::unique_ptr<ObjectTransport> reader);

}  // namespace mdimappend
