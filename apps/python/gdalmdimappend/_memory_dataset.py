"""Arrays of numpy as a dataset of GDAL, without a copy.

GDAL's MEM driver takes an array's memory by its address and strides: reversed,
transposed and broadcast arrays are read as they are. Only where GDAL has no such
type is something made: numbers in the other byte order are turned round, texts
get a table of pointers.
"""

from __future__ import annotations

import re
from collections.abc import Container, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from osgeo import gdal

from ._attributes import add_attributes
from ._errors import SliceRefused
from ._logging import listening

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class MemoryArray:
    """An array: the names of its dimensions, its values, its attributes.

    Attributes that mean something to CF do here: `_FillValue`, `scale_factor`,
    `add_offset`, `units`, `calendar`, `grid_mapping`, `coordinates`, `bounds`.
    """

    dims: tuple[str, ...]
    values: Array
    attrs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Storing:
    """Which attributes are stored; of the others, what cannot be is left out.

    Attributes:
        of_dataset: those of the dataset.
        of_arrays: those of its arrays.
    """

    of_dataset: bool = True
    of_arrays: bool = True


ALL_STORED = Storing()


@dataclass(frozen=True)
class MemoryDataset:
    """A dataset, and what must live as long as it does."""

    dataset: Any
    memory: tuple[Array, ...]


_TYPES = {
    "i1": gdal.GDT_Int8,
    "u1": gdal.GDT_UInt8,
    "i2": gdal.GDT_Int16,
    "u2": gdal.GDT_UInt16,
    "i4": gdal.GDT_Int32,
    "u4": gdal.GDT_UInt32,
    "i8": gdal.GDT_Int64,
    "u8": gdal.GDT_UInt64,
    "f2": gdal.GDT_Float16,
    "f4": gdal.GDT_Float32,
    "f8": gdal.GDT_Float64,
    "c8": gdal.GDT_CFloat32,
    "c16": gdal.GDT_CFloat64,
}


