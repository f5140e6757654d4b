// States of stores as campaigns leave them, kept for readers that know nothing
// of the library (tests/check_states.py).

#pragma once

#include "support/campaign.h"

namespace mdimappend::protocol_testing
{

/// How a state came about.
enum class Left
{
    Settled,  ///< a writer has brought it to a committed one
    Killed,
    PowerCut
};

/// Copies the store as it is now into the folder that the environment variable
/// MDIMAPPEND_STATES names, and writes to `states.jsonl` there what readers may
/// find: the committed state that it was brought to, or any of them. Does
/// nothing where the variable is not set, or such a state is there.
void keepState(const Campaign &campaign, Left how);

}  // namespace mdimappend::protocol_testing
