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
    std::map<double, const GribMessage *> messages{};
    /// Why it cannot be an array of the slice; reported only if it is selected.
    Status problem{};
    /// The same without its name and what to do; "" if it can.
    std::string why{};
};

/// `messages` must outlive them. In the order of the file, without those that
/// are excluded or not asked for. `contents`: GDAL's arrays.
std::vector<GribField> gribFields(SourceContents &contents,
                                  const std::vector<GribMessage> &messages,
                                  const SliceRequest &request);

/// Finds out what stands for missing values in each of their messages; those of
/// which that cannot be told get a `problem`.
void settleMissing(std::vector<GribField> &fields, const GDALGroup &root);

/// Those that most of them have, in order. The others get a `problem`, unless
/// all are taken to be of one step, whatever their instants.
std::vector<double> commonInstants(std::vector<GribField> &fields,
                                   bool areOneStep);

}  // namespace mdimappend
