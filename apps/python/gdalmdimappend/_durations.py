"""Durations of Python, numpy and pandas, as the library reads them from text."""

from __future__ import annotations

import datetime
from typing import Any

from ._errors import UsageError

#: Of numpy's units, those that the library spells otherwise.
_UNITS = {"D": "D", "W": "W", "h": "h", "m": "min", "M": "mo", "Y": "Y"}


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


def seconds(value: Any, name: str) -> float:
    """A duration, or a number of seconds, as seconds.

    Raises:
        UsageError: it is neither.
    """
    if hasattr(value, "to_pytimedelta"):
        value = value.to_pytimedelta()
    if isinstance(value, datetime.timedelta):
        return value.total_seconds()
    try:
        if type(value).__name__ == "timedelta64":
            import numpy as np

            return float(value / np.timedelta64(1, "s"))
        return float(value)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: {value!r} is not a duration") from error


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
