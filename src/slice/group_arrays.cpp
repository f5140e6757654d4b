// Asks arrays where they are, and Zarr's documents what there is.

#include "slice/group_arrays.h"

#include "slice/checked_files.h"

namespace mdimappend
{

namespace
{

std::string keyOfFullName(const GDALMDArray &array)
{
    const auto &name = array.GetFullName();
    return name.starts_with('/') ? name.substr(1) : array.GetName();
}

/// The folder of the store that an array is in; "" if its file does not say so.
std::string storeOf(const GDALMDArray &array, const std::string &key)
{
    const std::string &file = array.GetFilename();
    const std::size_t end = file.rfind("/" + key + "/");
    return end == std::string::npos ? "" : file.substr(0, end);
}

/// By the arrays of the group at a level. Those of a group above that the
/// driver takes for this one's lie in a shorter folder.
std::string storeAround(const SourceGroup &group, std::size_t level,
                        const std::string &file)
{
    std::string longest;
    for (const std::string &name : group.groups[level]->GetMDArrayNames())
    {
        const auto array = group.groups[level]->OpenMDArray(name);
        const auto store =
            array ? storeOf(*array, group.keyOf(level, name)) : std::string();
        if (store == file && !file.empty())
            return store;
        if (store.size() > longest.size())
            longest = store;
    }
    return longest;
}

}  // namespace

bool isOnlyDimension(const GDALMDArray &array)
{
    const auto name = array.GetAttribute("NAME");
    const char *text = name ? name->ReadAsString() : nullptr;
    return text && STARTS_WITH(text, "This is a netCDF dimension but not");
}

Status cannotOpen(const std::string &name, const GdalMessages &messages)
{
    return {Failure::Unavailable,
            "array '" + name + "' cannot be opened: " +
                messages.failure("the driver does not say why") + "."};
}

SourceArray hiddenArray(const ZarrSlice &store, const std::string &key)
{
    const auto name = key.substr(key.rfind('/') + 1);
    SourceArray hidden;
    hidden.array.name = validKey(name);
    hidden.emptyDimension = store.emptyDimension(key);
    hidden.problem =
        hidden.emptyDimension.empty()
            ? refused("array '" + name +
                      "': GDAL's Zarr driver cannot read it (its type is '" +
                      store.typeName(key) +
                      "'). Exclude it with --exclude-array.")
            : refused("array '" + name + "': dimension '" +
                      hidden.emptyDimension + "' has size 0.");
    return hidden;
}

Result<std::optional<ZarrSlice>> zarrAround(const SourceGroup &group,
                                            std::string file)
{
    while (file.ends_with('/'))
        file.pop_back();
    for (std::size_t level = group.groups.size(); level-- > 0;)
        if (const auto store = storeAround(group, level, file); !store.empty())
            return ZarrSlice::open(store, group.keys());
    return std::optional<ZarrSlice>();
}

bool isOfGroupAbove(const MultidimSource &source, const std::string &key,
                    const GDALMDArray &array)
{
    return source.zarr && !source.group.isRoot() &&
           !source.zarr->hasArray(key) && storeOf(array, key).empty();
}

Status checkStillThere(const MultidimSource &source, const std::string &key,
                       const GDALMDArray &array)
{
    if (!source.zarr || !source.zarr->overlooked(key))
        return Status::ok();
    const auto subject = "array '" + array.GetName() + "': ";
    if (source.zarr->contains(array.GetFilename()))
        return unavailable(subject + "it is no longer there.");
    return refused(subject + "it is in a group above ('" +
                   withPlainNames(array.GetFilename()) +
                   "'). Name the whole store as the slice, and this group "
                   "with --slice-group.");
}

/// Coordinates that a driver has but does not list are read here and now.
Status addUnlistedCoordinates(SourceContents &contents,
                              const MultidimSource &source,
                              const GDALMDArray &array)
{
    for (const auto &dimension : array.GetDimensions())
    {
        // Asked first: the netCDF driver opens the variable.
        if (contents.find(validKey(dimension->GetName())))
            continue;
        const auto coordinate = dimension->GetIndexingVariable();
        if (!coordinate || coordinate->GetName() != dimension->GetName() ||
            coordinate->GetDimensionCount() != 1 ||
            coordinate->GetDataType().GetClass() != GEDTC_NUMERIC)
            continue;
        const auto key = keyOfFullName(*coordinate);
        if (isOfGroupAbove(source, key, *coordinate))
            continue;
        SourceArray described = describeArray(source, key, *coordinate);
        MDIMAPPEND_RETURN_IF_ERROR(
            checkReadWhole(described.array.name, described.array.shape));
        const GUInt64 start = 0;
        const std::size_t count = dimension->GetSize();
        described.origin = SourceArray::Origin::Memory;
        described.bytes.resize(count * described.array.type.GetSize());
        if (described.problem &&
            !coordinate->Read(&start, &count, nullptr, nullptr,
                              described.array.type, described.bytes.data()))
            return {Failure::Unavailable,
                    "coordinate '" + coordinate->GetName() + "': read failed."};
        contents.arrays.push_back(std::move(described));
    }
    return Status::ok();
}

}  // namespace mdimappend
