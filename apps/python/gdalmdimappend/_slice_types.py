"""What may be a slice, for type checkers. (A dataset of xarray, too, is iterable.)"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class GdalDataset(Protocol):
    """A gdal.Dataset, of which there are no types."""

    def GetRootGroup(self) -> Any: ...


class HasDataset(Protocol):
    """A slice source of zappend."""

    def get_dataset(self) -> Any: ...


#: One slice, or what gives one.
Slice = (
    str
    | os.PathLike[str]
    | GdalDataset
    | HasDataset
    | Callable[..., Any]
    | AbstractContextManager[Any]
)

#: One or several. What an iterable gives may be anything that `slice_source` takes.
Slices = Slice | Iterable[Any]
