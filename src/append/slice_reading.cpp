// Takes all settings but those that are known not to matter: a new one counts
// until somebody says that it does not.

#include "append/slice_reading.h"

#include "json/json_text.h"
#include "settings/settings.h"
#include "storage/checksum.h"

namespace mdimappend
{

SliceReading::SliceReading(const AppendOptions &options)
{
    // What a label in the metadata comes from may lie in a file beside it.
    if (options.labelFrom.starts_with("metadata:"))
        return;
    auto settings = withoutSecrets(toSettings(options));
    for (const char *key :
         {"slices", "slices_from", "target_dir", "group", "wait",
          "poll_interval", "ready_suffix", "force_new", "again", "lock",
          "lock_timeout", "lease", "durability", "slices_per_commit",
          "keep_going", "num_threads", "dry_run", "message", "target_config"})
        settings.erase(key);
    m_settings = dumpJson(settings, -1);
}

std::string SliceReading::of(const SliceInput &input) const
{
    if (m_settings.empty() || input.dataset)
        return {};
    const Json label = input.label ? Json(*input.label) : Json();
    const auto digest = xxh3(m_settings + dumpJson(label, -1));
    return digest.substr(digest.find(':') + 1);
}

}  // namespace mdimappend
