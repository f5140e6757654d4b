"""What may be a slice, and how it becomes data.

A slice is a path, a dataset of GDAL or xarray, or something that gives one: a
callable, a context manager, an object with `get_dataset()` and `close()`.
"""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from typing import Any

from osgeo import gdal

from ._errors import UsageError
from ._is_xarray import is_xarray
from ._labels import Label, labels_of
from ._lazy import is_lazy, loaded

#: Callables that give callables that give ...: that is a mistake.
_DEEPEST = 8


@dataclass
class PreparedSlice:
    """A slice that is ready to be written.

    Attributes:
        number: counted from 1.
        name: for reports.
        data: a path, a gdal.Dataset, or an xarray.Dataset, in memory or dask's.
        label: as text; None if it has none.
        resources: context managers that end when the slice is in, or is not.
        error: why it could not be prepared.
    """

    number: int
    name: str
    label: str | None = None
    data: Any = None
    resources: ExitStack = field(default_factory=ExitStack)
    error: Exception | None = None

    @property
    def kind(self) -> tuple[str, bool]:
        """Slices of one kind can be written in one run."""
        form = "paths" if isinstance(self.data, str) else "datasets"
        if is_xarray(self.data, "Dataset") and is_lazy(self.data):
            form = "lazy datasets"
        return form, self.label is not None


def _is_data(value: object) -> bool:
    return (
        isinstance(value, str | os.PathLike | gdal.Dataset)
        or is_xarray(value, "Dataset")
        or is_xarray(value, "DataArray")
    )


def _is_context_manager(value: object) -> bool:
    return isinstance(value, AbstractContextManager)


def _is_slice_source(value: object) -> bool:
    """As zappend has it; a class is called first."""
    return hasattr(value, "get_dataset") and not isinstance(value, type)


def _is_one_slice(value: object) -> bool:
    return (
        _is_data(value)
        or callable(value)
        or _is_context_manager(value)
        or _is_slice_source(value)
    )


def items_of(slices: object, has_source: bool) -> Iterable[Any]:
    """The slices, one by one; one alone is a list of one.

    Raises:
        TypeError: it is neither.
    """
    if _is_one_slice(slices) and not (has_source and isinstance(slices, Iterator)):
        return [slices]
    if slices is None or isinstance(slices, bytes | bytearray | Mapping):
        raise TypeError(_not_a_slice(slices))
    if isinstance(slices, Iterable):
        return slices
    if has_source:
        return [slices]
    raise TypeError(_not_a_slice(slices))


def _not_a_slice(value: object) -> str:
    return (
        f"a slice is a path, a gdal.Dataset, an xarray.Dataset, or a callable or a "
        f"context manager that gives one, not {_short(value)}"
    )


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception:
        text = object.__repr__(value)
    return text if len(text) <= 60 else text[:57] + "..."


class SliceSource:
    """Calls the user's function with the items of `slices`.

    An item is the argument; a tuple is several; a dict is keyword arguments; a
    pair of a tuple and a dict is both. A parameter of the function that is named
    `settings` gets those of the append.
    """

    def __init__(
        self, function: Callable[..., Any], settings: Mapping[str, Any]
    ) -> None:
        if not callable(function):
            raise UsageError(f"slice_source: {function!r} cannot be called")
        self._function = function
        self._extra = {"settings": settings} if _asks_for_settings(function) else {}

    def bound(self, item: Any) -> Callable[[], Any]:
        """The call for an item."""
        args, kwargs = _arguments(item)

        def call() -> Any:
            return self._function(*args, **{**self._extra, **kwargs})

        shown = [_short(each) for each in args]
        shown += [f"{name}={_short(each)}" for name, each in kwargs.items()]
        name = getattr(self._function, "__name__", type(self._function).__name__)
        call.__name__ = f"{name}({', '.join(shown)})"
        return call


def _arguments(item: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    if isinstance(item, Mapping):
        return (), dict(item)
    if not isinstance(item, tuple):
        return (item,), {}
    if (
        len(item) == 2
        and isinstance(item[0], tuple | list)
        and isinstance(item[1], Mapping)
    ):
        return tuple(item[0]), dict(item[1])
    return item, {}


def _asks_for_settings(function: Callable[..., Any]) -> bool:
    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return False  # Built-in functions may not tell.
    return "settings" in parameters


def prepared_slices(
    items: Iterable[Any],
    source: SliceSource | None,
    label: Label | Iterable[Label] | None,
) -> Iterator[PreparedSlice]:
    """Makes each slice ready, when it is asked for.

    What fails while a slice is made is in the slice; what fails while the next
    item is fetched is raised.
    """
    labels = labels_of(label)
    try:
        for number, item in enumerate(items, 1):
            call = source.bound(item) if source else item
            prepared = PreparedSlice(number, _name_of(call, number))
            prepared.label = _next_label(labels, number)
            try:
                _prepare(prepared, call)
            except Exception as error:
                prepared.error = error
            yield prepared
    finally:
        if isinstance(items, Generator):
            items.close()


def _next_label(labels: Iterator[str | None], number: int) -> str | None:
    try:
        return next(labels)
    except StopIteration:
        raise UsageError(f"slice {number} has no label: there are too few") from None


def _name_of(item: Any, number: int) -> str:
    if isinstance(item, str | os.PathLike):
        return os.fsdecode(item)
    if isinstance(item, gdal.Dataset):
        return str(item.GetDescription()) or f"slice {number}"
    name = getattr(item, "__name__", None)
    if isinstance(name, str) and callable(item) and name != "<lambda>":
        return name
    return f"slice {number}"


def _prepare(prepared: PreparedSlice, item: Any) -> None:
    given = item
    for _ in range(_DEEPEST):
        if _is_data(item):
            prepared.data = _data(item)
            return
        if _is_slice_source(item):
            if callable(getattr(item, "close", None)):
                prepared.resources.callback(item.close)
            item = item.get_dataset()
        elif _is_context_manager(item):
            item = prepared.resources.enter_context(item)
        elif callable(item):
            item = item()
        else:
            raise TypeError(_not_a_slice(item))
    raise TypeError(_not_a_slice(given))


def _data(item: Any) -> Any:
    if isinstance(item, str | os.PathLike):
        return os.fsdecode(item)
    if is_xarray(item, "DataArray"):
        if item.name is None:
            raise TypeError("a DataArray is a slice only if it has a name")
        item = item.to_dataset()
    if not is_xarray(item, "Dataset") or is_lazy(item):
        return item
    return loaded(item)


def give_back(
    group: Iterable[PreparedSlice], errors: Mapping[int, BaseException]
) -> None:
    """Ends the slices' context managers, which may not hide a failure.

    All of them, also when one fails; the first failure is raised.
    """
    first: BaseException | None = None
    for prepared in group:
        error = errors.get(prepared.number)
        try:
            prepared.resources.__exit__(
                type(error) if error else None,
                error,
                error.__traceback__ if error else None,
            )
        except BaseException as raised:
            if raised is not error:
                first = first or raised
    if first is not None:
        raise first
