"""Archives whose files do not have the same names, and names with wildcards."""

import cubes
import numpy as np
import pytest
import xarray as xr


def day(number, time="time", lat="lat", **arrays):
    dataset = cubes.weather(number, 1).rename(time=time, lat=lat)
    for name, values in arrays.items():
        dataset[name] = ((time, lat), np.full((1, 4), values, "float32"))
        dataset[name].encoding["_FillValue"] = None
    return dataset


@pytest.fixture
def write(tmp_path):
    def written(dataset, name):
        return cubes.write(dataset, tmp_path / f"{name}.nc")

    return written


# Renamed


@pytest.mark.parametrize("order", [("time", "valid_time"), ("valid_time", "time")])
def test_a_dimension_that_some_files_call_so_already(store, write, order):
    paths = [write(day(i, time=name), i) for i, name in enumerate(order)]
    cubes.append("--rename", "valid_time=time", *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))
    again = cubes.append("--rename", "valid_time=time", *paths, store)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}


def test_three_names_of_one_dimension(store, write):
    names = ("lat", "latitude", "nav_lat")
    paths = [write(day(i, lat=name), name) for i, name in enumerate(names)]
    words = ["--rename", "latitude=lat", "--rename", "nav_lat=lat"]
    cubes.append(*words, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 3))


def test_the_same_by_a_settings_file(store, write, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("rename: {latitude: lat, nav_lat: lat}\n")
    paths = [write(day(i, lat=n), n) for i, n in enumerate(("nav_lat", "latitude"))]
    cubes.append("--settings", settings, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_one_name_for_two_things_is_refused(store, write):
    path = write(day(0, lat="latitude", lat_bounds=1.0), "both")
    words = ["--rename", "latitude=lat", "--rename", "lat_bounds=lat"]
    done = cubes.append(*words, path, store, status=5)
    assert "would both have the name 'lat' (--rename)" in done.message
    assert not store.exists()


def test_a_name_that_the_first_slice_has_not_is_refused(store, write):
    """It is misspelled, more likely than not."""
    path = write(day(0, time="valid_time"), "a")
    words = ["--append-dim", "valid_time", "--rename", "valid_tme=time"]
    done = cubes.append(*words, path, store, status=5)
    assert (
        "it has no array and no dimension 'valid_tme', and none 'time'" in done.message
    )
    assert "Nothing was written." in done.message
    assert not store.exists()


def test_a_name_that_a_later_slice_has_not(store, write):
    """Whether an array may be missing is asked as of any other."""
    cubes.append("--rename", "hum=q", write(day(0, hum=5.0), "a"), store)
    path = write(day(1), "b")
    with cubes.unchanged(store):
        done = cubes.append("--rename", "hum=q", path, store, status=5)
    assert "array 'q': it is in the target, but not in the slice" in done.message
    cubes.append("--rename", "hum=q", "--on-missing-array", "fill", path, store)
    with xr.open_zarr(store) as cube:
        assert cube.q[0].values.tolist() == [5.0] * 4
        assert np.isnan(cube.q[1]).all()


# Wildcards


def arrays_of(store):
    with xr.open_zarr(store) as cube:
        return set(cube.variables)


def test_arrays_left_out_by_a_pattern(store, write):
    path = write(day(0, qc_a=1.0, qc_b=2.0, b=3.0), "a")
    cubes.append("--exclude-array", "qc_*", "--exclude-array", "ele*", path, store)
    assert arrays_of(store) == {"time", "lat", "lon", "air", "b"}


def test_what_a_pattern_leaves_out_may_be_anything(store, tmp_path):
    """As by its name."""
    zarr_slice = tmp_path / "slice.zarr"
    day(0).to_zarr(zarr_slice, zarr_format=2)
    odd = np.array(["x", "yy"], object)
    xr.Dataset({"odd_texts": ("n", odd)}).to_zarr(zarr_slice, mode="a", zarr_format=2)
    assert cubes.append(zarr_slice, store, status=5).message
    cubes.append("--exclude-array", "odd*", zarr_slice, store)
    assert "air" in arrays_of(store)


def test_arrays_taken_by_a_pattern(store, write):
    path = write(day(0, u_10=1.0, u_100=2.0, v_10=3.0), "a")
    cubes.append("--array", "u_1?", "--array", "v*", path, store)
    assert arrays_of(store) == {"time", "lat", "u_10", "v_10"}


def test_a_pattern_without_an_array_is_refused(store, write):
    done = cubes.append("--array", "u_*", write(day(0), "a"), store, status=5)
    assert "has no array 'u_*'" in done.message
    assert not store.exists()


def test_the_pattern_of_a_settings_file(store, write, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text('excluded_variables: ["qc_?"]\nincluded_variables: ["*"]\n')
    path = write(day(0, qc_a=1.0, qc_ab=2.0), "a")
    cubes.append("--settings", settings, path, store)
    assert "qc_ab" in arrays_of(store)
    assert "qc_a" not in arrays_of(store)
