// Begins a transaction that many processes write to: takes the lease, guards
// what a template says of the slices to come, plans, writes what is known
// already (coordinates, labels), and leaves the lease to whoever has the token.

#pragma once

#include "distributed/token.h"
#include "settings/options.h"
#include "surroundings.h"
#include "transaction/recovery.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace mdimappend
{

/// Indices [first, end) by dimension.
using Region = std::map<std::string, std::pair<std::uint64_t, std::uint64_t>>;

struct BeginRequest
{
    /// The only slice is the template: its arrays are what the parts will have.
    AppendOptions options;
    Surroundings around{};
    /// The rows that the parts will bring. Nothing: those that the template
    /// has, whose labels are then those of the transaction.
    std::optional<std::uint64_t> rows;
    /// Not empty: values within the shape are replaced, and nothing grows.
    Region region;
    /// Refuses a target that is there.
    bool mustCreate = false;
};

struct Begun
{
    Token token;
    RecoveryReport recovered;
    std::vector<std::string> ignoredArrays;
};

/// The lease is `options.lease` from here on; commit before, or renew it.
/// On failure nothing is left of it.
Result<Begun> beginParts(const BeginRequest &request);

}  // namespace mdimappend
