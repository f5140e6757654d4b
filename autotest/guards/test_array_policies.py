"""Which arrays of a slice go into the target: chosen, renamed, missing, extra."""

import json

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def dataset_of(first=0, days=2, arrays=("a", "b")):
    """Arrays of one row a day, in different types."""
    time = np.arange(first, first + days)
    kinds = {"a": "float32", "b": "int16", "c": "float64", "d": "int32"}
    dataset = xr.Dataset(
        {
            name: (
                ("time", "x"),
                (time[:, None] * 10 + [[1, 2, 3]]).astype(kinds[name]),
            )
            for name in arrays
        },
        {
            "time": ("time", time.astype("int32")),
            "x": ("x", [0.5, 1.5, 2.5]),
        },
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return dataset


def part(folder, first=0, days=2, arrays=("a", "b"), **changes):
    dataset = dataset_of(first, days, arrays)
    for name, fill in changes.items():
        dataset[name].encoding["_FillValue"] = dataset[name].dtype.type(fill)
    return cubes.write(dataset, folder / f"{first}{''.join(arrays)}.nc")


def arrays_of(store):
    for consolidated in (True, False):
        opened = cubes.open_xarray(store, consolidated=consolidated, raw=True)
        names = set(opened.variables)
        assert set(cubes.read_zarr(store, consolidated=consolidated)) == names
    return names


# Chosen


@FORMATS
@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        ([], {"a", "b", "c"}),
        (["--array", "a"], {"a"}),
        (["--array", "a", "--array", "c"], {"a", "c"}),
        (["--exclude-array", "a"], {"b", "c"}),
        (["--exclude-array", "a", "--exclude-array", "b"], {"c"}),
        (["--array", "a", "--array", "b", "--exclude-array", "a"], {"b"}),
    ],
)
def test_chosen_arrays(tmp_path, store, zarr_format, arguments, names):
    """In a new target and in those slices that follow."""
    paths = [part(tmp_path, first, arrays=("a", "b", "c")) for first in (0, 2)]
    cubes.append("--zarr-format", zarr_format, *arguments, *paths, store)
    expected = dataset_of(0, 4, ("a", "b", "c"))[[*sorted(names)]]
    assert arrays_of(store) == {*names, "time", "x"}
    cubes.assert_reads_as(store, expected)


@pytest.mark.parametrize("option", ["--array", "--exclude-array"])
def test_an_array_that_the_slice_has_not(tmp_path, store, option):
    path = part(tmp_path)
    done = cubes.append(option, "aa", path, store, status=None)
    if option == "--array":
        assert done.status != 0
        assert "'aa'" in done.message
        assert not store.exists()
    else:
        assert done.status == 0


def test_chosen_arrays_bring_what_they_need(tmp_path, store):
    """Bounds, 2D coordinates, the grid mapping."""
    dataset = dataset_of()
    dataset["time_bnds"] = (("time", "nv"), np.array([[0, 1], [1, 2]], "int32"))
    dataset["time"].attrs["bounds"] = "time_bnds"
    dataset = dataset.assign_coords(height=("x", [1.0, 2.0, 3.0]))
    dataset["crs"] = ((), 0, {"grid_mapping_name": "latitude_longitude"})
    dataset["a"].attrs["grid_mapping"] = "crs"
    path = cubes.write(dataset, tmp_path / "0.nc")
    cubes.append("--array", "a", path, store)
    assert arrays_of(store) == {"a", "time", "x", "time_bnds", "height", "crs"}


# Renamed


@FORMATS
def test_renamed_arrays(tmp_path, store, zarr_format):
    first = part(tmp_path, 0, arrays=("a", "b"))
    second = part(tmp_path, 2, arrays=("c", "b"))
    cubes.append("--zarr-format", zarr_format, first, store)
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert "array 'a': it is in the target, but not in the slice" in done.message
    cubes.append("--rename", "c=a", second, store)
    cubes.assert_reads_as(store, dataset_of(0, 4))


@FORMATS
def test_a_renamed_coordinate_and_its_dimension(tmp_path, store, zarr_format):
    first = part(tmp_path, 0)
    cubes.append("--zarr-format", zarr_format, first, store)
    other = dataset_of(2).rename(x="lon", time="step")
    second = cubes.write(other, tmp_path / "other.nc")
    with cubes.unchanged(store):
        cubes.append(second, store, status=5)
    cubes.append("--rename", "lon=x", "--rename", "step=time", second, store)
    cubes.assert_reads_as(store, dataset_of(0, 4))


