// A target's labels from one commit of a run to the next, where all of them are
// needed: texts in no order, and slices that are in. They are believed as long
// as nobody else has committed, and the objects that hold them are the same.

#pragma once

#include "append/logged_slices.h"
#include "cube/cube_state.h"
#include "journal/site.h"
#include "json/json_text.h"
#include "status.h"
#include "storage/storage.h"

#include <cstdint>
#include <string>
#include <vector>

namespace mdimappend
{

class KeptLabels
{
  public:
    /// Those of a cube, if all are known, whose last commit is `sequence`. With
    /// the lock.
    Status keep(Storage &storage, const Site &site, const CubeState &cube,
                std::uint64_t sequence);

    /// Into a cube that was read afresh, if they are still its labels.
    Status giveTo(Storage &storage, const Site &site, LoggedSlices &log,
                  CubeState &cube) const;

  private:
    /// Of the commit; 0: none are kept.
    std::uint64_t m_sequence = 0;
    std::string m_record{};               ///< version of its record
    std::vector<std::string> m_chunks{};  ///< versions of label chunks
    Json m_attributes{};                  ///< of the label array
    KnownLabels m_labels{};
    bool m_ordered = false;
};

}  // namespace mdimappend
