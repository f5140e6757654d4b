"""What xarray holds is what xarray reads back, appended in two slices."""

import cftime
import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr

SIZES = {"time": 4, "y": 3, "x": 5}


def field(dtype="f4", dims=("time", "y", "x")):
    shape = [SIZES[dim] for dim in dims]
    return (dims, np.arange(np.prod(shape)).reshape(shape).astype(dtype))


def days(count=4):
    return np.datetime64("2024-01-01", "ns") + np.arange(count) * np.timedelta64(1, "D")


def cube(time=None, **variables):
    """A dataset of four steps."""
    return xr.Dataset(
        variables or {"sst": field()},
        {
            "time": days() if time is None else time,
            "y": [30.0, 20.0, 10.0],
            "x": np.arange(5.0),
        },
    )


def stored(dataset, store, **settings):
    """Appends the first half, then the second; returns what xarray reads."""
    half = dataset.sizes["time"] // 2
    mda.append(dataset.isel(time=slice(None, half)), store, **settings)
    mda.append(dataset.isel(time=slice(half, None)), store, **settings)
    with xr.open_zarr(store, chunks=None) as opened:
        return opened.load()


def as_to_zarr(dataset, folder):
    """What xarray makes of it by itself."""
    path = folder / "by_xarray.zarr"
    dataset.to_zarr(path, zarr_format=3, consolidated=True)
    with xr.open_zarr(path, chunks=None) as opened:
        return opened.load()


@pytest.mark.parametrize(
    "dtype",
    [
        "i1",
        "u1",
        "i2",
        "u2",
        "i4",
        "u4",
        "i8",
        "u8",
        "f2",
        "f4",
        "f8",
        "c8",
        "c16",
        "bool",
        ">f4",
        ">i2",
        ">c16",
    ],
)
def test_every_type_of_numbers(dtype, store, tmp_path):
    dataset = cube(a=field(dtype))
    read = stored(dataset, store)
    xr.testing.assert_identical(read, as_to_zarr(dataset, tmp_path))
    assert read.a.dtype == np.dtype(dtype).newbyteorder("=")


@pytest.mark.parametrize("dtype", ["f2", "f4", "f8"])
def test_values_that_are_not_finite(dtype, store):
    dataset = cube(a=field(dtype))
    dataset.a[0, 0] = np.nan
    dataset.a[3, 1] = [np.inf, -np.inf, np.nan, -0.0, np.finfo(dtype).max]
    read = stored(dataset, store)
    np.testing.assert_array_equal(read.a, dataset.a)
    assert np.signbit(read.a.values[3, 1, 3])


@pytest.mark.parametrize(
    "view",
    [
        lambda a: a[::-1],
        lambda a: a[:, ::-1, ::-1],
        lambda a: np.broadcast_to(a[:, :1], a.shape),
        lambda a: np.broadcast_to(a[0, 0, 0], a.shape),
        lambda a: np.asfortranarray(a),
        lambda a: np.repeat(a, 2, axis=2)[:, :, ::2],
        lambda a: np.frombuffer(b"\0" + a.tobytes(), "f4", a.size, 1).reshape(a.shape),
    ],
    ids=[
        "reversed",
        "flipped",
        "row_broadcast",
        "broadcast",
        "fortran",
        "strided",
        "unaligned",
    ],
)
def test_memory_of_any_layout(view, store):
    dims, values = field()
    dataset = cube(a=(dims, view(values)))
    xr.testing.assert_identical(stored(dataset, store), dataset)


def times_of(calendar):
    return xr.date_range("2023-12-30", periods=4, calendar=calendar, use_cftime=True)


@pytest.mark.parametrize(
    "calendar",
    ["noleap", "360_day", "all_leap", "julian", "proleptic_gregorian", "standard"],
)
def test_times_of_every_calendar(calendar, store):
    dataset = cube(times_of(calendar))
    read = stored(dataset, store, append_dim="time")
    if calendar in ("proleptic_gregorian", "standard"):
        expected = dataset.indexes["time"].to_datetimeindex(time_unit="ns")
        np.testing.assert_array_equal(read.time, expected)
    else:
        assert list(read.time.values) == list(dataset.time.values)
        assert isinstance(read.time.values[0], cftime.datetime)


