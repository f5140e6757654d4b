"""Times: whatever units, epoch, calendar and type a slice has, its dates are in the
target exactly, or it is refused. xarray and cftime are the witnesses."""

import cftime
import cubes
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
CALENDARS = pytest.mark.parametrize(
    "calendar",
    [
        "standard",
        "gregorian",
        "proleptic_gregorian",
        "julian",
        "noleap",
        "365_day",
        "all_leap",
        "366_day",
        "360_day",
    ],
)


def part(path, numbers, units, calendar="standard", bounds=None):
    """A NetCDF slice with these times, as they are."""
    numbers = np.asarray(numbers)
    attributes = {"units": units, "standard_name": "time"}
    if calendar:
        attributes["calendar"] = calendar
    dataset = xr.Dataset(
        {"data": (("time",), np.arange(len(numbers), dtype="float64"))},
        {"time": ("time", numbers, attributes)},
    )
    if bounds is not None:
        dataset["time"].attrs["bounds"] = "time_bnds"
        dataset["time_bnds"] = (("time", "nv"), np.asarray(bounds))
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


def foreign(store, numbers, units, zarr_format, calendar="standard"):
    """A target that xarray made, with times as they are."""
    numbers = np.asarray(numbers)
    dataset = xr.Dataset(
        {"data": (("time",), np.arange(len(numbers), dtype="float64"))},
        {"time": ("time", numbers, {"units": units, "calendar": calendar})},
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    dataset.to_zarr(store, zarr_format=zarr_format, consolidated=True)


def dates_of(store, name="time"):
    """Decoded by xarray, as cftime's."""
    coder = xr.coders.CFDatetimeCoder(use_cftime=True)
    found = [
        cubes.open_xarray(store, consolidated=use, decode_times=coder)[name].values
        for use in (True, False)
    ]
    assert (found[0] == found[1]).all()
    return found[0]


def stored(store):
    """Type, units, calendar and numbers, as they are."""
    time = cubes.open_xarray(store, raw=True)["time"]
    assert cubes.same(cubes.read_gdal(store)["time"], time.values)
    return (
        str(time.dtype),
        time.attrs["units"],
        time.attrs.get("calendar"),
        time.values.tolist(),
    )


# A new target


@FORMATS
@pytest.mark.parametrize(
    ("numbers", "units", "expected"),
    [
        ([0, 1], "days since 2000-01-01", ("seconds", [0, 86400])),
        ([0.0, 0.25], "days since 2000-01-01", ("seconds", [0, 21600])),
        ([0.5, 1.5], "hours since 2000-01-01", ("seconds", [1800, 5400])),
        ([3, 4], "weeks since 2000-01-01", ("seconds", [1814400, 2419200])),
        ([0.1, 0.2], "seconds since 2000-01-01", ("milliseconds", [100, 200])),
        ([0.5, 1.0], "ms since 2000-01-01", ("microseconds", [500, 1000])),
        ([1, 2], "microseconds since 2000-01-01", ("microseconds", [1, 2])),
        ([1, 2001], "nanoseconds since 2000-01-01", ("nanoseconds", [1, 2001])),
        ([1000, 2000], "nanoseconds since 2000-01-01", ("nanoseconds", [1000, 2000])),
        (
            [10**9, 2 * 10**9],
            "ns since 2000-01-01",
            ("nanoseconds", [10**9, 2 * 10**9]),
        ),
        ([-1.5, -0.5], "minutes since 2000-01-01", ("seconds", [-90, -30])),
    ],
)
def test_a_new_target_counts_in_seconds_or_the_slices_finer_unit(
    tmp_path, store, zarr_format, numbers, units, expected
):
    path = part(tmp_path / "0.nc", numbers, units)
    cubes.append("--zarr-format", zarr_format, path, store)
    unit, values = expected
    assert stored(store) == (
        "int64",
        f"{unit} since 2000-01-01",
        "standard",
        values,
    )
    # As xarray reads the slice, whose units it has to know.
    known = part(
        tmp_path / "known.nc",
        np.array(numbers) * (7 if "weeks" in units else 1),
        units.replace("weeks", "days").replace("ns ", "nanoseconds "),
    )
    times = xr.open_dataset(known)["time"].values
    assert (cubes.open_xarray(store)["time"].values == times).all()


@FORMATS
@CALENDARS
@pytest.mark.parametrize("dtype", ["float64", "int32"])
@pytest.mark.alternates("zarr_format")
def test_each_calendar(tmp_path, store, zarr_format, calendar, dtype):
    """Across the end of February of a leap year; later slices in other units."""
    units = "days since 1999-12-01"
    numbers = np.array([0, 89, 90, 91], dtype)
    more = np.array([24 * 92 + 6, 24 * 400], "float64")
    hours = "hours since 1999-12-01"
    paths = [
        part(tmp_path / "0.nc", numbers, units, calendar),
        part(tmp_path / "1.nc", more, hours, calendar),
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    kind, new_units, new_calendar, _ = stored(store)
    assert (kind, new_units) == ("int64", "seconds since 1999-12-01")
    assert new_calendar == calendar
    expected = [
        *cftime.num2date(numbers, units, calendar),
        *cftime.num2date(more, hours, calendar),
    ]
    assert (dates_of(store) == expected).all()


@FORMATS
@CALENDARS
@pytest.mark.alternates("zarr_format")
def test_other_epochs(tmp_path, store, zarr_format, calendar):
    first = part(tmp_path / "0.nc", [0.0], "days since 1999-12-30", calendar)
    cubes.append("--zarr-format", zarr_format, first, store)
    expected = list(cftime.num2date([0.0], "days since 1999-12-30", calendar))
    for number, units in enumerate(
        (
            "days since 2000-01-01",
            "minutes since 2000-02-01 06:30",
            "hours since 2000-03-01T00:00:30",
        )
    ):
        path = part(tmp_path / f"x{number}.nc", [1.5], units, calendar)
        cubes.append(path, store)
        expected += list(cftime.num2date([1.5], units, calendar))
    assert (dates_of(store) == expected).all()


@FORMATS
@pytest.mark.parametrize(
    ("epoch", "at"),
    [
        ("2000-01-01 00:00:00 +02:00", "1999-12-31T22"),
        ("2000-01-01 00:00:00 -05:30", "2000-01-01T05:30"),
        ("2000-01-01T00:00:00Z", "2000-01-01T00"),
        ("2000-01-01 00:00:00 UTC", "2000-01-01T00"),
        ("2000-01-01 00:00:0.0", "2000-01-01T00"),
        ("2000-1-1", "2000-01-01T00"),
        ("2000-01-01 12", "2000-01-01T12"),
    ],
)
def test_epochs_as_they_come(tmp_path, store, zarr_format, epoch, at):
    """In the first slice, whose epoch is kept, and in a later one."""
    first = part(tmp_path / "0.nc", [0, 1], f"hours since {epoch}")
    later = part(tmp_path / "1.nc", [24], f"hours since {epoch}")
    cubes.append("--zarr-format", zarr_format, first, later, store)
    expected = np.datetime64(at) + np.array([0, 1, 24], "m8[h]")
    found = cubes.open_xarray(store)["time"].values
    assert (found == expected).all(), stored(store)
    other = store.parent / "other.zarr"
    foreign(other, [0], "minutes since 1999-12-30", zarr_format)
    cubes.append(first, later, other)
    assert (cubes.open_xarray(other)["time"].values[1:] == expected).all()


@FORMATS
@pytest.mark.parametrize(
    ("numbers", "units", "unit"),
    [
        ([0.0, 0.04, 0.08], "seconds since 2000-01-01", "milliseconds"),
        ([0.001, 0.002, 0.0035], "ms since 2000-01-01", "nanoseconds"),
        ([0.1, 0.2, 0.3], "microseconds since 2000-01-01", "nanoseconds"),
    ],
)
def test_steps_below_a_second(tmp_path, store, zarr_format, numbers, units, unit):
    path = part(tmp_path / "0.nc", numbers, units)
    cubes.append("--zarr-format", zarr_format, path, store)
    assert stored(store)[:2] == ("int64", f"{unit} since 2000-01-01")
    scale = {"seconds": 1e9, "ms": 1e6, "microseconds": 1e3}[units.split()[0]]
    expected = np.datetime64("2000-01-01", "ns") + np.rint(
        np.array(numbers) * scale
    ).astype("m8[ns]")
    assert (cubes.open_xarray(store)["time"].values == expected).all()


@FORMATS
def test_finer_times_than_the_first_are_refused(tmp_path, store, zarr_format):
    """Never rounded; and how to have them."""
    units = "seconds since 2000-01-01"
    first = part(tmp_path / "0.nc", [0.0, 1.0], units)
    finer = part(tmp_path / "1.nc", [2.5], units)
    cubes.append("--zarr-format", zarr_format, first, store)
    with cubes.unchanged(store):
        done = cubes.append(finer, store, status=5)
    assert f"slice '{finer}', the label 2000-01-01T00:00:02.5" in done.message
    assert "'seconds since 2000-01-01'" in done.message
    assert "--encoding time:units=... gives a new target other units." in done.message
    assert done.message.endswith("Nothing was written.")
    other = store.parent / "other.zarr"
    wanted = "time:units=milliseconds since 2000-01-01"
    cubes.append("--encoding", wanted, first, finer, other)
    assert stored(other)[0] == "int64"
    assert stored(other)[3] == [0, 1000, 2500]


@FORMATS
@pytest.mark.parametrize(
    ("step", "unit"), [("0.2s", "milliseconds"), ("5us", "microseconds")]
)
def test_the_step_says_what_comes_later(tmp_path, store, zarr_format, step, unit):
    """A file a step: the first one alone would do with whole seconds."""
    per = {"milliseconds": 200 / 1e3, "microseconds": 5 / 1e6}[unit]
    paths = [
        part(tmp_path / f"{n}.nc", [round(n * per, 6)], "seconds since 2000-01-01")
        for n in range(4)
    ]
    cubes.append("--zarr-format", zarr_format, "--step", step, *paths, store)
    assert stored(store)[:2] == ("int64", f"{unit} since 2000-01-01")
    dates = cftime.num2date(np.arange(4) * per, "seconds since 2000-01-01")
    assert (dates_of(store) == dates).all()


# A new target that is told


@FORMATS
@pytest.mark.parametrize("dtype", ["float64", "float32", "int32", "int64", "int16"])
def test_units_of_the_slice_are_kept(tmp_path, store, zarr_format, dtype):
    units = "days since 2000-01-01 06:00"
    numbers = np.array([0, 1], dtype)
    settings = ["--zarr-format", zarr_format, "--encoding", "time:units=keep"]
    first = part(tmp_path / "0.nc", numbers, units, "noleap")
    cubes.append(*settings, first, store)
    assert stored(store) == (dtype, units, "noleap", [0, 1])
    later = part(tmp_path / "1.nc", [54], "hours since 2000-01-01", "noleap")
    cubes.append(*settings, later, store)
    assert stored(store) == (dtype, units, "noleap", [0, 1, 2])


@FORMATS
@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (
            "units=days since 1970-01-01",
            ("int64", "days since 1970-01-01", "standard", [10957, 10958, 10959]),
        ),
        (
            "units=hours since 2000-01-02",
            ("int64", "hours since 2000-01-02", "standard", [-24, 0, 24]),
        ),
        (
            "units=days since 1999-12-31 12:00",
            ("float64", "days since 1999-12-31 12:00", "standard", [0.5, 1.5, 2.5]),
        ),
        (
            "units=days since 2000-01-01,dtype=float64",
            ("float64", "days since 2000-01-01", "standard", [0, 1, 2]),
        ),
        (
            "units=days since 2000-01-01,dtype=int16",
            ("int16", "days since 2000-01-01", "standard", [0, 1, 2]),
        ),
        (
            "dtype=float64",
            ("float64", "seconds since 2000-01-01", "standard", [0, 86400, 172800]),
        ),
        (
            "dtype=int32",
            ("int32", "seconds since 2000-01-01", "standard", [0, 86400, 172800]),
        ),
        (
            "calendar=proleptic_gregorian",
            (
                "int64",
                "seconds since 2000-01-01",
                "proleptic_gregorian",
                [0, 86400, 172800],
            ),
        ),
    ],
)
def test_units_calendar_and_type_as_asked(
    tmp_path, store, zarr_format, asked, expected
):
    """Twice the same settings, the second time for the third step."""
    units = "days since 2000-01-01"
    settings = ["--zarr-format", zarr_format, "--encoding", f"time:{asked}"]
    paths = [
        part(tmp_path / "0.nc", [0.0, 1.0], units),
        part(tmp_path / "1.nc", [2.0], units),
    ]
    for path in paths:
        cubes.append(*settings, path, store)
    assert stored(store) == expected
    dates = [str(date)[:10] for date in dates_of(store)]
    assert dates == ["2000-01-01", "2000-01-02", "2000-01-03"]
    assert dates_of(store)[0].calendar == expected[2]


