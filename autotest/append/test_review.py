"""What a review of guards, labels and the log found."""

import shutil

import cubes
import numpy as np
import pytest
import xarray as xr
from netCDF4 import Dataset


def depths(values, units="m", **attributes):
    """A profile along a dimension of numbers."""
    return xr.Dataset(
        {"salt": (("depth",), np.asarray(values, "float64") + 30)},
        {"depth": ("depth", np.asarray(values), {"units": units, **attributes})},
    )


def raw_netcdf(path, dimensions, **variables):
    """Codes and attributes as given: name=(type, dimensions, values, attributes)."""
    with Dataset(path, "w") as dataset:
        for name, size in dimensions.items():
            dataset.createDimension(name, size)
        for name, (kind, along, values, attributes) in variables.items():
            own = dict(attributes)
            variable = dataset.createVariable(
                name, kind, along, fill_value=own.pop("_FillValue", None)
            )
            variable.set_auto_maskandscale(False)
            variable.setncatts(own)
            variable[:] = values
    return path


def profile(path, codes, kind="i2", **attributes):
    return raw_netcdf(
        path,
        {"depth": len(codes)},
        depth=(kind, ("depth",), codes, {"units": "m", **attributes}),
        salt=("f4", ("depth",), np.arange(len(codes)), {}),
    )


def appends(slice_, store, *options, status=0):
    return cubes.append(*options, "--append-dim", "depth", slice_, store, status=status)


def test_bounds_with_units_of_their_own_have_the_coordinates_calendar(tmp_path, store):
    def days(name, epoch):
        units = f"days since {epoch}"
        return raw_netcdf(
            tmp_path / name,
            {"time": 1, "nv": 2},
            time=(
                "f8",
                ("time",),
                [0],
                {"units": units, "calendar": "noleap", "bounds": "time_bnds"},
            ),
            time_bnds=("f8", ("time", "nv"), [[0, 1]], {"units": units}),
            air=("f4", ("time",), [1], {}),
        )

    cubes.append(days("a.nc", "2000-01-01"), store)
    cubes.append(days("b.nc", "2001-01-01"), store)
    found = cubes.open_xarray(store, raw=True)
    year, day = 365 * 86400, 86400
    assert found.time.values.tolist() == [0, year]
    assert found.time_bnds.values.tolist() == [[0, day], [year, year + day]]


def test_labels_in_other_units_are_refused(tmp_path, store):
    appends(cubes.write(depths([0.0, 10.0]), tmp_path / "a.nc"), store)
    other = cubes.write(depths([2000.0], "cm"), tmp_path / "b.nc")
    with cubes.unchanged(store):
        done = appends(other, store, status=5)
    assert "labels have units 'cm', the target's have 'm'" in done.message
    same = cubes.write(depths([20.0], "metre"), tmp_path / "c.nc")
    appends(same, store)
    appends(other, store, "--on-units", "ignore")
    found = cubes.open_xarray(store, raw=True)
    assert found.depth.values.tolist() == [0, 10, 20, 2000]


def test_packed_labels_are_refused(tmp_path, store):
    appends(profile(tmp_path / "a.nc", [0, 1]), store)
    for scale in (0.5, 0.25):
        other = profile(tmp_path / f"{scale}.nc", [6], scale_factor=scale)
        with cubes.unchanged(store):
            done = appends(other, store, status=5)
        assert f"its labels are packed (scale {scale}" in done.message


def test_packed_times_are_refused(tmp_path, store):
    packed = raw_netcdf(
        tmp_path / "a.nc",
        {"time": 2},
        time=(
            "i2",
            ("time",),
            [0, 1],
            {"units": "days since 2000-01-01", "scale_factor": 0.5},
        ),
        air=("f4", ("time",), [1, 2], {}),
    )
    done = cubes.append(packed, store, status=5)
    assert "packed labels are not supported" in done.message
    assert not store.exists()


@pytest.mark.parametrize("units", ["m", "days since 2000-01-01"])
def test_a_label_that_is_missing_is_refused(tmp_path, store, units):
    slice_ = profile(
        tmp_path / "a.nc", [0, -999], "i4", units=units, _FillValue=np.int32(-999)
    )
    done = appends(slice_, store, status=5)
    assert "label 1 is missing" in done.message
    assert not store.exists()


