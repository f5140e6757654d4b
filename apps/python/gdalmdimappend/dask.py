"""Appends of what dask computes: by threads, processes or a cluster, in one commit.

    import gdalmdimappend.dask

    gdalmdimappend.dask.append(dataset, "cube.zarr")

Each verb does one thing: `append` makes the target longer and changes nothing else of it,
`store` makes a whole new one, and `write` replaces values in a region and never makes
anything longer.

Dask's blocks become parts of one transaction, each written by whoever computed it. A task
that is done twice, or a worker that is lost, does no harm. The guide is
docs/distributed.md.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, Unpack

from ._blocks import append_lazily
from ._keywords import Keywords
from ._parts import CommitReport, slice_report
from ._report import Report
from ._vsi_path import target_path

if TYPE_CHECKING:
    import xarray as xr

    from ._keywords import Duration

Target = str | os.PathLike[str]

#: For `dask.compute`; without it dask uses its default, or the cluster that a
#: `distributed.Client` is connected to.
Compute = Mapping[str, Any]


def append(
    dataset: xr.Dataset,
    target: Target,
    *,
    name: str = "the dataset",
    lease: Duration = "1min",
    compute: Compute | None = None,
    **settings: Unpack[Keywords],
) -> Report:
    """Appends a dataset, in one commit.

    Args:
        dataset: what is dask's in it is computed block by block.
        target: the Zarr store; made if it is not there.
        name: for the report.
        lease: how long the transaction lasts without a sign of life of this process,
            which gives one every third of it. (Where others can tell that the process
            has ended they do not wait.)
        compute: for `dask.compute`, as {"scheduler": "processes"}.
        **settings: as for `gdalmdimappend.append`.

    Raises:
        SliceRefused: it does not fit the target, or has labels that are there
            already. Nothing was written.
        Locked, AppendError: as for `gdalmdimappend.append`.
    """
    done = append_lazily(dataset, target, settings, lease=lease, **dict(compute or {}))
    return _report(target, name, done)


def store(
    dataset: xr.Dataset,
    target: Target,
    *,
    name: str = "the dataset",
    lease: Duration = "1min",
    compute: Compute | None = None,
    **settings: Unpack[Keywords],
) -> Report:
    """Makes a new target of a dataset, in one commit; refuses an existing one.

    The arguments are those of `append`.

    Raises:
        AppendError: the target is there.
    """
    done = append_lazily(
        dataset, target, settings, create=True, lease=lease, **dict(compute or {})
    )
    return _report(target, name, done)


def write(
    dataset: xr.Dataset,
    target: Target,
    region: Mapping[str, slice | tuple[int, int]] | Literal["auto"] = "auto",
    *,
    name: str = "the dataset",
    lease: Duration = "1min",
    compute: Compute | None = None,
    **settings: Unpack[Keywords],
) -> Report:
    """Replaces values in a region of a target, in one commit.

    The target's shape, labels and attributes stay as they are.

    Args:
        dataset: the values of the region; its arrays lie along the append dimension.
        target: the Zarr store.
        region: indices by dimension, {"time": slice(10, 20)}; 'auto' finds them by
            the dataset's labels.
        name, lease, compute, **settings: as for `append`.

    Raises:
        SliceRefused: the labels are not the target's in this region.
        UsageError: there is no such region.
    """
    from ._region import region_of

    path = target_path(target)
    group = str(settings.get("group", "") or "")
    found = region_of(dataset, path, group, region)
    done = append_lazily(
        dataset, path, settings, region=found, lease=lease, **dict(compute or {})
    )
    return _report(path, name, done)


def _report(target: Target, name: str, done: CommitReport) -> Report:
    return Report(target_path(target), done.append_dim, (slice_report(name, done),))


__all__ = ["append", "store", "write"]