@FORMATS
def test_renamed_in_a_new_target(tmp_path, store, zarr_format):
    """What refers to the old name follows."""
    dataset = dataset_of()
    dataset["time"].attrs["bounds"] = "time_bnds"
    dataset["time_bnds"] = (("time", "nv"), np.array([[0, 1], [1, 2]], "int32"))
    dataset["time_bnds"].encoding["_FillValue"] = None
    path = cubes.write(dataset, tmp_path / "0.nc")
    settings = tmp_path / "settings.json"
    names = {"a": "air", "x": "lon", "time_bnds": "bounds_of_time"}
    settings.write_text(json.dumps({"rename": names}))
    cubes.append("--zarr-format", zarr_format, "--settings", settings, path, store)
    assert arrays_of(store) == {"air", "b", "time", "lon", "bounds_of_time"}
    found = cubes.open_xarray(store, raw=True)
    assert found["air"].dims == ("time", "lon")
    assert found["time"].attrs["bounds"] == "bounds_of_time"


@pytest.mark.parametrize(
    ("rename", "says"),
    [("a=b", "'b'"), ("a", "FROM=TO"), ("a=x/y", "x/y"), ("a=", "")],
)
def test_renaming_that_makes_no_sense(tmp_path, store, rename, says):
    done = cubes.append("--rename", rename, part(tmp_path), store, status=None)
    assert done.status not in (0, 139, 134)
    assert says in done.stderr
    assert not store.exists()


# Missing


@FORMATS
def test_a_missing_array_is_refused(tmp_path, store, zarr_format):
    cubes.append("--zarr-format", zarr_format, part(tmp_path), store)
    path = part(tmp_path, 2, arrays=("b",))
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert done.message == (
        f"slice '{path}', array 'a': it is in the target, but not in the slice. "
        "--on-missing-array fill would fill it with its missing value. Nothing was "
        "written."
    )


@FORMATS
@pytest.mark.parametrize("chunk", ["1x3", "3x2", "4x3", "8x1"])
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("float32", None),
        ("float32", -999),
        ("float64", np.nan),
        ("int16", -1),
        ("uint8", 255),
        ("int32", 0),
    ],
)
def test_a_missing_array_is_filled(tmp_path, store, zarr_format, chunk, dtype, fill):
    """All readers see it as missing, whatever its chunks; `b` is not."""

    def made(first, **arrays):
        dataset = dataset_of(first, 3, ("b",))
        for name, values in arrays.items():
            dataset[name] = (("time", "x"), values)
            if fill is None:
                dataset[name].encoding["_FillValue"] = None
            else:
                dataset[name].attrs["_FillValue"] = np.dtype(dtype).type(fill)
        return cubes.write(dataset, tmp_path / f"{first}.nc")

    values = np.arange(5, 14).reshape(3, 3).astype(dtype)
    cubes.append(
        *("--zarr-format", zarr_format, "--encoding", f"a:chunk={chunk}"),
        made(0, a=values),
        store,
    )
    cubes.append("--on-missing-array", "fill", made(3), store)
    cubes.append(made(6, a=values), store)
    missing = np.full((3, 3), np.nan if fill is None else fill, dtype)
    expected = np.concatenate([values, missing, values])
    for found in (cubes.read_zarr(store)["a"], cubes.read_gdal(store)["a"]):
        assert found.dtype == np.dtype(dtype)
        assert cubes.same(found, expected)
    for consolidated in (True, False):
        decoded = cubes.open_xarray(store, consolidated=consolidated)
        assert np.isnan(decoded["a"].values).tolist() == (
            [[False] * 3] * 3 + [[True] * 3] * 3 + [[False] * 3] * 3
        )
        assert (decoded["b"].values == dataset_of(0, 9)["b"].values).all()


@FORMATS
@pytest.mark.parametrize("dtype", ["int16", "uint8", "int64"])
def test_whole_numbers_without_a_missing_value_are_not_filled(
    tmp_path, store, zarr_format, dtype
):
    """A 0 would look like a measurement."""
    dataset = dataset_of()
    dataset["a"] = dataset["a"].astype(dtype)
    dataset["a"].encoding["_FillValue"] = None
    first = cubes.write(dataset, tmp_path / "first.nc")
    cubes.append("--zarr-format", zarr_format, first, store)
    path = part(tmp_path, 2, arrays=("b",))
    with cubes.unchanged(store):
        done = cubes.append("--on-missing-array", "fill", path, store, status=5)
    assert done.message == (
        f"slice '{path}', array 'a': it is in the target, but not in the slice, and "
        "has no missing value to fill it with. Nothing was written."
    )


