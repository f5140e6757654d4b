"""Times other than labels, and durations: xarray writes each file in the coarsest unit
that holds it, and what it decodes from the cube is what it decodes from the slices."""

import cubes
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
# What counts time in files of this kind, beside the labels.
REFERENCE, VALID = "forecast_reference_time", "valid_time"


def day(number):
    return np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")


def forecast(path, number, encoding=None, **arrays):
    """One step of `time`, and these arrays along it, as xarray encodes them."""
    data = {name: (("time",), np.array([values])) for name, values in arrays.items()}
    dataset = xr.Dataset(
        {"x": (("time",), [float(number)]), **data}, {"time": [day(number)]}
    )
    for name, how in (encoding or {}).items():
        dataset[name].encoding.update(how)
    return cubes.write(dataset, path)


def at(text):
    return np.datetime64(text, "ns")


def assert_decoded_alike(store, paths, names):
    """xarray's decoding of the cube, and that of the slices, concatenated."""
    expected = cubes.concat(
        [xr.open_dataset(path, decode_timedelta=True).load() for path in paths]
    )
    for consolidated in (True, False):
        found = cubes.open_xarray(
            store, consolidated=consolidated, decode_timedelta=True
        )
        for name in names:
            assert found[name].dtype.kind == expected[name].dtype.kind, name
            np.testing.assert_array_equal(
                found[name].values.astype("i8"), expected[name].values.astype("i8")
            )


# Dates


@FORMATS
@pytest.mark.parametrize(
    "later",
    ["2024-01-03T06", "2024-01-03T06:07", "2024-01-03T06:07:08", "1677-09-22", "NaT"],
)
def test_other_times_fit_later(tmp_path, store, zarr_format, later):
    """The first slice says 'days since <its own time>'."""
    first = forecast(tmp_path / "0.nc", 0, valid_time=at("2024-01-02"))
    second = forecast(tmp_path / "1.nc", 1, valid_time=at(later))
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], ["time", VALID])
    raw = cubes.open_xarray(store, raw=True)[VALID]
    assert raw.dtype == "int64"
    assert raw.attrs["units"].startswith("seconds since 2024-01-02")


@FORMATS
def test_a_missing_time_first(tmp_path, store, zarr_format):
    first = forecast(tmp_path / "0.nc", 0, valid_time=at("NaT"))
    second = forecast(tmp_path / "1.nc", 1, valid_time=at("2024-01-03T06:07:08"))
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], [VALID])


@FORMATS
def test_times_with_a_fill_value_of_their_own(tmp_path, store, zarr_format):
    """-999 days are missing, -999 seconds are a time."""
    how = {"valid_time": {"units": "days since 2024-01-01", "dtype": "int32"}}
    how["valid_time"]["_FillValue"] = -999
    first = forecast(tmp_path / "0.nc", 0, how, valid_time=at("NaT"))
    second = forecast(
        tmp_path / "1.nc", 1, valid_time=at("2024-01-01") - np.timedelta64(999, "s")
    )
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], [VALID])


@FORMATS
@pytest.mark.parametrize("unit", ["milliseconds", "microseconds", "nanoseconds"])
def test_times_keep_a_finer_unit_of_the_slice(tmp_path, store, zarr_format, unit):
    how = {"valid_time": {"units": f"{unit} since 2024-01-01", "dtype": "int64"}}
    first = forecast(tmp_path / "0.nc", 0, how, valid_time=at("2024-01-02"))
    step = {"milliseconds": "ms", "microseconds": "us", "nanoseconds": "ns"}[unit]
    finer = at("2024-01-03") + np.timedelta64(1, step)
    second = forecast(tmp_path / "1.nc", 1, valid_time=finer)
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], [VALID])


@FORMATS
def test_a_finer_time_than_the_cube_holds_is_refused(tmp_path, store, zarr_format):
    first = forecast(tmp_path / "0.nc", 0, valid_time=at("2024-01-02"))
    second = forecast(tmp_path / "1.nc", 1, valid_time=at("2024-01-03T00:00:00.25"))
    cubes.append("--zarr-format", zarr_format, first, store)
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert "array 'valid_time'" in done.message
    assert (
        "--encoding valid_time:units=... gives a new target other units" in done.message
    )
    other = store.parent / "other.zarr"
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        "valid_time:units=milliseconds since 2024-01-01,dtype=int64",
        first,
        second,
        other,
    )
    assert_decoded_alike(other, [first, second], [VALID])


