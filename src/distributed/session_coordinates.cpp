// A coordinate is a line of JSON, then its numbers; what is read of it is not
// trusted.

#include "distributed/session_coordinates.h"

#include "guards/slice_coordinates.h"
#include "slice/copy_box.h"

#include <cstring>

namespace mdimappend
{

namespace
{

/// Nothing if it was not kept.
Result<std::optional<CoordinateValues>>
sessionCoordinate(Storage &storage, const Site &site, const Session &session,
                  const std::string &name)
{
    const auto path = keptPath(site, session.transaction, "coordinate", name);
    MDIMAPPEND_ASSIGN(const auto object, storage.read(path));
    if (!object)
        return std::optional<CoordinateValues>();
    const auto damaged = error("'" + path + "' is damaged");
    const auto end = object->find('\n');
    const auto head = parseJson(object->substr(0, end));
    if (!head || end == std::string::npos)
        return damaged;
    CoordinateValues values;
    std::uint64_t count = 1;
    for (const auto &size : member(*head, "shape"))
    {
        if (!size.is_number_integer() || size < 0)
            return damaged;
        values.shape.push_back(size.get<std::uint64_t>());
        // No more than there are bytes.
        if (values.shape.back() > object->size())
            return damaged;
        count *= values.shape.back();
        if (count > object->size())
            return damaged;
    }
    for (const auto &text : member(*head, "texts"))
    {
        if (!text.is_string())
            return damaged;
        values.texts.push_back(text.get<std::string>());
    }
    values.whole = member(*head, "whole") == true;
    values.numbers.resize((object->size() - end - 1) / sizeof(double));
    std::memcpy(values.numbers.data(), object->data() + end + 1,
                values.numbers.size() * sizeof(double));
    const auto there =
        values.texts.empty() ? values.numbers.size() : values.texts.size();
    if (there != count || (!values.texts.empty() && values.shape.size() != 1))
        return damaged;
    return std::make_optional(std::move(values));
}

/// The values in a box.
CoordinateValues boxOf(const CoordinateValues &all, const Extent &origin,
                       const Extent &shape)
{
    CoordinateValues part;
    part.shape = shape;
    part.whole = all.whole;
    if (!all.texts.empty())
    {
        // Texts are coordinates of one dimension.
        const auto first =
            all.texts.begin() + static_cast<std::ptrdiff_t>(origin[0]);
        part.texts.assign(first, first + static_cast<std::ptrdiff_t>(shape[0]));
        return part;
    }
    const Extent zero(shape.size(), 0);
    part.numbers.resize(static_cast<std::size_t>(elementCount(shape)));
    copyBox(all.numbers.data(), all.shape, origin, part.numbers.data(), shape,
            zero, shape, sizeof(double));
    return part;
}

}  // namespace

Status
keepCoordinates(Storage &storage, const Site &site, const Session &session,
                const std::map<std::string, CoordinateValues> &coordinates)
{
    for (const auto &[name, values] : coordinates)
    {
        Json head = {{"shape", values.shape},
                     {"whole", values.whole},
                     {"texts", values.texts}};
        std::string object = dumpJson(head, -1) + "\n";
        object.append(reinterpret_cast<const char *>(values.numbers.data()),
                      values.numbers.size() * sizeof(double));
        MDIMAPPEND_RETURN_IF_ERROR(storage.put(
            keptPath(site, session.transaction, "coordinate", name), object));
    }
    return Status::ok();
}

Status checkCoordinatesOfPart(Storage &storage, const Site &site,
                              const Session &session, const Slice &slice,
                              const std::map<std::string, std::uint64_t> &at)
{
    const auto &target = session.target;
    for (const auto &name : coordinatesOf(target, slice))
    {
        MDIMAPPEND_ASSIGN(const auto all,
                          sessionCoordinate(storage, site, session, name));
        if (!all)
            continue;
        MDIMAPPEND_ASSIGN(
            const auto offered,
            sliceCoordinate(slice, target, name, session.options.ignoreUnits));
        const auto &names = target.find(name)->document.dimensions;
        Extent origin;
        for (std::size_t i = 0; i < names.size(); ++i)
        {
            const auto offset = at.find(names[i]);
            origin.push_back(beginAlong(session, names[i]) +
                             (offset == at.end() ? 0 : offset->second));
            if (all->shape.size() != offered.shape.size() ||
                origin[i] + offered.shape[i] > all->shape[i])
                return refused("coordinate '" + name +
                               "' reaches beyond the target's.");
        }
        MDIMAPPEND_RETURN_IF_ERROR(
            checkCoordinate(name, boxOf(*all, origin, offered.shape), offered));
    }
    return Status::ok();
}

}  // namespace mdimappend
