// Begins a transaction that many processes write to: takes the lease, guards
// what a template says of the slices to come, plans, writes what is known
// already (coordinates, labels), and leaves the lease to whoever has the token.

#pragma once

#include "distributed/region.h"
#include "distributed/token.h"
#include "settings/options.h"
#include "surroundings.h"
#include "transaction/recovery.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

struct BeginRequest
{
    /// The only slice is the template: its arrays are what the parts will have.
    AppendOptions options;
    Surroundings around{};
    /// The rows that the parts will bring. Nothing: those that the template
    /// has, whose labels are then those of the transaction.
    std::optional<std::uint64_t> rows;
    /// Not empty: values within the shape are replaced, and nothing grows.
    IndexRanges region;
    /// Refuses a target that is there.
    bool mustCreate = false;
    /// This process waits for the end: it renews the lease, which is over with
    /// it.
    bool isAttended = false;
};

struct Begun
{
    Token token;
    RecoveryReport recovered;
    std::vector<std::string> warnings;
};

/// The lease is `options.lease` from here on; commit before, or renew it,
/// unless this process does (renewal.h). On failure nothing is left of it.
Result<Begun> beginParts(const BeginRequest &request);

}  // namespace mdimappend
