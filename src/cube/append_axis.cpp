// Finds the append dimension of a target that is there, and refuses a target
// whose arrays differ in size along it.

#include "cube/append_axis.h"

#include "journal/log.h"
#include "journal/log_members.h"
#include "slice/cf_references.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

bool hasDimension(const Target &target, const std::string &name)
{
    return std::ranges::any_of(
        target.arrays, [&](const TargetArray &array)
        { return axisOf(array.document.dimensions, name).has_value(); });
}

}  // namespace

Result<std::string> findAppendDim(Storage &storage, const Site &site,
                                  const Target &target,
                                  const std::string &asked)
{
    if (!asked.empty())
        return asked;
    MDIMAPPEND_ASSIGN(const auto last, lastSequence(storage, site));
    MDIMAPPEND_ASSIGN(const auto record, readLogRecord(storage, site, last));
    const auto *found = record ? memberOf(*record, site.group) : nullptr;
    const auto recorded =
        found ? textMember(*found, "append_dim") : std::string();
    if (hasDimension(target, recorded))
        return recorded;
    if (hasDimension(target, "time"))
        return std::string("time");
    std::set<std::string> temporal;
    for (const auto &array : target.arrays)
    {
        if (array.document.rank() == 1 &&
            isCoordinate(array.name, array.document.dimensions) &&
            textMember(array.document.attributes, "axis") == "T")
            temporal.insert(array.name);
    }
    return temporal.size() == 1 ? *temporal.begin() : std::string();
}

Status findAxes(Target &target)
{
    const TargetArray *first = nullptr;
    for (auto &array : target.arrays)
    {
        array.axis = axisOf(array.document.dimensions, target.appendDim);
        if (!array.axis)
            continue;
        const auto size = array.document.shape[*array.axis];
        if (!first)
        {
            first = &array;
            target.size = size;
        }
        else if (size != target.size)
        {
            return {Failure::Conflict,
                    "the target is torn: along '" + target.appendDim +
                        "' array '" + first->name + "' has " +
                        std::to_string(target.size) + " steps and '" +
                        array.name + "' has " + std::to_string(size)};
        }
    }
    return Status::ok();
}

}  // namespace mdimappend
