"""Durations of Python, numpy and pandas, as the library reads them from text."""

from __future__ import annotations

import datetime
import math
import re
from typing import Any

from ._errors import UsageError

#: Of numpy's units, those that the library spells otherwise.
_UNITS = {"D": "D", "W": "W", "h": "h", "m": "min", "M": "mo", "Y": "Y"}

#: Of units, in the spellings of `--lock-timeout`. "M" is none: minutes, or months?
_SECONDS = {
    spelling: length
    for length, spellings in {
        1e-9: "ns nanosecond nanoseconds",
        1e-6: "us µs microsecond microseconds",
        1e-3: "ms millisecond milliseconds",
        1.0: "s S sec second seconds",
        60.0: "m min minute minutes",
        3600.0: "h H hr hour hours",
        86400.0: "d D day days",
        604800.0: "w W week weeks",
    }.items()
    for spelling in spellings.split()
} | {"": 1.0}


def duration(value: Any, name: str) -> Any:
    """A duration as text, to the nanosecond; whatever else it is, as it is.

    Raises:
        UsageError: it is NaT, or is finer than a nanosecond.
    """
    if isinstance(value, datetime.timedelta):
        return _of_timedelta(value, name)
    module = type(value).__module__.partition(".")[0]
    if module == "numpy" and type(value).__name__ == "timedelta64":
        return _of_numpy(value, name)
    # An offset of pandas: an hour, a month's end.
    if module == "pandas" and isinstance(getattr(value, "freqstr", None), str):
        return value.freqstr
    return value


def seconds(value: Any, name: str) -> float | None:
    """A duration, or a number of seconds, as seconds; None for "forever".

    Raises:
        UsageError: it is neither, or less than 0.
    """
    text = duration(value, name)
    if text == "forever":
        return None
    if isinstance(text, str):
        number = _seconds_in(text)
    elif isinstance(text, bool):
        number = math.nan
    else:
        try:
            number = float(text)
        except (TypeError, ValueError):
            number = math.nan
    if not 0 <= number < math.inf:
        raise UsageError(
            f"{name}: {value!r} is not a duration: a number of seconds, a timedelta, "
            "or as in '5min', '1 day' or '1h30m'"
        )
    return number


def _seconds_in(text: str) -> float:
    """As `--lock-timeout` has it; NaN if it is none."""
    # An offset of pandas may be one of its unit: "h".
    text = f"1{text}" if text[:1].isalpha() else text
    amounts = re.findall(r"([0-9.]+) *([A-Za-zµ]*) *", text)
    if not amounts or "".join(re.split(r" *", text)) != "".join(
        n + unit for n, unit in amounts
    ):
        return math.nan
    try:
        return math.fsum(float(n) * _SECONDS[unit] for n, unit in amounts)
    except (KeyError, ValueError):
        return math.nan


def _of_timedelta(value: datetime.timedelta, name: str) -> str:
    if hasattr(value, "as_unit"):  # pandas.Timedelta
        return f"{value.as_unit('ns').value}ns"
    if str(value) == "NaT":
        raise UsageError(f"setting '{name}': NaT is not a duration")
    return f"{value // datetime.timedelta(microseconds=1)}us"


def _of_numpy(value: Any, name: str) -> str:
    import numpy as np

    if np.isnat(value):
        raise UsageError(f"setting '{name}': NaT is not a duration")
    unit, count = np.datetime_data(value.dtype)
    number = int(value.astype("i8")) * count
    if unit in ("ps", "fs", "as", "generic"):
        raise UsageError(f"setting '{name}': {value!r} is no whole number of ns")
    return f"{number}{_UNITS.get(unit, unit)}"
