"""Whether dask computes a dataset, and its values computed, all or some rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr


def is_lazy(dataset: xr.Dataset) -> bool:
    """Whether dask will compute any of it."""
    return any(variable.chunks is not None for variable in dataset.variables.values())


def loaded(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with its values in memory; the one given stays as it is."""
    return dataset.compute()


def row_blocks(dataset: xr.Dataset, append_dim: str) -> Iterator[xr.Dataset]:
    """Pieces along the append dimension, as dask has cut it."""
    sizes = dataset.chunksizes.get(append_dim) or (dataset.sizes[append_dim],)
    first = 0
    for size in sizes:
        yield dataset.isel({append_dim: slice(first, first + size)})
        first += size