@pytest.mark.parametrize("policy", ["identical", "skip", "replace"])
def test_a_label_twice_among_present_ones_is_refused(target, tmp_path, policy):
    twice = cubes.concat([cubes.weather(0, 2), cubes.weather(0, 1)])
    twice["air"] = twice.air + np.arange(3, dtype="float32")[:, None, None]
    slice_ = cubes.write(twice, tmp_path / "twice.nc")
    with cubes.unchanged(target):
        done = cubes.append("--on-duplicate", policy, slice_, target, status=5)
    assert "the label 2000-01-01 occurs twice in it" in done.message


@pytest.mark.parametrize(
    "spec", ["units=cm", "scale=0.5", "offset=1", "dtype=int16,scale=0.5"]
)
def test_an_encoding_does_not_change_labels(tmp_path, store, spec):
    slice_ = cubes.write(depths([0.0, 10.0]), tmp_path / "a.nc")
    appends(slice_, store, "--encoding", f"depth:{spec}", status=5)
    assert not store.exists()


@pytest.mark.parametrize("spec", ["nodata=0", "scale=2", "offset=1"])
def test_times_are_not_packed_and_not_missing(tmp_path, store, spec):
    slice_ = cubes.write(cubes.weather(), tmp_path / "a.nc")
    cubes.append("--encoding", f"time:{spec}", slice_, store, status=5)
    assert not store.exists()


def test_the_same_settings_for_shards_of_broken_chunks(store, two_slices):
    """A shard is rounded up to whole chunks; saying so again is no other thing."""
    options = ("--encoding", "air:chunk=2x2x2,shard=3x4x5", "--merge-shards")
    for slice_ in two_slices:
        cubes.append(*options, slice_, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize("stations", [[10002, 54321], [10001, 54320]])
def test_integer_coordinates_are_equal_or_differ(tmp_path, store, stations):
    def day(number, names):
        dataset = cubes.weather(number, 1, lat=1, lon=2).isel(lat=0, drop=True)
        del dataset["elevation"]
        dataset = dataset.rename(lon="station").assign_coords(station=names)
        return cubes.write(dataset, tmp_path / f"{number}.nc")

    cubes.append(day(0, [10001, 54321]), store)
    with cubes.unchanged(store):
        done = cubes.append(day(1, stations), store, status=5)
    assert "coordinate 'station' differs" in done.message


def test_a_template_has_labels_of_64_bits(tmp_path, store):
    settings = tmp_path / "s.json"
    settings.write_text('{"attrs": {"last": "{{ last_label }}"}}')
    slice_ = profile(tmp_path / "a.nc", np.array([1, 2**64 - 1], "u8"), "u8")
    appends(slice_, store, "--settings", settings)
    assert cubes.open_xarray(store).attrs["last"] == 2**64 - 1


def test_the_log_of_a_replaced_store_is_not_believed(tmp_path, store):
    """Without labels the log tells what is in: not what was in the old store."""

    def nameless(value):
        dataset = xr.Dataset({"air": (("time", "x"), np.full((2, 3), value))})
        return cubes.write(dataset, tmp_path / f"{value}.nc")

    one, two, three = nameless(1.0), nameless(2.0), nameless(3.0)
    cubes.append(one, two, store)
    cubes.append("--overwrite", three, store)
    cubes.append("--group", "other", one, store)
    cubes.append(two, store)
    cubes.append(two, store)
    found = cubes.open_xarray(store, raw=True)
    assert found.air.values[:, 0].tolist() == [3, 3, 2, 2]


def test_the_log_does_not_tell_of_rows_that_are_not_there(tmp_path, store):
    """The store was taken back from a backup, the sidecar was not."""

    def nameless(value):
        dataset = xr.Dataset({"air": (("time", "x"), np.full((2, 3), value))})
        return cubes.write(dataset, tmp_path / f"{value}.nc")

    one, two = nameless(1.0), nameless(2.0)
    cubes.append(one, store)
    backup = shutil.copytree(store, tmp_path / "backup")
    cubes.append(two, store)
    shutil.rmtree(store)
    shutil.copytree(backup, store)
    done = cubes.append(one, store, status=5)
    assert "commit 1 brought it" in done.message
    cubes.append(two, store)
    found = cubes.open_xarray(store, raw=True)
    assert found.air.values[:, 0].tolist() == [1, 1, 2, 2]
