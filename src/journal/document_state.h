// What the documents of a group are at one moment, in two digests and a time
// stamp: each record has it as its commit found and left them. Where a commit
// finds them otherwise than the one before has left them, another program has
// written in between, or a store was replaced under its sidecar.

#pragma once

#include "json/json_text.h"

#include <string>

namespace mdimappend
{

struct DocumentState
{
    /// "": not known. Of the documents of arrays that have the append dimension
    /// (V2: without their attributes), which every writer reads.
    std::string growing;
    /// Of all of the group and its arrays, consolidated copies apart.
    std::string all;
    /// The key of one of them, and the time stamp of its file: a program that
    /// writes the same documents anew has other files.
    std::string stamped;
    std::string time;

    bool operator==(const DocumentState &) const = default;
};

Json toJson(const DocumentState &state);
DocumentState documentStateFrom(const Json &json);

/// What is not known on one side is no difference.
bool mayBeSame(const DocumentState &left, const DocumentState &found);

}  // namespace mdimappend
