// Which arrays say that they hold times, and along which dimensions they lie.

#pragma once

#include "slice/slice_source.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// How an array says that it holds times, the surest last.
enum class TimeSign
{
    None,
    Texts,         ///< texts, and "time" or "date" is in the array's name
    Units,         ///< "... since ..."
    StandardName,  ///< time
    Axis           ///< T
};

TimeSign timeSign(const SliceArray &array);

/// Of an array as its document describes it. Numbers that say by standard_name
/// or name that they are times of something else than the step (the run of a
/// forecast, a calibration) have no sign.
TimeSign timeSign(const std::string &name, const Json &attributes,
                  const std::string &units, bool isText);

/// Whether a dimension is one of time by its name alone: "time", "Times", "t",
/// "date", "valid_time". Leads are none.
bool isNameOfTime(const std::string &dimension);

/// Those along one dimension alone that say so most surely.
std::vector<SourceArray *> timesAlong(SourceContents &contents,
                                      const std::string &dimension);

/// The texts in which WRF keeps the exact times along a dimension, or null:
/// its XTIME is a float32.
SourceArray *exactTextsAlong(SourceContents &contents,
                             const std::string &dimension);

/// The dimensions that arrays of numbers make temporal: those with the surest
/// sign. Whether texts are times is seen in their values.
std::vector<std::string> dimensionsOfTimes(SourceContents &contents);

/// Whether the steps of a file are instances of something, by CF's featureType:
/// profiles, points. Each has its time, and several may have the same.
bool hasInstances(const SourceContents &contents);

/// "Time (XTIME, Times), obs (OBS_TIME)"; "" if there are none.
std::string listTimes(SourceContents &contents);

}  // namespace mdimappend
