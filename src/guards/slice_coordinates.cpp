// Finds the coordinates that slice and target share, and reads a slice's in the
// target's units.

#include "guards/slice_coordinates.h"

#include "chunks/array_handle.h"
#include "cube/array_conversion.h"
#include "slice/cf_references.h"
#include "units/unit_conversion.h"

#include <algorithm>
#include <initializer_list>
#include <sstream>
#include <string_view>

namespace mdimappend
{

namespace
{

void addWords(std::set<std::string> &names, const std::string &text)
{
    std::istringstream words(text);
    for (std::string word; words >> word;)
        names.insert(word);
}

/// By arrays of the target that grow, and by the slice as a whole.
std::set<std::string> namedAsCoordinates(const Target &target,
                                         const Slice &slice)
{
    std::set<std::string> names;
    addWords(names, textMember(slice.attributes(), "coordinates"));
    for (const auto &array : target.arrays)
    {
        if (array.axis)
            addWords(names,
                     textMember(array.document.attributes, "coordinates"));
    }
    return names;
}

bool isOneOf(std::initializer_list<std::string_view> words,
             const std::string &word)
{
    return std::ranges::find(words, word) != words.end();
}

/// What CF knows a position on the earth or in a projection by.
bool isPosition(const Json &attributes)
{
    return isOneOf({"latitude", "longitude", "grid_latitude", "grid_longitude",
                    "projection_x_coordinate", "projection_y_coordinate",
                    "projection_x_angular_coordinate",
                    "projection_y_angular_coordinate"},
                   textMember(attributes, "standard_name")) ||
           isOneOf({"X", "Y", "Z"}, textMember(attributes, "axis")) ||
           isOneOf({"degrees_north", "degree_north", "degrees_N", "degree_N",
                    "degreesN", "degreeN", "degrees_east", "degree_east",
                    "degrees_E", "degree_E", "degreesE", "degreeE"},
                   textMember(attributes, "units"));
}

/// Bounds of coordinates are positions, too.
void addBounds(std::set<std::string> &names, const Slice &slice)
{
    std::set<std::string> bounds;
    for (const auto &owner : slice.arrays())
    {
        for (const auto &array : slice.arrays())
        {
            if (names.contains(owner.name) &&
                namesBounds(owner.attributes, array.name))
                bounds.insert(array.name);
        }
    }
    names.merge(bounds);
}

/// Times in the target's units, as far as doubles hold them.
Status moveTimes(CoordinateValues &values, const UnitsOf &from,
                 const UnitsOf &to)
{
    MDIMAPPEND_ASSIGN(const auto source,
                      TimeEncoding::parse(from.units, from.calendar));
    MDIMAPPEND_ASSIGN(const auto target,
                      TimeEncoding::parse(to.units, to.calendar));
    for (auto &number : values.numbers)
    {
        MDIMAPPEND_ASSIGN(Instant instant, decodeTime(number, source));
        MDIMAPPEND_ASSIGN(
            instant, changeCalendar(instant, source.calendar, target.calendar));
        number = static_cast<double>(instant - target.epoch) /
                 static_cast<double>(target.unit);
    }
    return Status::ok();
}

Status moveUnits(CoordinateValues &values, const UnitsOf &from,
                 const UnitsOf &to, bool ignoreUnits)
{
    if (from.units.empty() || to.units.empty() ||
        (from.units == to.units && from.calendar == to.calendar))
        return Status::ok();
    values.whole = false;
    if (looksLikeTime(from.units) && looksLikeTime(to.units))
        return moveTimes(values, from, to);
    const auto conversion = UnitConversion::make(from.units, to.units);
    if (conversion)
        conversion->apply(values.numbers.data(), values.numbers.data(),
                          values.numbers.size());
    else if (!ignoreUnits)
        return refused("its units are '" + from.units + "', the target has '" +
                       to.units + "': " + conversion.status().message() + ". " +
                       wayOutOfUnits(from.units, to.units));
    return Status::ok();
}

}  // namespace

std::set<std::string> coordinatesOf(const Target &target, const Slice &slice)
{
    const auto named = namedAsCoordinates(target, slice);
    std::set<std::string> names;
    std::set<std::string> common;
    for (const auto &array : slice.arrays())
    {
        const auto *present = target.find(array.name);
        const auto &dimensions = array.dimensions;
        const bool along =
            std::ranges::find(dimensions, target.appendDim) != dimensions.end();
        if (!present || present->axis || along || dimensions.empty())
            continue;
        const bool ofDimension =
            dimensions.size() == 1 && dimensions[0] == array.name;
        const bool isTold = named.contains(array.name) ||
                            isPosition(array.attributes) ||
                            isPosition(present->document.attributes);
        if ((ofDimension && present->document.rank() == 1) ||
            (isTold && present->document.dimensions == dimensions))
            names.insert(array.name);
        common.insert(array.name);
    }
    addBounds(names, slice);
    std::erase_if(names, [&](const std::string &name)
                  { return !common.contains(name); });
    return names;
}

CoordinateValues coordinateValues(const void *elements,
                                  const GDALExtendedDataType &type,
                                  const std::vector<std::uint64_t> &shape)
{
    CoordinateValues values;
    values.shape = shape;
    const auto numeric = type.GetNumericDataType();
    values.whole = GDALDataTypeIsInteger(numeric);
    values.numbers.resize(static_cast<std::size_t>(elementCount(shape)));
    GDALCopyWords64(elements, numeric, GDALGetDataTypeSizeBytes(numeric),
                    values.numbers.data(), GDT_Float64, sizeof(double),
                    static_cast<GPtrDiff_t>(values.numbers.size()));
    return values;
}

void unpack(CoordinateValues &values, std::optional<double> scale,
            std::optional<double> offset)
{
    if (!scale && !offset)
        return;
    values.whole = false;
    for (auto &number : values.numbers)
        number = number * scale.value_or(1) + offset.value_or(0);
}

Result<CoordinateValues> sliceCoordinate(const Slice &slice,
                                         const Target &target,
                                         const std::string &name,
                                         bool ignoreUnits)
{
    const auto found =
        std::ranges::find(slice.arrays(), name, &SliceArray::name);
    const auto index = static_cast<std::size_t>(found - slice.arrays().begin());
    MDIMAPPEND_RETURN_IF_ERROR(checkReadWhole(name, found->shape));
    ElementBuffer buffer(found->type, elementCount(found->shape));
    MDIMAPPEND_ASSIGN(const auto reader, slice.reader());
    MDIMAPPEND_RETURN_IF_ERROR(reader->read(
        index, Extent(found->shape.size(), 0), found->shape, buffer.data()));
    if (found->type.GetClass() == GEDTC_STRING)
    {
        CoordinateValues values;
        values.shape = found->shape;
        values.texts = buffer.strings();
        return values;
    }
    auto values = coordinateValues(buffer.data(), found->type, found->shape);
    unpack(values, found->scale, found->offset);
    MDIMAPPEND_RETURN_IF_ERROR(moveUnits(values, unitsOf(slice, *found),
                                         unitsOf(target, *target.find(name)),
                                         ignoreUnits)
                                   .prefixed("coordinate '" + name + "'"));
    return values;
}

}  // namespace mdimappend
