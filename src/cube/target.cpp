// Looks up arrays of a target, and makes its documents for when it has grown.

#include "cube/target.h"

#include <algorithm>
#include <sstream>

namespace mdimappend
{

const TargetArray *Target::find(const std::string &name) const
{
    const auto found = std::ranges::find(arrays, name, &TargetArray::name);
    return found == arrays.end() ? nullptr : &*found;
}

const TargetArray *Target::labels() const
{
    const auto *array = find(appendDim);
    return array && array->axis && array->document.rank() == 1 ? array
                                                               : nullptr;
}

std::set<std::string> gridMappings(const Target &target)
{
    std::set<std::string> names;
    for (const auto &array : target.arrays)
    {
        // "crs: x y other: lat lon" names several.
        std::istringstream words(
            textMember(array.document.attributes, "grid_mapping"));
        for (std::string word; words >> word;)
            names.insert(word.ends_with(':') ? word.substr(0, word.size() - 1)
                                             : word);
    }
    return names;
}

std::optional<std::size_t> axisOf(const std::vector<std::string> &dimensions,
                                  const std::string &name)
{
    const auto found = std::ranges::find(dimensions, name);
    if (name.empty() || found == dimensions.end())
        return std::nullopt;
    return static_cast<std::size_t>(found - dimensions.begin());
}

TargetArray describeArray(ArrayDocument document, const std::string &group,
                          const std::string &appendDim)
{
    TargetArray array;
    array.name =
        group.empty() ? document.path : document.path.substr(group.size() + 1);
    array.axis = axisOf(document.dimensions, appendDim);
    array.units = textMember(document.attributes, "units");
    array.calendar = textMember(document.attributes, "calendar");
    array.document = std::move(document);
    return array;
}

Documents documentsBelow(const Documents &documents, const std::string &group)
{
    if (group.empty())
        return documents;
    const std::string prefix = group + "/";
    Documents below;
    for (const auto &[key, bytes] : documents)
    {
        if (key.starts_with(prefix))
            below[key.substr(prefix.size())] = bytes;
    }
    return below;
}

Result<Documents> grownDocuments(const Target &target,
                                 const std::vector<Growth> &growths)
{
    MDIMAPPEND_ASSIGN(
        Documents grown,
        patchShapes(target.format, target.documents, std::nullopt, growths));
    for (const auto &copy : target.consolidated)
    {
        // The copy is patched as a store of its own whose root is its group;
        // what was patched above is carried along where documents coincide (an
        // inner group's copy lies in that group's own zarr.json).
        const std::size_t skip = copy.group.empty() ? 0 : copy.group.size() + 1;
        const Documents relative = documentsBelow(target.documents, copy.group);
        std::vector<Growth> inside;
        for (const auto &growth : growths)
            inside.push_back({growth.path.substr(skip), growth.shape});
        const auto key = copy.key.substr(skip);
        MDIMAPPEND_ASSIGN(const Documents patched,
                          patchShapes(target.format, relative, key, inside));
        if (const auto found = patched.find(key); found != patched.end())
            grown[copy.key] = found->second;
    }
    return grown;
}

}  // namespace mdimappend
