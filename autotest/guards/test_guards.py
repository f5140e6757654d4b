"""A slice that does not fit is refused with status 5, in words that say what was
expected and what was found, and the target stays as it is, byte for byte."""

import cubes
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


@pytest.fixture
def refuse(target, tmp_path):
    """Appends a dataset, and asserts that it is refused in these words."""

    def check(dataset, words, *arguments, ends="Nothing was written."):
        path = cubes.write(dataset, tmp_path / "wrong.nc")
        with cubes.unchanged(target):
            done = cubes.append(*arguments, path, target, status=5)
        if words.startswith("array '"):
            expected = f"slice '{path}', {words} {ends}"
        else:
            expected = f"slice '{path}'{words} {ends}"
        assert done.message == expected
        (entry,) = done.report["slices"]
        assert entry == {
            "slice": str(path),
            "outcome": "failed",
            "exit_status": 5,
            "message": expected,
        }
        # Nothing is in the way of the right slice.
        cubes.append(cubes.write(cubes.weather(3, 1), tmp_path / "right.nc"), target)
        cubes.assert_reads_as(target, cubes.weather(0, 4))

    return check


def test_another_size_of_another_dimension(refuse):
    refuse(
        cubes.weather(3, 1, lat=3),
        "array 'air': dimension 'lat' has 3 values, the target has 4.",
    )


def test_another_order_of_dimensions(refuse):
    refuse(
        cubes.weather(3, 1).transpose("time", "lon", "lat"),
        "array 'air': its dimensions are (time, lon, lat), the target has (time, lat, "
        "lon).",
    )


def test_another_name_of_a_dimension(refuse):
    refuse(
        cubes.weather(3, 1).rename(lat="latitude"),
        "array 'air': its dimensions are (time, latitude, lon), the target has (time, "
        "lat, lon).",
    )


def test_a_dimension_less(refuse):
    refuse(
        cubes.weather(3, 1).isel(lat=0, drop=True).drop_vars("elevation"),
        "array 'air': its dimensions are (time, lon), the target has (time, lat, lon).",
    )


def test_a_missing_array(refuse):
    dataset = cubes.weather(3, 1).rename(air="temperature")
    dataset["humidity"] = dataset["temperature"]
    refuse(
        dataset,
        "array 'air': it is in the target, but not in the slice. --on-missing-array fill "
        "would fill it with its missing value.",
    )


def test_an_array_that_has_the_append_dimension_all_of_a_sudden(refuse):
    dataset = cubes.weather(3, 1)
    dataset["elevation"] = dataset["elevation"].expand_dims(time=dataset["time"])
    refuse(
        dataset,
        "array 'elevation': it has the dimension 'time', the target's does not.",
    )


def test_another_type_that_does_not_hold_a_value(refuse):
    dataset = cubes.weather(3, 1, dtype="float64")
    dataset["air"][0, 2, 3] = 0.1
    refuse(
        dataset,
        "array 'air': the value 0.1 cannot be held exactly by the target's type "
        "Float32; the nearest is 0.10000000149011612. --encoding air:dtype=float32 "
        "would store that.",
        ends="Nothing was appended.",  # values are looked at as they are written
    )


def test_another_type_that_holds_each_value(target, tmp_path):
    wide = cubes.weather(3, 1, dtype="float64")
    cubes.append(cubes.write(wide, tmp_path / "wide.nc"), target)
    cubes.assert_reads_as(target, cubes.weather(0, 4))
    assert cubes.read_zarr(target)["air"].dtype == np.float32


def test_texts_for_numbers(target, tmp_path):
    dataset = cubes.weather(3, 1)
    dataset["air"] = dataset["air"].astype(str).assign_attrs(units="K")
    path = cubes.write(dataset, tmp_path / "texts.nc")
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=5)
    assert (
        f"slice '{path}', array 'air': it is of type string, the target" in done.message
    )


def test_a_flipped_coordinate(refuse):
    refuse(
        cubes.weather(3, 1).isel(lat=slice(None, None, -1)),
        ", coordinate 'lat' differs at position 0: it is 45.0, the target has 60.0.",
    )


def test_a_shifted_coordinate(refuse):
    dataset = cubes.weather(3, 1)
    dataset["lon"] = dataset["lon"] + 0.5
    refuse(
        dataset.assign_coords(lon=dataset["lon"].assign_attrs(units="degrees_east")),
        ", coordinate 'lon' differs at position 0: it is 5.5, the target has 5.0.",
    )


