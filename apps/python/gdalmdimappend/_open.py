"""Opens a target with xarray."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from osgeo import gdal

from ._errors import AppendError, RecoveryNeeded
from ._sidecar import Status, status
from ._vsi_path import is_local, target_path, vsi_path

if TYPE_CHECKING:
    import xarray as xr


def open(target: str | os.PathLike[str], **kwargs: Any) -> xr.Dataset:
    """Opens a target with xarray, for reading.

    Args:
        target: the Zarr store. One in an object store is read through GDAL.
        **kwargs: those of `xarray.open_dataset`: `group`, `chunks`, `decode_times`.

    Raises:
        RecoveryNeeded: an append was decided and then interrupted, so that what
            readers see may be neither the old nor the new cube: `recover` finishes
            it, and so does the next append.
        AppendError: there is no such target.
    """
    import xarray as xr

    path = target_path(target)
    _check(path, status(path))
    return xr.open_dataset(_store(path), engine="zarr", **kwargs)


def _store(target: str) -> Any:
    """What xarray's engine takes."""
    if is_local(target):
        return target
    folder = vsi_path(target)
    # What others have appended since GDAL looked.
    gdal.VSICurlPartialClearCache(folder)
    from ._vsi_store import VsiStore

    return VsiStore(folder)


def _check(target: str, found: Status) -> None:
    if not found.exists:
        raise AppendError(f"target '{target}' does not exist")
    if found.locked:
        # Readers see the old or the new cube while a writer is at work.
        return
    for each in found.pending:
        if each.state.startswith(("decided", "damaged")):
            raise RecoveryNeeded(
                f"target '{target}': an append was interrupted "
                f"({each.transaction}: {each.state}). "
                f"gdalmdimappend.recover({target!r}) sets it right."
            )
