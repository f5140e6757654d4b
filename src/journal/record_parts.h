// What several records have in common, as JSON: contents, boxes, moves,
// documents and keys. Whatever leads out of the store or the stage is refused
// here.
//
// A member of the wrong type reads as one that is not there: whoever needs it
// finds that, and the record's checksum has vouched for the text.

#pragma once

#include "journal/records.h"
#include "json/json_text.h"
#include "status.h"

#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

Json toJson(const Content &content);
Json toJson(const std::vector<ChunkBox> &boxes);
Json toJson(const Move &move);
Json toJson(const std::vector<BaseDocument> &documents);

/// Adds it to a record's body, if there is one.
void add(Json &body, const std::optional<Overwrite> &overwrite);

/// An array; empty if there is none.
const Json &listOf(const Json &object, const char *key);
Content contentFrom(const Json &object, const char *key);
Result<std::vector<ChunkBox>> boxesFrom(const Json &object, const char *key);

/// `staged`: whether what a move puts has to be in the stage.
Result<std::vector<Move>> movesFrom(const Json &object, const char *key,
                                    bool staged);
Result<std::vector<std::string>> keysFrom(const Json &object, const char *key);
Result<std::vector<BaseDocument>> documentsFrom(const Json &object);
Result<std::optional<Overwrite>> overwriteFrom(const Json &body);

}  // namespace mdimappend