def placeholder(shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
    """An array of any shape that takes the memory of one element.

    It stands for values that come later: a dataset made with it tells only what
    the arrays are.
    """
    return np.broadcast_to(np.zeros((), dtype), shape)


def memory_dataset(
    name: str,
    arrays: Mapping[str, MemoryArray],
    attrs: Mapping[str, Any] | None = None,
    temporal: Container[str] = (),
    storing: Storing = ALL_STORED,
) -> MemoryDataset:
    """A multidimensional dataset of GDAL over the memory of these arrays.

    Args:
        name: what the slice is called in reports and in the log.
        arrays: by name.
        attrs: of the dataset.
        temporal: the dimensions that are time.
        storing: which attributes have to be taken.

    Raises:
        SliceRefused: a name, a type or an attribute that cannot be taken.
    """
    with listening() as messages:
        dataset = gdal.GetDriverByName("MEM").CreateMultiDimensional(name)
        root = dataset.GetRootGroup()
        builder = _Builder(root, messages.failures, temporal, storing.of_arrays)
        for title, array in arrays.items():
            builder.add(title, array)
        add_attributes(root, attrs or {}, "the dataset", storing.of_dataset)
    return MemoryDataset(dataset, tuple(builder.memory))


class _Builder:
    def __init__(
        self,
        root: Any,
        failures: list[str],
        temporal: Container[str],
        stores_attributes: bool,
    ) -> None:
        self._root = root
        self._failures = failures
        self._temporal = temporal
        self._stores_attributes = stores_attributes
        self._dimensions: dict[str, Any] = {}
        self.memory: list[Array] = []

    def add(self, name: str, array: MemoryArray) -> None:
        checked_name(name, "array")
        shape = array.values.shape
        if len(array.dims) != len(shape):
            raise SliceRefused(
                f"array '{name}' has {len(array.dims)} dimensions and {len(shape)} axes"
            )
        if len(set(array.dims)) != len(array.dims):
            raise SliceRefused(f"array '{name}' has a dimension twice: {array.dims}")
        dimensions = [
            self._dimension(name, dim, size)
            for dim, size in zip(array.dims, shape, strict=True)
        ]
        kind, values = self._in_memory(name, array.values)
        options = [f"DATAPOINTER={values.__array_interface__['data'][0]}"]
        if values.ndim:
            options.append("STRIDES=" + ",".join(map(str, values.strides)))
        created = self._root.CreateMDArray(name, dimensions, kind, options)
        if created is None:
            raise SliceRefused(f"array '{name}': {'. '.join(self._failures)}")
        self.memory.append(values)
        add_attributes(created, array.attrs, f"array '{name}'", self._stores_attributes)

    def _dimension(self, array: str, name: str, size: int) -> Any:
        checked_name(name, "dimension")
        if size == 0:
            raise SliceRefused(f"array '{array}': dimension '{name}' has size 0")
        known = self._dimensions.get(name)
        if known is None:
            kind = "TEMPORAL" if name in self._temporal else None
            known = self._root.CreateDimension(name, kind, None, size)
            self._dimensions[name] = known
        if known.GetSize() != size:
            raise SliceRefused(
                f"array '{array}': dimension '{name}' has {size} values, "
                f"in another array {known.GetSize()}"
            )
        return known

    def _in_memory(self, name: str, values: Array) -> tuple[Any, Array]:
        """The type, and the memory that GDAL will read."""
        if values.dtype.kind in "OSUT":
            return gdal.ExtendedDataType.CreateString(), self._texts(name, values)
        kind = _TYPES.get(f"{values.dtype.kind}{values.dtype.itemsize}")
        if kind is None:
            raise SliceRefused(
                f"array '{name}': numpy's type '{values.dtype}' cannot be stored"
            )
        if not values.dtype.isnative:
            values = values.astype(values.dtype.newbyteorder("="))
        return gdal.ExtendedDataType.Create(kind), np.require(values, None, "A")

    def _texts(self, name: str, values: Array) -> Array:
        """Pointers to zero-terminated UTF-8, one for each text.

        A broadcast array is so for one text only, too.
        """
        single = tuple(
            slice(0, 1) if stride == 0 else slice(None) for stride in values.strides
        )
        distinct = values[single]
        encoded = [_utf8(name, text) for text in distinct.ravel().tolist()]
        buffer = np.frombuffer(b"".join(encoded) or b"\0", np.uint8)
        self.memory.append(buffer)
        lengths = np.fromiter(map(len, encoded), np.intp, len(encoded))
        starts = np.cumsum(lengths) - lengths
        address = buffer.__array_interface__["data"][0]
        pointers = (address + starts).astype(np.uintp).reshape(distinct.shape)
        return np.broadcast_to(pointers, values.shape)


def _utf8(array: str, text: object) -> bytes:
    if isinstance(text, bytes):
        try:
            text = text.decode("utf-8")
        except UnicodeDecodeError as error:
            raise SliceRefused(f"array '{array}': {text!r} is not UTF-8") from error
    if not isinstance(text, str):
        raise SliceRefused(
            f"array '{array}': objects of type '{type(text).__name__}' cannot be "
            "stored, only numbers, times and text"
        )
    if "\0" in text:
        raise SliceRefused(f"array '{array}': {text!r} has a zero character in it")
    try:
        return text.encode("utf-8") + b"\0"
    except UnicodeEncodeError as error:
        raise SliceRefused(f"array '{array}': {text!r} is not Unicode") from error


#: The library would put `_` in their place.
_NOT_IN_KEYS = re.compile(r"[/\\\x00-\x1f\x7f]|^\.|^zarr\.json$|^$")


def checked_name(name: Hashable, what: str) -> str:
    """The name of an array or a dimension, if Zarr can have it as it is.

    Raises:
        SliceRefused: it cannot.
    """
    if not isinstance(name, str) or _NOT_IN_KEYS.search(name):
        raise SliceRefused(f"{what} {name!r}: not a name that Zarr can have")
    try:
        name.encode("utf-8")
    except UnicodeEncodeError as error:
        raise SliceRefused(f"{what} {name!r}: its name is not Unicode") from error
    return name
