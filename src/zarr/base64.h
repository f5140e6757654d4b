// Base64 of RFC 4648, with padding, strict.

#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace mdimappend
{

std::string base64Encode(std::string_view bytes);

/// Nothing if `text` is not base64.
std::optional<std::string> base64Decode(std::string_view text);

}  // namespace mdimappend
