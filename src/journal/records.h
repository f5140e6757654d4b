// The journal's records: plan, manifest, decision. docs/format.md describes
// their text form.
//
// A record is one line, `mdimappend <kind> <version> <bytes> sha256:<hex>`,
// then that many bytes of JSON. A record that does not match its first line is
// damaged: nothing is concluded from it.

#pragma once

#include "journal/chunk_box.h"
#include "json/json_text.h"
#include "status.h"
#include "zarr/array_document.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mdimappend
{

/// The chunks of one array that a transaction touches.
struct PlannedArray
{
    std::string path;
    ChunkKeys keys;
    std::vector<ChunkBox> added;     ///< beyond the committed shape
    std::vector<ChunkBox> replaced;  ///< hold committed data
};

/// An object's content by size and checksum; absent if `exists` is false.
struct Content
{
    bool exists = false;
    std::uint64_t size = 0;
    std::string checksum;

    bool operator==(const Content &) const = default;
};

Content contentOf(const std::optional<std::string> &bytes);

struct BaseDocument
{
    std::string key;
    Content content;
};

/// A new store in place of an old one.
struct Overwrite
{
    std::string
        oldIdentity;  ///< of the store's folder (FolderStorage::identity)
    std::string newIdentity;  ///< of the folder that the new store is made in
    /// Of the old root: what tells it from the new one in a copy of both.
    std::vector<BaseDocument> oldDocuments;
};

struct Plan
{
    std::string transaction;
    std::uint64_t sequence = 0;
    std::vector<PlannedArray> arrays;
    std::vector<BaseDocument> documents;
    /// Folders (below the store's parent) that the transaction makes: undo
    /// removes them again, innermost first, where they are empty.
    std::vector<std::string> folders;
    std::optional<Overwrite> overwrite;
    /// Made under a lease: nothing is in the store before the decision.
    bool leased = false;
    /// The groups that the commit will change, if they are several.
    std::vector<std::string> members{};
};

/// A staged object and where apply moves it.
struct Move
{
    std::string staged;  ///< name in the stage; "" in an overwrite: it is there
    std::string key;
    Content base;     ///< what was there
    Content content;  ///< what will be there
    /// What will be there itself, which is not in the stage then: of documents
    /// in an object store.
    std::optional<std::string> text{};
};

/// A chunk that was put at its final key, verified after a reboot when
/// durability was `process`.
struct PutChunk
{
    std::string key;
    Content content;
};

struct Manifest
{
    std::string transaction;
    std::uint64_t sequence = 0;
    std::vector<Move> chunks;
    std::vector<std::string> deletions;
    std::vector<Move> documents;  ///< in the order of apply
    /// So many of them, the first ones, need no order among themselves.
    std::uint64_t atOnce = 0;
    std::string bootId;  ///< of the machine, when durability is `process`
    std::vector<PutChunk> puts;
    Json logRecord;
    std::optional<Overwrite> overwrite;
};

struct Decision
{
    bool commit = false;
    Content manifest;
    /// The text of the manifest, which is no object of its own then: in an
    /// object store.
    std::string record{};
};

std::string toText(const Plan &plan);
std::string toText(const Manifest &manifest);
std::string toText(const Decision &decision);

/// Failure::Error: the record is damaged. Failure::Conflict: it is whole, and
/// cannot be followed: a later version wrote it, or a stranger.
Result<Plan> parsePlan(std::string_view text);
Result<Manifest> parseManifest(std::string_view text);
Result<Decision> parseDecision(std::string_view text);

/// Whether a decision is not whole: a put of it broke off, and nothing is
/// decided.
bool isTornDecision(std::string_view text);

}  // namespace mdimappend
