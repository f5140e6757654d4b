// Coordinates are read once, and kept for the slices that follow.

#include "guards/coordinate_guard.h"

#include "guards/slice_coordinates.h"

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
        MDIMAPPEND_RETURN_IF_ERROR(
            checkCoordinate(name, cube.coordinates->at(name), offered));
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
