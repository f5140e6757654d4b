// The arrays that the messages of a GRIB file make, whatever their order: one
// for each parameter, level and product (a member of an ensemble, a mean), with
// the dimensions time, where there are several instants, y and x.

#pragma once

#include "slice/grib_messages.h"

#include <map>
#include <set>
#include <string>
#include <vector>

namespace mdimappend
{

struct GribField
{
    std::string name{};
    std::string model{};  ///< GDAL's array of its first message
    std::optional<GribProduct> product{};
    Json definition = Json::object();  ///< attributes of its first message
    std::vector<std::string> grid{};   ///< GDAL's names of its dimensions
    std::set<double> instants{};
    std::map<double, FieldPiece> pieces{};  ///< by instant
    /// Why it cannot be an array of the slice; reported only if it is selected.
    Status problem{};
};

/// In the order of the file, without those that are excluded or not asked for.
/// `contents`: GDAL's arrays.
std::vector<GribField> gribFields(SourceContents &contents,
                                  const std::vector<GribMessage> &messages,
                                  const SliceRequest &request);

/// Those that most of them have, in order. The others get a `problem`, unless
/// all are taken to be of one step, whatever their instants.
std::vector<double> commonInstants(std::vector<GribField> &fields,
                                   bool areOneStep);

}  // namespace mdimappend
