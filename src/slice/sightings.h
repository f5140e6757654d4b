// How slices look, so that it can be seen whether they hold still.

#pragma once

#include "slice/slice.h"

#include <chrono>
#include <functional>
#include <map>
#include <string>

namespace mdimappend
{

/// What must hold still: sizes and time stamps, of a folder those of all below
/// it, of a file in an archive the archive's. "" if there is nothing, or
/// nothing to be known.
std::string stateOfSlice(const std::string &file,
                         const std::function<bool()> &cancelled);

/// Object stores and web servers: what is known of the folder says that a file
/// is not there which has arrived since.
void forgetCached(const std::string &file);

/// How slices looked, and when. Look at those whose turn comes later while
/// there is time: then their poll interval has passed when it comes.
class Sightings
{
  public:
    using Clock = std::chrono::steady_clock;

    struct Sighting
    {
        std::string state;
        Clock::time_point since;  ///< it has looked so
    };

    void look(const SliceRequest &request,
              const std::function<bool()> &cancelled = {});

    /// Of equal sightings, the first.
    const Sighting &note(const std::string &file, std::string state);

  private:
    std::map<std::string, Sighting> m_byFile;
};

}  // namespace mdimappend
