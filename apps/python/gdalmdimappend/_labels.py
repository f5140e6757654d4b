"""Labels along the append dimension, as the library reads them from text."""

from __future__ import annotations

import datetime
import numbers
from collections.abc import Iterable, Iterator
from typing import Any

from ._errors import UsageError

#: A date, a time (UTC), a number or a text.
Label = Any


def label_text(label: Label) -> str:
    """A label as `--label` takes it.

    Times with a zone are given in UTC; cftime's, numpy's and pandas' times are
    as exact as they were.

    Raises:
        UsageError: it is none of these.
    """
    if isinstance(label, str):
        return label
    if isinstance(label, datetime.datetime):  # pandas.Timestamp, too
        if label.tzinfo is not None:
            label = label.astimezone(datetime.UTC).replace(tzinfo=None)
        return str(label.isoformat())
    if isinstance(label, datetime.date):
        return label.isoformat()
    if isinstance(label, numbers.Real) and not isinstance(label, bool):
        return repr(label.item() if hasattr(label, "item") else label)
    if type(label).__module__.partition(".")[0] == "cftime":
        return str(label.isoformat())
    if type(label).__module__ == "numpy":
        return _numpy_label(label)
    raise UsageError(f"label {label!r} is not a date, number or text")


def _numpy_label(label: Any) -> str:
    import numpy as np

    if isinstance(label, np.datetime64) and not np.isnat(label):
        return str(np.datetime_as_string(label))
    if isinstance(label, np.ndarray) and label.ndim == 0:
        return label_text(label[()])
    raise UsageError(f"label {label!r} is not a date, number or text")


def labels_of(given: Label | Iterable[Label] | None) -> Iterator[str | None]:
    """The labels of the slices, one by one; None for ever if none are given."""
    if given is None:
        while True:
            yield None
    single = isinstance(given, str) or not isinstance(given, Iterable)
    for label in [given] if single else given:
        yield None if label is None else label_text(label)
