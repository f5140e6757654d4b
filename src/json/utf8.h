// UTF-8, strict: no overlong forms, no surrogates, nothing beyond U+10FFFF.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace mdimappend
{

/// The length of the sequence that `text` begins with; 0 if it is not UTF-8.
std::size_t utf8SequenceLength(std::string_view text);

bool isUtf8(std::string_view text);

/// The beginning of a text, of at most `bytes`, not cut within a character.
std::string_view utf8Beginning(std::string_view text, std::size_t bytes);

void appendUtf8(std::string &text, char32_t codePoint);

}  // namespace mdimappend
