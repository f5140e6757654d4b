"""One append, or one write to a region, by many processes.

`begin` takes a lease and guards a template; parts are written from anywhere, as often
as it takes; `commit` decides once. The verbs behind it are those of
`gdal driver mdimappend` (docs/distributed.md).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._algorithm import Outcome, checked, logger, run, verb
from ._errors import AppendError, error_of
from ._is_xarray import is_xarray
from ._labels import Label, label_text
from ._region import bounds
from ._report import SliceReport, record_from
from ._settings import Settings

if TYPE_CHECKING:
    from ._memory_dataset import MemoryArray, MemoryDataset

#: The options of `append` that a transaction of parts has no use for.
_OF_SLICES = ("report", "slices_from")


@dataclass(frozen=True)
class Receipt:
    """What a part is committed by: a few words that name it.

    Attributes:
        transaction: that it belongs to.
        part: its name.
        written: size and checksum of the record of what it has written.
        chunks, bytes: how much that is.
    """

    transaction: str
    part: str
    written: Mapping[str, Any]
    chunks: int = 0
    bytes: int = 0
    format: str = "mdimappend receipt 1"

    @classmethod
    def from_json(cls, text: str) -> Receipt:
        """What `gdal driver mdimappend write` prints."""
        receipt: Receipt = record_from(cls, json.loads(text))
        return receipt

    def to_json(self) -> str:
        return json.dumps(self.__dict__)


@dataclass(frozen=True)
class CommitReport:
    """What the commit of a transaction did.

    Attributes:
        outcome: 'appended', 'written' (a region), or 'complete' (dry run).
        created: whether it made the target.
        finished: it had been decided before, by a commit that did not come to its
            end.
        append_dim, first_row, rows: what the target has got, and where.
        first_label, last_label: of these rows, as text.
        parts: of how many receipts.
        chunks, bytes: what was written, encoded.
        altered_values: how many did not fit, and were clamped or filled.
        sequence: the number of the commit in the log.
    """

    outcome: str
    created: bool = False
    finished: bool = False
    append_dim: str = ""
    first_row: int = 0
    rows: int = 0
    first_label: str = ""
    last_label: str = ""
    parts: int = 0
    chunks: int = 0
    bytes: int = 0
    altered_values: int = 0
    sequence: int = 0


def slice_report(name: str, done: CommitReport) -> SliceReport:
    """What a transaction did, as of a slice."""
    is_region = done.outcome == "written"
    return SliceReport(
        name,
        "appended",
        first_row=done.first_row,
        rows=0 if is_region else done.rows,
        rows_replaced=done.rows if is_region else 0,
        first_label=done.first_label,
        last_label=done.last_label,
        created=done.created,
        sequence=done.sequence,
        chunks=done.chunks,
        bytes=done.bytes,
        altered_values=done.altered_values,
    )


@dataclass(frozen=True)
class PlannedArray:
    """An array that a transaction writes.

    Attributes:
        name, dimensions, shape, chunk: as the target will have them.
        start, stop: what of it is written.
        by_parts: whether parts bring it; `begin` has written the others.
    """

    name: str
    dimensions: tuple[str, ...]
    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    start: tuple[int, ...]
    stop: tuple[int, ...]
    by_parts: bool


class Transaction(AbstractContextManager["Transaction"]):
    """A transaction that is open, by its token.

    It can be sent to other processes: there it writes parts, whose receipts have to
    come back to whoever commits. As a context manager it renews its lease, commits
    what was written through it at the end, and aborts after an exception.
    """

    def __init__(
        self,
        token: str | Mapping[str, Any],
        *,
        target_config: Iterable[str] = (),
    ) -> None:
        """
        Args:
            token: what `begin` gave, or printed.
            target_config: GDAL's options for the target, KEY=VALUE: no token has
                secrets in it.
        """
        self.token: dict[str, Any] = (
            json.loads(token) if isinstance(token, str) else dict(token)
        )
        self._config = list(target_config)
        self._receipts: list[Receipt] = []
        self._renewal: _Renewal | None = None
        self._is_open = True

    def __getstate__(self) -> dict[str, Any]:
        return {
            "token": self.token,
            "target_config": self._config,
        }

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__init__(state.pop("token"), **state)  # type: ignore[misc]

    @property
    def target(self) -> str:
        """The store."""
        return str(self.token["target"])

    @property
    def append_dim(self) -> str:
        return str(self.token["plan"]["append_dim"])

    @property
    def rows(self) -> int:
        """How many steps along the append dimension are written."""
        return int(self.token["plan"]["rows"])

    @property
    def creates(self) -> bool:
        """Whether it makes the target."""
        return bool(self.token["plan"]["creates"])

    @property
    def arrays(self) -> dict[str, PlannedArray]:
        """What is written, by name: along which chunks parts are cut."""
        return {
            each["name"]: PlannedArray(
                each["name"],
                tuple(each["dimensions"]),
                tuple(each["shape"]),
                tuple(each["chunk"]),
                tuple(each["from"]),
                tuple(each["to"]),
                each["by"] == "parts",
            )
            for each in self.token["plan"]["arrays"]
        }

    @property
    def documents(self) -> list[str]:
        """The documents of the store that the commit changes, in its order."""
        return list(self.token["plan"]["documents"])

    def write(
        self,
        part: Any,
        at: int | Mapping[str, int] | None = None,
        *,
        name: str = "part",
        label: Label | None = None,
        **options: Any,
    ) -> Receipt:
        """Writes a part: from any process, as often as it takes.

        Nobody reads it before the commit. Writing it again is harmless: the commit
        takes the part whose receipt it is given.

        Args:
            part: a path, a `gdal.Dataset` or an `xarray.Dataset`.
            at: where it begins in what the transaction writes: a step along the
                append dimension, or indices by dimension. It has to begin and end
                where chunks do.
            name: what a dataset in memory is called in messages.
            label: of a part that has no append dimension.
            **options: of the verb: `num_threads`, `slice_config`, `label_from`, ...

        Raises:
            SliceRefused: it does not fit, or shares chunks with others.
            SliceUnavailable: it cannot be read.
            AppendError: the lease is over, or an error.
        """
        keep = None
        if is_xarray(part, "DataArray"):
            part = part.to_dataset()
        if is_xarray(part, "Dataset"):
            from ._xarray_dataset import to_memory

            keep = to_memory(part, name, self.creates)
            part = keep.dataset
        elif isinstance(part, str | os.PathLike):
            part = os.fsdecode(part)
        arguments = dict(options)
        if label is not None:
            arguments["label"] = label_text(label)
        receipt = self._write(part, at, arguments)
        del keep
        return receipt

    def write_arrays(
        self,
        arrays: Mapping[str, MemoryArray],
        at: Mapping[str, int],
        *,
        name: str = "part",
    ) -> Receipt:
        """Writes a part that is in memory, encoded as the template was."""
        from ._memory_dataset import memory_dataset

        made = memory_dataset(name, arrays)
        receipt = self._write(made.dataset, at, {})
        del made
        return receipt

    def _write(
        self, part: Any, at: int | Mapping[str, int] | None, options: dict[str, Any]
    ) -> Receipt:
        offsets = {self.append_dim: at} if isinstance(at, int) else dict(at or {})
        # GDAL takes an empty list for one with an empty text.
        places = [f"{dim}={offset}" for dim, offset in offsets.items()]
        outcome = self._run(
            "write",
            {
                "input": part,
                **({"at": places} if places else {}),
                **options,
            },
        )
        receipt = Receipt.from_json(outcome.output)
        self._receipts.append(receipt)
        return receipt

    def commit(
        self,
        receipts: Iterable[Receipt | str] | None = None,
        *,
        dry_run: bool = False,
        message: str = "",
    ) -> CommitReport:
        """Commits, if the parts have every chunk exactly once.

        Args:
            receipts: of all parts; those of this object if none are given.
            dry_run: only checks.
            message: for the log.

        Raises:
            SliceRefused: something is missing, or in two parts, or the labels do not
                fit: nothing was done, the transaction stays open.
            AppendError: the message says what state the target is in.
        """
        given = self._receipts if receipts is None else list(receipts)
        lines = [each if isinstance(each, str) else each.to_json() for each in given]
        arguments = {
            **({"receipt": lines} if lines else {}),
            "dry_run": dry_run,
            "message": message,
            "json": True,
        }
        was_renewing = self._renewal is not None
        if not dry_run:
            self._stop_renewing()
        try:
            outcome = self._run("commit", arguments)
        except AppendError:
            # What was missing may be brought.
            if was_renewing:
                self.keep_renewing()
            raise
        self._is_open = dry_run
        report: CommitReport = record_from(CommitReport, json.loads(outcome.output))
        return report

    def abort(self) -> None:
        """Gives up all that was written.

        Raises:
            AppendError: it is decided already, or the lease is over.
        """
        self._stop_renewing()
        self._run("abort", {})
        self._is_open = False

    def renew(self) -> None:
        """The lease lasts as long as at the beginning, from now on."""
        self._run("renew", {})

    def _run(self, name: str, arguments: Mapping[str, Any]) -> Outcome:
        outcome = run(
            verb(name),
            {
                "token": json.dumps(self.token),
                **({"target_config": self._config} if self._config else {}),
                **arguments,
            },
        )
        return checked(outcome)

    def keep_renewing(self) -> None:
        """Renews the lease in the background, until the end of the transaction."""
        if self._renewal is None:
            self._renewal = _Renewal(self)

    def _stop_renewing(self) -> None:
        if self._renewal is not None:
            self._renewal.stop()
            self._renewal = None

    def __enter__(self) -> Transaction:
        self.keep_renewing()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_open and error is None:
            self.commit()
        elif self._is_open:
            try:
                self.abort()
            except AppendError as failure:
                logger.warning("%s: %s", self.target, failure)

    def __repr__(self) -> str:
        return (
            f"<Transaction {self.token['transaction']} of '{self.target}': "
            f"{self.rows} steps of {self.append_dim}>"
        )


class _Renewal:
    """A thread that renews a lease."""

    def __init__(self, transaction: Transaction) -> None:
        seconds = float(transaction.token["lease"]["seconds"])
        self._wait = max(seconds / 3, 0.3)
        self._ended = threading.Event()
        self._transaction = transaction
        self._thread = threading.Thread(
            target=self._keep_renewing, name="lease of gdalmdimappend", daemon=True
        )
        self._thread.start()

    def _keep_renewing(self) -> None:
        while not self._ended.wait(self._wait):
            try:
                self._transaction.renew()
            except AppendError as error:
                # Whoever writes or commits next finds out, too.
                logger.warning("%s: %s", self._transaction.target, error)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


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

    Writers are kept away until the commit, or until the lease is over: then all of
    it is given up, and nothing is in the target.

    Args:
        target: the Zarr store.
        template: a path, a `gdal.Dataset` or an `xarray.Dataset` with the arrays,
            types, attributes and coordinates that the parts will have. Of arrays
            along the append dimension that dask will compute nothing is computed.
        size: how many steps the parts will bring. Without it, those of the template,
            whose labels are then those of the transaction.
        region: replaces values in this part of the target: indices by dimension.
        create: makes a new target, and refuses one that is there.
        lease: how long it lasts without a sign of life; seconds, or as in '1h'.
        label: of a template that has no append dimension.
        **settings: as for `append`.

    Raises:
        Locked: somebody else is appending.
        SliceRefused: the template does not fit the target.
        UsageError, AppendError: as for `append`.
    """
    from ._lazy import template_of

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
