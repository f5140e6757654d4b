"""Opens a target with xarray."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from ._errors import AppendError, RecoveryNeeded
from ._sidecar import Status, status

if TYPE_CHECKING:
    import xarray as xr

#: GDAL's file systems, and what fsspec calls them.
_FSSPEC = {
    "/vsis3/": "s3://",
    "/vsigs/": "gs://",
    "/vsiaz/": "az://",
    "/vsicurl/": "",
}


def open(target: str | os.PathLike[str], **kwargs: Any) -> xr.Dataset:
    """Opens a target with xarray, for reading.

    Args:
        target: the Zarr store. One in an object store is read through fsspec,
            which has to be installed with what it needs for that store.
        **kwargs: those of `xarray.open_dataset`: `group`, `chunks`, `decode_times`.

    Raises:
        RecoveryNeeded: an append was decided and then interrupted, so that what
            readers see may be neither the old nor the new cube: `recover` finishes
            it, and so does the next append.
        AppendError: there is no such target.
    """
    import xarray as xr

    path = os.fsdecode(target)
    _check(path, status(path))
    for prefix, protocol in _FSSPEC.items():
        if path.startswith(prefix):
            path = protocol + path.removeprefix(prefix)
    return xr.open_dataset(path, engine="zarr", **kwargs)


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
