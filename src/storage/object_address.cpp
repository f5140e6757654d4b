// The addresses that GDAL's virtual file systems and its URIs have for objects.

#include "storage/object_address.h"

#include "vsi/paths.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

namespace mdimappend
{

std::optional<ObjectAddress> parseObjectAddress(const std::string &text)
{
    const std::string path = vsiPath(text);
    constexpr std::array stores = {std::pair{"/vsis3/", StoreKind::S3},
                                   std::pair{"/vsiaz/", StoreKind::Azure},
                                   std::pair{"/vsigs/", StoreKind::Gcs}};
    for (const auto &[prefix, kind] : stores)
    {
        if (!path.starts_with(prefix))
            continue;
        ObjectAddress address;
        address.kind = kind;
        address.prefix = prefix;
        const auto rest = path.substr(address.prefix.size());
        const auto slash = std::min(rest.find('/'), rest.size());
        address.bucket = rest.substr(0, slash);
        address.key = rest.substr(slash);
        while (address.key.starts_with('/'))
            address.key.erase(0, 1);
        while (address.key.ends_with('/'))
            address.key.pop_back();
        return address;
    }
    return std::nullopt;
}

bool isRemote(const std::string &target)
{
    return target.starts_with("/vsi") || target.find("://") != target.npos;
}

}  // namespace mdimappend
