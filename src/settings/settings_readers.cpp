#include "settings/settings_readers.h"

#include "storage/object_address.h"

#include "lock/claims.h"
#include "settings/encoding.h"
#include "settings/storage_options.h"

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

void mergeDeep(Json &into, const Json &over)
{
    if (!into.is_object() || !over.is_object())
    {
        into = over;
        return;
    }
    for (const auto &[key, value] : over.items())
        mergeDeep(into[key], value);
}

Status readConfig(const Value &value, std::vector<std::string> &config)
{
    if (value.json().is_array())
    {
        MDIMAPPEND_ASSIGN(const auto pairs, value.names());
        for (const auto &pair : pairs)
        {
            const auto middle = pair.find('=');
            if (middle == 0 || middle == std::string::npos)
                return value.fail("'" + withoutSecrets(pair) +
                                  "' is not KEY=VALUE");
            setConfig(config, pair.substr(0, middle), pair.substr(middle + 1));
        }
        return Status::ok();
    }
    if (!value.json().is_object())
        return value.wrong("an object, or a list of KEY=VALUE");
    for (const auto &[key, option] : value.json().items())
    {
        const Value element = value.at(key);
        if (key.empty() || key.find('=') != std::string::npos)
            return element.fail("'" + key + "' is no option's name");
        if (option.is_boolean())
            setConfig(config, key, option.get<bool>() ? "YES" : "NO");
        else if (option.is_number_integer())
            setConfig(config, key, dumpJson(option, -1));
        else
        {
            MDIMAPPEND_ASSIGN(const auto text, element.text());
            setConfig(config, key, text);
        }
    }
    return Status::ok();
}

namespace
{

/// A label may be a number: labels of an append dimension often are.
Status readLabel(const Value &value, SliceInput &slice)
{
    if (value.json().is_number())
        slice.label = dumpJson(value.json(), -1);
    else
    {
        MDIMAPPEND_ASSIGN(slice.label, value.name());
    }
    return Status::ok();
}

}  // namespace

const std::vector<Key<SliceInput>> &sliceKeys()
{
    static const std::vector<Key<SliceInput>> keys = {
        {"slice", "",
         [](const Value &value, SliceInput &slice) -> Status
         {
             MDIMAPPEND_ASSIGN(slice.name, value.name());
             return Status::ok();
         }},
        {"label", "", readLabel}};
    return keys;
}

Status readSlices(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireList());
    std::vector<SliceInput> slices;
    for (std::size_t i = 0; i < value.json().size(); ++i)
    {
        const Value element = value.at(i);
        SliceInput slice;
        if (element.json().is_object())
        {
            MDIMAPPEND_RETURN_IF_ERROR(readObject(element, sliceKeys(), slice));
            if (slice.name.empty())
                return element.fail("'slice' is missing");
        }
        else
        {
            MDIMAPPEND_ASSIGN(slice.name, element.name());
        }
        slices.push_back(std::move(slice));
    }
    settings.options.slices = std::move(slices);
    return Status::ok();
}

const std::vector<Key<VariableReading>> &variableKeys()
{
    static const std::vector<Key<VariableReading>> keys = {
        {"dims", "",
         [](const Value &value, VariableReading &variable) -> Status
         {
             MDIMAPPEND_ASSIGN(variable.encoding.dimensions, value.names());
             return Status::ok();
         }},
        {"attrs", "",
         [](const Value &value, VariableReading &variable) -> Status
         {
             MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
             mergeDeep(variable.encoding.attributes, value.json());
             return Status::ok();
         }},
        {"encoding", "", [](const Value &value, VariableReading &variable)
         {
             EncodingReading reading{variable.encoding, variable.warnings};
             return readEncoding(value, reading);
         }}};
    return keys;
}

Status readVariables(const Value &value, Settings &settings)
{
    MDIMAPPEND_RETURN_IF_ERROR(value.requireObject());
    for (const auto &[name, ignored] : value.json().items())
    {
        VariableReading reading{settings.options.encodings[name],
                                settings.warnings};
        MDIMAPPEND_RETURN_IF_ERROR(
            readObject(value.at(name), variableKeys(), reading));
    }
    return Status::ok();
}

}  // namespace mdimappend
