"""Begins a transaction of parts: guards its template, and takes the lease."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Unpack

from ._algorithm import run, verb
from ._durations import duration
from ._errors import error_of
from ._is_xarray import is_xarray
from ._keywords import Keywords
from ._labels import Label, label_text
from ._logging import logger
from ._region import bounds
from ._settings import Settings
from ._template import template_of
from ._transaction import Transaction
from ._vsi_path import target_path

if TYPE_CHECKING:
    from ._keywords import Duration
    from ._memory_dataset import MemoryDataset

#: The options of `append` that a transaction of parts has no use for.
_OF_SLICES = ("report", "slices_from")


def begin(
    target: str | os.PathLike[str],
    template: Any,
    *,
    size: int | None = None,
    region: Mapping[str, slice | tuple[int, int]] | None = None,
    create: bool = False,
    lease: Duration = "1h",
    label: Label | None = None,
    **settings: Unpack[Keywords],
) -> Transaction:
    """Begins an append, or a write to a region, that many processes write parts of.

    Writers are kept away until the commit, or until the lease is over: then everything
    is given up, and none of it is in the target.

    Args:
        target: the Zarr store.
        template: a path, a `gdal.Dataset` or an `xarray.Dataset` with the arrays,
            types, attributes and coordinates that the parts will have. Of arrays
            along the append dimension that dask will compute nothing is computed.
        size: how many steps the parts will bring. Without it, those of the template,
            whose labels are then those of the transaction.
        region: replaces values in this part of the target: indices by dimension.
        create: makes a new target, and refuses an existing one.
        lease: how long it lasts without a sign of life; seconds, or as in '1h'.
        label: of a template that has no append dimension.
        **settings: as for `append`.

    Raises:
        Locked: somebody else is appending.
        SliceRefused: the template does not fit the target.
        UsageError, AppendError: as for `append`.
    """
    arguments = _arguments(region, create, lease, label)
    if size is not None:
        arguments["size"] = size
    return _begin(target, template, settings, arguments)


def begin_attended(
    target: str | os.PathLike[str],
    template: Any,
    settings: Mapping[str, Any],
    *,
    region: Mapping[str, slice | tuple[int, int]] | None = None,
    create: bool = False,
    lease: Duration | None = None,
    label: Label | None = None,
) -> Transaction:
    """The same for a process that waits for the end of the transaction.

    The library renews the lease meanwhile, in a thread that no computation in Python
    holds up. The lease is over when the process is known to have ended, elsewhere after
    `lease` (a minute).
    """
    if lease is None and "lease" not in settings:
        lease = "1min"
    arguments = _arguments(region, create, lease, label)
    arguments["attended"] = True
    return _begin(target, template, settings, arguments)


def _arguments(
    region: Mapping[str, slice | tuple[int, int]] | None,
    create: bool,
    lease: Duration | None,
    label: Label | None,
) -> dict[str, Any]:
    """Those of the verb that are not the settings'."""
    arguments: dict[str, Any] = {}
    if lease is not None:
        arguments["lease"] = str(duration(lease, "lease"))
    if region:
        indices = {dim: bounds(given, dim) for dim, given in region.items()}
        arguments["region"] = [
            f"{dim}={first}:{last}" for dim, (first, last) in indices.items()
        ]
    if create:
        arguments["create"] = True
    if label is not None:
        arguments["label"] = [label_text(label)]
    return arguments


def _begin(
    target: str | os.PathLike[str],
    template: Any,
    settings: Mapping[str, Any],
    arguments: Mapping[str, Any],
) -> Transaction:
    path = target_path(target)
    with Settings(path, settings) as known:
        made: MemoryDataset | None = None
        like: Any = template
        packing: dict[str, dict[str, Any]] = {}
        if is_xarray(template, "DataArray"):
            template = template.to_dataset()
        if is_xarray(template, "Dataset"):
            is_region = "region" in arguments
            made, packing = template_of(template, path, known, is_region)
            like = made.dataset
        elif isinstance(template, str | os.PathLike):
            like = os.fsdecode(template)
        of_append = {
            name: value
            for name, value in known.arguments(packing).items()
            if name not in _OF_SLICES
        }
        outcome = run(verb("begin"), {**of_append, **arguments, "like": like})
        for warning in outcome.messages.warnings:
            logger.warning("%s", known.titled(warning))
        if not outcome.succeeded:
            raise error_of(outcome.exit_status, known.titled(outcome.messages.failure))
        del made
    return Transaction(
        outcome.output,
        target_config=_config(settings),
        attended="attended" in arguments,
    )


def _config(settings: Mapping[str, Any]) -> list[str]:
    """GDAL's options for the target; those of settings files are each process's own."""
    given = settings.get("target_config") or []
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    return [given] if isinstance(given, str) else list(given)
