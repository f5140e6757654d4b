// The append dimension of a run, as far as it is known: what the user says,
// else what the slice before had, else what an existing target says.
//
// The target is asked without the lock, so that slices can be opened and waited
// for without it; an append under way may tear what is read then. If it cannot
// be read, a slice is opened by its own idea of the dimension, and check()
// compares that with the target as soon as the lock is there.

#pragma once

#include "settings/options.h"
#include "status.h"
#include "transaction/writer.h"

#include <string>

namespace mdimappend
{

class AppendDim
{
  public:
    /// `place`: of the target. Both must outlive this.
    AppendDim(const AppendOptions &options, const WriterRequest &place)
        : m_options(options), m_place(place)
    {
    }

    /// That of the slice before, or what the target said; "" if there was
    /// neither.
    const std::string &known() const
    {
        return m_known;
    }

    /// A slice has it.
    void learn(const std::string &name)
    {
        m_known = name;
    }

    /// What the next slice is to be opened with; "" if nobody knows.
    Result<std::string> find();

    /// With the lock in hand: whether a slice was opened by another dimension
    /// than the target's, which could not be read then.
    Status check();

  private:
    const AppendOptions &m_options;
    const WriterRequest &m_place;
    std::string m_known{};
    bool m_targetUnread = false;
};

}  // namespace mdimappend
