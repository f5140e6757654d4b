"""One append, or one write to a region, by many processes.

`begin` takes a lease and guards a template; parts are written from anywhere, as often
as it takes; `commit` decides once. The verbs behind it are those of
`gdal driver mdimappend` (docs/distributed.md).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._algorithm import Outcome, checked, run, verb
from ._errors import AppendError
from ._is_xarray import is_xarray
from ._labels import Label, label_text
from ._logging import logger
from ._parts import CommitReport, PlannedArray, Receipt
from ._renewal import Renewal
from ._report import record_from

if TYPE_CHECKING:
    from ._memory_dataset import MemoryArray


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
        attended: bool = False,
    ) -> None:
        """
        Args:
            token: what `begin` gave, or printed.
            target_config: GDAL's options for the target, KEY=VALUE: no token has
                secrets in it.
            attended: the library renews the lease in this process.
        """
        self.token: dict[str, Any] = (
            json.loads(token) if isinstance(token, str) else dict(token)
        )
        self._config = list(target_config)
        self._attended = attended
        self._receipts: list[Receipt] = []
        self._renewal: Renewal | None = None
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
        """Commits, if the parts cover every chunk exactly once.

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
        """The lease lasts its full length again, from now on."""
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
        if self._renewal is None and not self._attended:
            self._renewal = Renewal(
                self.renew, float(self.token["lease"]["seconds"]), self.target
            )

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
