// Sets GDAL's configuration in this thread for a slice, and puts back what was
// set before.

#include "slice/slice_config.h"

#include "secrets.h"
#include "slice/slice_name.h"
#include "slice/slice_source.h"
#include "vsi/endpoint.h"

namespace mdimappend
{

Result<CPLStringList> parseConfig(const std::vector<std::string> &entries)
{
    CPLStringList config;
    for (const std::string &entry : entries)
    {
        const auto [key, value] = keyAndValue(entry);
        if (key.empty() || key.size() == entry.size())
            return Status(Failure::Usage,
                          "--slice-config '" + withoutSecrets(entry) +
                              "' is not of the form KEY=VALUE.");
        config.SetNameValue(key.c_str(), value.c_str());
    }
    // By itself GDAL leaves a note beside each compressed file.
    constexpr const char *noteBesideGzip = "CPL_VSIL_GZIP_WRITE_PROPERTIES";
    if (!config.FetchNameValue(noteBesideGzip))
        config.SetNameValue(noteBesideGzip, "NO");
    return config;
}

Result<CPLStringList> configOf(const std::string &slice,
                               const std::vector<std::string> &entries)
{
    MDIMAPPEND_ASSIGN(CPLStringList config, parseConfig(entries));
    const auto file = fileOf(slice);
    const auto store = file.find("/vsis3");
    if (store == std::string::npos)
        return config;
    const ScopedConfig configured(config);
    MDIMAPPEND_ASSIGN(const auto endpoint, endpointConfig(file.substr(store)));
    for (const auto &entry : endpoint)
    {
        const auto [key, value] = keyAndValue(entry);
        config.SetNameValue(key.c_str(), value.c_str());
    }
    return config;
}

ScopedConfig::ScopedConfig(const CPLStringList &config)
{
    for (const char *entry : config)
    {
        const auto [key, value] = keyAndValue(entry);
        m_setters.emplace_back(key.c_str(), value.c_str(), false);
    }
}

void ScopedConfig::setDefault(const char *key, const char *value)
{
    m_setters.emplace_back(key, value, true);
}

}  // namespace mdimappend
