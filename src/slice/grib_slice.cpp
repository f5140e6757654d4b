// Makes CF arrays of the fields of a GRIB file, and gives them the names, units
// and attributes that CF has for them.

#include "slice/grib_slice.h"

#include "slice/crs_attributes.h"
#include "slice/grib_fields.h"
#include "slice/missing_value.h"

#include <algorithm>
#include <set>

namespace mdimappend
{

namespace
{

/// X, Y, X2, ... in lower case; other names as they are.
std::string adaptedName(const std::string &name)
{
    const std::string stem =
        name.substr(0, name.find_last_not_of("0123456789") + 1);
    if (stem == "X" || stem == "Y")
        return (stem == "X" ? "x" : "y") + name.substr(stem.size());
    return name;
}

void setTimeAttributes(SliceArray &time)
{
    time.units = "seconds since 1970-01-01 00:00:00";
    Json attributes = Json::object();
    attributes["standard_name"] = "time";
    attributes["long_name"] = "validity time";
    attributes["units"] = time.units;
    attributes["calendar"] = "proleptic_gregorian";
    attributes["axis"] = "T";
    time.attributes = std::move(attributes);
}

std::optional<OGRSpatialReference> onlyCrs(const SourceContents &contents)
{
    const SourceArray *mapping = nullptr;
    for (const SourceArray &source : contents.arrays)
    {
        if (!source.array.attributes.contains("crs_wkt"))
            continue;
        if (mapping)
            return {};
        mapping = &source;
    }
    OGRSpatialReference crs;
    if (!mapping || crs.SetFromUserInput(mapping->array.attributes["crs_wkt"]
                                             .get_ref<const std::string &>()
                                             .c_str()) != OGRERR_NONE)
        return {};
    return crs;
}

void setCoordinateAttributes(SourceContents &contents)
{
    const auto crs = onlyCrs(contents);
    for (const bool alongX : {true, false})
    {
        SourceArray *coordinate = contents.find(alongX ? "x" : "y");
        if (!coordinate || coordinate->array.dimensions.size() != 1)
            continue;
        coordinate->array.attributes =
            coordinateAttributes(crs ? &*crs : nullptr, alongX);
        coordinate->array.units =
            coordinate->array.attributes.value("units", std::string());
    }
}

template <class Value>
SourceArray inMemory(const std::string &name, GDALDataType type,
                     const std::vector<Value> &values)
{
    SourceArray source;
    source.array.name = name;
    source.array.type = GDALExtendedDataType::Create(type);
    source.array.dimensions = {name};
    source.array.shape = {values.size()};
    source.array.block = source.array.shape;
    source.bytes.assign(reinterpret_cast<const char *>(values.data()),
                        values.size() * sizeof(Value));
    return source;
}

void addTime(SourceContents &contents, const std::vector<double> &instants)
{
    SourceArray time = inMemory("time", GDT_Float64, instants);
    setTimeAttributes(time.array);
    contents.arrays.push_back(std::move(time));
}

void addScalarTime(SourceContents &contents, double instant)
{
    SourceArray time = inMemory("time", GDT_Float64, std::vector{instant});
    time.array.dimensions.clear();
    time.array.shape.clear();
    time.array.block.clear();
    setTimeAttributes(time.array);
    contents.arrays.push_back(std::move(time));
}

void eraseAll(Json &attributes, std::initializer_list<const char *> names)
{
    for (const char *name : names)
        attributes.erase(name);
}

/// Whether the pieces are one array of GDAL's, from its first field to its
/// last.
bool isWhole(const GribField &field, const SourceArray &model)
{
    const auto &shape = model.array.shape;
    std::uint64_t expected = 0;
    for (const auto &[place, piece] : field.pieces)
        if (piece.path != model.path || !piece.missing.empty() ||
            (piece.index && *piece.index != expected++))
            return false;
    return field.pieces.size() == (shape.size() > 2 ? shape[0] : 1);
}

/// `model`: GDAL's array of its first field.
SourceArray arrayOf(const GribField &field, const SourceArray &model,
                    bool hasTime)
{
    SourceArray made = model;
    SliceArray &array = made.array;
    array.name = field.name;
    made.problem = model.problem ? field.problem : model.problem;
    for (const auto &[name, value] : field.definition.items())
        array.attributes[name] = value;
    const auto keepGrid = [](auto &values)
    { values.erase(values.begin(), values.end() - 2); };
    keepGrid(array.dimensions);
    keepGrid(array.shape);
    keepGrid(array.block);
    if (hasTime)
    {
        array.dimensions.insert(array.dimensions.begin(), "time");
        array.shape.insert(array.shape.begin(), field.instants.size());
        array.block.insert(array.block.begin(), 1);
        eraseAll(array.attributes, {"forecast_time", "forecast_time_unit",
                                    "reference_time", "reference_time_unit",
                                    "validity_time", "validity_time_unit"});
    }
    // GDAL's word is that of the first message.
    const bool hasMissing =
        std::ranges::any_of(field.pieces, [](const auto &piece)
                            { return !piece.second.missing.empty(); });
    setMissing(array, {});
    if (hasMissing)
        array.missingValue = elementOf("NaN", GDT_Float64);
    if (isWhole(field, model))
        return made;
    made.origin = SourceArray::Origin::Joined;
    for (const auto &[place, piece] : field.pieces)
        made.pieces.push_back(piece);
    return made;
}

/// Replaces GDAL's arrays of fields, and its axes of time.
void replaceFields(SourceContents &contents,
                   const std::vector<GribMessage> &messages,
                   const std::vector<GribField> &fields, bool hasTime)
{
    std::vector<SourceArray> made;
    for (const GribField &field : fields)
        made.push_back(
            arrayOf(field, *contents.find(validKey(field.model)), hasTime));
    std::set<std::string> old;
    for (const GribMessage &message : messages)
        old.insert(message.array);
    std::erase_if(contents.arrays,
                  [&](const SourceArray &source)
                  {
                      return old.contains(source.path) ||
                             source.array.units == "sec UTC";
                  });
    std::ranges::move(made, std::back_inserter(contents.arrays));
}

void adaptNames(SourceContents &contents)
{
    for (SourceArray &source : contents.arrays)
    {
        for (std::string &dimension : source.array.dimensions)
            dimension = adaptedName(dimension);
        if (source.array.dimensions.size() == 1)
            source.array.name = adaptedName(source.array.name);
    }
}

}  // namespace

Status adaptGrib(SourceContents &contents, const GDALGroup &root,
                 const std::string &file, const SliceRequest &request)
{
    MDIMAPPEND_ASSIGN(const auto messages, gribMessages(root, file));
    auto fields = gribFields(contents, messages, request);
    settleMissing(fields, root);
    const bool hasLabel = request.label || !request.labelFrom.empty();
    const bool areSingle =
        std::ranges::all_of(fields, [](const GribField &field)
                            { return field.instants.size() == 1; });
    const auto instants = commonInstants(fields, areSingle && hasLabel);
    const bool hasTime = instants.size() > 1;
    replaceFields(contents, messages, fields, hasTime);
    adaptNames(contents);
    setCoordinateAttributes(contents);
    contents.dimensions.clear();
    if (hasTime)
    {
        contents.dimensions.push_back({"time", 0, true});
        addTime(contents, instants);
    }
    else if (!hasLabel && instants.size() == 1)
    {
        for (SourceArray &source : contents.arrays)
            eraseAll(source.array.attributes,
                     {"validity_time", "validity_time_unit"});
        addScalarTime(contents, instants.front());
    }
    return Status::ok();
}

}  // namespace mdimappend
