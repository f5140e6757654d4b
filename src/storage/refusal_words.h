// What a store's refusal means, in words: stores answer in codes.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

/// What a store has answered.
struct Refusal
{
    long status = 0;  ///< of HTTP; 0 if that is not known
    std::string code{};
    std::string message{};
    /// Seconds by which the store's clock is ahead of this machine's.
    std::optional<double> clockAhead{};
};

/// A sentence that says what is wrong and what to look at, without a full stop;
/// "" where the code says it all.
std::string wordsFor(const Refusal &refusal);

/// Whether credentials have run out, of which there may be new ones.
bool hasExpired(const Refusal &refusal);

/// "http://host:port" of an URL, whatever else is in it.
std::string endpointOf(std::string_view url);

/// The beginning of an answer that is no XML, on one line and without secrets.
std::string beginningOf(std::string_view body);

}  // namespace mdimappend
