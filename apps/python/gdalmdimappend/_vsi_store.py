"""Zarr stores that zarr-python reads through GDAL's file systems.

So a target in an object store is read with the credentials it is written with. What
does not exist is nothing; any other failure is an error, never a missing chunk.
"""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Iterable

from osgeo import gdal
from zarr.abc.store import (
    ByteRequest,
    OffsetByteRequest,
    RangeByteRequest,
    Store,
    SuffixByteRequest,
)
from zarr.core.buffer import Buffer, BufferPrototype

from ._logging import listening

#: VSIE_FileError and VSIE_ObjectNotFound of cpl_vsi_error.h, which the bindings lack.
_FILE_ERROR = 1
_OBJECT_NOT_FOUND = 8


class VsiStore(Store):
    """A folder of GDAL's, for reading.

    Args:
        folder: as GDAL has it: `/vsis3/bucket/cube.zarr`.
    """

    supports_writes = False
    supports_deletes = False
    supports_listing = True

    def __init__(self, folder: str) -> None:
        super().__init__(read_only=True)
        self._folder = folder.rstrip("/")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, VsiStore) and other._folder == self._folder

    def __repr__(self) -> str:
        return f"VsiStore({self._folder!r})"

    def _path(self, key: str) -> str:
        return f"{self._folder}/{key}" if key else self._folder

    async def get(
        self,
        key: str,
        prototype: BufferPrototype,
        byte_range: ByteRequest | None = None,
    ) -> Buffer | None:
        data = await asyncio.to_thread(_read, self._path(key), byte_range)
        return None if data is None else prototype.buffer.from_bytes(data)

    async def get_partial_values(
        self,
        prototype: BufferPrototype,
        key_ranges: Iterable[tuple[str, ByteRequest | None]],
    ) -> list[Buffer | None]:
        return await asyncio.gather(
            *(self.get(key, prototype, wanted) for key, wanted in key_ranges)
        )

    async def exists(self, key: str) -> bool:
        return await asyncio.to_thread(_size, self._path(key)) is not None

    async def list(self) -> AsyncIterator[str]:
        async for key in self.list_prefix(""):
            yield key

    async def list_prefix(self, prefix: str) -> AsyncIterator[str]:
        folder = prefix.rpartition("/")[0]
        for name in await asyncio.to_thread(_names, self._path(folder), True):
            key = f"{folder}/{name}" if folder else name
            if key.startswith(prefix) and not key.endswith("/"):
                yield key

    async def list_dir(self, prefix: str) -> AsyncIterator[str]:
        for name in await asyncio.to_thread(_names, self._path(prefix), False):
            yield name.rstrip("/")

    async def set(self, key: str, value: Buffer) -> None:
        self._check_writable()

    async def delete(self, key: str) -> None:
        self._check_writable()


def _size(path: str) -> int | None:
    """None if there is no such object.

    Raises:
        OSError: it cannot be told.
    """
    flags = (
        gdal.VSI_STAT_EXISTS_FLAG
        | gdal.VSI_STAT_NATURE_FLAG
        | gdal.VSI_STAT_SIZE_FLAG
        | gdal.VSI_STAT_SET_ERROR_FLAG
    )
    with listening() as messages:
        gdal.VSIErrorReset()
        found = gdal.VSIStatL(path, flags)
        reason = gdal.VSIGetLastErrorMsg() or messages.failure
        is_missing = gdal.VSIGetLastErrorNo() in (0, _FILE_ERROR, _OBJECT_NOT_FOUND)
    if found is not None:
        # What only has objects below it is no object.
        return None if found.IsDirectory() else int(found.size)
    if is_missing or "HTTP response code: 404" in reason:
        return None
    raise OSError(errno.EIO, reason, path)


def _names(folder: str, recursive: bool) -> list[str]:
    with listening():
        read = gdal.ReadDirRecursive if recursive else gdal.ReadDir
        names = read(folder) or []
    return [str(name) for name in names if name not in (".", "..")]


def _read(path: str, wanted: ByteRequest | None) -> bytes | None:
    """None if there is no such object.

    Raises:
        OSError: it is there, or may be, and cannot be read.
    """
    size = _size(path)
    if size is None:
        return None
    start, end = _bounds(wanted, size)
    with listening() as messages:
        file = gdal.VSIFOpenL(path, "rb")
        if file is None:
            raise OSError(errno.EIO, messages.failure or "cannot be opened", path)
        try:
            gdal.VSIFSeekL(file, start, 0)
            data = gdal.VSIFReadL(1, end - start, file) if end > start else b""
        finally:
            gdal.VSIFCloseL(file)
        if data is None or len(data) != end - start:
            raise OSError(errno.EIO, messages.failure or "was cut off", path)
    return bytes(data)


def _bounds(wanted: ByteRequest | None, size: int) -> tuple[int, int]:
    if wanted is None:
        return 0, size
    if isinstance(wanted, RangeByteRequest):
        return min(wanted.start, size), min(wanted.end, size)
    if isinstance(wanted, OffsetByteRequest):
        return min(wanted.offset, size), size
    if isinstance(wanted, SuffixByteRequest):
        return max(size - wanted.suffix, 0), size
    raise TypeError(f"{wanted!r} is not a range of bytes")