@pytest.mark.parametrize(
    "encoding",
    [
        {"units": "days since 1970-01-01", "dtype": "int32"},
        {"units": "hours since 1900-01-01", "dtype": "float64"},
        {"units": "seconds since 2024-01-01T00:00:00", "calendar": "noleap"},
        {"units": "nanoseconds since 1970-01-01"},
        {},
    ],
)
def test_times_are_encoded_as_their_encoding_says(encoding, store):
    dataset = cube()
    dataset.time.encoding = encoding
    read = stored(dataset, store)
    np.testing.assert_array_equal(
        read.time.values.astype("M8[ns]")
        if read.time.dtype.kind == "M"
        else read.indexes["time"].to_datetimeindex(time_unit="ns", unsafe=True),
        dataset.time.values,
    )


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_times_of_every_resolution(unit, store):
    ticks = np.arange(4) * 7 + 1
    time = np.datetime64("2024-02-29T12:34:56", unit) + ticks.astype(f"m8[{unit}]")
    np.testing.assert_array_equal(stored(cube(time), store).time, time)


@pytest.mark.parametrize(
    "encoding",
    [
        {"units": "days since 1970-01-01", "dtype": "int32"},
        {"units": "seconds since 1900-01-01", "dtype": "float32"},
        {"units": "hours since 2000-01-01", "calendar": "standard", "_FillValue": -1},
    ],
)
def test_times_for_a_target_that_is_there_are_exact(encoding, store):
    mda.append(cube().isel(time=[0]), store)
    later = days(3)[1:] + np.timedelta64(21_601, "s")
    dataset = cube(sst=field()).isel(time=[0, 1]).assign_coords(time=later)
    dataset.time.encoding = encoding
    mda.append(dataset, store)
    assert mda.open(store).time.values[1:].tolist() == later.tolist()


def test_variables_of_dates_and_durations(store):
    seen = days().copy()
    seen[1] = np.datetime64("NaT")
    dataset = cube(
        seen=("time", seen),
        lag=("time", np.array([1, 90, 3600, 86400], "m8[s]")),
        sst=field(),
    )
    read = stored(dataset, store)
    np.testing.assert_array_equal(read.seen, dataset.seen)
    np.testing.assert_array_equal(read.lag, dataset.lag)


@pytest.mark.parametrize(
    "texts",
    [
        np.array(["a", "bb", "", "ccc"]),
        np.array(["a", "Zürich", "日本", "🌊"], dtype=object),
        np.array(["a", "b", "c", "d"], dtype=np.dtypes.StringDType()),
    ],
    ids=["fixed", "objects", "variable"],
)
def test_texts(texts, store):
    read = stored(cube(station=("time", texts), sst=field()), store)
    assert read.station.values.tolist() == texts.tolist()


def test_bytes_become_texts(store):
    dataset = cube(station=("time", np.array([b"a", "ü".encode(), b"", b"d"])))
    assert stored(dataset, store).station.values.tolist() == ["a", "ü", "", "d"]


def test_texts_of_two_dimensions(store):
    names = np.array([[f"{t}{x}" for x in range(5)] for t in range(4)])
    read = stored(cube(name=(("time", "x"), names)), store)
    assert read.name.values.tolist() == names.tolist()


def test_packing_in_the_encoding_packs_a_new_target_as_to_zarr_does(store, tmp_path):
    dataset = cube(sst=field("f8"))
    dataset.sst[0, 0, 0] = np.nan
    dataset.sst.encoding = {
        "dtype": "int16",
        "scale_factor": 0.5,
        "add_offset": 10.0,
        "_FillValue": -999,
    }
    read = stored(dataset, store)
    expected = as_to_zarr(dataset, tmp_path)
    np.testing.assert_array_equal(read.sst, expected.sst)
    for key in ("dtype", "scale_factor", "add_offset", "_FillValue"):
        assert read.sst.encoding[key] == expected.sst.encoding[key]


@pytest.mark.parametrize(
    ("encoding", "message"),
    [
        ({"dtype": "int8", "scale_factor": 0.01, "_FillValue": -1}, "does not fit"),
        ({"dtype": "nonsense"}, "not understood"),
    ],
)
def test_what_xarray_would_store_wrongly_is_refused(encoding, message, store):
    dataset = cube(sst=field("f8"))
    dataset.sst[0, 0, 0] = np.nan
    dataset.sst.encoding = encoding
    with pytest.raises(mda.SliceRefused, match=message):
        mda.append(dataset, store)
    assert not store.exists()


def test_what_is_missing_stays_so_in_whole_numbers(store):
    dataset = cube(sst=field("f8"))
    dataset.sst[0, 0, 0] = np.nan
    dataset.sst.encoding = {"dtype": "int32"}
    read = stored(dataset, store)
    np.testing.assert_array_equal(read.sst, dataset.sst)
    assert read.sst.encoding["dtype"] == "int32"


