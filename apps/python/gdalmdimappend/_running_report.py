"""The report of an append while it is under way."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ._logging import logger
from ._report import Report, SliceReport


class RunningReport:
    """What has become of the slices so far.

    Attributes:
        slices: each one's, by its number.
        report: of the whole, with what was noted.
    """

    def __init__(self, target: str) -> None:
        self.slices: dict[int, SliceReport] = {}
        self.report = Report(target)

    def fail(self, number: int, name: str, exit_status: int, message: str) -> None:
        self.slices[number] = SliceReport(
            name, "failed", exit_status=exit_status, message=message
        )
        self.note(exit_status, message)

    def note(self, exit_status: int = 0, message: str = "", **more: Any) -> None:
        """Adds to the report; the first failure is that of the whole."""
        if self.report.exit_status:
            exit_status, message = self.report.exit_status, self.report.message
        self.report = replace(
            self.report,
            exit_status=exit_status,
            message=message,
            slices=tuple(each for _, each in sorted(self.slices.items())),
            **more,
        )

    def warn(self, warning: str) -> None:
        """Each warning once, however many slices it is about."""
        if warning not in self.report.warnings:
            logger.warning("%s", warning)
            self.report = replace(
                self.report, warnings=(*self.report.warnings, warning)
            )
