// fsspec's storage options, as the GDAL configuration options that mean the
// same.

#include "settings/storage_options.h"

#include <cpl_string.h>

namespace mdimappend
{

namespace
{

using Config = std::vector<std::string>;
using ReadOption = std::function<Status(const Value &, Config &)>;

ReadOption text(const char *option)
{
    return [option](const Value &value, Config &config) -> Status
    {
        MDIMAPPEND_ASSIGN(const auto found, value.name());
        setConfig(config, option, found);
        return Status::ok();
    };
}

Status readAnonymous(const Value &value, Config &config)
{
    MDIMAPPEND_ASSIGN(const bool anonymous, value.truth());
    for (const char *option : {"AWS_NO_SIGN_REQUEST", "AZURE_NO_SIGN_REQUEST"})
        setConfig(config, option, anonymous ? "YES" : "NO");
    return Status::ok();
}

/// Servers that are not Amazon's seldom have a host name for each bucket.
Status readEndpoint(const Value &value, Config &config)
{
    MDIMAPPEND_ASSIGN(auto url, value.name());
    for (const auto &[scheme, isSecure] :
         {std::pair{"https://", "YES"}, std::pair{"http://", "NO"}})
    {
        if (!url.starts_with(scheme))
            continue;
        url.erase(0, std::string(scheme).size());
        while (url.ends_with('/'))
            url.pop_back();
        if (url.empty())
            break;
        setConfig(config, "AWS_S3_ENDPOINT", url);
        setConfig(config, "AWS_HTTPS", isSecure);
        setConfig(config, "AWS_VIRTUAL_HOSTING", "FALSE");
        return Status::ok();
    }
    return value.wrong("an address, as in https://s3.example.org");
}

Status readUseSsl(const Value &value, Config &config)
{
    MDIMAPPEND_ASSIGN(const bool isSecure, value.truth());
    setConfig(config, "AWS_HTTPS", isSecure ? "YES" : "NO");
    return Status::ok();
}

Status readRequesterPays(const Value &value, Config &config)
{
    MDIMAPPEND_ASSIGN(const bool pays, value.truth());
    setConfig(config, "AWS_REQUEST_PAYER", pays ? "requester" : "");
    return Status::ok();
}

Status readVerify(const Value &value, Config &config)
{
    MDIMAPPEND_ASSIGN(const bool verify, value.truth());
    setConfig(config, "GDAL_HTTP_UNSAFESSL", verify ? "NO" : "YES");
    return Status::ok();
}

const std::vector<Key<Config>> &clientKeys()
{
    static const std::vector<Key<Config>> keys = {
        {"endpoint_url", "", readEndpoint},
        {"region_name", "", text("AWS_REGION")},
        {"use_ssl", "", readUseSsl},
        {"verify", "", readVerify}};
    return keys;
}

const std::vector<Key<Config>> &optionKeys()
{
    static const std::vector<Key<Config>> keys = {
        {"key", "", text("AWS_ACCESS_KEY_ID")},
        {"secret", "", text("AWS_SECRET_ACCESS_KEY")},
        {"token", "", text("AWS_SESSION_TOKEN")},
        {"profile", "", text("AWS_PROFILE")},
        {"anon", "", readAnonymous},
        {"endpoint_url", "", readEndpoint},
        {"client_kwargs", "", [](const Value &value, Config &config)
         { return readObject(value, clientKeys(), config); }},
        {"use_ssl", "", readUseSsl},
        {"requester_pays", "", readRequesterPays},
        {"account_name", "", text("AZURE_STORAGE_ACCOUNT")},
        {"account_key", "", text("AZURE_STORAGE_ACCESS_KEY")},
        {"sas_token", "", text("AZURE_STORAGE_SAS_TOKEN")},
        {"connection_string", "", text("AZURE_STORAGE_CONNECTION_STRING")}};
    return keys;
}

}  // namespace

void setConfig(std::vector<std::string> &config, const std::string &key,
               const std::string &value)
{
    const std::string start = key + "=";
    std::erase_if(config, [&](const std::string &each)
                  { return STARTS_WITH_CI(each.c_str(), start.c_str()); });
    config.push_back(key + "=" + value);
}

Status readStorageOptions(const Value &options,
                          std::vector<std::string> &config)
{
    auto read = readObject(options, optionKeys(), config);
    if (!read && read.message().starts_with("unknown key"))
        return std::move(read).suffixed(
            "Storage options are those of S3 and Azure that GDAL has too; give "
            "others as GDAL configuration options (target_config, "
            "slice_config).");
    return read;
}

std::vector<std::string> storageOptionKeys()
{
    std::vector<std::string> names;
    for (const auto &key : optionKeys())
        names.push_back(key.name);
    for (const auto &key : clientKeys())
        names.push_back("client_kwargs." + key.name);
    return names;
}

bool isSecret(const std::string &key)
{
    const auto upper = CPLString(key).toupper();
    for (const char *part :
         {"SECRET", "TOKEN", "PASSWORD", "ACCESS_KEY", "CONNECTION_STRING",
          "USERPWD", "HEADER", "COOKIE", "BEARER", "PRIVATE_KEY", "AUTH"})
    {
        if (upper.find(part) != std::string::npos)
            return true;
    }
    return false;
}

}  // namespace mdimappend
