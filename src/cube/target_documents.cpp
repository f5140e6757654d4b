// The digest of several documents is that of their keys, sizes and texts, one
// after the other, in the order of the keys.

#include "cube/target_documents.h"

#include "storage/checksum.h"
#include "storage/folder_storage.h"
#include "zarr/document_key.h"

#include <algorithm>

namespace mdimappend
{

namespace
{

void add(std::string &text, const std::string &key, const std::string &document)
{
    text += key + " " + std::to_string(document.size()) + "\n" + document;
}

std::string arrayDocument(const Target &target, const TargetArray &array)
{
    return documentKey(array.document.path, target.format == ZarrFormat::V2
                                                ? ".zarray"
                                                : "zarr.json");
}

/// The labels', or else the first in the order of keys.
std::string stampedDocument(const Target &target)
{
    if (const auto *labels = target.labels())
        return arrayDocument(target, *labels);
    std::string first;
    for (const auto &array : target.arrays)
    {
        auto key = array.axis ? arrayDocument(target, array) : std::string();
        if (!key.empty() && (first.empty() || key < first))
            first = std::move(key);
    }
    return first;
}

}  // namespace

DocumentState digestsOf(const Target &target, const std::string &group)
{
    DocumentState state;
    if (!target.exists)
        return state;
    std::map<std::string, const std::string *> growing;
    for (const auto &array : target.arrays)
    {
        const auto key = arrayDocument(target, array);
        const auto found = target.documents.find(key);
        if (array.axis && found != target.documents.end())
            growing[key] = &found->second;
    }
    std::string text;
    for (const auto &[key, document] : growing)
        add(text, key, *document);
    state.growing = sha256(text);
    state.stamped = stampedDocument(target);
    if (target.isPartlyRead)
        return state;
    text.clear();
    const auto isCopy = [&](const std::string &key)
    {
        return std::ranges::any_of(target.consolidated,
                                   [&](const Target::Consolidated &copy)
                                   { return copy.key == key; });
    };
    for (const auto &[key, document] : documentsBelow(target.documents, group))
    {
        if (!isCopy(documentKey(group, key)))
            add(text, key, document);
    }
    state.all = sha256(text);
    return state;
}

Result<DocumentState> storedDocuments(Storage &storage, const Site &site,
                                      const Target &target)
{
    auto state = digestsOf(target, site.group);
    if (!storage.folders())
        state.stamped.clear();
    if (state.stamped.empty())
        return state;
    MDIMAPPEND_ASSIGN(const auto version,
                      storage.versionAt(site.object(state.stamped)));
    state.time = fileTimeOf(version);
    return state;
}

}  // namespace mdimappend
