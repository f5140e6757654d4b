"""What is known of a target before anything is appended to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from osgeo import gdal

from ._errors import UsageError
from ._logging import listening
from ._open import open as open_target
from ._sidecar import log
from ._vsi_path import vsi_path

if TYPE_CHECKING:
    import xarray as xr

    from ._settings import Settings


_LARGEST_DOCUMENT = 1 << 20


def target_exists(target: str, group: str) -> bool:
    """Whether there is a target: a group that has arrays."""
    with listening():
        place = f"{vsi_path(target)}/{group}".rstrip("/")
        if not any(
            gdal.VSIStatL(f"{place}/{document}", gdal.VSI_STAT_EXISTS_FLAG) is not None
            for document in ("zarr.json", ".zgroup", ".zmetadata")
        ):
            return False
        names = gdal.ReadDir(place)
        return names is None or any(_is_array(f"{place}/{name}") for name in names)


def _is_array(place: str) -> bool:
    if gdal.VSIStatL(f"{place}/.zarray", gdal.VSI_STAT_EXISTS_FLAG) is not None:
        return True
    file = gdal.VSIFOpenL(f"{place}/zarr.json", "rb")
    if file is None:
        return False
    try:
        text = gdal.VSIFReadL(1, _LARGEST_DOCUMENT, file)
    finally:
        gdal.VSIFCloseL(file)
    # Of a document that cannot be read the library says what is wrong with it.
    return b'"group"' not in text or b'"array"' in text


def append_dim_of(dataset: xr.Dataset, target: str, settings: Settings) -> str:
    """The dimension that a dataset is appended along.

    Raises:
        UsageError: nobody says which.
    """
    told = str(settings.resolved.get("append_dim", ""))
    if told:
        return told
    group = str(settings.resolved.get("group", ""))
    if target_exists(target, group):
        for record in log(target, 1):
            if record.append_dim and record.group == group:
                return record.append_dim
    if "time" in dataset.dims:
        return "time"
    times = [name for name, index in dataset.indexes.items() if _is_time(index)]
    if len(times) == 1:
        return str(times[0])
    raise UsageError(
        "it is not clear along which dimension to append: give append_dim, one of "
        f"{', '.join(map(str, dataset.dims))}"
    )


def _is_time(index: Any) -> bool:
    return getattr(index.dtype, "kind", "") == "M" or type(index).__name__ == (
        "CFTimeIndex"
    )


def leading_rows_present(
    dataset: xr.Dataset, target: str, append_dim: str, group: str
) -> int:
    """How many of the first steps have labels that the target has already."""
    known = open_target(target, group=group or None, chunks=None)
    with known:
        if append_dim not in known.indexes or append_dim not in dataset.indexes:
            return 0
        present = dataset.indexes[append_dim].isin(known.indexes[append_dim])
    count = 0
    while count < len(present) and present[count]:
        count += 1
    return count
