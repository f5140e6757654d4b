// The way in: a target's site, its storage and (for writers) its lock.

#pragma once

#include "journal/site.h"
#include "lock/lock.h"
#include "status.h"
#include "storage/posix.h"
#include "storage/storage.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace mdimappend
{

struct WriterRequest
{
    std::string target;
    std::string group;
    Durability durability = Durability::Full;
    LockMode lock = LockMode::Auto;
    std::optional<std::chrono::duration<double>> lockTimeout;
    std::chrono::duration<double> lease{30};
    std::function<std::chrono::duration<double>()> clock;
    std::string command;
    std::function<bool()> cancelled;
    Posix *posix = &Posix::system();
};

struct Writer
{
    Site site;
    std::unique_ptr<Storage> storage;
    std::unique_ptr<Lock> lock;
};

/// Makes the sidecar if there is none, and takes the lock.
Result<Writer> openForWriting(const WriterRequest &request);

/// Site and storage; nothing is made, nothing is locked.
Result<Writer> openForReading(const std::string &target,
                              const std::string &group,
                              Posix &posix = Posix::system());

}  // namespace mdimappend
