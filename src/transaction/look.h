// A look at a target without the lock, by whoever may find that there is
// nothing to be written, and need not be allowed to.
//
// It is begun when nobody holds the lock and nothing has to be recovered. If
// that is still so after all was read, and nobody has committed in between,
// then what was read is what whoever holds the lock would have read: nothing
// that was there is changed before a decision (P1), and what is decided is
// logged, or its journal is there (P8, P9).
//
// Others' programs take no lock. What they write between the look and the lock
// is found as what they write after the lock was taken: before the decision.

#pragma once

#include "status.h"
#include "transaction/writer.h"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace mdimappend
{

class Look
{
  public:
    /// Nothing if somebody holds the lock or something has to be recovered.
    static Result<std::optional<Look>> begin(Writer &reader);

    /// Whether what was read since then holds, without the lock.
    Result<bool> holds(Writer &reader) const;

    /// The same for whoever has taken the lock, and recovered nothing.
    Result<bool> holdsLocked(const Writer &writer) const;

  private:
    /// What each commit changes, and whoever sets one aside.
    struct Past
    {
        std::uint64_t commits = 0;
        std::string newest;  ///< version of the newest record
        std::vector<std::string> setAside;

        bool operator==(const Past &) const = default;
    };

    static Result<bool> isQuiet(const Writer &reader);
    static Result<Past> pastOf(Storage &storage, const Site &site);

    Past m_past{};  ///< of a file system
};

}  // namespace mdimappend
