#include "journal/document_state.h"

namespace mdimappend
{

namespace
{

bool differ(const std::string &left, const std::string &found)
{
    return !left.empty() && !found.empty() && left != found;
}

}  // namespace

Json toJson(const DocumentState &state)
{
    Json json = Json::object();
    if (!state.growing.empty())
        json["growing"] = state.growing;
    if (!state.all.empty())
        json["all"] = state.all;
    if (!state.stamped.empty())
        json["stamped"] = state.stamped;
    if (!state.time.empty())
        json["time"] = state.time;
    return json;
}

DocumentState documentStateFrom(const Json &json)
{
    return {textMember(json, "growing"), textMember(json, "all"),
            textMember(json, "stamped"), textMember(json, "time")};
}

bool mayBeSame(const DocumentState &left, const DocumentState &found)
{
    return !differ(left.growing, found.growing) &&
           !differ(left.all, found.all) &&
           (left.stamped != found.stamped || !differ(left.time, found.time));
}

}  // namespace mdimappend