@pytest.mark.parametrize(
    ("asked", "status", "says"),
    [
        ("units=days since 2000-01-01,dtype=int32", 5, "the label 2000-01-01T06:00:00"),
        ("units=seconds since 2000-01-01,dtype=int8", 5, "the label 2000-01-01T06"),
        ("units=months since 2000-01-01", 5, "array 'time': units 'months since"),
        ("units=km", 5, "array 'time': units 'km': expected '<unit> since <date>'"),
        ("calendar=mayan", 2, "array 'time': calendar 'mayan' is unknown"),
        ("calendar=noleap", 5, "the same date is another day in calendar noleap"),
    ],
)
def test_what_is_asked_for_does_not_hold_the_first_slice(
    tmp_path, store, asked, status, says
):
    path = part(tmp_path / "0.nc", [6], "hours since 2000-01-01")
    done = cubes.append("--encoding", f"time:{asked}", path, store, status=status)
    assert says in done.message
    assert done.message.endswith("Nothing was written.")
    assert not store.exists()
    assert cubes.leftovers(store) == []


# Bounds


def bounded(path, first, days, unit, calendar="standard"):
    per_day = {"days": 1.0, "hours": 24.0}[unit]
    numbers = np.arange(first, first + days) * per_day
    bounds = np.stack([numbers, numbers + per_day], 1)
    return part(path, numbers, f"{unit} since 2000-01-01", calendar, bounds)


