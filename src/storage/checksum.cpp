#include "storage/checksum.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <openssl/evp.h>
#include <random>
#include <xxhash.h>

namespace mdimappend
{

namespace
{

std::string hexadecimal(const unsigned char *bytes, std::size_t count)
{
    static constexpr char digits[] = "0123456789abcdef";
    std::string text;
    text.reserve(2 * count);
    for (std::size_t i = 0; i < count; ++i)
    {
        text += digits[bytes[i] >> 4];
        text += digits[bytes[i] & 15];
    }
    return text;
}

}  // namespace

std::string sha256(std::string_view bytes)
{
    std::array<unsigned char, 32> digest{};
    std::size_t size = 0;
    if (!EVP_Q_digest(nullptr, "SHA256", nullptr, bytes.data(), bytes.size(),
                      digest.data(), &size))
        std::abort();  // libcrypto without SHA-256: nothing can be promised
    return "sha256:" + hexadecimal(digest.data(), digest.size());
}

std::string xxh3(std::string_view bytes)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical,
                             XXH3_128bits(bytes.data(), bytes.size()));
    return "xxh3:" + hexadecimal(canonical.digest, sizeof(canonical.digest));
}

std::string randomNonce()
{
    std::random_device source;
    std::array<unsigned char, 8> bytes{};
    for (auto &byte : bytes)
        byte = static_cast<unsigned char>(source());
    return hexadecimal(bytes.data(), bytes.size());
}

}  // namespace mdimappend