def test_unsigned_packing_of_netcdf(store, tmp_path):
    dataset = cube(sst=field("f8"))
    dataset.sst[0, 0, 0] = np.nan
    packing = {"dtype": "i1", "_Unsigned": "true", "scale_factor": 0.5}
    dataset.to_netcdf(
        tmp_path / "a.nc", encoding={"sst": {**packing, "_FillValue": -1}}
    )
    with xr.open_dataset(tmp_path / "a.nc") as opened:
        read = stored(opened, store)
        np.testing.assert_array_equal(read.sst, opened.sst)
    assert read.sst.encoding["dtype"] == "uint8"
    assert read.sst.encoding["_FillValue"] == 255


def test_packing_of_a_target_that_is_there_is_the_targets(store):
    first = cube(sst=field("f8"))
    first.sst.encoding = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -999}
    mda.append(first.isel(time=slice(0, 2)), store)
    second = first.isel(time=slice(2, 4)).copy()
    # Rounded by this, then by the target's, 30.5 would come out as 30.
    second.sst[0, 0, 0] = 30.5
    second.sst[0, 0, 1] = np.nan
    second.sst.encoding = {"dtype": "int16", "scale_factor": 3.0, "_FillValue": -1}
    mda.append(second, store)
    read = xr.open_zarr(store, chunks=None)
    np.testing.assert_array_equal(read.sst[2:], second.sst)


def test_an_encoding_that_is_told_is_over_that_of_the_dataset(store):
    dataset = cube(sst=field("f8"))
    dataset.sst.encoding = {"dtype": "int16", "scale_factor": 8.0, "_FillValue": -1}
    encoding = {
        "sst": {"dtype": np.int32, "scale_factor": np.float64(0.25), "_FillValue": -5}
    }
    read = stored(dataset, store, encoding=encoding)
    np.testing.assert_array_equal(read.sst, dataset.sst)
    assert read.sst.encoding["dtype"] == "int32"
    assert read.sst.encoding["scale_factor"] == 0.25


def test_what_was_opened_from_a_netcdf_keeps_its_packing(store, tmp_path):
    dataset = cube(sst=field("f8"))
    dataset.sst[0, 0, 0] = np.nan
    packing = {"dtype": "i2", "scale_factor": 0.1, "add_offset": 3.0, "_FillValue": -9}
    dataset.to_netcdf(tmp_path / "a.nc", encoding={"sst": packing})
    with xr.open_dataset(tmp_path / "a.nc") as opened:
        read = stored(opened, store)
        np.testing.assert_array_equal(read.sst, opened.sst)
    assert read.sst.encoding["dtype"] == "int16"
    assert read.sst.encoding["scale_factor"] == 0.1


def test_attributes(store, tmp_path):
    odd = {
        "text": "ü 日本",
        "empty": "",
        "whole": 3,
        "large": 2**63 + 5,
        "float": 0.1,
        "numpy": np.float32(0.5),
        "numpy_int": np.int8(-3),
        "nan": float("nan"),
        "list": [1, 2, 3],
        "floats": [0.5, float("nan"), float("inf")],
        "array": np.arange(3.0),
        "texts": ["a", "ö"],
        "no_texts": [],
        "nested": {"a": [1, {"b": None}], "c": True},
        "flag": True,
        "none": None,
        "zero\u200bwidth": "x\ty\nz",
    }
    dataset = cube(sst=(*field(), odd)).assign_attrs(odd)
    read = stored(dataset, store)
    expected = as_to_zarr(dataset, tmp_path)
    for found, wanted in ((read, expected), (read.sst, expected.sst)):
        # GDAL sorts them by name.
        assert repr(found.attrs) == repr(dict(sorted(wanted.attrs.items())))


def test_huge_attributes(store):
    history = "x" * 3_000_000
    dataset = cube().assign_attrs(history=history, table=list(range(50_000)))
    read = stored(dataset, store)
    assert read.attrs["history"] == history
    assert read.attrs["table"] == list(range(50_000))


def test_coordinates_that_are_no_dimensions(store, tmp_path):
    dataset = cube().assign_coords(
        area=(("y", "x"), np.ones((3, 5))),
        step=("time", np.arange(4)),
        height=2.0,
        code=("x", list("abcde")),
    )
    read = stored(dataset, store)
    expected = as_to_zarr(dataset, tmp_path)
    assert set(read.coords) == set(expected.coords) == set(dataset.coords)
    xr.testing.assert_equal(read, expected)
    assert read.sst.encoding["coordinates"] == expected.sst.encoding["coordinates"]