def test_coordinates_may_differ_by_a_thousandth_of_a_cell(target, tmp_path):
    dataset = cubes.weather(3, 1)
    dataset["lon"] = dataset["lon"] + 4e-3
    cubes.append(cubes.write(dataset, tmp_path / "close.nc"), target)


def test_coordinates_are_ignored_when_told(target, tmp_path):
    dataset = cubes.weather(3, 1).drop_vars("elevation")
    dataset = dataset.isel(lat=slice(None, None, -1))
    path = cubes.write(dataset, tmp_path / "flipped.nc")
    cubes.append("--on-coordinate", "ignore", path, target)
    found = cubes.read_zarr(target)
    assert cubes.same(found["air"][3], dataset["air"].values[0])
    assert cubes.same(found["lat"], cubes.weather()["lat"].values)


def test_units_of_something_else(refuse):
    dataset = cubes.weather(3, 1)
    dataset["air"].attrs["units"] = "m s-1"
    refuse(
        dataset,
        "array 'air': its units are 'm s-1', the target has 'K': 'm s-1' and 'K' do not "
        "measure the same thing. Correct the slice's units if they are wrong; else it "
        "belongs into another cube.",
    )


def test_packing_where_the_target_has_none(target, tmp_path):
    """What the slice means is stored, not its codes."""
    dataset = cubes.weather(3, 1)
    dataset["air"].encoding.update(
        scale_factor=0.5, add_offset=2.0, dtype="int16", _FillValue=np.int16(-1)
    )
    path = cubes.write(dataset, tmp_path / "packed.nc")
    codes = xr.open_dataset(path, decode_cf=False)["air"]
    assert codes.dtype == np.int16
    assert codes.values[0, 0, 0] == (301 - 2) / 0.5
    cubes.append(path, target)
    cubes.assert_reads_as(target, cubes.weather(0, 4))


def in_part(tmp_path, first, **encoding):
    """One day as a NetCDF slice with this encoding."""
    dataset = cubes.weather(first, 1)
    dataset["air"].encoding.update(encoding)
    return cubes.write(dataset, tmp_path / f"{first}.nc")


@FORMATS
def test_other_packing(store, tmp_path, zarr_format):
    """Another scale: the codes differ, the values are the same."""
    for day, scale in enumerate((0.5, 0.25)):
        encoding = {"dtype": "int16", "scale_factor": scale, "_FillValue": np.int16(-1)}
        path = in_part(tmp_path, day, **encoding)
        cubes.append("--zarr-format", zarr_format, path, store)
    expected = cubes.field([0, 1], 4, 5)
    found = cubes.read_zarr(store)["air"]
    assert found.dtype == np.int16
    assert (found == expected / 0.5).all()
    for consolidated in (True, False):
        decoded = cubes.open_xarray(store, consolidated=consolidated)["air"].values
        assert (decoded == expected).all()


@FORMATS
def test_other_packing_that_does_not_fit(store, tmp_path, zarr_format):
    encoding = {"dtype": "int16", "_FillValue": np.int16(-1)}
    first = in_part(tmp_path, 0, scale_factor=0.001, **encoding)
    cubes.append("--zarr-format", zarr_format, first, store)
    second = in_part(tmp_path, 1, scale_factor=0.25, **encoding)
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert done.message == (
        f"slice '{second}', array 'air': the value 101 (packed: 101000), in the slice "
        "404, does not fit the target's type Int16, which holds -32768 to 32767 with "
        "scale 0.001 and offset 0. A new cube can have a type or a scale that holds it "
        "(--encoding air:dtype=...); --on-overflow fill would store a missing value. "
        "Nothing was appended."
    )


MISSING = pytest.mark.parametrize(
    ("dtype", "before", "after"),
    [
        ("int16", -999, -1),
        ("float32", -999, np.nan),
        ("float32", np.nan, 1e20),
        ("float64", -999, 1e20),
    ],
)


def with_a_gap(tmp_path, first, dtype, fill):
    """One day; the value at (2, 3) is missing."""
    dataset = cubes.weather(first, 1, dtype=dtype)
    fill = np.dtype(dtype).type(fill)
    dataset["air"][0, 2, 3] = fill
    dataset["air"].encoding["_FillValue"] = fill
    # As it is, not as xarray would encode it.
    dataset["air"].attrs["_FillValue"] = fill
    del dataset["air"].encoding["_FillValue"]
    return cubes.write(dataset, tmp_path / f"{first}.nc")


