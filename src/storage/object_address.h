// Addresses in object stores: which store, which bucket, which key.

#pragma once

#include <optional>
#include <string>

namespace mdimappend
{

enum class StoreKind
{
    S3,
    Azure,
    Gcs
};

struct ObjectAddress
{
    StoreKind kind = StoreKind::S3;
    std::string prefix;  ///< "/vsis3/"
    std::string bucket;  ///< or container
    std::string key;     ///< without slashes at its ends

    std::string path() const
    {
        return prefix + bucket + (key.empty() ? "" : "/" + key);
    }
};

/// Of "/vsis3/bucket/a/b", "s3://bucket/a/b", and those of the other stores;
/// nothing if the text names no such store.
std::optional<ObjectAddress> parseObjectAddress(const std::string &text);

/// Whether the target is somewhere else than on a mounted file system.
bool isRemote(const std::string &target);

}  // namespace mdimappend
