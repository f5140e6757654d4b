// Settings files, one over the other; and which keys they may have.

#include "settings/settings.h"

#include "settings/encoding.h"
#include "settings/settings_keys.h"
#include "settings/settings_readers.h"
#include "settings/settings_text.h"
#include "settings/storage_options.h"
#include "trace.h"

namespace mdimappend
{

Status applySettings(const Json &content, const std::string &source,
                     Settings &settings)
{
    const Value top(content, source);
    MDIMAPPEND_RETURN_IF_ERROR(top.requireObject());
    for (const auto &[key, reason] : refusedKeys())
    {
        if (content.contains(key))
            return top.at(key).fail("refused: " + reason);
    }
    MDIMAPPEND_RETURN_IF_ERROR(readObject(top, topKeys(), settings));
    for (const auto &key : topKeys())
    {
        if (content.contains(key.name))
            settings.given.insert(key.sameAs.empty() ? key.name : key.sameAs);
    }
    return Status::ok();
}

Result<Settings> readSettings(const std::vector<std::string> &files)
{
    Settings settings;
    for (const auto &file : files)
    {
        MDIMAPPEND_ASSIGN(const Json content, readSettingsText(file));
        trace("settings", content.size(), " keys in '", file, "'");
        MDIMAPPEND_RETURN_IF_ERROR(
            applySettings(content, settingsSource(file), settings));
    }
    return settings;
}

std::vector<std::string> settingsKeys()
{
    std::vector<std::string> names;
    const auto add = [&](const std::string &prefix, const auto &keys)
    {
        for (const auto &key : keys)
            names.push_back(prefix + key.name);
    };
    add("", topKeys());
    add("slices[].", sliceKeys());
    add("slice_polling.", pollingKeys());
    add("variables.*.", variableKeys());
    add("variables.*.encoding.", encodingKeys());
    for (const char *side : {"target", "slice"})
        for (const auto &name : storageOptionKeys())
            names.push_back(std::string(side) + "_storage_options." + name);
    return names;
}

std::vector<std::string> refusedSettingsKeys()
{
    std::vector<std::string> names;
    for (const auto &[name, ignored] : refusedKeys())
        names.push_back(name);
    return names;
}

}  // namespace mdimappend
