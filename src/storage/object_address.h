// Addresses in object stores: which store, which bucket, which key; and what of
// an address or a setting is a secret.

#pragma once

#include "status.h"

#include <optional>
#include <string>
#include <vector>

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

/// A text without the passwords, signatures and tokens of the URLs in it. For
/// messages.
std::string textWithoutSecrets(const std::string &text);

/// The same of a name or an argument, and KEY=VALUE (or --option=KEY=VALUE)
/// without the value, if the key is that of a secret. For what is kept.
std::string withoutSecrets(const std::string &argument);

/// The same of a command line, also where KEY and VALUE are two arguments.
std::string commandWithoutSecrets(const std::string &program,
                                  const std::vector<std::string> &arguments);

}  // namespace mdimappend
