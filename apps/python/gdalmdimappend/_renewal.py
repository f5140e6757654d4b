"""Renews the lease of a transaction of parts while it is open."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ._errors import AppendError
from ._logging import logger


class Renewal:
    """A thread that renews a lease.

    Args:
        renew: does it once.
        seconds: that the lease lasts without.
        target: for messages.
    """

    def __init__(self, renew: Callable[[], None], seconds: float, target: str) -> None:
        self._renew = renew
        self._wait = max(seconds / 3, 0.3)
        self._target = target
        self._ended = threading.Event()
        self._thread = threading.Thread(
            target=self._keep_renewing, name="lease of gdalmdimappend", daemon=True
        )
        self._thread.start()

    def _keep_renewing(self) -> None:
        while not self._ended.wait(self._wait):
            try:
                self._renew()
            except AppendError as error:
                # Whoever writes or commits next finds out, too.
                logger.warning("%s: %s", self._target, error)

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()
