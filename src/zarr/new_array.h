// The documents of one new array, as JSON.

#pragma once

#include "zarr/documents.h"

namespace mdimappend
{

/// V2: .zarray and .zattrs. V3: zarr.json, and no attributes apart.
struct NewArrayDocuments
{
    Json metadata;
    Json attributes;
};

/// Refuses what cannot be stored, naming the array.
Result<NewArrayDocuments> newArrayDocuments(ZarrFormat format,
                                            const NewArray &array);

/// Refuses strings that are not UTF-8, naming the attribute.
Status checkAttributes(const Json &attributes);

}  // namespace mdimappend