def test_a_grid_mapping(store):
    dataset = cube(sst=(*field(), {"grid_mapping": "crs"}))
    dataset["crs"] = ((), np.int32(0), {"grid_mapping_name": "latitude_longitude"})
    stored(dataset, store)
    with xr.open_zarr(store, chunks=None, decode_coords="all") as read:
        assert "crs" in read.coords
        assert read.crs.attrs == dataset.crs.attrs
        assert read.sst.encoding["grid_mapping"] == "crs"
        mda.append(read.isel(time=[3]).assign_coords(time=[days(6)[5]]), store)
    with xr.open_zarr(store, chunks=None) as again:
        assert again.sst.attrs["grid_mapping"] == "crs"
        assert again.sizes["time"] == 5


def test_bounds_of_time(store):
    time = days()
    bounds = np.stack([time, time + np.timedelta64(1, "D")], axis=1)
    dataset = cube(time_bnds=(("time", "nv"), bounds), sst=field())
    dataset.time.attrs["bounds"] = "time_bnds"
    dataset.time.encoding["units"] = "hours since 2000-01-01"
    read = stored(dataset, store)
    np.testing.assert_array_equal(read.time_bnds, bounds)
    assert read.time.attrs["bounds"] == "time_bnds"


def test_names_of_any_language(store):
    dataset = cube(température=field()).rename(y="широта", x="経度 x")
    xr.testing.assert_identical(stored(dataset, store), dataset)


def test_any_dimension_can_be_the_last_one(store):
    dataset = cube().transpose("y", "x", "time")
    xr.testing.assert_identical(stored(dataset, store), dataset)


def test_a_time_of_another_name_is_found(store):
    dataset = cube().rename(time="valid")
    mda.append(dataset, store)
    assert mda.log(store)[0].append_dim == "valid"


def test_a_scalar_coordinate_is_the_label(store):
    dataset = cube()
    report = mda.append([dataset.isel(time=i) for i in range(4)], store)
    assert report.rows == 4
    with xr.open_zarr(store, chunks=None) as read:
        xr.testing.assert_equal(read.sst.transpose("time", ...), dataset.sst)


def test_a_data_array_with_a_name(store):
    array = cube().sst
    mda.append(array, store)
    with xr.open_zarr(store, chunks=None) as read:
        xr.testing.assert_identical(read.sst.load(), array)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_an_existing_cube_of_xarrays(zarr_format, store):
    dataset = cube()
    dataset.isel(time=slice(0, 2)).to_zarr(store, zarr_format=zarr_format)
    mda.append(dataset.isel(time=slice(2, 4)), store)
    with xr.open_zarr(store, chunks=None) as read:
        xr.testing.assert_identical(read.load(), dataset)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        (("time", np.array([object()] * 4)), "cannot encode it"),
        (("time", np.zeros(4, "f4,i4")), "cannot be stored"),
        (("time", np.zeros(4, "longdouble")), "cannot be stored"),
        (("time", np.array(["a\0b"] * 4, object)), "zero character"),
        (("time", np.array(["a\ud800"] * 4, object)), "not Unicode"),
        (("time", np.array([b"\xff"] * 4)), "is not UTF-8"),
        (("time", np.array([1, "a", None, 2.5], object)), "cannot encode it"),
        (("time", np.arange(4), {"bad": object()}), "attribute 'bad'"),
        (("time", np.arange(4), {"bad": "\ud800"}), "not Unicode"),
    ],
)
def test_what_cannot_be_stored_is_refused_by_name(variable, message, store):
    with pytest.raises(mda.SliceRefused, match=message) as refused:
        mda.append(cube(odd=variable, sst=field()), store)
    assert "odd" in str(refused.value)
    assert "Nothing was written" in str(refused.value)
    assert not store.exists()


@pytest.mark.parametrize(
    "name",
    [7, ("a", "b"), "a/b", "", "a\0b", "\ud800", ".", "..", ".a", "a\nb", "zarr.json"],
)
def test_names_that_zarr_cannot_have_are_refused(name, store):
    with pytest.raises(mda.SliceRefused, match="name|encode"):
        mda.append(cube().rename(sst=name), store)
    assert not store.exists()


def test_a_dimension_that_is_there_twice_is_refused(store):
    with pytest.raises(mda.SliceRefused, match="'odd' has a dimension twice"):
        mda.append(cube(odd=(("time", "x", "x"), np.zeros((4, 5, 5)))), store)


@pytest.mark.parametrize("count", [1, 4])
def test_a_missing_time_is_no_label(count, store):
    time = days(count)
    time[-1] = np.datetime64("NaT")
    dataset = cube().isel(time=slice(count)).assign_coords(time=time)
    with pytest.raises(mda.SliceRefused, match="'time'.*missing"):
        mda.append(dataset, store)
    assert not store.exists()


def test_multi_indexes_are_refused(store):
    dataset = cube().stack(place=("y", "x"))
    with pytest.raises(mda.SliceRefused, match="MultiIndex"):
        mda.append(dataset, store)
