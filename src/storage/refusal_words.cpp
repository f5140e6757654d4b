// Knows the codes of S3, Azure and Google for what goes wrong with credentials,
// clocks and rights.

#include "storage/refusal_words.h"

#include "secrets.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <format>

namespace mdimappend
{

namespace
{

/// Stores allow for a quarter of an hour; a signed URL begins at once.
constexpr double clocksAgree = 60;

bool has(const std::string &text, std::string_view part)
{
    return text.find(part) != std::string::npos;
}

template <std::size_t size>
bool isAmong(const std::string &code,
             const std::array<std::string_view, size> &codes)
{
    return std::ranges::find(codes, code) != codes.end();
}

/// Of the time at which a request was signed.
bool isOfTime(const Refusal &refusal)
{
    const auto &message = refusal.message;
    return refusal.code == "RequestTimeTooSkewed" ||
           refusal.code == "RequestExpired" || has(message, "expired") ||
           has(message, "not valid yet") || has(message, "not yet valid") ||
           has(message, "time frame");
}

std::string clockWords(const Refusal &refusal)
{
    const double ahead = refusal.clockAhead.value_or(0);
    if (std::abs(ahead) < clocksAgree)
        return {};
    return std::format("This machine's clock is {:.0f} s {} the store's",
                       std::abs(ahead), ahead > 0 ? "behind" : "ahead of");
}

std::string codeWords(const Refusal &refusal)
{
    const auto &code = refusal.code;
    constexpr std::array<std::string_view, 2> wrongKey = {"InvalidAccessKeyId",
                                                          "InvalidAccessKey"};
    constexpr std::array<std::string_view, 2> expired = {
        "ExpiredToken", "TokenRefreshRequired"};
    constexpr std::array<std::string_view, 4> wrongToken = {
        "InvalidToken", "InvalidSecurityToken", "UnrecognizedClientException",
        "InvalidAuthenticationInfo"};
    if (code == "SignatureDoesNotMatch")
        return "The secret key is not the one that belongs to the access key "
               "(or something on the way changes requests)";
    if (isAmong(code, wrongKey))
        return "The store does not know the access key";
    if (isAmong(code, expired))
        return "The session token has expired: new credentials are needed";
    if (isAmong(code, wrongToken))
        return "The token does not belong to these credentials, or is damaged";
    if (isOfTime(refusal))
        return "The request was signed too long ago, or for a time that is yet "
               "to come, or the credentials have expired";
    if (code == "AuthenticationFailed")
        return "The account's key or its signature is wrong";
    if (code == "AuthorizationProtocolMismatch")
        return "The signature is for https alone, and the endpoint is http";
    if (code == "AuthorizationHeaderMalformed" || code == "PermanentRedirect" ||
        code == "IllegalLocationConstraintException")
        return "The bucket is in another region (AWS_REGION)";
    if (refusal.status == 403 || code == "AccessDenied" ||
        has(code, "Permission"))
        return "The credentials do not allow this (some stores say so of a "
               "missing object, too, if they do not allow listing the bucket)";
    return {};
}

}  // namespace

std::string wordsFor(const Refusal &refusal)
{
    auto words = codeWords(refusal);
    const auto clock =
        words.empty() || (refusal.status != 403 && !isOfTime(refusal))
            ? std::string()
            : clockWords(refusal);
    return clock.empty() ? words : words + ". " + clock;
}

bool hasExpired(const Refusal &refusal)
{
    return refusal.code == "ExpiredToken" ||
           (refusal.status == 403 && has(refusal.message, "expired"));
}

std::string endpointOf(std::string_view url)
{
    const auto scheme = url.find("://");
    if (scheme == std::string_view::npos)
        return {};
    const auto first = scheme + 3;
    const auto end = std::min(url.find_first_of("/?#", first), url.size());
    const auto host = url.substr(first, end - first);
    const auto user = host.rfind('@');
    return std::string(url.substr(0, first)) +
           std::string(user == host.npos ? host : host.substr(user + 1));
}

std::string beginningOf(std::string_view body)
{
    constexpr std::size_t most = 200;
    std::string line;
    for (const char c : body.substr(0, std::min(body.size(), most)))
    {
        const bool isSpace = static_cast<unsigned char>(c) <= ' ';
        if (!isSpace)
            line += c;
        else if (!line.empty() && !line.ends_with(' '))
            line += ' ';
    }
    if (body.size() > most)
        line += " ...";
    return textWithoutSecrets(line);
}

}  // namespace mdimappend
