// A label that comes from outside the arrays: given, read from the file's name,
// or from its metadata.

#pragma once

#include "slice/slice.h"

#include <set>
#include <string>
#include <string_view>

namespace mdimappend
{

/// The date that a slice's name tells by `pattern`: its file, or else a folder
/// above it; with a slash in the pattern, as many parts of the path as it has.
/// Of a subdataset's name, the file's path counts, of an address in the web,
/// the path without what follows "?". Failure::Refused also if two folders tell
/// different dates.
Result<std::string> dateInPath(const std::string &name,
                               std::string_view pattern);

/// The date that `fileName` (without folders) has at the codes of `pattern`, as
/// "2020-01-31", or "2020-01-31T06:00:00" if the pattern has %H, %M or %S.
///
/// Codes: %Y %m %d %H %M %S %j (day of the year) %y (69-99: 19..) %b (Jan) %%;
/// numbers have all their digits. `*` is any text, `?` any character. The whole
/// name must match. Digits right after a `*` begin where a run of digits
/// begins. Failure::Usage: unknown code, no year. Failure::Refused: no match,
/// or more than one date matches.
Result<std::string> dateInName(std::string_view fileName,
                               std::string_view pattern);

/// All dates that it has so; none if the name does not match.
Result<std::set<std::string>> datesInName(std::string_view fileName,
                                          std::string_view pattern);

/// The label along `dimension` that `request` asks for. `attributes` are the
/// slice's global ones.
Result<GivenLabel> labelOf(const SliceRequest &request,
                           const std::string &dimension, const Json &attributes,
                           GDALDataset &dataset);

}  // namespace mdimappend
