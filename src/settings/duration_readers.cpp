// Settings that are durations: how long to wait, for a lock or for a slice, and
// how long a lease lasts.

#include "settings/lock_mode.h"
#include "settings/settings_readers.h"

namespace mdimappend
{

namespace
{

/// Seconds, or a text such as "5min" or "forever".
Result<std::optional<Seconds>> durationOf(const Value &value)
{
    if (value.json().is_number())
    {
        MDIMAPPEND_ASSIGN(const double seconds, value.number());
        if (seconds < 0)
            return value.wrong("a duration, 0 or more");
        return std::optional<Seconds>(seconds);
    }
    if (!value.json().is_string())
        return value.wrong("a duration (as in 30s or 5min)");
    auto duration = parseDuration(value.json().get<std::string>());
    if (!duration)
        return value.fail(duration.status().message());
    return duration;
}

}  // namespace

Status readLockTimeout(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(settings.options.lockTimeout, durationOf(value));
    return Status::ok();
}

Status readLease(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(const auto lease, durationOf(value));
    if (!lease || *lease < shortestLease || *lease > longestLease)
        return value.wrong("a duration from 1s to 1D");
    settings.options.lease = *lease;
    return Status::ok();
}

Status readWait(const Value &value, Settings &settings)
{
    auto &options = settings.options;
    options.wait = value.json() != false;
    options.waitTimeout.reset();
    if (options.wait)
    {
        MDIMAPPEND_ASSIGN(options.waitTimeout, durationOf(value));
        options.wait = options.waitTimeout != Seconds(0);
    }
    if (!options.wait)
        options.waitTimeout.reset();
    return Status::ok();
}

Status readPollInterval(const Value &value, Settings &settings)
{
    MDIMAPPEND_ASSIGN(const auto interval, durationOf(value));
    if (!interval || interval->count() <= 0)
        return value.wrong("a duration longer than 0");
    settings.options.pollInterval = *interval;
    return Status::ok();
}

const std::vector<Key<Settings>> &pollingKeys()
{
    static const std::vector<Key<Settings>> keys = {
        {"interval", "", readPollInterval}, {"timeout", "", readWait}};
    return keys;
}

Status readPolling(const Value &value, Settings &settings)
{
    const bool isObject = value.json().is_object();
    bool polls = isObject;
    if (!isObject && !value.json().is_boolean())
        return value.wrong("true, false, or interval and timeout");
    if (!isObject)
    {
        MDIMAPPEND_ASSIGN(polls, value.truth());
    }
    settings.options.wait = polls;
    settings.options.waitTimeout =
        polls ? std::optional<Seconds>(60) : std::nullopt;
    return isObject ? readObject(value, pollingKeys(), settings) : Status::ok();
}

}  // namespace mdimappend
