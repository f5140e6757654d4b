"""The next slice is prepared while this one is written.

All that is the user's and makes slices (the iterable, the callables, entering
context managers) runs in one thread, one slice ahead of the one that is written,
in their order.
"""

from __future__ import annotations

import contextvars
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")


class _End:
    pass


class Ahead(Iterator[Item]):
    """An iterator that is one item ahead of its user.

    Leave it as a context manager: what is under way is waited for, the iterator
    behind it is closed.

    Attributes:
        unused: the item that was prepared and not taken, after leaving.
    """

    def __init__(self, items: Iterator[Item]) -> None:
        self._items = items
        self._context = contextvars.copy_context()
        self._thread = ThreadPoolExecutor(1, "gdalmdimappend-prepare")
        self._next: Future[Item | _End] | None = None
        self.unused: Item | None = None

    def _fetch(self) -> Item | _End:
        # A StopIteration cannot be kept in a Future.
        return self._context.run(next, self._items, _End())

    def __enter__(self) -> Ahead[Item]:
        self._next = self._thread.submit(self._fetch)
        return self

    def __next__(self) -> Item:
        if self._next is None:
            raise StopIteration
        future, self._next = self._next, None
        try:
            item = future.result()
        except BaseException:
            # Interrupted while waiting: there may be a slice to be given back.
            if not future.done() or future.exception() is None:
                self._next = future
            raise
        if isinstance(item, _End):
            raise StopIteration
        self._next = self._thread.submit(self._fetch)
        return item

    def __exit__(self, *failure: object) -> None:
        self._thread.shutdown(wait=True)
        if self._next is not None and self._next.exception() is None:
            item = self._next.result()
            self.unused = None if isinstance(item, _End) else item
        close = getattr(self._items, "close", None)
        if close is not None:
            close()
