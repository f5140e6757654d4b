"""What GDAL and the library say, for Python's logging.

The process's GDAL is left as it is: whether it uses exceptions, its error handlers.
Warnings go to the logger `gdalmdimappend`, and so does what the library does, step by
step (src/trace.h), if that logger is enabled for DEBUG. Otherwise nobody is asked to
tell.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from osgeo import gdal

logger = logging.getLogger("gdalmdimappend")
# Without it, Python writes warnings that nobody listens to to standard error.
logger.addHandler(logging.NullHandler())


@dataclass
class Messages:
    """What GDAL said while an algorithm ran."""

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def add(self, severity: int, number: int, text: str) -> None:
        if severity >= gdal.CE_Failure:
            self.failures.append(_without_algorithm(text))
        elif severity == gdal.CE_Warning:
            self.warnings.append(_without_algorithm(text))
        else:
            logger.debug("%s", text.removeprefix("MDIMAPPEND: "))

    @property
    def failure(self) -> str:
        return "\n".join(self.failures)


def _without_algorithm(text: str) -> str:
    """GDAL puts the algorithm's name before its messages."""
    name, separator, rest = text.partition(": ")
    return rest if separator and " " not in name else text


def _asking_for_trace() -> AbstractContextManager[None]:
    """The library's threads all tell what they do, to this thread's handler."""
    asking: AbstractContextManager[None] = gdal.config_option(
        "MDIMAPPEND_TRACE", "HANDLER"
    )
    return asking


@contextmanager
def listening() -> Iterator[Messages]:
    """GDAL without exceptions, in this thread, its messages collected."""
    messages = Messages()
    is_traced = logger.isEnabledFor(logging.DEBUG)
    with (
        gdal.ExceptionMgr(useExceptions=False),
        _asking_for_trace() if is_traced else nullcontext(),
    ):
        gdal.PushErrorHandler(messages.add)
        # Messages for debugging that nobody wants here go on to where the user has
        # them (CPL_DEBUG, and handlers that were there before).
        gdal.SetCurrentErrorHandlerCatchDebug(is_traced)
        try:
            yield messages
        finally:
            gdal.PopErrorHandler()
            gdal.ErrorReset()
