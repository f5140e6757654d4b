"""The template of a transaction of parts, made of a dataset."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._left_out import without_left_out
from ._target import append_dim_of, target_exists

if TYPE_CHECKING:
    import xarray as xr

    from ._memory_dataset import Array, MemoryDataset
    from ._settings import Settings


def template(
    dataset: xr.Dataset,
    name: str,
    is_new: bool,
    append_dim: str,
    settings: Mapping[str, Any] | None = None,
) -> MemoryDataset:
    """The dataset with one element of memory for each array that parts will bring.

    Names, dimensions, types and attributes are as they will be, and so are the
    values of what is in memory, and of what does not lie along the append dimension.
    """
    from ._memory_dataset import placeholder
    from ._xarray_dataset import to_memory

    def values(variable: xr.Variable) -> Array:
        if variable.chunks is None or append_dim not in variable.dims:
            return variable.values
        return placeholder(variable.shape, variable.dtype)

    labelled = _with_labels(dataset, append_dim)
    return to_memory(labelled, name, is_new, values, settings)


def _with_labels(dataset: xr.Dataset, append_dim: str) -> xr.Dataset:
    """Labels are compared with those of the target before anything is written."""
    if append_dim not in dataset.variables:
        return dataset
    return dataset.assign_coords({append_dim: dataset[append_dim].compute()})


def template_of(
    dataset: xr.Dataset, target: str, settings: Settings, is_region: bool
) -> tuple[MemoryDataset, dict[str, dict[str, Any]]]:
    """The template of a transaction, and how it wants to be stored in a new target."""
    from ._xarray_dataset import packing_of

    group = str(settings.resolved.get("group", ""))
    dataset = without_left_out(dataset, settings.resolved)
    is_new = not is_region and not target_exists(target, group)
    packing = settings.untold(packing_of(dataset)) if is_new else {}
    for name, chunks in _chunks_of(dataset).items() if is_new else ():
        if not settings.chunks_are_told(name):
            packing[name] = {**packing.get(name, {}), "chunks": chunks}
    append_dim = append_dim_of(dataset, target, settings)
    told = settings.resolved
    return template(dataset, "the template", is_new, append_dim, told), packing


def _chunks_of(dataset: xr.Dataset) -> dict[str, list[int]]:
    """A new target has dask's chunks, those of which there are most."""
    return {
        str(name): [max(set(sizes), key=sizes.count) for sizes in variable.chunks]
        for name, variable in dataset.variables.items()
        if variable.chunks is not None
    }
