"""What GDAL and the library say, for Python's logging.

The process's GDAL is left as it is: whether it uses exceptions, its error handlers.
Warnings go to the logger `gdalmdimappend`, what became of each slice for INFO, and what
the library does, step by step (src/trace.h), if that logger is enabled for DEBUG.
Otherwise nobody is asked to tell.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

from osgeo import gdal

from ._words import in_python

_ALGORITHMS = (
    *("append", "begin", "write", "commit", "abort", "renew"),
    *("status", "log", "recover", "unlock"),
)

logger = logging.getLogger("gdalmdimappend")
# Without it, Python writes warnings that nobody listens to to standard error.
logger.addHandler(logging.NullHandler())


@dataclass
class Messages:
    """What GDAL said while an algorithm ran.

    Attributes:
        failures, warnings: these.
        is_rehearsal: what is told for debugging would only confuse.
    """

    failures: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    is_rehearsal: bool = False

    def add(self, severity: int, number: int, text: str) -> None:
        if severity >= gdal.CE_Failure:
            self.failures.append(in_python(_without_algorithm(text)))
        elif severity == gdal.CE_Warning:
            self.warnings.append(in_python(_without_algorithm(text)))
        elif not self.is_rehearsal:
            logger.debug("%s", text.removeprefix("MDIMAPPEND: "))

    @property
    def failure(self) -> str:
        return "\n".join(self.failures)


def _without_algorithm(text: str) -> str:
    """GDAL puts the algorithm's name before messages of its own."""
    name, separator, rest = text.partition(": ")
    return rest if separator and name in _ALGORITHMS else text


def _tracing_to(whom: str) -> AbstractContextManager[None]:
    """HANDLER: the library's threads all tell what they do, to this thread's handler.

    NONE: this thread tells nothing.
    """
    tracing: AbstractContextManager[None] = gdal.config_option("MDIMAPPEND_TRACE", whom)
    return tracing


@contextmanager
def listening(is_rehearsal: bool = False) -> Iterator[Messages]:
    """GDAL without exceptions, in this thread, its messages collected.

    Args:
        is_rehearsal: nothing is traced.
    """
    messages = Messages(is_rehearsal=is_rehearsal)
    is_debugging = logger.isEnabledFor(logging.DEBUG)
    tracing = _tracing_to("NONE" if is_rehearsal else "HANDLER")
    with (
        gdal.ExceptionMgr(useExceptions=False),
        tracing if is_debugging else nullcontext(),
    ):
        gdal.PushErrorHandler(messages.add)
        # Messages for debugging that nobody wants here go on to where the user has
        # them (CPL_DEBUG, and handlers that were there before).
        gdal.SetCurrentErrorHandlerCatchDebug(is_debugging or is_rehearsal)
        try:
            yield messages
        finally:
            gdal.PopErrorHandler()
            gdal.ErrorReset()
