"""What can go wrong, by what is to be done about it.

The exit statuses are those of the command line: 3 and 4 mean "try again", 1, 2
and 5 "a human, please".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ._report import Report


class AppendError(RuntimeError):
    """An append, or another operation on a target, did not succeed.

    Attributes:
        exit_status: what the command line would have ended with.
        report: what became of each slice; None if none was begun.
    """

    exit_status: int = 1
    report: Report | None = None

    def __init__(self, message: str = "", report: Report | None = None) -> None:
        super().__init__(message)
        self.report = report


class UsageError(AppendError, ValueError):
    """A setting is unknown, or has a value that it cannot have."""

    exit_status = 2


class Locked(AppendError):
    """Somebody else was appending for longer than the lock was waited for; or the
    target's store does not answer, or the lease was lost: try again."""

    exit_status = 3


class SliceUnavailable(AppendError):
    """A slice is missing, unreadable, incomplete, or changed meanwhile."""

    exit_status = 4


class SliceRefused(AppendError):
    """A guard refused a slice: it does not fit the target."""

    exit_status = 5


class Cancelled(AppendError):
    """The progress callback returned False; what was under way was undone."""


class RecoveryNeeded(AppendError):
    """An interrupted append is decided, and not all of it is in the target yet."""


class PluginMissing(AppendError):
    """GDAL does not find the plugin that does the work."""


_BY_EXIT_STATUS: dict[int, type[AppendError]] = {
    2: UsageError,
    3: Locked,
    4: SliceUnavailable,
    5: SliceRefused,
}


def error_of(
    exit_status: int, message: str, report: Report | None = None
) -> AppendError:
    """The exception for a run that ended with this status."""
    return _BY_EXIT_STATUS.get(exit_status, AppendError)(message, report)
