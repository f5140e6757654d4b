// Coordinates are read once, and kept for the slices that follow.

#include "guards/coordinate_guard.h"

#include "guards/slice_coordinates.h"
#include "time/cf_time.h"

namespace mdimappend
{

namespace
{

Status readCoordinate(TargetValues &values, const std::string &name,
                      CubeState &cube)
{
    const auto &arrays = cube.target.arrays;
    const auto *array = cube.target.find(name);
    if (!array || cube.coordinates->contains(name))
        return Status::ok();
    MDIMAPPEND_ASSIGN(
        cube.coordinates.own()[name],
        values.coordinate(static_cast<std::size_t>(array - arrays.data())));
    return Status::ok();
}

/// Times as dates, which people read; as they are if one is no date.
CoordinateValues asDates(const CoordinateValues &times,
                         const TimeEncoding &encoding)
{
    CoordinateValues dates;
    dates.shape = times.shape;
    for (const double number : times.numbers)
    {
        const auto instant = decodeTime(number, encoding);
        if (!instant)
            return times;
        dates.texts.push_back(formatDate(*instant, encoding.calendar));
    }
    return dates;
}

/// What differs, and for times the way out: valid times are those of a run.
Status checkOne(const TargetArray &array, const CoordinateValues &target,
                const CoordinateValues &slice)
{
    auto same = checkCoordinate(array.name, target, slice);
    const auto encoding = TimeEncoding::parse(array.units, array.calendar);
    if (same || !encoding || target.shape != slice.shape)
        return same;
    auto differs = checkCoordinate(array.name, asDates(target, *encoding),
                                   asDates(slice, *encoding));
    if (differs)
        return same;
    if (differs.message().find("--vary") != std::string::npos)
        return differs;
    return std::move(differs).suffixed("A cube that is made with --vary " +
                                       array.name +
                                       " has its own for each step.");
}

}  // namespace

Status checkCoordinates(const AppendOptions &options, const Slice &slice,
                        TargetValues &values, CubeState &cube)
{
    for (const auto &name : coordinatesOf(cube.target, slice))
    {
        MDIMAPPEND_RETURN_IF_ERROR(readCoordinate(values, name, cube));
        MDIMAPPEND_ASSIGN(
            const auto offered,
            sliceCoordinate(slice, cube.target, name, options.ignoreUnits));
        if (const auto *array = cube.target.find(name))
            MDIMAPPEND_RETURN_IF_ERROR(
                checkOne(*array, cube.coordinates->at(name), offered));
    }
    return Status::ok();
}

Status readCoordinates(TargetValues &values, CubeState &cube)
{
    for (const auto &array : cube.target.arrays)
    {
        if (!array.axis && array.document.rank() == 1)
            MDIMAPPEND_RETURN_IF_ERROR(
                readCoordinate(values, array.name, cube));
    }
    return Status::ok();
}

Status keepCoordinates(const AppendOptions &options, const Slice &slice,
                       CubeState &cube)
{
    for (const auto &name : coordinatesOf(cube.target, slice))
    {
        MDIMAPPEND_ASSIGN(
            cube.coordinates.own()[name],
            sliceCoordinate(slice, cube.target, name, options.ignoreUnits));
    }
    return Status::ok();
}

}  // namespace mdimappend
