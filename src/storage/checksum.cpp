// SHA-256 and MD5 by OpenSSL, XXH3 by xxhash, and random names.

#include "storage/checksum.h"

#include <array>
#include <cstdint>
#include <cstdio>
#include <new>
#include <openssl/evp.h>
#include <unistd.h>
#ifdef MDIMAPPEND_XXHASH_DISPATCHES
#include <xxh_x86dispatch.h>
#else
#include <xxhash.h>
#endif

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

std::string xxh3Text(XXH128_hash_t hash)
{
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, hash);
    return "xxh3:" + hexadecimal(canonical.digest, sizeof(canonical.digest));
}

}  // namespace

std::string sha256(std::string_view bytes)
{
    // Looking the algorithm up takes longer than hashing a document.
    static EVP_MD *const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    std::array<unsigned char, 32> digest{};
    if (!algorithm || !EVP_Digest(bytes.data(), bytes.size(), digest.data(),
                                  nullptr, algorithm, nullptr))
        std::abort();  // libcrypto without SHA-256: nothing can be promised
    return "sha256:" + hexadecimal(digest.data(), digest.size());
}

std::string md5Base64(std::string_view bytes)
{
    // Also where all that is not approved by FIPS is switched off: this is no
    // cryptography.
    static EVP_MD *const algorithm = EVP_MD_fetch(nullptr, "MD5", "-fips");
    std::array<unsigned char, 16> digest{};
    if (!algorithm || !EVP_Digest(bytes.data(), bytes.size(), digest.data(),
                                  nullptr, algorithm, nullptr))
        return {};
    // 16 bytes are 24 characters, and EVP_EncodeBlock writes a zero after them.
    std::array<unsigned char, 25> text{};
    const int length = EVP_EncodeBlock(text.data(), digest.data(),
                                       static_cast<int>(digest.size()));
    return {text.begin(), text.begin() + length};
}

std::string xxh3(std::string_view bytes)
{
    return xxh3Text(XXH3_128bits(bytes.data(), bytes.size()));
}

struct Xxh3::State
{
    std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> hash{
        XXH3_createState(), &XXH3_freeState};
};

Xxh3::Xxh3() : m_state(std::make_unique<State>())
{
    if (!m_state->hash)
        throw std::bad_alloc();
    XXH3_128bits_reset(m_state->hash.get());
}

Xxh3::~Xxh3() = default;

void Xxh3::add(std::string_view bytes)
{
    XXH3_128bits_update(m_state->hash.get(), bytes.data(), bytes.size());
}

std::string Xxh3::digest() const
{
    return xxh3Text(XXH3_128bits_digest(m_state->hash.get()));
}

std::string randomNonce()
{
    std::array<unsigned char, 8> bytes{};
    if (getentropy(bytes.data(), bytes.size()) != 0)
        std::abort();  // a kernel without it: no two names would differ
    return hexadecimal(bytes.data(), bytes.size());
}

}  // namespace mdimappend
