"""Datasets of xarray as GDAL takes them, encoded by xarray's own rules.

All but packing: that is left to the library, which refuses what does not fit where
xarray stores another number. What `.encoding` says of it becomes a setting of a new
target (`packing_of`); one that is there packs in its own way.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Container, Hashable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ._errors import SliceRefused
from ._left_out import stores_attributes, without_left_out
from ._logging import logger
from ._memory_dataset import (
    Array,
    MemoryArray,
    MemoryDataset,
    Storing,
    checked_name,
    memory_dataset,
)
from ._settings import PACKING

if TYPE_CHECKING:
    import xarray as xr

#: What says how values are stored. Without it xarray encodes times exactly.
_STORAGE = PACKING | {"_Unsigned", "units"}

#: The members of xarray's encodings that the library packs by.
_PACKING = ("dtype", "scale_factor", "add_offset", "_FillValue")


def to_memory(
    dataset: xr.Dataset,
    name: str,
    is_new: bool,
    values: Callable[[xr.Variable], Array] = lambda variable: variable.values,
    settings: Mapping[str, Any] | None = None,
) -> MemoryDataset:
    """A dataset of xarray as one of GDAL, over the same memory.

    Args:
        dataset: its values are in memory, unless `values` does without.
        name: of the slice.
        is_new: whether the target is. Else the units of times in `.encoding` are
            not taken: xarray then chooses some that are exact.
        values: what GDAL gets of an encoded variable.
        settings: those in effect: what they leave out is not looked at.

    Raises:
        SliceRefused: something that xarray or Zarr cannot encode.
    """
    told = settings or {}
    dataset = without_left_out(dataset, told)
    storing = Storing(
        stores_attributes(told.get("attrs_update_mode", "keep"), is_new),
        of_arrays=is_new,
    )
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        variables, attrs = encoded(dataset, is_new)
    for warning in warned:
        logger.warning("%s: %s", name, warning.message)
    arrays = {
        title: MemoryArray(tuple(map(str, each.dims)), values(each), each.attrs)
        for title, each in variables.items()
    }
    temporal = _temporal(arrays)
    appended = {str(told.get("append_dim") or "time"), *temporal}
    for title, dim in _without_values(arrays, appended).items():
        logger.warning(
            "%s: array '%s' has no values (dimension '%s' has size 0) and was left out",
            name,
            title,
            dim,
        )
        del arrays[title]
    return memory_dataset(name, arrays, attrs, temporal, storing)


def _without_values(
    arrays: Mapping[str, MemoryArray], appended: Container[str]
) -> dict[str, str]:
    """Arrays with a dimension of size 0, and which; not what may be appended along."""
    return {
        title: dim
        for title, array in arrays.items()
        for dim, size in zip(array.dims, array.values.shape, strict=True)
        if size == 0 and dim not in appended
    }


def encoded(
    dataset: xr.Dataset, is_new: bool
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
        if variable.dims == (name,) and variable.dtype.kind == "M":
            _check_labels(name, variable)
        if not (is_new and _is_time(variable)):
            variable.encoding = {
                key: value
                for key, value in variable.encoding.items()
                if key not in _STORAGE
            }
        try:
            made[name] = encode_zarr_variable(variable, name=name)  # type: ignore[no-untyped-call]
        except Exception as error:
            raise SliceRefused(
                f"array '{name}': xarray cannot encode it: {error}. exclude_array "
                "leaves it out"
            ) from error
    return made, attrs


def _check_labels(name: str, variable: xr.Variable) -> None:
    """A missing time would become a number, and that a date."""
    if np.isnat(variable.values).any():
        raise SliceRefused(f"array '{name}': one of its labels is missing (NaT)")


def _is_time(variable: xr.Variable) -> bool:
    """Whether xarray makes its numbers."""
    if variable.dtype.kind in "mM":
        return True
    # Durations and cftime's dates; of texts there are no units.
    return variable.dtype.kind == "O" and "units" in variable.encoding


def packing_of(dataset: xr.Dataset) -> dict[str, dict[str, Any]]:
    """What `.encoding` says of how numbers are stored, by array, as settings."""
    packing = {}
    for name, variable in dataset.variables.items():
        encoding = variable.encoding
        told = {key: encoding[key] for key in _PACKING if key in encoding}
        if variable.dtype.kind not in "iuf" or not told:
            continue
        if "dtype" in told:
            dtype = _dtype(name, told["dtype"])
            if dtype.kind not in "iuf":
                continue
            fill = told.get("_FillValue")
            if encoding.get("_Unsigned") == "true" and dtype.kind == "i":
                dtype = np.dtype(f"u{dtype.itemsize}")
                if fill is not None:
                    told["_FillValue"] = int(fill) % 2 ** (8 * dtype.itemsize)
            told["dtype"] = dtype
        packing[str(name)] = told
    return packing


def _dtype(array: Hashable, told: Any) -> np.dtype[Any]:
    try:
        dtype: np.dtype[Any] = np.dtype(told)
    except TypeError as error:
        raise SliceRefused(f"array {array!r}: its encoding's {error}") from error
    return dtype


def _temporal(arrays: dict[str, MemoryArray]) -> set[str]:
    """The dimensions whose coordinates are times."""
    return {
        name
        for name, array in arrays.items()
        if array.dims == (name,) and " since " in str(array.attrs.get("units", ""))
    }
