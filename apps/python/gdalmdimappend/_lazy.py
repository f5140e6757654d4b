"""Datasets whose values are computed when they are asked for (dask, files).

For now all of a slice is loaded before it is appended: `loaded` is the one place
where that is done. `template` is what a slice is without its values, for what writes
it chunk by chunk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import xarray as xr

    from ._memory_dataset import Array, MemoryDataset


def loaded(dataset: xr.Dataset) -> xr.Dataset:
    """The dataset with its values in memory; the one given stays as it is."""
    return dataset.compute()


def template(dataset: xr.Dataset, name: str, is_new: bool) -> MemoryDataset:
    """The dataset with one element of memory for each array that dask will compute.

    Names, dimensions, types, attributes and what is in memory (coordinates, most of
    all) are as they will be. Nothing is computed.
    """
    from ._memory_dataset import placeholder
    from ._xarray_dataset import to_memory

    def values(variable: xr.Variable) -> Array:
        if variable.chunks is None:
            return variable.values
        return placeholder(variable.shape, variable.dtype)

    return to_memory(dataset, name, is_new, values)