@FORMATS
@CALENDARS
def test_bounds_follow(tmp_path, store, zarr_format, calendar):
    paths = [
        bounded(tmp_path / "0.nc", 58, 2, "days", calendar),
        bounded(tmp_path / "1.nc", 60, 2, "hours", calendar),
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    raw = cubes.open_xarray(store, raw=True)
    assert raw["time_bnds"].dtype == np.int64
    assert "units" not in raw["time_bnds"].attrs
    days = cftime.num2date(np.arange(58, 63), "days since 2000-01-01", calendar)
    assert (dates_of(store) == days[:4]).all()
    bounds = dates_of(store, "time_bnds")
    assert (bounds == np.stack([days[:4], days[1:]], 1)).all()


@FORMATS
def test_bounds_make_the_unit_finer(tmp_path, store, zarr_format):
    path = part(
        tmp_path / "0.nc",
        [1.0, 2.0],
        "seconds since 2000-01-01",
        bounds=[[0.5, 1.5], [1.5, 2.5]],
    )
    cubes.append("--zarr-format", zarr_format, path, store)
    raw = cubes.open_xarray(store, raw=True)
    assert raw["time"].attrs["units"] == "milliseconds since 2000-01-01"
    assert raw["time_bnds"].values.tolist() == [[500, 1500], [1500, 2500]]


@FORMATS
def test_bounds_that_the_target_cannot_hold(tmp_path, store, zarr_format):
    first = bounded(tmp_path / "0.nc", 0, 1, "days")
    cubes.append("--zarr-format", zarr_format, first, store)
    path = part(
        tmp_path / "1.nc",
        [86400.0],
        "seconds since 2000-01-01",
        bounds=[[86400.25, 86401]],
    )
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', array 'time_bnds'" in done.message
    assert "2000-01-02T00:00:00.25" in done.message


@FORMATS
def test_bounds_have_the_units_of_an_existing_target(tmp_path, store, zarr_format):
    """In days and float64, as the first slice was kept."""
    keep = ["--zarr-format", zarr_format, "--encoding", "time:units=keep"]
    cubes.append(*keep, bounded(tmp_path / "0.nc", 0, 1, "days"), store)
    cubes.append(*keep, bounded(tmp_path / "1.nc", 1, 1, "hours"), store)
    found = cubes.read_zarr(store)
    assert found["time_bnds"].dtype == np.float64
    assert found["time_bnds"].tolist() == [[0, 1], [1, 2]]


# Targets of others


@FORMATS
@pytest.mark.parametrize(
    ("dtype", "units", "exact"),
    [
        ("float64", "days since 2000-01-01", True),
        ("float32", "days since 2000-01-01", True),
        ("float64", "hours since 1900-01-01", True),
        ("float32", "hours since 1900-01-01", True),
        ("int32", "hours since 1900-01-01", True),
        ("int64", "milliseconds since 1970-01-01", True),
        ("int16", "hours since 2000-01-01", True),
        ("int32", "days since 2000-01-01", False),
        ("int64", "days since 2000-01-01", False),
        ("int16", "seconds since 2000-01-01", False),
        ("uint8", "hours since 2000-01-01", True),
        ("int8", "minutes since 2000-01-01", False),
    ],
)
def test_a_quarter_of_a_day_into_targets_of_others(
    tmp_path, store, zarr_format, dtype, units, exact
):
    start = cftime.date2num(cftime.datetime(2000, 1, 1), units)
    foreign(store, np.array([start], dtype), units, zarr_format)
    path = part(tmp_path / "1.nc", [18], "hours since 2000-01-01")
    if exact:
        cubes.append(path, store)
        assert stored(store)[:2] == (dtype, units)
        dates = cftime.num2date([0, 18], "hours since 2000-01-01")
        assert (dates_of(store) == dates).all()
        return
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', the label 2000-01-01T18:00:00 cannot" in done.message
    assert units in done.message


@FORMATS
@pytest.mark.parametrize(
    ("dtype", "exact"), [("float64", True), ("float32", False), ("int64", False)]
)
def test_a_second_in_days(tmp_path, store, zarr_format, dtype, exact):
    """1/86400 of a day, 30 years after the epoch: nearest within 1 ulp, or not."""
    foreign(store, np.array([10956], dtype), "days since 1970-01-01", zarr_format)
    path = part(tmp_path / "1.nc", [1], "seconds since 2000-01-01")
    if not exact:
        with cubes.unchanged(store):
            done = cubes.append(path, store, status=5)
        assert "2000-01-01T00:00:01" in done.message
        return
    cubes.append(path, store)
    dates = dates_of(store)
    assert str(dates[1]) == "2000-01-01 00:00:01"


@FORMATS
def test_other_calendars_where_they_agree(tmp_path, store, zarr_format):
    """standard and proleptic_gregorian differ before 1582 only."""
    foreign(
        store,
        np.array([0]),
        "days since 2000-01-01",
        zarr_format,
        "proleptic_gregorian",
    )
    cubes.append(part(tmp_path / "1.nc", [1], "days since 2000-01-01"), store)
    assert stored(store)[3] == [0, 1]
    other = part(tmp_path / "2.nc", [2], "days since 2000-01-01", "julian")
    with cubes.unchanged(store):
        done = cubes.append(other, store, status=5)
    assert "has no meaning in the target's calendar" in done.message
    assert "another day in calendar proleptic_gregorian" in done.message


@FORMATS
@pytest.mark.parametrize("target", ["noleap", "all_leap", "360_day"])
def test_model_calendars_are_no_real_dates(tmp_path, store, zarr_format, target):
    """In which the same name is another day."""
    foreign(store, np.array([0]), "days since 2000-01-01", zarr_format, target)
    path = part(tmp_path / "1.nc", [45], "days since 2000-01-01")
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', the label 2000-02-15 has no meaning in the" in done.message
    assert f"another day in calendar {target}" in done.message


# Packed labels


@FORMATS
@pytest.mark.parametrize("attribute", ["scale_factor", "add_offset"])
@pytest.mark.parametrize("units", ["days since 2000-01-01", "m"])
def test_packed_labels_are_refused(tmp_path, store, zarr_format, attribute, units):
    """Of a slice and of a target: their codes are no labels."""
    plain = part(tmp_path / "plain.nc", [3, 4], units, calendar=None)
    packed = xr.open_dataset(plain, decode_cf=False).load()
    packed["time"].attrs[attribute] = 2.0
    path = cubes.write(packed, tmp_path / "packed.nc")
    done = cubes.append("--zarr-format", zarr_format, path, store, status=5)
    assert f"slice '{path}', its labels are packed (scale " in done.message
    assert not store.exists()
    packed.to_zarr(store, zarr_format=zarr_format, consolidated=True)
    later = part(tmp_path / "later.nc", [20], units, calendar=None)
    with cubes.unchanged(store):
        done = cubes.append(later, store, status=5)
    assert f"slice '{later}', the target's labels are packed" in done.message


# Times that are data


@FORMATS
def test_times_as_data(tmp_path, store, zarr_format):
    """When each step was made, with a missing one."""

    def made(path, label, numbers, units, missing):
        dataset = xr.Dataset(
            {"made": (("time", "x"), np.array([numbers], "float64"), {"units": units})},
            {"time": ("time", np.array([label], "int32"))},
        )
        dataset["made"].attrs["_FillValue"] = missing
        dataset["time"].encoding["_FillValue"] = None
        return cubes.write(dataset, path)

    first = made(tmp_path / "0.nc", 0, [1.5, -1.0], "days since 2000-01-01", -1.0)
    second = made(tmp_path / "1.nc", 1, [60.0, -9.0], "hours since 2000-01-02", -9.0)
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert cubes.read_zarr(store)["made"].tolist() == [[1.5, -1], [3.5, -1]]
    decoded = cubes.open_xarray(store)["made"].values
    assert decoded[:, 0].astype("M8[h]").astype(str).tolist() == [
        "2000-01-02T12",
        "2000-01-04T12",
    ]
    assert np.isnat(decoded[:, 1]).all()