@FORMATS
@MISSING
def test_another_missing_value(store, tmp_path, zarr_format, dtype, before, after):
    """What is missing stays missing, in the target's words."""
    for day, fill in enumerate((before, after)):
        path = with_a_gap(tmp_path, day, dtype, fill)
        cubes.append("--zarr-format", zarr_format, path, store)
    expected = cubes.field([0, 1], 4, 5).astype(dtype)
    expected[:, 2, 3] = before
    found = cubes.read_zarr(store)["air"]
    assert found.dtype == np.dtype(dtype)
    assert cubes.same(found, expected)
    decoded = cubes.open_xarray(store)["air"].values
    missing = np.zeros(decoded.shape, bool)
    missing[:, 2, 3] = True
    assert (np.isnan(decoded) == missing).all()
    assert (decoded[~missing] == expected[~missing]).all()


@FORMATS
def test_a_value_that_would_read_as_missing(store, tmp_path, zarr_format):
    """-999 is a measurement in the second slice."""
    first = with_a_gap(tmp_path, 0, "float32", -999)
    cubes.append("--zarr-format", zarr_format, first, store)
    dataset = cubes.weather(1, 1)
    dataset["air"][0, 1, 1] = -999
    dataset["air"].encoding["_FillValue"] = np.float32(-1)
    second = cubes.write(dataset, tmp_path / "1.nc")
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert done.message == (
        f"slice '{second}', array 'air': the value -999 would read as missing: it is "
        "stored as -999, which the target says is missing. A cube that is made with "
        "--encoding air:nodata=..., a value that is none of the data's, holds it. "
        "Nothing was appended."
    )


# Labels


def test_a_label_before_the_last(refuse):
    dataset = cubes.weather(1, 1)
    dataset["time"] = ("time", [1.5], dataset["time"].attrs)
    refuse(
        dataset,
        ", the label 2000-01-02T12:00:00 does not come after 2000-01-03, the target's "
        "last one.",
    )


def test_a_label_that_is_there_with_other_values(refuse):
    dataset = cubes.weather(2, 1)
    dataset["air"][0, 3, 4] += 1
    refuse(
        dataset,
        ", the label 2000-01-03 is already in the target, with different values in array "
        "'air'. --on-duplicate replace stores the new ones, skip keeps the old ones.",
    )


def test_a_label_that_is_there_with_the_same_values_is_passed_over(target, tmp_path):
    path = cubes.write(cubes.weather(2, 1), tmp_path / "again.nc")
    with cubes.unchanged(target):
        (entry,) = cubes.append(path, target).report["slices"]
    assert entry["outcome"] == "already there"


def test_a_label_twice_in_the_slice(refuse):
    dataset = cubes.weather(3, 2)
    dataset["time"] = ("time", [3.0, 3.0], dataset["time"].attrs)
    refuse(dataset, ", the label 2000-01-04 occurs twice in it.")


def test_labels_that_go_back(refuse):
    dataset = cubes.weather(3, 3).isel(time=[0, 2, 1])
    refuse(
        dataset,
        ", the label 2000-01-05 does not come after 2000-01-06, the one before it: its "
        "labels neither rise nor fall throughout. Sort the slice along its append "
        "dimension.",
    )


def test_a_new_label_in_front_of_a_present_one(refuse):
    dataset = cubes.weather(2, 2).isel(time=[1, 0])
    refuse(
        dataset,
        ", the label 2000-01-03 is already in the target, but labels before it are "
        "not.",
    )


def test_a_label_that_is_nan(refuse):
    dataset = cubes.weather(3, 1)
    dataset["time"] = ("time", [np.nan], dataset["time"].attrs)
    refuse(dataset, "array 'time': label 0 is NaN.")


def test_a_slice_without_labels(refuse):
    refuse(
        cubes.weather(3, 1).drop_vars("time"),
        ": it has no labels, but the target has an array 'time' along 'time'. "
        "--rename ARRAY=time makes labels of an array along it; a new target that is "
        "made with --exclude-array time has none.",
    )


def test_numbers_for_dates(refuse):
    dataset = cubes.weather(3, 1)
    dataset["time"] = ("time", [3.0])
    refuse(
        dataset,
        ", its labels and the target's are of different kinds (dates, numbers or "
        "text).",
    )


