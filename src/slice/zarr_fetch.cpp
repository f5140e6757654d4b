// Makes lists of keys, and has them fetched.

#include "slice/zarr_fetch.h"

#include "journal/chunk_box.h"
#include "zarr/document_key.h"
#include "zarr/encoded_chunk.h"

namespace mdimappend
{

namespace
{

/// More are not fetched at once, nor would they be kept.
constexpr std::uint64_t mostKeys = 10'000;
/// Of coordinates: an array that is that long is read when its turn comes.
constexpr std::uint64_t longestCoordinate = 1ULL << 17;

bool hasConsolidated(const std::string &document)
{
    const auto parsed = parseJson(document);
    return parsed && parsed->is_object() &&
           !member(*parsed, "consolidated_metadata").is_null();
}

/// Whether a document is that of the root, of a group between it and `group`,
/// of that itself, or of what is in one of them.
bool isOnTheWayTo(const std::string &group, const std::string &document)
{
    const auto parent = parentOf(parentOf(document));
    return parent.empty() || (group + "/").starts_with(parent + "/");
}

}  // namespace

std::vector<std::string> chunkKeys(const ArrayDocument &document,
                                   const std::string &array,
                                   std::span<const std::uint64_t> start,
                                   std::span<const std::uint64_t> count)
{
    ChunkBox chunks;
    double number = 1;
    for (std::size_t i = 0; i < start.size(); ++i)
    {
        if (count[i] == 0)
            return {};
        chunks.low.push_back(start[i] / document.chunk[i]);
        chunks.high.push_back((start[i] + count[i] - 1) / document.chunk[i] +
                              1);
        number *= static_cast<double>(chunks.high[i] - chunks.low[i]);
    }
    if (number > static_cast<double>(mostKeys))
        return {};
    std::vector<std::string> keys;
    for (std::uint64_t i = 0; i < chunks.count(); ++i)
        keys.push_back(array + "/" + document.keys.key(chunks.at(i)));
    return keys;
}

void fetchChunks(const ObjectFolder &folder, const ArrayDocument &document,
                 std::span<const std::uint64_t> start,
                 std::span<const std::uint64_t> count)
{
    if (document.rank() == start.size())
        folder.fetchAhead(
            chunkKeys(document, folder.keyOf(document.path), start, count));
}

Result<std::optional<std::string>> fetchChunk(const ObjectFolder &folder,
                                              const ArrayDocument &document,
                                              const std::string &path)
{
    const auto key = folder.keyOf(path);
    const auto *listed = folder.listing().find(key);
    if (!listed)
        return std::optional<std::string>();
    if (listed->size > largestEncoded(document))
        return unavailable("'" + path + "' is too long for a chunk.");
    const auto object = folder.fetch(key);
    if (!object)
        return unavailable("'" + path + "' cannot be read: " +
                           object.status().message() + ".");
    return std::optional(**object);
}

void fetchDocuments(const ObjectFolder &folder, const std::string &group)
{
    const auto &listing = folder.listing();
    if (listing.find("zarr.json"))
    {
        const auto root = folder.fetch("zarr.json");
        if (root && hasConsolidated(**root))
            return;
    }
    else if (listing.find(".zmetadata"))
    {
        folder.fetchAhead({".zmetadata", ".zgroup", ".zattrs"});
        return;
    }
    auto keys = listing.documents(mostKeys);
    if (!group.empty())
        std::erase_if(keys, [&](const std::string &key)
                      { return !isOnTheWayTo(group.substr(1), key); });
    folder.fetchAhead(keys);
}

void fetchCoordinates(const ObjectFolder &folder, const ZarrSlice &slice,
                      const std::vector<std::string> &groups,
                      const std::function<bool(const std::string &)> &isWanted)
{
    std::vector<std::string> keys;
    for (const auto &group : groups)
        for (const auto &name : slice.arrayNames(group))
        {
            const auto array = documentKey(group, name);
            const auto document =
                isWanted(name) ? slice.arrayDocument(array) : nullptr;
            if (!document || document->rank() > 1 ||
                (document->rank() == 1 &&
                 document->shape[0] > longestCoordinate))
                continue;
            const std::vector<std::uint64_t> start(document->rank(), 0);
            const auto each =
                chunkKeys(*document, array, start, document->shape);
            keys.insert(keys.end(), each.begin(), each.end());
        }
    folder.fetchAhead(keys);
}

}  // namespace mdimappend
