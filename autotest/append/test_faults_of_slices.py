"""What is wrong with one slice is that slice's: it is refused by name, and a queue goes
on. What is odd and exact is taken."""

import cftime
import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr

FAULTS = {
    "months": ({"units": "months since 2000-01-01"}, "'months' have no fixed length"),
    "years": ({"units": "years since 2000-01-01"}, "'years' have no fixed length"),
    "a date of Oracle": (
        {"units": "days since 01-JAN-2000"},
        "date '01-JAN-2000'",
    ),
    "calendar 360": ({"calendar": "360"}, "If 360_day is meant"),
    "calendar utc": ({"calendar": "utc"}, "calendar 'utc' is unknown"),
    "year 0": ({"units": "days since 0000-01-01"}, "has no year 0"),
    "second 60": (
        {"units": "seconds since 2000-01-01 00:00:60"},
        "second 60 is beyond 59",
    ),
    "a day that is none": ({"units": "days since 2001-02-29"}, "has no such date"),
}


def slice_at(path, day, **attributes):
    """A step of `air` at a day after 2000-01-01."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        time = file.createVariable("time", "f8", ("time",))
        time.setncatts({"units": "days since 2000-01-01", "calendar": "standard"})
        time.setncatts(attributes)
        time[:] = [day]
        file.createVariable("air", "f4", ("time", "x"))[:] = day
    return path


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("per_commit", [1, 3])
def test_a_queue_goes_on(tmp_path, store, fault, per_commit):
    attributes, complaint = FAULTS[fault]
    first = slice_at(tmp_path / "a.nc", 1)
    wrong = slice_at(tmp_path / "b.nc", 2, **attributes)
    last = slice_at(tmp_path / "c.nc", 3)
    words = ("--keep-going", "--slices-per-commit", per_commit)
    done = cubes.append(*words, first, wrong, last, store, status=5)
    outcomes = [each["outcome"] for each in done.report["slices"]]
    assert outcomes == ["appended", "failed", "appended"]
    assert done.message.startswith(f"slice '{wrong}', array 'time'")
    assert complaint in done.message
    assert done.message.endswith("Nothing was written.")
    read = xr.open_zarr(store)
    assert read.air.values[:, 0].tolist() == [1, 3]


@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_made_of_it(tmp_path, store, fault):
    """Nor does anything stay beside the store that was not made."""
    attributes, complaint = FAULTS[fault]
    wrong = slice_at(tmp_path / "b.nc", 2, **attributes)
    done = cubes.append(wrong, store, status=5)
    assert complaint in done.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.nc"]


def test_the_target_is_the_same_afterwards(tmp_path, store):
    cubes.append(slice_at(tmp_path / "a.nc", 1), store)
    for number, (attributes, _) in enumerate(FAULTS.values()):
        wrong = slice_at(tmp_path / f"{number}.nc", 2, **attributes)
        with cubes.unchanged(store):
            cubes.append(wrong, store, status=5)


@pytest.mark.parametrize(
    ("units", "calendar", "dates"),
    [
        ("months since 2000-01-01", "360_day", [(2000, 2, 1), (2001, 1, 16)]),
        ("month since 2000-01-30", "360_day", [(2000, 2, 30), (2001, 2, 15)]),
        ("common_years since 2000-01-01", "noleap", [(2001, 1, 1), (2013, 2, 1)]),
    ],
)
def test_units_with_a_length_in_their_calendar(tmp_path, store, units, calendar, dates):
    """By cftime's arithmetic, which knows nothing of ours."""
    whole = [cftime.datetime(*date, calendar=calendar) for date in dates]
    if units.startswith("common"):
        start = cftime.datetime(2000, 1, 1, calendar=calendar)
        values = [(date - start).days / 365 for date in whole]
    else:
        values = cftime.date2num(whole, units.replace("month ", "months "), calendar)
    paths = []
    for number, value in enumerate(values):
        path = tmp_path / f"{number}.nc"
        paths.append(slice_at(path, value, units=units, calendar=calendar))
    cubes.append(*paths, store)
    coder = xr.coders.CFDatetimeCoder(use_cftime=True)
    read = xr.open_zarr(store, decode_times=coder)
    assert read.time.values.tolist() == whole
    stored = xr.open_zarr(store, decode_times=False).time
    assert stored.attrs["units"].partition(" ")[0] not in ("months", "common_years")
    assert np.issubdtype(stored.dtype, np.integer)


def test_months_meet_days_of_the_same_calendar(tmp_path, store):
    """What one file counts in months another counts in days."""
    first = slice_at(tmp_path / "a.nc", 0, calendar="360_day")
    second = slice_at(
        tmp_path / "b.nc", 1.5, units="months since 2000-01-01", calendar="360_day"
    )
    cubes.append(first, second, store)
    coder = xr.coders.CFDatetimeCoder(use_cftime=True)
    read = xr.open_zarr(store, decode_times=coder).time.values
    assert [date.isoformat()[:10] for date in read] == ["2000-01-01", "2000-02-16"]


@pytest.mark.parametrize("units", ["years since 2000-01-01", "common_years since 2000"])
def test_years_have_none_in_360_day(tmp_path, store, units):
    """To udunits a year has 365.2425 days there, too."""
    path = slice_at(tmp_path / "a.nc", 1, units=units, calendar="360_day")
    assert "no fixed length" in cubes.append(path, store, status=5).message
