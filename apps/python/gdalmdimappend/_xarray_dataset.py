"""Datasets of xarray as GDAL takes them, encoded by xarray's own rules.

For a new target everything is encoded as `Dataset.to_zarr` would do it: times by
`units` and `calendar`, packing by what is in `.encoding`. For a target that is
there, packing and the units of times are left to the library, which knows how the
target stores them: values are then rounded once and not twice.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ._algorithm import logger
from ._errors import SliceRefused
from ._memory_dataset import (
    Array,
    MemoryArray,
    MemoryDataset,
    checked_name,
    memory_dataset,
)
from ._settings import PACKING

if TYPE_CHECKING:
    import xarray as xr

#: What says how values are stored. Without it xarray encodes times exactly.
_STORAGE = PACKING | {"_Unsigned", "units"}


def to_memory(
    dataset: xr.Dataset,
    name: str,
    keeps_packing: Callable[[str], bool],
    values: Callable[[xr.Variable], Array] = lambda variable: variable.values,
) -> MemoryDataset:
    """A dataset of xarray as one of GDAL, over the same memory.

    Args:
        dataset: its values are in memory, unless `values` does without.
        name: of the slice.
        keeps_packing: whether the array of this name is packed as its
            `.encoding` says; else it is handed over as it is.
        values: what GDAL gets of an encoded variable.

    Raises:
        SliceRefused: something that xarray or Zarr cannot encode.
    """
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        variables, attrs = encoded(dataset, keeps_packing)
    for warning in warned:
        logger.warning("%s: %s", name, warning.message)
    arrays = {
        title: MemoryArray(tuple(map(str, each.dims)), values(each), each.attrs)
        for title, each in variables.items()
    }
    return memory_dataset(name, arrays, attrs, _temporal(arrays))


def encoded(
    dataset: xr.Dataset, keeps_packing: Callable[[str], bool]
) -> tuple[dict[str, xr.Variable], dict[str, Any]]:
    """The variables and attributes as they are stored.

    What dask will compute stays so, and can be taken apart afterwards: all parts
    are then encoded alike.
    """
    from xarray import conventions
    from xarray.backends.zarr import encode_zarr_variable

    try:
        variables, attrs = conventions.encode_dataset_coordinates(dataset)
    except (TypeError, ValueError) as error:
        raise SliceRefused(str(error)) from error
    made = {}
    for name, variable in variables.items():
        checked_name(name, "array")
        for dim in variable.dims:
            checked_name(dim, "dimension")
        variable = variable.to_base_variable()
        if not keeps_packing(name):
            variable.encoding = {
                key: value
                for key, value in variable.encoding.items()
                if key not in _STORAGE
            }
        try:
            made[name] = encode_zarr_variable(variable, name=name)  # type: ignore[no-untyped-call]
        except Exception as error:
            raise SliceRefused(
                f"array '{name}': xarray cannot encode it: {error}"
            ) from error
    return made, attrs


def _temporal(arrays: dict[str, MemoryArray]) -> set[str]:
    """The dimensions whose coordinates are times."""
    return {
        name
        for name, array in arrays.items()
        if array.dims == (name,) and " since " in str(array.attrs.get("units", ""))
    }
