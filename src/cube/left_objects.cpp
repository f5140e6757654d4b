// Compares a listing with the shapes that the arrays' documents say.

#include "cube/left_objects.h"

#include "storage/requests_at_once.h"
#include "zarr/array_document.h"
#include "zarr/document_key.h"
#include "zarr/documents.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string_view>

namespace mdimappend
{

namespace
{

constexpr std::array<std::string_view, 5> documentNames = {
    "zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata"};

std::string nameOf(const std::string &key)
{
    return key.substr(key.rfind('/') + 1);
}

/// A document, or the cache of tiles' presence that GDAL keeps beside one, but
/// in no object store.
bool isDocument(std::string_view name, bool hasCaches)
{
    constexpr std::string_view cache = ".gmac";
    if (hasCaches && name.ends_with(cache))
        name.remove_suffix(cache.size());
    return std::ranges::find(documentNames, name) != documentNames.end();
}

class Arrays
{
  public:
    /// Nothing for an array that cannot be read.
    void add(const std::string &path, std::optional<ArrayDocument> document)
    {
        m_arrays[path] = std::move(document);
    }

    void sort(const ListedObject &object, LeftObjects &left) const
    {
        for (auto folder = parentOf(object.key);; folder = parentOf(folder))
        {
            if (const auto found = m_arrays.find(folder);
                found != m_arrays.end())
            {
                if (found->second)
                    sortInto(*found->second, object, left);
                return;
            }
            if (folder.empty())
                break;
        }
        left.ofNoArray.push_back(object);
    }

  private:
    static void sortInto(const ArrayDocument &array, const ListedObject &object,
                         LeftObjects &left)
    {
        const auto key = array.path.empty()
                             ? object.key
                             : object.key.substr(array.path.size() + 1);
        const auto index = array.keys.parse(key, array.rank());
        if (!index)
        {
            left.ofNoArray.push_back(object);
            return;
        }
        for (std::size_t i = 0; i < array.rank(); ++i)
        {
            // As many chunks as there are, the last one perhaps in part.
            const auto count = array.shape[i] / array.chunk[i] +
                               (array.shape[i] % array.chunk[i] != 0);
            if ((*index)[i] >= count)
            {
                left.beyondShape.push_back(object);
                return;
            }
        }
    }

    std::map<std::string, std::optional<ArrayDocument>> m_arrays;
};

/// Nothing if it is a group.
Result<Arrays> readArrays(Storage &storage, const Site &site,
                          const std::vector<ListedObject> &objects)
{
    std::vector<std::string> keys;
    for (const auto &object : objects)
    {
        const auto name = nameOf(object.key);
        if (name == "zarr.json" || name == ".zarray")
            keys.push_back(object.key);
    }
    std::vector<std::optional<std::string>> texts(keys.size());
    MDIMAPPEND_RETURN_IF_ERROR(forEachAtOnce(
        storage.operationsAtOnce(), keys.size(),
        [&](std::size_t i) -> Status
        {
            MDIMAPPEND_ASSIGN(
                texts[i], storage.read(site.object(keys[i]), largestDocument));
            return Status::ok();
        }));
    Arrays arrays;
    for (std::size_t i = 0; i < keys.size(); ++i)
    {
        if (!texts[i])
            continue;
        const bool isV2 = nameOf(keys[i]) == ".zarray";
        const auto json = parseJson(*texts[i]);
        if (json && !isV2 && member(*json, "node_type") == "group")
            continue;
        const auto path = parentOf(keys[i]);
        auto document = isV2 ? parseArrayV2(path, *texts[i], "")
                             : parseArrayV3(path, *texts[i]);
        arrays.add(path, document ? std::make_optional(std::move(*document))
                                  : std::nullopt);
    }
    return arrays;
}

}  // namespace

Result<LeftObjects> leftObjects(Storage &storage, const Site &site,
                                const std::set<std::string> &pending)
{
    LeftObjects left;
    MDIMAPPEND_ASSIGN(const auto objects, allObjects(storage, site.store()));
    MDIMAPPEND_ASSIGN(const auto arrays, readArrays(storage, site, objects));
    for (const auto &object : objects)
    {
        if (!isDocument(nameOf(object.key), storage.folders() != nullptr))
            arrays.sort(object, left);
    }
    MDIMAPPEND_ASSIGN(left.staged,
                      allObjects(storage, site.sidecar() + "/stage"));
    MDIMAPPEND_ASSIGN(const auto journals,
                      allObjects(storage, site.journals()));
    for (const auto &object : journals)
    {
        const auto transaction = parentOf(object.key);
        if (nameOf(object.key) == "decision" && !pending.contains(transaction))
            left.decisions.push_back(transaction);
    }
    return left;
}

}  // namespace mdimappend
