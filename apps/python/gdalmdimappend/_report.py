"""What an append did, slice by slice."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, TypeVar

from ._words import in_python

_Record = TypeVar("_Record")


def record_from(kind: type[_Record], document: Mapping[str, Any], **more: Any) -> Any:
    """A dataclass from the members of a JSON object that it knows.

    Members that it does not know are those of a newer version.
    """
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{k: v for k, v in document.items() if k in known}, **more)


@dataclass(frozen=True)
class SliceReport:
    """What became of one slice.

    Attributes:
        slice: its name.
        outcome: 'appended', 'already there', 'would append' (dry run), 'failed',
            or 'not tried' (one before it ended the run).
        first_row: where its new steps are along the append dimension.
        rows: how many new steps it brought.
        rows_replaced: how many steps were written anew.
        rows_already_there: how many were there before, with equal values.
        first_label, last_label: of its steps, as text.
        created: whether it made the target.
        sequence: the number of its commit in the log.
        chunks, bytes: what was written, encoded.
        altered_values: how many did not fit, and were clamped or filled.
        largest_rounding: by array, how far a value was rounded at most to fit the
            target's packing, in the target's units; arrays without any are not in
            it.
        seconds: how long it took.
        exit_status, message: why it failed.
        plan: what would be written (dry run).
    """

    slice: str
    outcome: str = "not tried"
    first_row: int = 0
    rows: int = 0
    rows_replaced: int = 0
    rows_already_there: int = 0
    first_label: str = ""
    last_label: str = ""
    created: bool = False
    sequence: int = 0
    chunks: int = 0
    bytes: int = 0
    altered_values: int = 0
    largest_rounding: Mapping[str, float] = field(default_factory=dict)
    seconds: float = 0.0
    exit_status: int = 0
    message: str = ""
    plan: Mapping[str, Any] | None = None

    @property
    def labels(self) -> str:
        """'2024-01-01 to 2024-01-31', '2024-01-01' or ''."""
        if self.first_label == self.last_label:
            return self.first_label
        return f"{self.first_label} to {self.last_label}"

    @property
    def steps(self) -> int:
        """How many steps the outcome is about."""
        return self.rows or self.rows_replaced or self.rows_already_there

    def __str__(self) -> str:
        if self.outcome in ("failed", "not tried"):
            why = self.message.removeprefix(f"slice '{self.slice}'").lstrip(" ,:")
            return f"{self.slice}: {self.outcome}" + (f": {why}" if why else "")
        outcome = self.outcome
        if self.rows == 0 and self.rows_replaced > 0:
            outcome = "replaced"
        steps = _plural(self.steps, "step")
        if outcome == "already there":
            text = f"{self.slice}: {steps} {outcome}"
        else:
            text = f"{self.slice}: {outcome} {steps}"
        if self.rows and self.rows_replaced:
            text += f" and replaced {self.rows_replaced}"
        if self.labels:
            text += f", {self.labels}"
        if self.created:
            text += ", to a new target"
        if self.altered_values:
            values = _plural(self.altered_values, "value")
            text += f", changed {values} that did not fit"
        for array, largest in self.largest_rounding.items():
            text += f", rounded '{array}' by up to {largest:.3g}"
        return text


@dataclass(frozen=True)
class Recovered:
    """What was done about appends that had been interrupted, by transaction.

    Attributes:
        undone: not decided, and undone.
        finished: decided, and finished.
        tidied: done or undone before; only their journals were left.
        set_aside: conflicts that `recover(..., set_aside=True)` moved away.
    """

    undone: tuple[str, ...] = ()
    finished: tuple[str, ...] = ()
    tidied: tuple[str, ...] = ()
    set_aside: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Recovered:
        return cls(*(tuple(document.get(each.name, ())) for each in fields(cls)))

    def __add__(self, other: Recovered) -> Recovered:
        return Recovered(
            *(
                getattr(self, each.name) + getattr(other, each.name)
                for each in fields(self)
            )
        )

    def __bool__(self) -> bool:
        return any(getattr(self, each.name) for each in fields(self))

    def __str__(self) -> str:
        lines = [
            f"{each.name.replace('_', ' ')}: {name}"
            for each in fields(self)
            for name in getattr(self, each.name)
        ]
        return "\n".join(lines) or "nothing to recover"


@dataclass(frozen=True)
class Report:
    """What an append did.

    Attributes:
        target: the Zarr store, as it was named.
        append_dim: the dimension that grew.
        slices: what became of each, in their order.
        warnings: what GDAL and the library warned of, each once.
        recovered: appends of others that were finished or undone before.
        exit_status, message: of the first failure; 0 and '' if everything is in.
        settings: those in effect (dry run).
    """

    target: str
    append_dim: str = ""
    slices: tuple[SliceReport, ...] = ()
    warnings: tuple[str, ...] = ()
    recovered: Recovered = field(default_factory=Recovered)
    exit_status: int = 0
    message: str = ""
    settings: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, text: str) -> Report:
        """What `--report json` writes."""
        document = json.loads(text)
        slices = document.get("slices", [])
        for each in (document, *slices):
            each["message"] = in_python(each.get("message", ""))
        document["slices"] = tuple(record_from(SliceReport, each) for each in slices)
        document["warnings"] = tuple(map(in_python, document.get("warnings", ())))
        document["recovered"] = Recovered.from_json(document.get("recovered", {}))
        report: Report = record_from(cls, document)
        return report

    def _with(self, *outcomes: str) -> tuple[SliceReport, ...]:
        return tuple(each for each in self.slices if each.outcome in outcomes)

    @property
    def appended(self) -> tuple[SliceReport, ...]:
        """The slices that are in now and were not before."""
        return self._with("appended")

    @property
    def already_there(self) -> tuple[SliceReport, ...]:
        """The slices that were in before."""
        return self._with("already there")

    @property
    def failed(self) -> tuple[SliceReport, ...]:
        """The slices that were refused or could not be read."""
        return self._with("failed")

    @property
    def not_tried(self) -> tuple[SliceReport, ...]:
        """The slices after the one that ended the run."""
        return self._with("not tried")

    @property
    def rows(self) -> int:
        """How many steps the target has got."""
        return sum(each.rows for each in self.appended)

    def __str__(self) -> str:
        lines = [str(each) for each in self.slices]
        if self.recovered:
            lines.insert(0, str(self.recovered))
        return "\n".join(lines) or f"{self.target}: no slices"

    def _repr_html_(self) -> str:
        dimension = html.escape(self.append_dim or "append dimension")
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{html.escape(str(cell))}</td>" for cell in cells)
            + "</tr>"
            for cells in _cells(self.slices)
        )
        return (
            f"<div><b>{html.escape(self.target)}</b>: "
            f"{_plural(self.rows, 'new step')} of {dimension}"
            "<table><thead><tr><th>slice</th><th>outcome</th><th>steps</th>"
            "<th>labels</th><th></th></tr></thead>"
            f"<tbody>{rows}</tbody></table></div>"
        )


def _cells(slices: Iterable[SliceReport]) -> Iterable[tuple[object, ...]]:
    for each in slices:
        yield (each.slice, each.outcome, each.steps, each.labels, each.message)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" + ("" if count == 1 else "s")
