// Renames arrays and dimensions, from the slice's own names to the target's.

#include "json/utf8.h"
#include "slice/asked_names.h"
#include "slice/attributes_json.h"
#include "slice/slice_source.h"

#include <algorithm>
#include <array>

namespace mdimappend
{

namespace
{

using NewNames = std::map<std::string, std::string>;

const std::string &renamed(const NewNames &names, const std::string &name)
{
    const auto found = names.find(name);
    return found == names.end() ? name : found->second;
}

bool hasDimension(const SourceContents &contents, const std::string &name)
{
    return std::ranges::any_of(
        contents.arrays,
        [&](const SourceArray &source)
        {
            const auto &dimensions = source.array.dimensions;
            return std::ranges::find(dimensions, name) != dimensions.end();
        });
}

bool has(SourceContents &contents, const std::string &name)
{
    return contents.find(name) || hasDimension(contents, name);
}

/// Those of the names asked for that the slice has: files of one archive may
/// have a thing under either name.
NewNames namesToChange(SourceContents &contents, const SliceRequest &request)
{
    NewNames names = request.renamedArrays;
    std::erase_if(names,
                  [&](const auto &pair) { return !has(contents, pair.first); });
    return names;
}

/// A dimension goes with its coordinate. One whose name an array of another
/// shape happens to have keeps its own: the two are different things.
NewNames renamedDimensions(SourceContents &contents, const NewNames &names)
{
    NewNames dimensions;
    for (const auto &[from, to] : names)
    {
        const SourceArray *source = contents.find(from);
        if (contents.findDimension(from) &&
            (!source ||
             source->array.dimensions == std::vector<std::string>{from}))
            dimensions[from] = to;
    }
    return dimensions;
}

/// "area:" of cell_methods is no array, even if there is one of that name.
NewNames renamedInMethods(SourceContents &contents, const NewNames &names,
                          NewNames dimensions)
{
    for (const auto &[from, to] : names)
        if (const SourceArray *source = contents.find(from);
            source && source->array.dimensions.empty())
            dimensions[from] = to;
    return dimensions;
}

/// `all` are the names before.
Status checkStillDistinct(const char *what, const std::vector<std::string> &all,
                          const NewNames &names)
{
    std::map<std::string, std::string> before;
    for (const std::string &name : all)
    {
        const std::string &after = renamed(names, name);
        const auto [other, isNew] = before.emplace(after, name);
        if (!isNew)
            return refused(std::string("its ") + what + " '" + other->second +
                           "' and '" + name + "' would both have the name '" +
                           after + "' (--rename).");
    }
    return Status::ok();
}

/// Which words of an attribute's text are names: those before a colon ("time:"
/// of cell_methods), those that stand alone, or both ("crs: x y").
struct Referring
{
    const char *attribute;
    bool labels;
    bool words;
};

constexpr std::array<Referring, 7> referring = {
    {{"ancillary_variables", false, true},
     {"bounds", false, true},
     {"cell_measures", false, true},
     {"climatology", false, true},
     {"coordinates", false, true},
     {"formula_terms", false, true},
     {"grid_mapping", true, true}}};

/// Text in parentheses (comments of cell_methods), and white space, stay.
std::string renamedWords(const std::string &text, const Referring &kind,
                         const NewNames &names)
{
    constexpr const char *space = " \t\r\n";
    std::string result;
    int depth = 0;
    for (std::size_t begin = 0; begin < text.size();)
    {
        const std::size_t first =
            std::min(text.find_first_not_of(space, begin), text.size());
        const std::size_t end =
            std::min(text.find_first_of(space, first), text.size());
        result.append(text, begin, first - begin);
        std::string word = text.substr(first, end - first);
        begin = end;
        depth += static_cast<int>(std::ranges::count(word, '('));
        const bool label = word.ends_with(':');
        if (depth > 0 || (label ? !kind.labels : !kind.words))
            result += word;
        else if (label)
            result += renamed(names, word.substr(0, word.size() - 1)) + ":";
        else
            result += renamed(names, word);
        depth -= static_cast<int>(std::ranges::count(word, ')'));
    }
    return result;
}

void renameReferences(Json &attributes, const Referring &kind,
                      const NewNames &names)
{
    const auto found = attributes.find(kind.attribute);
    if (found != attributes.end() && found->is_string())
        *found = renamedWords(found->get<std::string>(), kind, names);
}

void renameReferences(Json &attributes, const NewNames &names,
                      const NewNames &inMethods)
{
    for (const Referring &kind : referring)
        renameReferences(attributes, kind, names);
    renameReferences(attributes, {"cell_methods", true, false}, inMethods);
}

}  // namespace

std::string nameInSlice(SourceContents &contents, const SliceRequest &request,
                        const std::string &name)
{
    for (const auto &[from, to] : namesToChange(contents, request))
        if (to == name)
            return from;
    return name;
}

Status checkNewNames(const std::map<std::string, std::string> &renamed)
{
    for (const auto &[from, to] : renamed)
    {
        if (to.empty() || to != validKey(to) || !isUtf8(to))
            return {Failure::Usage, "--rename '" + from + "=" + to + "': '" +
                                        validUtf8(to) +
                                        "' cannot be the name of an array."};
    }
    return Status::ok();
}

Status checkRenamed(SourceContents &contents, const SliceRequest &request)
{
    MDIMAPPEND_RETURN_IF_ERROR(checkNewNames(request.renamedArrays));
    for (const auto &[from, to] : request.renamedArrays)
    {
        const bool isThere = has(contents, from) || has(contents, to) ||
                             nameInSlice(contents, request, to) != to;
        if (!isThere && !isExcluded(request, from))
            contents.notRenamed.push_back(from + "=" + to);
    }
    return Status::ok();
}

Status renameArrays(SourceContents &contents, const SliceRequest &request)
{
    const NewNames names = namesToChange(contents, request);
    if (names.empty())
        return Status::ok();
    const NewNames ofDimensions = renamedDimensions(contents, names);
    std::vector<std::string> arrays;
    for (const SourceArray &source : contents.arrays)
        arrays.push_back(source.array.name);
    std::vector<std::string> dimensions;
    for (const SourceDimension &dimension : contents.dimensions)
        dimensions.push_back(dimension.name);
    MDIMAPPEND_RETURN_IF_ERROR(checkStillDistinct("arrays", arrays, names));
    MDIMAPPEND_RETURN_IF_ERROR(
        checkStillDistinct("dimensions", dimensions, ofDimensions));
    const NewNames inMethods = renamedInMethods(contents, names, ofDimensions);

    for (SourceDimension &dimension : contents.dimensions)
        dimension.name = renamed(ofDimensions, dimension.name);
    for (SourceArray &source : contents.arrays)
    {
        source.array.name = renamed(names, source.array.name);
        for (std::string &dimension : source.array.dimensions)
            dimension = renamed(ofDimensions, dimension);
        renameReferences(source.array.attributes, names, inMethods);
    }
    renameReferences(contents.attributes, names, inMethods);
    return Status::ok();
}

}  // namespace mdimappend
