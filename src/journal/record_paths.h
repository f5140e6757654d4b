// Where the records of a transaction are, in its journal.

#pragma once

#include "journal/site.h"

#include <string>

namespace mdimappend
{

std::string planPath(const Site &site, const std::string &transaction);
std::string manifestPath(const Site &site, const std::string &transaction);
std::string decisionPath(const Site &site, const std::string &transaction);

/// What the parts of a transaction need to know that several processes write;
/// its folder also has coordinates for them (distributed/session.h).
std::string sessionPath(const Site &site, const std::string &transaction);

/// A decision `abort` that is written with the plan, so that undoing needs no
/// space on a full disk.
std::string abortPath(const Site &site, const std::string &transaction);

}  // namespace mdimappend
