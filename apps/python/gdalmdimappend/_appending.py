"""One call of `append`: slices, as they come, in commits of one or of several."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ._ahead import Ahead
from ._algorithm import APPEND, Outcome, run
from ._appending_lazily import AppendingLazily
from ._errors import (
    Cancelled,
    SliceRefused,
    SliceUnavailable,
    UsageError,
    error_of,
)
from ._is_xarray import is_xarray
from ._lazy import loaded
from ._left_out import without_left_out
from ._logging import logger
from ._progress import ProgressOfSlices
from ._report import Report, SliceReport
from ._running_report import RunningReport
from ._settings import Settings
from ._slices import PreparedSlice, give_back
from ._target import target_exists

if TYPE_CHECKING:
    from ._memory_dataset import MemoryDataset

#: Exit statuses of what is the matter with a slice; others are with the target.
_OF_THE_SLICE = (SliceUnavailable.exit_status, SliceRefused.exit_status)


class Appending:
    """One call of `append`."""

    def __init__(
        self, target: str, settings: Settings, progress: ProgressOfSlices
    ) -> None:
        self._target = target
        self._settings = settings
        self._progress = progress
        resolved = settings.resolved
        self._keeps_going = bool(resolved.get("keep_going"))
        self._per_commit = int(resolved.get("slices_per_commit", 1))
        self._overwrites = bool(resolved.get("force_new"))
        self._group = str(resolved.get("group", ""))
        self._is_known_to_exist = False
        self._must_end = False
        self._pending: list[PreparedSlice] = []
        self._told = RunningReport(target)

    def all(self, slices: Iterator[PreparedSlice], in_one_run: bool) -> Report:
        """Appends them, and raises the first failure.

        Args:
            slices: prepared when they are asked for.
            in_one_run: all of them, if nothing else is against it.
        """
        ahead = Ahead(slices)
        error: BaseException | None = None
        try:
            with ahead:
                self._take(ahead, in_one_run or self._overwrites)
            self._raise_failure()
            if not self._told.slices:
                self._told.warn(
                    "no slices were given (a list that is empty, or an iterable that "
                    f"had none): nothing was appended to '{self._target}'"
                )
        except BaseException as raised:
            error = raised
            raise
        finally:
            # Prepared, and not come to.
            left = [*self._pending, *([ahead.unused] if ahead.unused else [])]
            give_back(left, {each.number: error for each in left if error})
        return self._told.report

    def _raise_failure(self) -> None:
        report = self._told.report
        if self._progress.cancelled:
            raise Cancelled(report.message or "cancelled", report)
        if report.exit_status:
            raise error_of(report.exit_status, report.message, report)

    def _take(self, slices: Iterator[PreparedSlice], in_one_run: bool) -> None:
        try:
            for prepared in slices:
                self._load(prepared)
                if not self._is_prepared(prepared):
                    continue
                if self._pending and self._pending[0].kind != prepared.kind:
                    self._check_may_part(prepared)
                    self._append_pending()
                self._pending.append(prepared)
                if not in_one_run and len(self._pending) >= self._per_commit:
                    self._append_pending()
                if self._has_ended():
                    return
        except Exception:
            # What came before a failure is in, but for all or nothing.
            if not self._overwrites:
                self._append_pending()
            raise
        self._append_pending()

    def _has_ended(self) -> bool:
        failed = self._told.report.exit_status != 0 and not self._keeps_going
        return failed or self._must_end or self._progress.cancelled

    def _is_prepared(self, prepared: PreparedSlice) -> bool:
        if prepared.error is None:
            return True
        give_back([prepared], {prepared.number: prepared.error})
        if not self._keeps_going:
            prepared.error.add_note(
                f"This came from {prepared.name}, which is slice {prepared.number} "
                f"for '{self._target}'. It was not appended."
            )
            raise prepared.error
        kind = type(prepared.error).__name__
        message = f"{kind}: {prepared.error}"
        self._told.fail(
            prepared.number, prepared.name, SliceUnavailable.exit_status, message
        )
        logger.info("%s", self._told.slices[prepared.number])
        return False

    def _check_may_part(self, prepared: PreparedSlice) -> None:
        if self._overwrites:
            raise UsageError(
                "an overwrite is one commit: its slices are all paths, or all "
                f"datasets, and all have labels, or none. '{prepared.name}' differs "
                "from those before it. Nothing was written."
            )

    def _append_pending(self) -> None:
        """Appends what is ready, and gives it back."""
        group, self._pending = self._pending, []
        errors: dict[int, BaseException] = {}
        try:
            self._append(group, errors)
        except BaseException as error:
            for prepared in group:
                errors.setdefault(prepared.number, error)
            raise
        finally:
            self._note_not_tried(group, errors)
            give_back(group, errors)
            self._progress.advance(len(group))

    def _note_not_tried(
        self, group: list[PreparedSlice], errors: dict[int, BaseException]
    ) -> None:
        """Whoever gives a slice has to know that it is not in."""
        report = self._told.report
        for prepared in group:
            told = self._told.slices.setdefault(
                prepared.number, SliceReport(prepared.name)
            )
            logger.info("%s", told)
            if told.outcome in ("failed", "not tried"):
                errors.setdefault(
                    prepared.number,
                    error_of(
                        told.exit_status or report.exit_status,
                        told.message or report.message,
                    ),
                )
        self._told.note()

    def _append(
        self, group: list[PreparedSlice], errors: dict[int, BaseException]
    ) -> None:
        if group and group[0].kind[0] == "lazy datasets":
            AppendingLazily(
                self._target,
                self._settings,
                self._progress,
                self._told,
                self._append,
            ).append(group, errors)
            return
        ready: list[PreparedSlice] = []
        memory: list[MemoryDataset] = []
        packing: dict[str, dict[str, Any]] = {}
        for prepared in group:
            try:
                if is_xarray(prepared.data, "Dataset"):
                    if not memory and self._is_new():
                        packing = self._packing(prepared)
                    made = self._in_memory(prepared)
                    memory.append(made)
                    prepared.data = made.dataset
            except SliceRefused as error:
                reason = str(error).rstrip(". ")
                message = f"slice '{prepared.name}', {reason}. Nothing was written."
                errors[prepared.number] = error
                self._told.fail(
                    prepared.number, prepared.name, error.exit_status, message
                )
                if not self._keeps_going:
                    break
            else:
                ready.append(prepared)
        if self._overwrites and len(ready) < len(group) and not self._keeps_going:
            return
        if ready and not self._progress.cancelled:
            self._run(ready, packing, in_memory=len(memory) == len(ready))

    def _load(self, prepared: PreparedSlice) -> None:
        """Has dask compute a slice where it has to be in memory as a whole.

        A transaction of parts makes a commit of each slice, and takes a lease.
        What is left out is not looked at from here on.
        """
        resolved = self._settings.resolved
        if is_xarray(prepared.data, "Dataset"):
            prepared.data = without_left_out(prepared.data, resolved)
        if prepared.kind[0] == "lazy datasets" and (
            self._overwrites
            or self._per_commit > 1
            or bool(resolved.get("dry_run"))
            or resolved.get("lock") == "none"
            or prepared.label is not None
        ):
            try:
                prepared.data = loaded(prepared.data)
            except Exception as error:
                prepared.error = error

    def _in_memory(self, prepared: PreparedSlice) -> MemoryDataset:
        # Files can be appended without numpy.
        from ._xarray_dataset import to_memory

        return to_memory(
            prepared.data,
            prepared.name,
            self._is_new(),
            settings=self._settings.resolved,
        )

    def _packing(self, prepared: PreparedSlice) -> dict[str, dict[str, Any]]:
        """How the first slice of a new target wants to be stored."""
        from ._xarray_dataset import packing_of

        return self._settings.untold(packing_of(prepared.data))

    def _is_new(self) -> bool:
        if self._overwrites:
            return True
        if not self._is_known_to_exist:
            self._is_known_to_exist = target_exists(self._target, self._group)
        return not self._is_known_to_exist

    def _run(
        self,
        group: list[PreparedSlice],
        packing: dict[str, dict[str, Any]],
        in_memory: bool,
    ) -> None:
        arguments = self._settings.arguments(packing)
        datasets: list[Any] = []
        if isinstance(group[0].data, str):
            arguments["input"] = [each.data for each in group]
        else:
            datasets = [each.data for each in group]
        if group[0].label is not None:
            arguments["label"] = [each.label for each in group]

        def watch(fraction: float) -> bool:
            which = min(int(fraction * len(group)), len(group) - 1)
            return self._progress.watch(fraction, len(group), group[which].name)

        with nullcontext() if in_memory else _libraries_of_files():
            outcome = run(APPEND, arguments, datasets, watch)
        self._add(group, outcome)

    def _add(self, group: list[PreparedSlice], outcome: Outcome) -> None:
        if not outcome.output:
            message = self._settings.titled(outcome.messages.failure)
            raise error_of(outcome.exit_status or 2, message, self._told.report)
        told = Report.from_json(outcome.output)
        # The library does not list what it did not come to.
        for prepared, each in zip(group, told.slices, strict=False):
            self._told.slices[prepared.number] = each
        # A lock that is held, or a full disk, is not passed over: it is not the slice's.
        statuses = {told.exit_status, *(each.exit_status for each in told.slices)}
        self._must_end = not statuses <= {0, *_OF_THE_SLICE}
        for warning in (*outcome.messages.warnings, *told.warnings):
            self._told.warn(self._settings.titled(warning))
        self._told.note(
            told.exit_status,
            self._settings.titled(told.message),
            append_dim=told.append_dim or self._told.report.append_dim,
            recovered=self._told.report.recovered + told.recovered,
            settings=told.settings or self._told.report.settings,
        )


def _libraries_of_files() -> AbstractContextManager[Any]:
    """Keeps xarray out of libnetcdf and libhdf5 while GDAL may be in them.

    They are not safe with several threads, and the next slice is prepared in one.
    """
    backend = sys.modules.get("xarray.backends.netCDF4_")
    lock = getattr(backend, "NETCDF4_PYTHON_LOCK", None)
    return lock if lock is not None else nullcontext()
