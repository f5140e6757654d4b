"""What of a dataset is not looked at, so that nothing can be wrong with it."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import xarray as xr


#: The attributes by which arrays name those that they need.
_REFERRING = (
    *("bounds", "climatology", "coordinates"),
    *("grid_mapping", "cell_measures", "formula_terms"),
)


def without_left_out(dataset: xr.Dataset, settings: Mapping[str, Any]) -> xr.Dataset:
    """The dataset without what `exclude_array` names, and what `array` does not.

    What the arrays of `array` need stays: the library decides about it.

    Args:
        dataset: stays as it is.
        settings: those in effect. In names `*` is any text, `?` any character.
    """
    excluded = _named(dataset, settings.get("excluded_variables", ()))
    if excluded:
        dataset = dataset.drop_vars(excluded)
    wanted = settings.get("included_variables", ())
    if not wanted:
        return dataset
    kept = _with_needed(dataset, _named(dataset, wanted))
    label = settings.get("append_dim") or "time"
    left = [name for name in dataset.variables if name not in kept | {label}]
    return dataset.drop_vars(left)


def _named(dataset: xr.Dataset, names: Iterable[str]) -> list[Hashable]:
    patterns = [_compiled(each) for each in names]
    return [
        name
        for name in dataset.variables
        if any(pattern.fullmatch(str(name)) for pattern in patterns)
    ]


def _with_needed(dataset: xr.Dataset, wanted: list[Hashable]) -> set[Hashable]:
    """What is asked for, its coordinates, and what these refer to."""
    kept: set[Hashable] = set()
    while wanted:
        name = wanted.pop()
        if name in kept or name not in dataset.variables:
            continue
        kept.add(name)
        variable = dataset.variables[name]
        wanted += dataset[name].coords
        wanted += _labels_along(dataset, variable.dims)
        for told in (variable.attrs, variable.encoding):
            for key in _REFERRING:
                wanted += [each.rstrip(":") for each in str(told.get(key, "")).split()]
    return kept


def _labels_along(dataset: xr.Dataset, dims: Iterable[Hashable]) -> list[Hashable]:
    """What may become the labels of a dimension that has no coordinate."""
    bare = {dim for dim in dims if dim not in dataset.variables}
    return [
        name
        for name, variable in dataset.variables.items()
        if len(variable.dims) == 1
        and variable.dims[0] in bare
        and _may_be_time(variable)
    ]


def _may_be_time(variable: xr.Variable) -> bool:
    """Dates, numbers of units since a date, or texts."""
    if variable.dtype.kind == "O":
        return all(isinstance(each, str) for each in variable.values)
    return variable.dtype.kind in "MSTU" or " since " in str(
        variable.attrs.get("units", "")
    )


def _compiled(pattern: str) -> re.Pattern[str]:
    parts = {"*": ".*", "?": "."}
    return re.compile(
        "".join(parts.get(each, re.escape(each)) for each in pattern), re.S
    )


def stores_attributes(mode: object, is_new: bool) -> bool:
    """Whether a dataset's own attributes come into the target.

    Args:
        mode: what the setting `attributes` says.
        is_new: whether the target is.
    """
    return mode in ("replace", "update") or (is_new and mode != "ignore")
