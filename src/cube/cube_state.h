// The cube as the next slice finds it: as it is stored, or, inside a batch, as
// it will be when the slices before have been committed.

#pragma once

#include "copy_on_write.h"
#include "cube/coordinates.h"
#include "cube/known_labels.h"
#include "cube/target.h"
#include "journal/document_state.h"

#include <map>
#include <string>

namespace mdimappend
{

struct CubeState
{
    Target target;
    /// As the target's are stored.
    DocumentState documents;
    /// Rows that are committed; those beyond are the batch's own.
    std::uint64_t committedRows = 0;
    /// All labels follow each other in one direction. Then the last ones are
    /// enough to see that a slice's are new.
    bool labelsOrdered = false;
    bool labelsKnown = false;
    KnownLabels labels;  ///< of the rows from `labelsFrom` on
    std::uint64_t labelsFrom = 0;
    /// Coordinates of the other dimensions that were read so far.
    CopyOnWrite<std::map<std::string, CoordinateValues>> coordinates;
    /// Checksums of the values of other arrays without the append dimension, by
    /// name (guards/static_guard.h).
    CopyOnWrite<std::map<std::string, std::string>> statics;
};

}  // namespace mdimappend
