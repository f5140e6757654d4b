// The compressor of an encoding, with its level and shuffle: by name, as in
// "blosc:zstd", or as a configuration of numcodecs.

#pragma once

#include "settings/encoding.h"
#include "settings/value.h"

namespace mdimappend
{

Status readCompressor(const Value &value, EncodingReading &into);
Status readLevel(const Value &value, EncodingReading &into);
Status readShuffle(const Value &value, EncodingReading &into);

/// Level and compressor may come from different files: checked together.
Status checkLevel(const Value &place, const ArrayEncoding &encoding);

}  // namespace mdimappend