@FORMATS
def test_times_that_do_not_grow(tmp_path, store, zarr_format):
    """A scalar and one along another dimension, in other units in each file."""

    def made(path, number, unit):
        dataset = xr.Dataset(
            {"x": (("time", "site"), [[1.0, 2.0]])},
            {
                "time": [day(number)],
                REFERENCE: at("2024-01-01T06"),
                "installed": ("site", np.array([at("2020-02-01"), at("2021-02-01")])),
            },
        )
        for name in (REFERENCE, "installed"):
            dataset[name].encoding.update(units=f"{unit} since 2020-01-01", dtype="i8")
        return cubes.write(dataset, path)

    first = made(tmp_path / "0.nc", 0, "hours")
    second = made(tmp_path / "1.nc", 1, "milliseconds")
    cubes.append("--zarr-format", zarr_format, first, second, store)
    found = cubes.open_xarray(store)
    assert found[REFERENCE].values == at("2024-01-01T06")
    assert found["installed"].values.tolist() == [
        at("2020-02-01").astype("i8"),
        at("2021-02-01").astype("i8"),
    ]


@FORMATS
def test_bounds_of_another_time_follow_it(tmp_path, store, zarr_format):
    """They have no units of their own."""

    def made(path, number, unit):
        hours = 24 * number
        dataset = xr.Dataset(
            {
                "x": (("time",), [1.0]),
                "valid_bounds": (("time", "nv"), np.array([[hours, hours + 6]])),
            },
            {
                "time": [day(number)],
                "valid_time": (
                    "time",
                    np.array([hours + 3]),
                    {"units": "hours since 2024-01-01", "bounds": "valid_bounds"},
                ),
            },
        )
        if unit == "minutes":
            dataset["valid_time"].attrs["units"] = "minutes since 2024-01-01"
            for name in ("valid_time", "valid_bounds"):
                dataset[name] = dataset[name] * 60 + 1
                dataset[name].attrs = {}
            dataset["valid_time"].attrs = {
                "units": "minutes since 2024-01-01",
                "bounds": "valid_bounds",
            }
        return cubes.write(dataset, path)

    first = made(tmp_path / "0.nc", 0, "hours")
    second = made(tmp_path / "1.nc", 1, "minutes")
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], [VALID, "valid_bounds"])


