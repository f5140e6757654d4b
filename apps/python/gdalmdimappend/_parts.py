"""What a transaction of parts says of itself: plan, receipts, what its commit did."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ._report import SliceReport, record_from


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
        largest_rounding: by array, how far a value was rounded at most.
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
    largest_rounding: Mapping[str, float] = field(default_factory=dict)
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
        largest_rounding=done.largest_rounding,
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
