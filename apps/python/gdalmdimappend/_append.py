"""`append`: slices of any kind to a target."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any, Unpack

from ._appending import Appending
from ._errors import UsageError
from ._keywords import AppendKeywords
from ._labels import Label
from ._lock import Lock
from ._progress import Progress, ProgressOfSlices
from ._report import Report
from ._settings import Settings
from ._slice_types import Slices
from ._slices import SliceSource, items_of, prepared_slices
from ._vsi_path import target_path


def append(
    slices: Slices,
    target: str | os.PathLike[str],
    *,
    slice_source: Callable[..., Any] | None = None,
    label: Label | Iterable[Label] | None = None,
    progress: Progress = None,
    lock: Lock | str | None = None,
    **settings: Unpack[AppendKeywords],
) -> Report:
    """Append slices to a Zarr cube, each in one transaction.

    A slice is a path, a `gdal.Dataset`, an `xarray.Dataset` (or a `DataArray`
    that has a name), a callable that returns one, or a context manager that
    yields one. The first makes the target if it is not there. Readers see the
    target before or after a commit. Appending the same slices again appends what
    is missing.

    The next slice is prepared in another thread while this one is written.

    Args:
        slices: one slice, or an iterable of them; a generator is asked for the
            next one when it is needed.
        target: the Zarr store, a path or what GDAL can write to
            (`s3://bucket/cube.zarr`).
        slice_source: a function that makes slices: it is called with each item
            of `slices` (a tuple is several arguments, a dict keyword arguments, a
            pair of a tuple and a dict both). If it has a parameter `settings`, it
            gets the settings of this call.
        label: of a slice that has no append dimension; one for each slice.
        progress: called with the fraction done and the slice's name, False ends
            the run; or 'tqdm'; True is tqdm if it is installed.
        lock: 'auto', 'lease' or 'none'; or a `Lock` that is held.
        **settings: the options of `gdal mdim append` with `_` for `-`, and whatever
            else a settings file may have: `append_dim`, `encoding` (a dict by
            array, as xarray has it), `step`, `on_duplicate`, `keep_going`,
            `slices_per_commit`, `attrs`, ...; `settings` is a file, a dict, or a
            list of these.

    Returns:
        What became of each slice.

    Raises:
        UsageError: a setting is wrong. Nothing was done.
        Locked, SliceUnavailable, SliceRefused, AppendError: the first failure; the
            slices before it are in. With `keep_going` it is raised at the end.
        Exception: what a slice's callable or the iterable raised, with a note.
        TypeError: something is not a slice.
    """
    items = items_of(slices, slice_source is not None)
    path = target_path(target)
    if isinstance(lock, Lock):
        lock.check_holds(path)
        lock = "none"
    with Settings(path, {**settings, "lock": lock}) as known:
        source = SliceSource(slice_source, known.keywords) if slice_source else None
        _check_labels(label, items)
        shown = ProgressOfSlices(progress, items)
        try:
            return Appending(path, known, shown).all(
                prepared_slices(items, source, label), _known_paths(items, source)
            )
        finally:
            shown.close()


def _known_paths(items: Iterable[Any], source: SliceSource | None) -> bool:
    """Whether all slices are paths, and known: then one run can take them."""
    return (
        source is None
        and isinstance(items, list | tuple)
        and all(isinstance(each, str | os.PathLike) for each in items)
    )


def _check_labels(label: object, items: Iterable[Any]) -> None:
    if not isinstance(label, list | tuple) or not isinstance(items, list | tuple):
        return
    if len(label) != len(items):
        labels = "1 label" if len(label) == 1 else f"{len(label)} labels"
        slices = "1 slice" if len(items) == 1 else f"{len(items)} slices"
        raise UsageError(f"{labels} for {slices}")
