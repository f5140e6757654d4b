// One number as an element in memory, native byte order.

#pragma once

#include "json/json_text.h"

#include <gdal.h>

#include <optional>
#include <string>

namespace mdimappend
{

/// As GDAL converts it: rounded, clamped to what the type holds.
std::string elementFromDouble(double number, GDALDataType type);

/// One element of an integer type; nothing if the value is no number, if the
/// type does not hold it exactly, or is no integer type.
std::optional<std::string> integerElement(const Json &value, GDALDataType type);

}  // namespace mdimappend
