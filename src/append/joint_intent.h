// Several groups of a store in one commit. Their arrays are their own;
// documents of groups around them (their attributes, and consolidated copies of
// what is below) may be changed for several of them.

#pragma once

#include "cube/target.h"
#include "transaction/intent.h"
#include "zarr/documents.h"

#include <vector>

namespace mdimappend
{

/// Documents of groups, as the members that were planned so far leave them.
class SharedDocuments
{
  public:
    /// Those that a member changes.
    void note(const Intent &intent);

    bool isEmpty() const
    {
        return m_documents.empty();
    }

    /// What a member that is planned after them finds.
    void putInto(Target &target, const std::string &group) const;

  private:
    Documents m_documents;
};

/// Each was planned upon those before it. Data come first, then the arrays of
/// members that are made, then labels of those that grow, and groups last, from
/// the inside out: through the root's consolidated metadata all members change
/// in one instant.
/// `groups`: one for each. Those that nothing is done to are none.
Intent jointIntent(std::vector<Intent> intents,
                   const std::vector<std::string> &groups);

}  // namespace mdimappend
