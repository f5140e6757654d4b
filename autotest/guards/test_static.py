"""Arrays without the append dimension: a cube has one of each for all of its steps,
so that a slice with another one is refused, unless each step is to have its own."""

import json

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr

SAME = {
    "bytes": np.array([[1, 2], [3, 255]], "uint8"),
    "floats": np.array([[0.5, np.nan], [-0.0, 1e30]], "float32"),
    "words": np.array(["land", "", "größe"], object),
    "scalar": np.float64(0.1),
}
OTHER = {
    "bytes": np.array([[1, 2], [3, 254]], "uint8"),
    "floats": np.array([[0.5, np.nan], [np.nan, 1e30]], "float32"),
    "words": np.array(["land", "", "grösse"], object),
    "scalar": np.nextafter(np.float64(0.1), 1),
}
SAID = {
    "bytes": "'fixed': it is 254 at 1, 1, the target has 255",
    "floats": "'fixed': it is NaN at 1, 0, the target has 0.0",
    "words": "'fixed': it is 'grösse' at 2, the target has 'größe'",
    "scalar": "'fixed': it is 0.10000000000000002, the target has 0.1",
}


def dataset(day, fixed, **attributes):
    names = [f"d{size}" for size in np.shape(fixed)]
    names = names if len(set(names)) == len(names) else ["y", "x"]
    return xr.Dataset(
        {
            "air": (("time", "c"), np.full((1, 2), float(day))),
            "fixed": (names, fixed, attributes),
        },
        {"time": [day]},
    )


def part(folder, day, fixed, encoding=None, **attributes):
    encodings = {"fixed": encoding} if encoding else {}
    return cubes.write(
        dataset(day, fixed, **attributes), folder / f"{day}.nc", encoding=encodings
    )


@pytest.mark.parametrize("in_one_commit", [False, True])
@pytest.mark.parametrize("kind", SAME)
def test_another_value_is_refused_by_name(tmp_path, store, kind, in_one_commit):
    slices = [part(tmp_path, day, SAME[kind]) for day in range(2)]
    slices.append(part(tmp_path, 2, OTHER[kind]))
    words = ["--slices-per-commit", 3] if in_one_commit else []
    done = cubes.append(*words, *slices, store, status=5)
    said = (
        "'fixed': it is not what the first slice has" if in_one_commit else SAID[kind]
    )
    assert f"slice '{slices[2]}', what all steps have in common" in done.message
    assert said in done.message
    assert cubes.read_zarr(store)["air"].shape[0] == 2


def test_one_message_lists_all_that_differ(tmp_path, store):
    first = dataset(0, 1).assign(mask=("c", [0, 1]), same=("c", [5, 5]))
    second = dataset(1, 2).assign(mask=("c", [1, 1]), same=("c", [5, 5]))
    paths = [
        cubes.write(each, tmp_path / f"{day}.nc")
        for day, each in enumerate((first, second))
    ]
    cubes.append(paths[0], store)
    with cubes.unchanged(store):
        done = cubes.append(paths[1], store, status=5)
    assert (
        "differs from the target: 'fixed': it is 2, the target has 1; 'mask': it is 1 "
        "at 0, the target has 0. " in done.message
    )
    assert "'same'" not in done.message


def test_the_same_in_another_encoding(tmp_path, store):
    """Units, packing and missing values differ; what is meant does not."""
    kelvin = np.array([273.0, np.nan, 280.5])
    packed = {"dtype": "int16", "scale_factor": 0.5, "add_offset": 0, "_FillValue": -1}
    other = {"dtype": "int32", "scale_factor": 0.25, "_FillValue": 7}
    cubes.append(part(tmp_path, 0, kelvin, packed, units="K"), store)
    cubes.append(part(tmp_path, 1, kelvin, other, units="K"), store)
    cubes.append(part(tmp_path, 2, kelvin * 1000, units="mK"), store)
    with cubes.unchanged(store):
        done = cubes.append(part(tmp_path, 3, kelvin + 0.5, units="K"), store, status=5)
    assert "'fixed': it is 273.5 at 0, the target has 273.0" in done.message


@pytest.mark.parametrize("fixed", [np.ones((2, 3)), np.ones(2), np.float64(1)])
def test_another_shape_is_refused(tmp_path, store, fixed):
    cubes.append(part(tmp_path, 0, np.ones((3, 2))), store)
    with cubes.unchanged(store):
        cubes.append(part(tmp_path, 1, fixed), store, status=5)


def test_ignored_with_a_warning_and_in_the_log(tmp_path, store):
    cubes.append(part(tmp_path, 0, SAME["bytes"]), store)
    path = part(tmp_path, 1, OTHER["bytes"])
    done = cubes.append("--on-static", "ignore", path, store)
    assert len(done.report["warnings"]) == 1
    assert SAID["bytes"] in done.report["warnings"][0]
    assert cubes.open_xarray(store)["fixed"].values.tolist() == SAME["bytes"].tolist()
    newest = sorted((cubes.sidecar(store) / "log").glob("*.json"))[-1]
    record = json.loads(newest.read_text())
    assert record["slices"][0]["ignored_static"] == [SAID["bytes"]]


