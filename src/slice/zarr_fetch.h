// What reading a Zarr slice asks for, object after object, known beforehand: so
// that it can be fetched from an object store at once.

#pragma once

#include "slice/object_folder.h"
#include "slice/zarr_slice.h"
#include "zarr/array_document.h"

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace mdimappend
{

/// The keys of the chunks that a box of an array meets; `array`: what they
/// begin with. None if there are absurdly many.
std::vector<std::string> chunkKeys(const ArrayDocument &document,
                                   const std::string &array,
                                   std::span<const std::uint64_t> start,
                                   std::span<const std::uint64_t> count);

/// Fetches them, at once: the driver would one after the other.
void fetchChunks(const ObjectFolder &folder, const ArrayDocument &document,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count);

/// The object of a chunk, as it is stored; nothing if there is none.
/// Failure::Unavailable: it cannot be read; names it, not the slice.
Result<std::optional<std::string>> fetchChunk(const ObjectFolder &folder,
                                              const ArrayDocument &document,
                                              const std::string &path);

/// Fetches the consolidated document; where there is none, each document, but
/// of a group (of groupPath) only those of it and those on the way to it, and
/// one level below each.
void fetchDocuments(const ObjectFolder &folder, const std::string &group);

/// Fetches the arrays of these groups with at most one dimension, which are
/// compared or are labels, if they are small.
void fetchCoordinates(const ObjectFolder &folder, const ZarrSlice &slice,
                      const std::vector<std::string> &groups,
                      const std::function<bool(const std::string &)> &isWanted);

}  // namespace mdimappend
