// How slices are read, by a run's settings: what a slice that is in by the log
// may be taken for without being opened depends on that.

#pragma once

#include "append/slice_input.h"
#include "settings/options.h"

#include <string>

namespace mdimappend
{

class SliceReading
{
  public:
    explicit SliceReading(const AppendOptions &options);

    /// A hash of the settings that say what of a slice is taken, how it is
    /// checked and stored, and of the label that it is given; not of those that
    /// say when and how it is committed. "" if it cannot be told without
    /// looking into the slice.
    std::string of(const SliceInput &input) const;

  private:
    std::string m_settings{};
};

}  // namespace mdimappend