@FORMATS
def test_real_numbers_stay_as_they_are(tmp_path, store, zarr_format):
    """They hold fractions of any unit."""
    how = {"valid_time": {"units": "days since 1950-01-01", "dtype": "float64"}}
    times = [at("2024-01-02T03:04:05.678901"), at("2024-01-03T04:05:06.789012")]
    paths = [
        forecast(tmp_path / f"{i}.nc", i, how, valid_time=time)
        for i, time in enumerate(times)
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    assert cubes.open_xarray(store, raw=True)[VALID].dtype == "float64"
    assert_decoded_alike(store, paths, [VALID])


@FORMATS
def test_a_cube_of_xarray_takes_missing_times(tmp_path, store, zarr_format):
    """It says nowhere that the lowest number is missing, and decodes it so."""
    first = forecast(tmp_path / "0.nc", 0, valid_time=at("2024-01-02"))
    second = forecast(tmp_path / "1.nc", 1, valid_time=at("NaT"))
    xr.open_dataset(first).to_zarr(store, zarr_format=zarr_format, consolidated=True)
    cubes.append(second, store)
    assert_decoded_alike(store, [first, second], [VALID])


@FORMATS
def test_two_runs_store_what_one_does(tmp_path, store, zarr_format):
    """And a slice that comes again is found equal, in whatever units."""
    first = forecast(tmp_path / "0.nc", 0, valid_time=at("2024-01-02"))
    second = forecast(tmp_path / "1.nc", 1, valid_time=at("2024-01-03T06"))
    cubes.append("--zarr-format", zarr_format, first, store)
    cubes.append(second, store)
    how = {"valid_time": {"units": "minutes since 1999-01-01", "dtype": "int64"}}
    again = forecast(tmp_path / "2.nc", 1, how, valid_time=at("2024-01-03T06"))
    with_other = forecast(tmp_path / "3.nc", 1, valid_time=at("2024-01-03T07"))
    # The log grows, the cube does not.
    assert cubes.append(again, store).report["slices"][0]["rows_already_there"] == 1
    cubes.append(with_other, store, status=5)
    assert_decoded_alike(store, [first, second], [VALID])


# Labels


@FORMATS
@pytest.mark.parametrize("unit", ["milliseconds", "microseconds", "nanoseconds"])
def test_labels_keep_a_finer_unit_of_the_slice(tmp_path, store, zarr_format, unit):
    """The first one is a whole second."""
    paths = []
    for number in (0, 50):
        dataset = xr.Dataset(
            {"x": (("time",), [1.0])},
            {"time": ("time", [number], {"units": f"{unit} since 2000-01-01"})},
        )
        paths.append(cubes.write(dataset, tmp_path / f"{number}.nc"))
    cubes.append("--zarr-format", zarr_format, *paths, store)
    assert_decoded_alike(store, paths, ["time"])


# Durations


@FORMATS
@pytest.mark.parametrize(
    "later",
    [
        np.timedelta64(90, "m"),
        np.timedelta64(5401, "s"),
        # Nanoseconds that a double does not hold.
        np.timedelta64(2**53 + 10**9 - 2**53 % 10**9, "ns"),
        np.timedelta64("NaT", "ns"),
    ],
)
def test_leads_fit_later(tmp_path, store, zarr_format, later):
    """The first slice counts hours, as xarray writes 6 h."""
    first = forecast(tmp_path / "0.nc", 0, lead=np.timedelta64(6, "h").astype("m8[ns]"))
    second = forecast(tmp_path / "1.nc", 1, lead=later.astype("m8[ns]"))
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_decoded_alike(store, [first, second], ["lead"])


@FORMATS
def test_a_lead_in_whole_hours_is_never_rounded(tmp_path, store, zarr_format):
    """Of a cube that xarray has made."""
    first = forecast(tmp_path / "0.nc", 0, lead=np.timedelta64(6, "h").astype("m8[ns]"))
    second = forecast(
        tmp_path / "1.nc", 1, lead=np.timedelta64(90, "m").astype("m8[ns]")
    )
    third = forecast(
        tmp_path / "2.nc",
        1,
        {"lead": {"units": "nanoseconds"}},
        lead=np.timedelta64(7, "h").astype("m8[ns]"),
    )
    xr.open_dataset(first, decode_timedelta=True).to_zarr(
        store, zarr_format=zarr_format, consolidated=True
    )
    with cubes.unchanged(store):
        done = cubes.append(second, store, status=5)
    assert "array 'lead'" in done.message
    assert "time 5400 seconds in 'hours': not a whole number of units" in done.message
    cubes.append(third, store)
    assert_decoded_alike(store, [first, third], ["lead"])


def by_step(path, steps, unit, told=True):
    """A slice along a dimension of leads."""
    attributes = {"units": unit, **({"dtype": "timedelta64[ns]"} if told else {})}
    dataset = xr.Dataset(
        {"x": (("step",), np.zeros(len(steps)))},
        {"step": ("step", np.array(steps), attributes)},
    )
    return cubes.write(dataset, path)


@FORMATS
def test_labels_that_are_leads(tmp_path, store, zarr_format):
    paths = [
        by_step(tmp_path / "0.nc", [0, 1], "hours"),
        by_step(tmp_path / "1.nc", [90, 120], "minutes"),
        by_step(tmp_path / "2.nc", [7201 * 10**9], "nanoseconds"),
    ]
    step = ("--append-dim", "step")
    cubes.append("--zarr-format", zarr_format, *step, *paths, store)
    found = cubes.open_xarray(store, decode_timedelta=True)["step"].values
    seconds = [0, 3600, 5400, 7200, 7201]
    assert found.astype("m8[s]").astype(int).tolist() == seconds
    # The same once more, in other units.
    again = by_step(tmp_path / "3.nc", [5400], "seconds")
    report = cubes.append(*step, again, store).report
    assert report["slices"][0]["rows_already_there"] == 1


@FORMATS
def test_labels_that_count_hours_are_not_rounded(tmp_path, store, zarr_format):
    """Where nobody says that they are leads, a cube counts as the slice does."""
    step = ("--append-dim", "step")
    first = by_step(tmp_path / "0.nc", [0, 1], "hours", told=False)
    cubes.append("--zarr-format", zarr_format, *step, first, store)
    half = by_step(tmp_path / "1.nc", [90], "minutes", told=False)
    with cubes.unchanged(store):
        done = cubes.append(*step, half, store, status=5)
    assert "time 5400 seconds in 'hours': not a whole number of units" in done.message
    whole = by_step(tmp_path / "2.nc", [120], "minutes", told=False)
    cubes.append(*step, whole, store)
    raw = cubes.open_xarray(store, raw=True)["step"]
    assert raw.values.tolist() == [0, 1, 2]
    assert raw.attrs["units"] == "hours"


def test_a_step_that_is_a_number_counts_in_the_slices_units(tmp_path, store):
    step = ("--append-dim", "step", "--step", "1")
    cubes.append(*step, by_step(tmp_path / "0.nc", [0, 1], "hours"), store)
    cubes.append(*step, by_step(tmp_path / "1.nc", [120], "minutes"), store)
    cubes.append(*step, by_step(tmp_path / "2.nc", [4], "hours"), store, status=5)
    raw = cubes.open_xarray(store, raw=True)["step"]
    assert raw.values.tolist() == [0, 1, 2]
