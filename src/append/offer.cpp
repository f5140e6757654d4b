// Opens the groups of an input, each as a slice.

#include "append/offer.h"

#include "slice/group_list.h"

#include <utility>

namespace mdimappend
{

namespace
{

Status checkInCommon(const Offer &offer, const Offer::Part &part)
{
    const auto &expected = offer.first().appendDim();
    const auto &found = part.slice->appendDim();
    return found == expected
               ? Status::ok()
               : refused("slice '" + offer.first().name() + "': group '/" +
                         part.group + "' has the append dimension '" + found +
                         "', group '/" + offer.parts.front().group + "' has '" +
                         expected +
                         "', and all groups of a commit grow along one. Name "
                         "it with --append-dim. Nothing was written.");
}

}  // namespace

Result<Offer> openOffer(const SliceRequest &request, bool groups)
{
    Offer offer;
    std::vector<std::string> paths = {request.group};
    if (groups)
    {
        MDIMAPPEND_ASSIGN(paths, groupsOf(request));
        if (paths.empty())
            return refused(
                "slice '" + request.name +
                "': none of its groups has an array along '" +
                (request.appendDim.empty() ? "time" : request.appendDim) +
                "' (--groups). Name the append dimension with --append-dim. "
                "Nothing was written.");
    }
    for (const auto &path : paths)
    {
        SliceRequest asked = request;
        asked.group = path;
        asked.isAmongOthers = groups;
        const auto below = path.starts_with('/') ? path.substr(1) : path;
        MDIMAPPEND_ASSIGN(auto slice, Slice::open(asked));
        offer.parts.push_back({groups ? below : "", std::move(slice)});
        MDIMAPPEND_RETURN_IF_ERROR(checkInCommon(offer, offer.parts.back()));
    }
    return offer;
}

}  // namespace mdimappend