def test_the_first_slice_must_be_in_order_too(store, tmp_path):
    dataset = cubes.weather(0, 3).isel(time=[0, 2, 1])
    path = cubes.write(dataset, tmp_path / "first.nc")
    done = cubes.append(path, store, status=5)
    assert done.message == (
        f"slice '{path}', the label 2000-01-02 does not come after 2000-01-03, the one "
        "before it: its labels neither rise nor fall throughout. Sort the slice along "
        "its append dimension. Without labels (--exclude-array time) steps are in the "
        "order of the slices. Nothing was written."
    )
    assert not store.exists()


def test_decreasing_labels_go_on_decreasing(store, tmp_path):
    whole = cubes.weather(0, 6).isel(time=slice(None, None, -1))
    paths = [
        cubes.write(whole.isel(time=slice(n, n + 2)), tmp_path / f"{n}.nc")
        for n in (0, 2, 4)
    ]
    cubes.append(*paths[:2], store)
    late = cubes.write(cubes.weather(7, 1), tmp_path / "late.nc")
    with cubes.unchanged(store):
        done = cubes.append(late, store, status=5)
    assert "2000-01-08 does not come before 2000-01-03" in done.message
    cubes.append(paths[2], store)
    cubes.assert_reads_as(store, whole)


# Time encodings


def hourly(first, days, units="hours since 1999-12-31T12:00:00", dtype="float64"):
    """`weather` whose labels count hours from noon of the day before."""
    dataset = cubes.weather(first, days)
    values = (dataset["time"].values * 24 + 12).astype(dtype)
    attributes = {**dataset["time"].attrs, "units": units}
    return dataset.assign_coords(time=("time", values, attributes))


def test_hours_are_converted_to_days(target, tmp_path):
    cubes.append(cubes.write(hourly(3, 2), tmp_path / "hours.nc"), target)
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def six_hours(hour, tmp_path):
    """A slice whose label is a whole number of hours."""
    dataset = cubes.weather(3, 1)
    attributes = {**dataset["time"].attrs, "units": "hours since 2000-01-01"}
    dataset = dataset.assign_coords(time=("time", np.array([hour]), attributes))
    return cubes.write(dataset, tmp_path / "hours.nc")


@FORMATS
def test_six_hours_are_a_quarter_of_a_day(store, tmp_path, zarr_format):
    """A target that kept its slice's float64 days."""
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(
        "--zarr-format", zarr_format, "--encoding", "time:units=keep", first, store
    )
    cubes.append(six_hours(78, tmp_path), store)
    found = cubes.read_zarr(store)["time"]
    assert found.dtype == np.float64
    assert found.tolist() == [0, 1, 2, 3.25]
    last = cubes.open_xarray(store)["time"].values[-1]
    assert last == np.datetime64("2000-01-04T06")


def test_six_hours_are_whole_seconds(target, tmp_path):
    """What a new target has of itself."""
    cubes.append(six_hours(78, tmp_path), target)
    found = cubes.read_zarr(target)["time"]
    assert found.dtype == np.int64
    assert found.tolist() == [0, 86400, 172800, 280800]
    last = cubes.open_xarray(target)["time"].values[-1]
    assert last == np.datetime64("2000-01-04T06")


@FORMATS
def test_six_hours_in_whole_days_are_refused(store, tmp_path, zarr_format):
    """GDAL's own append stores 2000-01-01T06 as 2000-01-07 here."""
    first = cubes.weather(0, 1)
    first = first.assign_coords(
        time=("time", np.array([0], "int64"), first["time"].attrs)
    )
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        "time:units=keep",
        cubes.write(first, tmp_path / "0.nc"),
        store,
    )
    path = six_hours(6, tmp_path)
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', the label 2000-01-01T06:00:00 cannot be stored exactly as "
    assert "'days since 2000-01-01'" in done.message
    assert done.message.endswith("Nothing was written.")


def test_a_calendar_in_which_the_date_does_not_exist(store, tmp_path):
    first = cubes.weather(0, 1)
    first["time"].attrs["calendar"] = "noleap"
    cubes.append(cubes.write(first, tmp_path / "0.nc"), store)
    leap = cubes.weather(59, 1)  # 29 February 2000
    path = cubes.write(leap, tmp_path / "1.nc")
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert "2000-02-29 has no meaning in the target's calendar" in done.message