# Each step has its own.


@pytest.mark.parametrize("in_one_commit", [False, True])
@pytest.mark.parametrize("kind", SAME)
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_arrays_that_vary(tmp_path, store, kind, in_one_commit, zarr_format):
    slices = [part(tmp_path, day, (SAME, OTHER)[day % 2][kind]) for day in range(3)]
    words = ["--zarr-format", zarr_format, "--vary", "fixed"]
    if in_one_commit:
        words += ["--slices-per-commit", 2]
    cubes.append(*words, *slices[:2], store)
    cubes.append(slices[2], store)
    found = cubes.open_xarray(store)["fixed"]
    assert found.dims[0] == "time"
    expected = np.stack([SAME[kind], OTHER[kind], SAME[kind]])
    np.testing.assert_array_equal(found.values, expected)


def test_all_rows_of_a_slice_get_what_it_has_once(tmp_path, store):
    def rows(first, count, fixed):
        one = dataset(first, fixed)
        return cubes.write(
            xr.concat(
                [one.assign_coords(time=[first + i]) for i in range(count)],
                "time",
                data_vars="minimal",
            ),
            tmp_path / f"{first}.nc",
        )

    words = ["--vary", "fixed", "--encoding", "fixed:chunk=2x2"]
    cubes.append(*words, rows(0, 3, np.array([1, 2])), store)
    cubes.append(rows(3, 2, np.array([7, 8])), store)
    found = cubes.open_xarray(store)["fixed"].values.tolist()
    assert found == [[1, 2]] * 3 + [[7, 8]] * 2


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("fixd", "has no array 'fixd', which --vary names"),
        ("x", "array 'x': it is the coordinate of its own dimension"),
    ],
)
def test_what_cannot_vary_is_refused(tmp_path, store, name, said):
    one = dataset(0, 1).assign_coords(x=[1.0, 2.0])
    path = cubes.write(one.assign(a=("x", [1, 2])), tmp_path / "a.nc")
    done = cubes.append("--vary", name, path, store, status=5)
    assert said in done.message
    assert not store.exists()


def swath(folder, hour, shift=0.0):
    """A pass: latitudes and longitudes of its own, and no time dimension."""
    path = folder / f"pass{hour}.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("rows", 3)
        file.createDimension("columns", 4)
        for name, units in (
            ("latitude", "degrees_north"),
            ("longitude", "degrees_east"),
        ):
            position = file.createVariable(name, "f4", ("rows", "columns"))
            position.setncatts({"standard_name": name, "units": units})
            position[:] = np.arange(12).reshape(3, 4) + shift
        chl = file.createVariable("chl", "f4", ("rows", "columns"))
        chl.coordinates = "longitude latitude"
        chl[:] = hour
        file.start_time = f"2024-01-01T{hour:02}:00:00"
    return path


def test_swaths(tmp_path, store):
    slices = [swath(tmp_path, hour, 5.0 * hour) for hour in range(3)]
    label = ["--label-from", "metadata:start_time"]
    refused = cubes.append(*label, *slices, tmp_path / "once.zarr", status=5)
    assert "--vary latitude has its own for each step" in refused.message
    cubes.append("--vary", "latitude,longitude", *label, *slices, store)
    found = cubes.open_xarray(store)
    assert found["latitude"].dims == ("time", "rows", "columns")
    assert found["latitude"].values[:, 0, 0].tolist() == [0, 5, 10]
    assert "latitude" in found.coords


@pytest.mark.parametrize(
    "attributes",
    [
        {"standard_name": "latitude"},
        {"standard_name": "projection_x_coordinate"},
        {"axis": "Z"},
        {"units": "degrees_north"},
        {"units": "degree_E"},
    ],
)
def test_positions_may_differ_by_a_thousandth_of_a_cell(tmp_path, store, attributes):
    """What no `coordinates` names, but is told to be a position."""
    at = np.array([10.0, 20.0, 30.0])
    cubes.append(part(tmp_path, 0, at, **attributes), store)
    cubes.append(part(tmp_path, 1, at + 0.009, **attributes), store)
    done = cubes.append(part(tmp_path, 2, at + 0.011, **attributes), store, status=5)
    assert "coordinate 'fixed' differs at position 0" in done.message
    flipped = part(tmp_path, 3, at[::-1], **attributes)
    cubes.append(flipped, store, status=5)
    cubes.append("--on-coordinate", "ignore", flipped, store)
    assert zarr.open_array(store / "fixed")[:].tolist() == at.tolist()
