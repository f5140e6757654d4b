"""What is kept beside a target: who appends, what was appended, what is pending."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ._algorithm import run_verb
from ._durations import duration
from ._report import Recovered, record_from
from ._vsi_path import target_path
from ._words import in_python

if TYPE_CHECKING:
    from ._keywords import Duration


@dataclass(frozen=True)
class LoggedSlice:
    """A slice that a commit brought, or parts of which many processes brought."""

    name: str
    path: str = ""
    state: str = ""
    first_row: int = 0
    rows: int = 0
    replaced_rows: int = 0
    first_label: str = ""
    last_label: str = ""
    parts: int = 0


@dataclass(frozen=True)
class LogRecord:
    """A commit: what was appended, when, from which slices, by which command.

    The members are those of the log (docs/format.md, section 4).
    """

    sequence: int
    time: str = ""
    transaction: str = ""
    group: str = ""
    append_dim: str = ""
    first_row: int = 0
    rows: int = 0
    replaced_rows: int = 0
    first_label: str = ""
    last_label: str = ""
    overwrite: bool = False
    command: str = ""
    message: str = ""
    chunks: int = 0
    bytes: int = 0
    slices: tuple[LoggedSlice, ...] = ()
    part_slices: tuple[LoggedSlice, ...] = ()
    warnings: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> LogRecord:
        told = dict(document)
        for member in ("slices", "part_slices"):
            told[member] = tuple(
                record_from(LoggedSlice, each) for each in document.get(member, ())
            )
        told["warnings"] = tuple(map(in_python, document.get("warnings", ())))
        record: LogRecord = record_from(cls, told)
        return record


@dataclass(frozen=True)
class Pending:
    """A transaction whose journal is there."""

    transaction: str
    state: str


@dataclass(frozen=True)
class ArraySummary:
    """An array of a target; its bytes are those of its elements, not encoded."""

    name: str
    dimensions: tuple[str, ...] = ()
    shape: tuple[int, ...] = ()
    type: str = ""
    bytes_uncompressed: float = 0


@dataclass(frozen=True)
class Content:
    """What there is in a target: its steps, from the first label to the last."""

    append_dim: str = ""
    steps: int = 0
    first_label: str = ""
    last_label: str = ""
    arrays: tuple[ArraySummary, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Content:
        arrays = tuple(
            record_from(
                ArraySummary,
                {
                    **each,
                    "dimensions": tuple(each["dimensions"]),
                    "shape": tuple(each["shape"]),
                },
            )
            for each in document.get("arrays", ())
        )
        found: Content = record_from(cls, {**document, "arrays": arrays})
        return found

    def __str__(self) -> str:
        text = f"{self.steps} step{'' if self.steps == 1 else 's'} of {self.append_dim}"
        if self.first_label:
            text += f", {self.first_label}"
        if self.last_label != self.first_label:
            text += f" to {self.last_label}"
        return text


@dataclass(frozen=True)
class Status:
    """The state of a target.

    Attributes:
        exists: whether there is a store.
        locked, holder, leased: whether somebody appends now, who, by which lock.
        appends: how many commits are logged.
        last: the last of them.
        pending: what is under way, or was interrupted.
        content: its steps and arrays; None if they cannot be read.
    """

    target: str
    exists: bool
    locked: bool
    appends: int
    holder: str | None = None
    leased: bool = False
    last: LogRecord | None = None
    pending: tuple[Pending, ...] = ()
    content: Content | None = None

    def __str__(self) -> str:
        lines = [f"locked by {self.holder}" if self.locked else "not locked"]
        lines.append(f"{self.appends} append{'' if self.appends == 1 else 's'} logged")
        lines += [
            f"pending: {each.transaction} ({each.state})" for each in self.pending
        ]
        if self.content and self.content.append_dim:
            lines.append(str(self.content))
        return "\n".join(lines)


def status(target: str | os.PathLike[str]) -> Status:
    """Who appends to a target, what was appended last, what is pending.

    Changes nothing, and takes no lock.

    Raises:
        AppendError: there is no such target, or it cannot be read.
    """
    outcome = run_verb("status", {"target": target_path(target)})
    document = json.loads(outcome.output)
    last = document.get("last")
    pending = tuple(record_from(Pending, each) for each in document["pending"])
    found: Status = record_from(
        Status,
        {
            **document,
            "last": LogRecord.from_json(last) if last else None,
            "pending": pending,
            "content": Content.from_json(document["content"])
            if document.get("content")
            else None,
        },
    )
    return found


def log(target: str | os.PathLike[str], last: int = 10) -> list[LogRecord]:
    """What was appended, the last first.

    Args:
        target: the Zarr store.
        last: how many records; 0 is all.

    Raises:
        AppendError: there is no such target, or it cannot be read.
    """
    arguments = {"target": target_path(target), "last": last}
    outcome = run_verb("log", arguments)
    return [LogRecord.from_json(each) for each in json.loads(outcome.output)]


def recover(
    target: str | os.PathLike[str],
    *,
    set_aside: bool = False,
    lock: str = "auto",
    lock_timeout: Duration = "60s",
    lease: Duration = "30s",
) -> Recovered:
    """Finishes or undoes what an interrupted append left.

    The next append does the same by itself. It is useful before the target is moved,
    copied, or read by those who need what is decided.

    Args:
        target: the Zarr store.
        set_aside: after a conflict, keep the store as it is and move the journals
            that cannot be followed away.
        lock: 'auto', 'lease' or 'none'.
        lock_timeout: how long to wait for a writer; seconds, or as in '5min'.
        lease: how long a lease lasts.

    Raises:
        Locked: a writer was there for longer.
        AppendError: a conflict, or an error.
    """
    outcome = run_verb(
        "recover",
        {
            "target": target_path(target),
            "set_aside": set_aside,
            "lock": lock,
            "lock_timeout": str(duration(lock_timeout, "lock_timeout")),
            "lease": str(duration(lease, "lease")),
        },
    )
    document = json.loads(outcome.output)
    return Recovered.from_json(document)
