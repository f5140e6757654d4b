"""Slices that dask computes: appended block by block, as transactions of parts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from ._blocks import append_lazily
from ._errors import Locked, SliceRefused, SliceUnavailable
from ._lazy import loaded, row_blocks
from ._parts import slice_report
from ._progress import ProgressOfSlices
from ._report import SliceReport
from ._running_report import RunningReport
from ._settings import Settings
from ._slices import PreparedSlice
from ._target import append_dim_of, leading_rows_present

#: Why slices are not in, by their numbers.
Errors = dict[int, BaseException]


class AppendingLazily:
    """The part of a call of `append` that is about such slices.

    Args:
        target: the store.
        settings: of the call.
        progress: is shown.
        told: what has become of the slices.
        append_loaded: appends slices that are in memory.
    """

    def __init__(
        self,
        target: str,
        settings: Settings,
        progress: ProgressOfSlices,
        told: RunningReport,
        append_loaded: Callable[[list[PreparedSlice], Errors], None],
    ) -> None:
        self._target = target
        self._settings = settings
        self._progress = progress
        self._told = told
        self._append_loaded = append_loaded
        self._keeps_going = bool(settings.resolved.get("keep_going"))

    def append(self, group: list[PreparedSlice], errors: Errors) -> None:
        """Writes what dask computes chunk by chunk, without ever having a slice."""
        for prepared in group:
            if not self._progress.watch(0, len(group), prepared.name):
                return
            try:
                self._append_parts(prepared, errors)
            except (Locked, SliceRefused, SliceUnavailable) as error:
                errors[prepared.number] = error
                self._told.fail(
                    prepared.number,
                    prepared.name,
                    error.exit_status,
                    f"{prepared.name}: {error}",
                )
                if not self._keeps_going or isinstance(error, Locked):
                    return

    def _append_parts(self, prepared: PreparedSlice, errors: Errors) -> None:
        """Steps that are there already are compared, the others are one commit."""
        keywords = self._settings.keywords
        dataset = prepared.data
        try:
            done = append_lazily(dataset, self._target, keywords)
        except SliceRefused:
            dim = append_dim_of(dataset, self._target, self._settings)
            present = leading_rows_present(
                dataset,
                self._target,
                dim,
                str(self._settings.resolved.get("group", "")),
            )
            if present == 0:
                raise
            before = self._compare(prepared, dim, present, errors)
            if before.outcome == "failed" or present == dataset.sizes[dim]:
                return
            rest = dataset.isel({dim: slice(present, None)})
            done = append_lazily(rest, self._target, keywords)
            self._told.slices[prepared.number] = replace(
                slice_report(prepared.name, done),
                rows_already_there=before.rows_already_there,
                rows_replaced=before.rows_replaced,
            )
        else:
            self._told.slices[prepared.number] = slice_report(prepared.name, done)
        self._told.note(append_dim=done.append_dim)

    def _compare(
        self,
        prepared: PreparedSlice,
        dim: str,
        present: int,
        errors: Errors,
    ) -> SliceReport:
        """Offers the steps that are there, a few at a time, as any slice's."""
        told = SliceReport(prepared.name, "already there")
        for block in row_blocks(prepared.data.isel({dim: slice(present)}), dim):
            part = PreparedSlice(prepared.number, prepared.name, data=loaded(block))
            self._append_loaded([part], errors)
            each = self._told.slices[prepared.number]
            if each.outcome == "failed":
                return each
            told = replace(
                told,
                outcome="appended" if each.rows_replaced else told.outcome,
                rows_already_there=told.rows_already_there + each.rows_already_there,
                rows_replaced=told.rows_replaced + each.rows_replaced,
                first_label=told.first_label or each.first_label,
                last_label=each.last_label,
                sequence=each.sequence or told.sequence,
            )
        self._told.slices[prepared.number] = told
        return told
