"""Labels, times and durations, in the units and from the day of each file."""

import cftime
import numpy as np
from stored import Stored

NANOSECONDS = {
    "days": 86_400_000_000_000,
    "hours": 3_600_000_000_000,
    "minutes": 60_000_000_000,
    "seconds": 1_000_000_000,
    "milliseconds": 1_000_000,
    "microseconds": 1_000,
    "nanoseconds": 1,
}
DAY = NANOSECONDS["days"]
HOUR = NANOSECONDS["hours"]
SECOND = NANOSECONDS["seconds"]
# 2024-01-01, in nanoseconds since 1970.
FIRST = int(np.datetime64("2024-01-01", "ns").astype("int64"))
EPOCHS = ["1970-01-01", "2000-01-01", "1900-01-01T00:00:00", "2024-01-01 06:00:00"]


def labels(s):
    """Each slice follows the one before."""
    how = s.choose(
        ["days", "hours", "seconds", "as xarray does"],
        ["float days", "milliseconds", "nanoseconds", "finer later", "calendar"]
        + ["months", "no units", "fill first", "datetime64", "odd floats"],
    )
    s.features.add(f"labels: {how}")
    calendar = s.choose(["standard"], ["noleap", "360_day", "julian", "all_leap"])
    if how == "calendar":
        return _in_calendar(s, calendar)
    if how == "months":
        return _months(s)
    parts = []
    count = 0
    for number, rows in enumerate(s.rows):
        step = (
            DAY
            if how in ("days", "as xarray does", "fill first")
            else 6 * HOUR + 60 * SECOND
        )
        step = {"milliseconds": 250_000_000, "nanoseconds": 5}.get(how, step)
        instants = FIRST + step * (count + np.arange(rows, dtype="int64"))
        count += rows
        if how == "as xarray does" and number:
            instants += SECOND * s.rng.integers(1, 3600)
        if how == "finer later" and number:
            s.may_refuse("time", "labels: finer than those of the first slice")
            instants += 1_500_000
        parts.append(_label(s, how, instants, number))
    return parts


