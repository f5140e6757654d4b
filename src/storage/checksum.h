// The two checksums of the on-disk format: SHA-256 for documents and records,
// XXH3 (128 bit) for chunks, which are many and large. And MD5, which object
// stores verify.

#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace mdimappend
{

/// "sha256:" and 64 hexadecimal digits.
std::string sha256(std::string_view bytes);

/// "xxh3:" and 32 hexadecimal digits.
std::string xxh3(std::string_view bytes);

/// The same of bytes that come in parts.
class Xxh3
{
  public:
    Xxh3();
    ~Xxh3();
    Xxh3(const Xxh3 &) = delete;
    Xxh3 &operator=(const Xxh3 &) = delete;

    void add(std::string_view bytes);
    std::string digest() const;

  private:
    struct State;
    std::unique_ptr<State> m_state;
};

/// MD5 in base64, against what a network does to content, not against anybody;
/// "" where libcrypto has no MD5.
std::string md5Base64(std::string_view bytes);

/// 16 hexadecimal digits that nobody else has.
std::string randomNonce();

}  // namespace mdimappend
