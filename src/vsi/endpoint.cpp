// AWS's own tools ask a named endpoint in the path style:
// http://host/bucket/key.

#include "vsi/endpoint.h"

#include "secrets.h"

#include <cpl_conv.h>
#include <cpl_string.h>
#include <cpl_vsi.h>

#include <array>
#include <utility>

namespace mdimappend
{

namespace
{

constexpr const char *gdalsEndpoint = "AWS_S3_ENDPOINT";

std::string configured(const std::string &path, const char *key)
{
    return path.empty() ? CPLGetConfigOption(key, "")
                        : VSIGetPathSpecificOption(path.c_str(), key, "");
}

/// The one of the service is over that of all services.
std::pair<std::string, std::string> namedUrl(const std::string &path)
{
    for (const char *name : {"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"})
    {
        if (auto url = configured(path, name); !url.empty())
            return {name, std::move(url)};
    }
    return {};
}

}  // namespace

Result<std::vector<std::string>> endpointConfig(const std::string &path)
{
    std::vector<std::string> config;
    auto [name, url] = namedUrl(path);
    if (url.empty() || !configured(path, gdalsEndpoint).empty() ||
        CPLTestBool(
            CPLGetConfigOption("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS", "NO")))
        return config;
    while (url.ends_with('/'))
        url.pop_back();
    const auto scheme = url.find("://");
    const auto host =
        scheme == std::string::npos ? std::string() : url.substr(scheme + 3);
    const bool isHttps = url.starts_with("https://");
    if ((!isHttps && !url.starts_with("http://")) || host.empty() ||
        host.find_first_of("/?#@") != std::string::npos)
        return Status(Failure::Usage,
                      name + "='" + textWithoutSecrets(url) +
                          "' is not of the form http://host:port or "
                          "https://host:port, and GDAL's " +
                          gdalsEndpoint + " is not set. Nothing was written.");
    config.push_back(gdalsEndpoint + ("=" + host));
    config.push_back(isHttps ? "AWS_HTTPS=YES" : "AWS_HTTPS=NO");
    if (configured(path, "AWS_VIRTUAL_HOSTING").empty())
        config.emplace_back("AWS_VIRTUAL_HOSTING=FALSE");
    return config;
}

}  // namespace mdimappend
