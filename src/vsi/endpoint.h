// The endpoint of S3 as the other tools of AWS are told it: AWS_ENDPOINT_URL,
// which GDAL does not read.

#pragma once

#include "status.h"

#include <string>
#include <vector>

namespace mdimappend
{

/// What GDAL has to be told ("KEY=VALUE") so that it asks there, too. Nothing
/// if there is no such setting, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS says so, or
/// GDAL is told an endpoint in its own way (AWS_S3_ENDPOINT). `path`: below
/// which GDAL may have settings of its own; "" for none.
/// Failure::Usage if it is not an URL of a host alone.
Result<std::vector<std::string>> endpointConfig(const std::string &path);

}  // namespace mdimappend
