"""Attributes of datasets and arrays, as GDAL has them."""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from osgeo import gdal

from ._errors import SliceRefused


def add_attributes(owner: Any, attrs: Mapping[str, Any], of: str, must: bool) -> None:
    """The attributes of a dataset or an array; `must`: all of them."""
    for name, value in attrs.items():
        try:
            if not isinstance(name, str) or not name or "\0" in name:
                raise SliceRefused(
                    f"attribute {name!r} of {of}: not a name for an attribute"
                )
            _add_attribute(owner, name, _native(value), of)
        except SliceRefused:
            if must:
                raise


def _native(value: Any) -> Any:
    """As xarray's writer of Zarr does: numpy's values become Python's.

    And dates become texts; numpy's would be numbers of some unit. Durations stay
    what they are, which is nothing that can be stored.
    """
    if isinstance(value, datetime.date) and value == value:  # not pandas' NaT
        return value.isoformat()
    if not isinstance(value, np.ndarray | np.generic) or value.dtype.kind == "m":
        return value
    if value.dtype.kind == "M":
        return (
            value if np.isnat(value).any() else np.asarray(value).astype(str).tolist()
        )
    return value.tolist()


def _add_attribute(owner: Any, name: str, value: Any, of: str) -> None:
    if isinstance(value, float):
        _write(owner, name, gdal.ExtendedDataType.Create(gdal.GDT_Float64), value, of)
    elif isinstance(value, str) and "\0" not in value:
        _write(owner, name, gdal.ExtendedDataType.CreateString(), _text(value, of), of)
    else:
        # Whole numbers, too: they may be larger than GDAL's.
        kind = gdal.ExtendedDataType.CreateString(0, gdal.GEDTST_JSON)
        _write(owner, name, kind, _json(name, value, of), of)


def _text(value: str, of: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SliceRefused(
            f"an attribute of {of}, {value!r}, is not Unicode"
        ) from error
    return value


def _json(name: str, value: Any, of: str) -> str:
    try:
        return json.dumps(value, default=_native_or_refused)
    except (TypeError, ValueError, RecursionError) as error:
        raise SliceRefused(f"attribute '{name}' of {of}: {error}") from error


def _native_or_refused(value: Any) -> Any:
    native = _native(value)
    if native is value:
        raise TypeError(
            f"a value of type '{type(value).__name__}' cannot be stored. Remove it, or "
            "make a text or a number of it"
        )
    return native


def _write(owner: Any, name: str, kind: Any, value: Any, of: str) -> None:
    attribute = owner.CreateAttribute(name, [], kind)
    if attribute is None or attribute.Write(value) != gdal.CE_None:
        raise SliceRefused(f"attribute '{name}' of {of} cannot be passed to GDAL")
