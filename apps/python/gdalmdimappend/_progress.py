"""Progress of a run of slices."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sized
from typing import Any, Literal

from ._errors import UsageError

#: Called with the fraction done and the name of the slice that is being written;
#: the fraction is of all slices if their number is known, else of this one. False
#: ends the run, None does not.
ProgressCallback = Callable[[float, str], bool | None]
Progress = ProgressCallback | Literal["tqdm"] | bool | None


class ProgressOfSlices:
    """Puts the fractions of single runs together."""

    def __init__(self, progress: Progress, items: Iterable[Any]) -> None:
        self._total = len(items) if isinstance(items, Sized) else None
        self._bar: Any = None
        self._callback: ProgressCallback | None = None
        self._done = 0
        self.cancelled = False
        if progress == "tqdm" or progress is True:
            self._bar = _bar(self._total, needed=progress == "tqdm")
        elif callable(progress):
            self._callback = progress
        elif progress:
            raise UsageError(f"progress: {progress!r} is neither 'tqdm' nor callable")

    def watch(self, fraction: float, slices: int, name: str) -> bool:
        """A run of so many slices has come so far."""
        done = self._done + fraction * slices
        if self._bar is not None:
            self._bar.set_postfix_str(name, refresh=False)
            self._bar.update(done - self._bar.n)
        if self._callback is None:
            return True
        shown = fraction if self._total is None else done / max(self._total, 1)
        answer = self._callback(min(shown, 1.0), name)
        # None is what a callback returns that says nothing; numpy's False is not
        # the singleton.
        self.cancelled = self.cancelled or (answer is not None and not answer)
        return not self.cancelled

    def advance(self, slices: int) -> None:
        """So many slices are over."""
        self._done += slices
        if self._bar is not None:
            self._bar.update(self._done - self._bar.n)

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()


def _bar(total: int | None, needed: bool) -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        if needed:
            raise UsageError("progress='tqdm', and tqdm is not installed") from None
        return None
    form = "{l_bar}{bar}| {n:.1f}/{total_fmt} [{elapsed}<{remaining}]{postfix}"
    return tqdm(total=total, unit="slice", bar_format=form if total else None)
