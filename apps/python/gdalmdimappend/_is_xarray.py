"""Whether something is xarray's, without importing xarray."""

from __future__ import annotations

import sys


def is_xarray(value: object, kind: str) -> bool:
    """Whether this is an `xarray.Dataset` or `xarray.DataArray`.

    Without importing xarray: who has one has done that.
    """
    xarray = sys.modules.get("xarray")
    return xarray is not None and isinstance(value, getattr(xarray, kind))
