"""Eight ways in which appending tools silently store wrong data. Here each is
stored exactly, or refused, and the target stays as it is, byte for byte."""

import shutil

import cubes
import numpy as np
import pytest

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def foreign(store, dataset, zarr_format, **encoding):
    """A cube that xarray made."""
    dataset.to_zarr(
        store,
        zarr_format=zarr_format,
        consolidated=True,
        encoding={name: dict(chosen) for name, chosen in encoding.items()},
    )
    return store


def at_hour(hour):
    slice_ = cubes.weather(0, 1)
    slice_["time"] = (
        "time",
        np.array([hour], "int64"),
        {"units": "hours since 2000-01-01", "calendar": "standard"},
    )
    return slice_


@FORMATS
def test_an_hour_in_a_time_in_days(store, tmp_path, zarr_format):
    days = cubes.weather(0, 1)
    days["time"] = ("time", np.array([0], "int64"), days.time.attrs)
    foreign(store, days, zarr_format)
    with cubes.unchanged(store):
        done = cubes.append(
            cubes.write(at_hour(6), tmp_path / "six.nc"), store, status=5
        )
    assert "2000-01-01T06:00:00" in done.message
    assert "days since 2000-01-01" in done.message
    # A whole day in hours is exact.
    cubes.append(cubes.write(at_hour(24), tmp_path / "day.nc"), store)
    decoded = cubes.open_xarray(store)
    assert list(decoded.time.values.astype("datetime64[h]").astype(str)) == [
        "2000-01-01T00",
        "2000-01-02T00",
    ]


@FORMATS
def test_an_hour_fits_into_a_target_of_ours(store, tmp_path, zarr_format):
    first = cubes.write(cubes.weather(0, 1), tmp_path / "days.nc")
    cubes.append("--zarr-format", zarr_format, first, store)
    cubes.append(cubes.write(at_hour(6), tmp_path / "six.nc"), store)
    times = cubes.open_xarray(store).time.values.astype("datetime64[h]")
    assert list(times.astype(str)) == ["2000-01-01T00", "2000-01-01T06"]


def test_a_flipped_latitude(target, tmp_path):
    flipped = cubes.weather(3, 1).isel(lat=slice(None, None, -1))
    with cubes.unchanged(target):
        done = cubes.append(
            cubes.write(flipped, tmp_path / "flipped.nc"), target, status=5
        )
    assert "coordinate 'lat' differs at position 0" in done.message


def packed(zarr_format, store, tmp_path, fill=-32768):
    """A cube of int16 at 0.01 that xarray made."""
    first = cubes.weather(0, 1)
    del first["air"].encoding["_FillValue"]
    return foreign(
        store,
        first,
        zarr_format,
        air={"dtype": "int16", "scale_factor": 0.01, "_FillValue": fill},
    )


def constant(value, day):
    slice_ = cubes.weather(day, 1)
    slice_["air"] = slice_.air * 0 + np.float32(value)
    return slice_


@FORMATS
@pytest.mark.parametrize("policy", ["error", "clamp", "fill"])
def test_a_value_beyond_what_packing_holds(store, tmp_path, zarr_format, policy):
    packed(zarr_format, store, tmp_path)
    slice_ = cubes.write(constant(1000, 1), tmp_path / "much.nc")
    if policy == "error":
        with cubes.unchanged(store):
            done = cubes.append(slice_, store, status=5)
        assert "1000" in done.message
        assert "--on-overflow" in done.message
        return
    done = cubes.append("--on-overflow", policy, slice_, store)
    values = cubes.open_xarray(store).air.values[1]
    if policy == "clamp":
        assert np.allclose(values, 327.67)
    else:
        assert np.isnan(values).all()
    assert done.report["slices"][0]["altered_values"] == values.size


@FORMATS
def test_kelvin_into_degrees_celsius(store, tmp_path, zarr_format):
    celsius = constant(20, 0)
    celsius["air"].attrs["units"] = "degC"
    foreign(store, celsius, zarr_format)
    kelvin = constant(300, 1)
    cubes.append(cubes.write(kelvin, tmp_path / "kelvin.nc"), store)
    values = cubes.open_xarray(store).air.values
    assert np.allclose(values[0], 20)
    assert np.allclose(values[1], np.float32(300 - 273.15))


def test_units_that_cannot_be_converted(target, tmp_path):
    wrong = cubes.weather(3, 1)
    wrong["air"].attrs["units"] = "m s-1"
    path = cubes.write(wrong, tmp_path / "wrong.nc")
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=5)
    assert "its units are 'm s-1', the target has 'K'" in done.message
    cubes.append("--on-units", "ignore", path, target)
    cubes.assert_reads_as(target, cubes.weather(0, 4))


def test_a_subset_of_the_variables(target, tmp_path):
    part = cubes.weather(3, 1).drop_vars("air")
    part["other"] = ("time", [1.0])
    with cubes.unchanged(target):
        done = cubes.append(cubes.write(part, tmp_path / "part.nc"), target, status=5)
    assert "array 'air': it is in the target, but not in the slice" in done.message
    cubes.open_xarray(target)


def test_a_retry_after_a_failure(store, tmp_path, two_slices):
    """The second run of the same command appends nothing twice."""
    first, second = two_slices
    broken = tmp_path / "broken.nc"
    broken.write_bytes(second.read_bytes()[:1000])
    cubes.append(first, broken, store, status=4)
    shutil.copy(second, broken)
    cubes.append(first, broken, store)
    cubes.append(first, broken, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@FORMATS
def test_two_processes_in_one_partial_chunk(store, tmp_path, zarr_format):
    """Both steps go into the same chunk, and both are there."""
    first = cubes.write(cubes.weather(0, 1), tmp_path / "first.nc")
    cubes.append(
        "--zarr-format", zarr_format, "--encoding", "air:chunk=8x4x5", first, store
    )
    paths = [
        cubes.write(cubes.weather(day, 1), tmp_path / f"day{day}.nc") for day in (1, 2)
    ]
    runs = [cubes.start("--report", "json", path, store) for path in paths]
    statuses = [run.wait() for run in runs]
    for run in runs:
        run.communicate()
    # The later day may win the race: then the earlier one comes too late.
    assert statuses in ([0, 0], [5, 0])
    days = [0, 1, 2] if statuses == [0, 0] else [0, 2]
    parts = [cubes.weather(day, 1) for day in days]
    cubes.assert_reads_as(store, cubes.concat(parts))


@FORMATS
def test_a_missing_value_in_packed_numbers(store, tmp_path, zarr_format):
    """Every reader sees that it is missing, none unpacks it to -9.99."""
    slice_ = cubes.weather(0, 1)
    slice_["air"][0, 1, 2] = -999
    slice_["air"].encoding["_FillValue"] = np.float32(-999)
    path = cubes.write(slice_, tmp_path / "slice.nc")
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        "air:dtype=int16,scale=0.01,offset=100,nodata=-999",
        path,
        store,
    )
    for consolidated in (True, False):
        values = cubes.open_xarray(store, consolidated=consolidated).air.values
        assert np.isnan(values[0, 1, 2])
        assert np.isnan(values).sum() == 1
        array = cubes.open_gdal(store, consolidated).GetRootGroup().OpenMDArray("air")
        assert array.GetNoDataValueAsDouble() == -999
        assert array.ReadAsArray()[0, 1, 2] == -999
