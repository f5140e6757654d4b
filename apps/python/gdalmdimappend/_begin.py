"""Begins a transaction of parts: guards its template, and takes the lease."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ._algorithm import run, verb
from ._errors import error_of
from ._is_xarray import is_xarray
from ._labels import Label, label_text
from ._logging import logger
from ._region import bounds
from ._settings import Settings
from ._template import template_of
from ._transaction import Transaction

if TYPE_CHECKING:
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
    lease: str | float = "1h",
    label: Label | None = None,
    **settings: Any,
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
    path = os.fsdecode(target)
    with Settings(path, settings) as known:
        made: MemoryDataset | None = None
        like: Any = template
        packing: dict[str, dict[str, Any]] = {}
        if is_xarray(template, "DataArray"):
            template = template.to_dataset()
        if is_xarray(template, "Dataset"):
            made, packing = template_of(template, path, known, region is not None)
            like = made.dataset
        elif isinstance(template, str | os.PathLike):
            like = os.fsdecode(template)
        arguments = {
            name: value
            for name, value in known.arguments(packing).items()
            if name not in _OF_SLICES
        }
        arguments["like"] = like
        arguments["lease"] = str(lease)
        if size is not None:
            arguments["size"] = size
        if region:
            indices = {dim: bounds(given, dim) for dim, given in region.items()}
            arguments["region"] = [
                f"{dim}={first}:{last}" for dim, (first, last) in indices.items()
            ]
        if create:
            arguments["create"] = True
        if label is not None:
            arguments["label"] = [label_text(label)]
        outcome = run(verb("begin"), arguments)
        for warning in outcome.messages.warnings:
            logger.warning("%s", known.titled(warning))
        if not outcome.succeeded:
            raise error_of(outcome.exit_status, known.titled(outcome.messages.failure))
        del made
    return Transaction(outcome.output, target_config=_config(settings))


def _config(settings: Mapping[str, Any]) -> list[str]:
    """GDAL's options for the target; those of settings files are each process's own."""
    given = settings.get("target_config") or []
    if isinstance(given, Mapping):
        return [f"{key}={value}" for key, value in given.items()]
    return [given] if isinstance(given, str) else list(given)
