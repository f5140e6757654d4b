// The token of a transaction that outlives a process: what `begin` hands out,
// and every part, the commit and the abort show.

#pragma once

#include "json/json_text.h"
#include "lock/lock.h"
#include "status.h"

#include <string>

namespace mdimappend
{

struct Token
{
    std::string target;  ///< the store
    std::string group;
    std::string transaction;
    LeaseTicket lease;
    double seconds = 0;  ///< that the lease lasts without a sign of life
    /// What is going to be written, for whoever cuts it into parts.
    Json plan = Json::object();
};

Json toJson(const Token &token);

/// Failure::Usage if it is none.
Result<Token> parseToken(const std::string &text);

}  // namespace mdimappend