@FORMATS
@pytest.mark.parametrize(
    ("units", "day"),
    [("units=keep", 1), ("units=seconds since 2000-01-01", 86400)],
)
def test_time_data_are_converted_as_labels_are(
    store, tmp_path, zarr_format, units, day
):
    """A bounds variable follows its coordinate's units."""

    def part(first, unit, factor):
        dataset = cubes.weather(first, 2)
        values = dataset["time"].values * factor
        attributes = {
            **dataset["time"].attrs,
            "units": f"{unit} since 2000-01-01",
            "bounds": "time_bnds",
        }
        bounds = np.stack([values, values + factor], axis=1)
        dataset = dataset.assign_coords(time=("time", values, attributes))
        dataset["time_bnds"] = (("time", "bnds"), bounds)
        dataset["time_bnds"].encoding["_FillValue"] = None
        return cubes.write(dataset, tmp_path / f"{first}.nc")

    cubes.append(
        *("--zarr-format", zarr_format, "--encoding", f"time:{units}"),
        *(part(0, "days", 1.0), part(2, "hours", 24.0)),
        store,
    )
    found = cubes.read_zarr(store)
    assert found["time"].tolist() == [day * x for x in (0, 1, 2, 3)]
    assert found["time_bnds"].tolist() == [
        [day * x, day * (x + 1)] for x in (0, 1, 2, 3)
    ]
    decoded = cubes.open_xarray(store)
    days = np.arange("2000-01-01", "2000-01-06", dtype="M8[D]")
    assert (decoded["time"].values == days[:4]).all()
    assert (decoded["time_bnds"].values == np.stack([days[:4], days[1:]], 1)).all()


# Append dimension


def test_an_append_dimension_that_nobody_has(target, tmp_path):
    path = cubes.write(cubes.weather(3, 1), tmp_path / "next.nc")
    with cubes.unchanged(target):
        done = cubes.append("--append-dim", "depth", path, target, status=5)
    assert f"slice '{path}'" in done.message
    assert "'depth'" in done.message


def test_the_recorded_append_dimension_is_taken_up(store, tmp_path):
    def part(first):
        dataset = cubes.weather(first, 2).rename(time="step")
        dataset["step"].attrs.clear()
        return cubes.write(dataset, tmp_path / f"{first}.nc")

    cubes.append("--append-dim", "step", part(0), store)
    report = cubes.append(part(2), store).report
    assert report["append_dim"] == "step"
    assert cubes.read_zarr(store)["step"].tolist() == [0, 1, 2, 3]


def test_torn_targets_are_not_appended_to(target, tmp_path):
    """Arrays that disagree about the size along the append dimension."""
    group = cubes.zarr.open_group(str(target), mode="r+", use_consolidated=False)
    group["air"].resize((4, 4, 5))
    cubes.zarr.consolidate_metadata(str(target))
    path = cubes.write(cubes.weather(3, 1), tmp_path / "next.nc")
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=1)
    assert "the target is torn: along 'time' array " in done.message
    assert "'air' has 4 steps" in done.message


def test_a_stale_consolidated_copy_is_a_conflict(target, tmp_path):
    group = cubes.zarr.open_group(str(target), mode="r+", use_consolidated=False)
    for name in ("air", "time"):
        group[name].resize((4, *group[name].shape[1:]))
    path = cubes.write(cubes.weather(4, 1), tmp_path / "next.nc")
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=1)
    assert "consolidated" in done.message


def test_static_arrays_may_be_absent(target, tmp_path):
    dataset = cubes.weather(3, 1).drop_vars(["elevation", "lat", "lon"])
    cubes.append(cubes.write(dataset, tmp_path / "next.nc"), target)
    cubes.assert_reads_as(target, cubes.weather(0, 4))


def test_targets_without_labels_count_slices_by_the_log(store, tmp_path):
    paths = []
    for number in range(3):
        dataset = xr.Dataset(
            {"data": (("time", "x"), np.full((2, 3), number, "int32"))}
        )
        dataset["data"].encoding["_FillValue"] = None
        paths.append(cubes.write(dataset, tmp_path / f"{number}.nc"))
    cubes.append(*paths[:2], store)
    with cubes.unchanged(store):
        cubes.append(*paths[:2], store)
    cubes.append(*paths, store)
    assert cubes.read_zarr(store)["data"][:, 0].tolist() == [0, 0, 1, 1, 2, 2]
