"""Where in a target a dataset belongs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._errors import SliceRefused, UsageError

if TYPE_CHECKING:
    import xarray as xr

#: Of the distance between labels: how far numbers may be apart.
_TOLERANCE = 1e-3


def region_of(
    dataset: xr.Dataset, target: str, group: str, region: Any
) -> dict[str, tuple[int, int]]:
    """The indices of a region, by dimension, checked against the target's labels.

    Args:
        region: 'auto', or indices by dimension.

    Raises:
        UsageError: a size or a dimension that the target does not have.
        SliceRefused: labels that are not the target's there.
    """
    from ._open import open as open_target

    if region != "auto" and not isinstance(region, Mapping):
        raise UsageError(
            f"region: expected 'auto' or indices by dimension, not {region!r}"
        )
    with open_target(target, group=group or None, chunks=None) as known:
        found = {}
        for dim, size in dataset.sizes.items():
            dim = str(dim)
            if dim not in known.sizes:
                raise UsageError(f"region: the target has no dimension '{dim}'")
            if region == "auto":
                found[dim] = _by_labels(dataset, known, dim)
            elif dim in region:
                found[dim] = bounds(region[dim], dim)
            else:
                found[dim] = (0, known.sizes[dim])
            first, last = found[dim]
            if last - first != size:
                raise UsageError(
                    f"region: '{dim}' has {size} values, the region {last - first}"
                )
            _check_labels(dataset, known, dim, first, last)
        if region != "auto" and (more := set(region) - set(map(str, dataset.dims))):
            raise UsageError(f"region: the dataset has no dimension '{more.pop()}'")
    return found


def bounds(given: Any, dim: str) -> tuple[int, int]:
    """The first index along a dimension, and the one after the last.

    Raises:
        UsageError: it is neither `slice(first, stop)` nor a pair, or empty.
    """
    if isinstance(given, slice):
        if given.step not in (None, 1) or given.start is None or given.stop is None:
            raise UsageError(f"region: along '{dim}' expected slice(first, stop)")
        given = (given.start, given.stop)
    first, last = given
    if not 0 <= first < last:
        raise UsageError(
            f"region: '{dim}' from {first} to {last} is empty, or out of range"
        )
    return int(first), int(last)


def _by_labels(dataset: xr.Dataset, known: xr.Dataset, dim: str) -> tuple[int, int]:
    import numpy as np

    if dim not in dataset.indexes:
        if dataset.sizes[dim] == known.sizes[dim]:
            return 0, known.sizes[dim]
        raise UsageError(
            f"region: '{dim}' has no labels, and not as many values as in the target; "
            "name the indices"
        )
    if dim not in known.indexes:
        raise UsageError(f"region: the target has no labels along '{dim}'")
    places = known.indexes[dim].get_indexer(dataset.indexes[dim])
    if (places < 0).any():
        missing = dataset.indexes[dim][places < 0][0]
        raise SliceRefused(f"region: the target has no label {missing} along '{dim}'")
    if (np.diff(places) != 1).any():
        raise SliceRefused(
            f"region: the labels along '{dim}' do not follow each other in the target"
        )
    return int(places[0]), int(places[-1]) + 1


def _check_labels(
    dataset: xr.Dataset, known: xr.Dataset, dim: str, first: int, last: int
) -> None:
    import numpy as np

    if dim not in dataset.indexes or dim not in known.indexes:
        return
    offered = dataset.indexes[dim]
    expected = known.indexes[dim][first:last]
    if offered.equals(expected):
        return
    if offered.dtype.kind == "f" and len(offered) == len(expected):
        cell = np.abs(np.diff(known.indexes[dim])).min(initial=np.inf)
        near = np.abs(offered - expected) <= _TOLERANCE * min(cell, 1e300)
        if bool(np.all(near)):
            return
    raise SliceRefused(
        f"region: along '{dim}' the dataset has {offered[0]} to {offered[-1]}, the "
        f"target has {expected[0]} to {expected[-1]} there"
        if len(expected)
        else f"region: the target has nothing from {first} to {last} along '{dim}'"
    )
