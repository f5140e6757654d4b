// Who holds a lock, as the lock's document says it to others.

#pragma once

#include "json/json_text.h"

#include <string>

namespace mdimappend
{

struct LockHolder
{
    std::string nonce;
    std::string host;
    long process = 0;
    std::string started;  ///< UTC, ISO 8601
    std::string command;

    std::string describe() const;

    bool operator==(const LockHolder &) const = default;
};

/// This process as a holder; `command` is what it runs.
LockHolder thisProcess(const std::string &command);

/// The members of a document, to which a kind of lock adds its own.
Json toJson(const LockHolder &holder);

/// From a document that may be damaged: then members are empty.
LockHolder holderFrom(const Json &document);

}  // namespace mdimappend