@FORMATS
def test_missing_texts_are_filled(tmp_path, store, zarr_format):
    dataset = dataset_of()
    dataset["word"] = ("time", np.array(["one", "zwei ü"], object))
    first = cubes.write(dataset, tmp_path / "first.nc")
    cubes.append("--zarr-format", zarr_format, first, store)
    cubes.append("--on-missing-array", "fill", part(tmp_path, 2), store)
    expected = ["one", "zwei ü", "", ""]
    assert cubes.read_zarr(store)["word"].tolist() == expected
    assert cubes.open_xarray(store)["word"].values.tolist() == expected
    assert cubes.read_gdal(store)["word"].tolist() == expected


@FORMATS
def test_missing_packed_numbers_are_filled(tmp_path, store, zarr_format):
    form = "a:dtype=int16,scale=0.5,offset=3,nodata=-7"
    settings = ["--zarr-format", zarr_format, "--encoding", form]
    cubes.append(*settings, part(tmp_path), store)
    path = part(tmp_path, 2, arrays=("b",))
    cubes.append("--on-missing-array", "fill", path, store)
    assert cubes.read_zarr(store)["a"][2:].tolist() == [[-7] * 3] * 2
    assert np.isnan(cubes.open_xarray(store)["a"].values[2:]).all()


def test_a_slice_with_none_of_the_arrays(tmp_path, store):
    """Filling all of them would be no slice."""
    cubes.append(part(tmp_path, b=-1), store)
    path = part(tmp_path, 2, arrays=("c",))
    with cubes.unchanged(store):
        done = cubes.append("--on-missing-array", "fill", path, store, status=5)
    assert "it has none of the target's arrays along 'time'" in done.message


def test_filled_slices_come_again(tmp_path, store):
    """A second run finds them, and a later slice may bring what was missing."""
    cubes.append(part(tmp_path), store)
    path = part(tmp_path, 2, arrays=("b",))
    cubes.append("--on-missing-array", "fill", path, store)
    with cubes.unchanged(store):
        (entry,) = cubes.append("--on-missing-array", "fill", path, store).report[
            "slices"
        ]
        assert entry["outcome"] == "already there"
    late = part(tmp_path, 2)
    with cubes.unchanged(store):
        done = cubes.append(late, store, status=5)
    assert "with different values in array 'a'" in done.message
    cubes.append("--on-duplicate", "replace", late, store)
    cubes.assert_reads_as(store, dataset_of(0, 4))


# Extra


@FORMATS
def test_extra_arrays_are_left_out(tmp_path, store, zarr_format):
    """With one warning for the whole run."""
    cubes.append("--zarr-format", zarr_format, part(tmp_path), store)
    more = [part(tmp_path, first, arrays=("a", "b", "c")) for first in (2, 4)]
    done = cubes.append(*more, store)
    says = "array 'c' of the slices is not in the target and was left out"
    assert done.report["warnings"] == [says]
    assert done.stderr.count(says) == 1
    cubes.assert_reads_as(store, dataset_of(0, 6))


@FORMATS
def test_extra_arrays_are_refused(tmp_path, store, zarr_format):
    cubes.append("--zarr-format", zarr_format, part(tmp_path), store)
    path = part(tmp_path, 2, arrays=("a", "b", "c"))
    with cubes.unchanged(store):
        done = cubes.append("--on-extra-array", "error", path, store, status=5)
    assert done.message == (
        f"slice '{path}', array 'c': it is in the slice, but not in the target "
        "(--on-extra-array error). Nothing was written."
    )
    cubes.append(*("--on-extra-array", "error", "--exclude-array", "c"), path, store)
    cubes.assert_reads_as(store, dataset_of(0, 4))


def test_what_cannot_be_stored_and_is_extra_is_left_out(tmp_path, store):
    """A type that Zarr does not have is in nobody's way."""
    cubes.append(part(tmp_path), store)
    path = part(tmp_path, 2)
    with netCDF4.Dataset(path, "a") as dataset:
        kind = dataset.createCompoundType(np.dtype("i4,f8"), "pair")
        dataset.createVariable("pairs", kind, ("time",))[:] = np.zeros(2, "i4,f8")
    cubes.append(path, store, status=None)
    cubes.append("--exclude-array", "pairs", path, store)
    cubes.assert_reads_as(store, dataset_of(0, 4))
