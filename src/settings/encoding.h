// How an array is stored, as users write it: `--encoding` on the command line
// and `variables.<name>.encoding` in a settings file. Both have the same keys.

#pragma once

#include "settings/options.h"
#include "settings/value.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// What the keys of an encoding are read into.
struct EncodingReading
{
    ArrayEncoding &encoding;
    std::vector<std::string> &warnings;
};

const std::vector<Key<EncodingReading>> &encodingKeys();

/// Sets what the object `encoding` has, and leaves the rest as it is.
Status readEncoding(const Value &encoding, EncodingReading &into);

/// The encoding's keys and values, so that readEncoding gives the same again.
Json encodingJson(const ArrayEncoding &encoding);

}  // namespace mdimappend