def _label(s, how, instants, number):
    dims = ("time",)
    attrs = {"standard_name": "time"}
    if how == "datetime64":
        s.may_refuse("time", "labels: datetime64")
        return Stored(dims, instants.astype("datetime64[ns]"))
    if how == "no units":
        s.may_refuse("time", "labels: time without units")
        return Stored(dims, ((instants - FIRST) // HOUR).astype("int64"), attrs)
    if how == "as xarray does":
        part = counted(s, instants, "seconds")
        part.anew = True
    elif how == "float days":
        part = counted(s, instants - instants % (3 * HOUR), "days", "float64")
    elif how == "odd floats":
        s.may_refuse("time", "labels: floats that no second is")
        part = counted(s, instants, "days", "float64")
    else:
        unit = {"finer later": "microseconds", "fill first": "days"}.get(how, how)
        whole = {"hours": HOUR, "days": DAY}.get(unit, 1)
        part = counted(s, instants - instants % whole, unit)
    if how == "fill first" and number == 0:
        s.may_refuse("time", "labels: the first is missing")
        part.values[0] = -999999
        if s.rng.random() < 0.5:
            part.fill = part.values.dtype.type(-999999)
    part.dims = dims
    part.attrs |= attrs
    return part


def _in_calendar(s, calendar):
    """Dates of January, which all calendars have."""
    parts = []
    count = 0
    for rows in s.rows:
        epoch = ["2024-01-01", "2000-01-01"][int(s.rng.integers(2))]
        units = f"{s.choose(['hours'], ['days', 'seconds'])} since {epoch}"
        dates = [
            cftime.datetime(2024, 1, 1 + day, calendar=calendar)
            for day in range(count, count + rows)
        ]
        count += rows
        values = np.array(cftime.date2num(dates, units, calendar))
        attrs = {"units": units, "calendar": calendar, "standard_name": "time"}
        parts.append(Stored(("time",), values.astype("int64"), attrs))
    return parts


def _months(s):
    s.may_refuse("time", "labels: months")
    parts = []
    count = 0
    for rows in s.rows:
        values = np.arange(count, count + rows, dtype="int32")
        count += rows
        attrs = {"units": "months since 2024-01-01", "calendar": "360_day"}
        parts.append(Stored(("time",), values, attrs))
    return parts


def counted(s, instants, unit, dtype="int64"):
    """Instants in a unit that holds them, since a day that is drawn."""
    epochs = EPOCHS if unit != "days" else EPOCHS[:3]
    if unit in ("nanoseconds", "microseconds"):
        epochs = ["2024-01-01"]
    epoch = str(s.rng.choice(epochs))
    since = int(np.datetime64(epoch.replace(" ", "T"), "ns").astype("int64"))
    numbers = (instants - since) / NANOSECONDS[unit]
    if dtype == "int64":
        numbers = (instants - since) // NANOSECONDS[unit]
    attrs = {"units": f"{unit} since {epoch}", "calendar": "standard"}
    if s.rng.random() < 0.5:
        attrs["calendar"] = "proleptic_gregorian"
    return Stored((), np.array(numbers, dtype), attrs)


def moments(s, name):
    """Times that are no labels: auxiliary, or data, or one for all."""
    dims = [("time",), ("time", "x"), ()][int(s.rng.integers(3))]
    how = s.choose(
        ["as xarray does", "coarsest", "seconds"],
        ["fractions", "missing", "datetime64"],
    )
    s.features.add(f"moments: {how}, {len(dims)}-D")
    other = not dims and s.choose([False], [True])
    parts = []
    for number in range(len(s.rows)):
        shape = s.shape(dims, number)
        instants = FIRST + DAY * s.rng.integers(0, 30, shape)
        coarsest = "days"
        if number:
            coarsest = s.choose(["days", "hours", "seconds"], [])
            instants += s.rng.integers(1, 23, shape) * NANOSECONDS[coarsest]
        if not dims:
            instants = np.array(FIRST + (number * HOUR if other else 0))
            coarsest = "hours" if other else "days"
            if other and number:
                s.may_refuse(name, "a static time is another")
        parts.append(_moment(s, name, how, instants, coarsest, number))
        parts[-1].dims = dims
    return {name: parts}


def _moment(s, name, how, instants, coarsest, number):
    if how == "datetime64":
        s.may_refuse(name, "moments: datetime64")
        return Stored((), np.asarray(instants).astype("datetime64[ns]"))
    if how == "fractions" and number:
        s.may_refuse(name, "moments: fractions of seconds")
        return counted(s, np.asarray(instants) + 1_500_000, "microseconds")
    unit = "seconds" if how == "seconds" else coarsest
    if how == "missing":
        s.may_refuse(name, "moments: missing")
        part = counted(s, np.asarray(instants), "seconds", "float64")
        part.values[s.rng.random(part.values.shape) < 0.4] = np.nan
        part.fill = np.float64("nan")
        return part
    part = counted(s, np.asarray(instants), unit)
    # Without a calendar's name each is the standard one.
    part.anew = how == "as xarray does"
    return part


def durations(s, name):
    """Lead times and the like; xarray counts them in the coarsest unit."""
    dims = [("time",), ("time", "x"), ()][int(s.rng.integers(3))]
    how = s.choose(["hours"], ["as xarray does", "units that differ", "floats"])
    s.features.add(f"durations: {how}")
    if how != "hours":
        s.may_refuse(name, f"durations: {how}")
    parts = []
    for number in range(len(s.rows)):
        values = s.rng.integers(1, 40, s.shape(dims, number)).astype("int64")
        unit = "hours"
        if not dims:
            values = np.array(6, "int64")
            if s.choose([False], [True]) and number:
                s.may_refuse(name, "a static duration is another")
                values = np.array(9, "int64")
        if how != "hours" and number:
            unit = str(s.rng.choice(["minutes", "seconds", "hours", "days"]))
        attrs = {"units": unit, "standard_name": "forecast_period"}
        part = Stored(dims, values, attrs)
        if how == "floats":
            part.values = part.values / 4
        if how == "as xarray does":
            part.attrs["dtype"] = "timedelta64[ns]"
            part.anew = True
        parts.append(part)
    return {name: parts}
