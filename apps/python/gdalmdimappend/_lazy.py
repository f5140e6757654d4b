"""Datasets whose values are computed when they are asked for (dask, files).

For now all of a slice is loaded before it is appended. This is the one place
where that is done: what writes a slice chunk by chunk goes here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def loaded(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with its values in memory; the one given stays as it is."""
    return dataset.compute()
