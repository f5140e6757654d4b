"""The lock of a target, for maintenance with other tools.

The kernel's lock of docs/format.md, section 2, as the library takes it:

1. open `<sidecar>/lock`, and take an open file description lock on it;
2. look whether the path still leads to that file, else start again;
3. look for a lease: if there is one, drop the lock and try later; if it is over,
   pass it by with a free claim;
4. write who holds it, for humans.

The kernel drops the lock with the process. A process that is forked meanwhile has
the file open, too: it closes it at once, and does not hold the lock.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import socket
import struct
import time
import weakref
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ._claims import ClaimWatch, holder_of, latest_claim
from ._durations import seconds
from ._errors import AppendError, Locked, UsageError
from ._report import Recovered
from ._sidecar import recover
from ._vsi_path import is_local, target_path

if TYPE_CHECKING:
    import numpy as np

#: What the sidecar of a store adds to its name.
SIDECAR = ".mdimappend"
_DOCUMENTS = (".zgroup", ".zarray", ".zmetadata", "zarr.json")
#: Linux's number, where Python does not have it.
_F_OFD_SETLK = 37
#: struct flock: type, whence, start, length, process.
_FLOCK = "hhqqi"
_LONGEST_PAUSE = 0.5


def store_of(target: str) -> Path:
    """The store that a target is, or lies in (docs/format.md, section 1).

    Raises:
        UsageError: it is not on a local file system.
    """
    if not is_local(target):
        raise UsageError(
            f"target '{target}': only targets on local file systems can be locked "
            "from Python"
        )
    path = Path(os.path.realpath(target_path(target)))
    if not path.parent.is_dir():
        raise UsageError(f"target '{target}': its folder does not exist")
    roots = [
        folder
        for folder in (path, *path.parents)
        if any((folder / name).exists() for name in _DOCUMENTS)
    ]
    store = roots[-1] if roots else path
    for folder in (store, *store.parents):
        if folder.name.endswith(SIDECAR) and folder.name != SIDECAR:
            raise UsageError(
                f"target '{target}': '{folder}' is called as a sidecar is. Name the "
                "store, or another folder"
            )
    return store


class Lock:
    """Keeps all of gdalmdimappend's writers from a target, while it is held.

    For maintenance with other tools: what an interrupted append left is set right
    first, and nobody appends meanwhile but `append(..., lock=this)`.

        with Lock("cube.zarr", timeout=300):
            subprocess.run(["rsync", "-a", "cube.zarr", "elsewhere/"])

    Readers are not kept away. Only for targets on local file systems.

    Args:
        target: the Zarr store; a group in it stands for its store.
        timeout: how long to wait for another writer: seconds, or a duration,
            also as text ("5min"); None and "forever" are for ever.

    Attributes:
        recovered: what was set right when the lock was taken.

    Raises:
        Locked: when entering it, another writer was there for longer.
    """

    def __init__(
        self,
        target: str | os.PathLike[str],
        timeout: float | str | timedelta | np.timedelta64 | None = 60.0,
    ) -> None:
        self._target = target_path(target)
        self._store = store_of(self._target)
        self._timeout = None if timeout is None else seconds(timeout, "timeout")
        self._descriptor: int | None = None
        self._document: dict[str, Any] = {}
        self.recovered = Recovered()

    @property
    def sidecar(self) -> Path:
        """The folder beside the store."""
        return self._store.with_name(self._store.name + SIDECAR)

    @property
    def held(self) -> bool:
        """Whether it is held now, by this object in this process."""
        return self._descriptor is not None

    def check_holds(self, target: str) -> None:
        """That it is held, and for this target.

        Raises:
            UsageError: it is not.
        """
        if not self.held:
            raise UsageError(f"the lock of '{self._store}' is not held")
        if store_of(target) != self._store:
            raise UsageError(f"the lock is for '{self._store}', not for '{target}'")

    def __enter__(self) -> Lock:
        if self.held:
            raise UsageError(f"the lock of '{self._store}' is held already")
        self._descriptor = self._acquire()
        _held.add(self)
        try:
            self._write("held")
            if self._has_something_to_recover():
                self.recovered = recover(self._target, lock="none")
        except BaseException:
            self._release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._release()

    def _has_something_to_recover(self) -> bool:
        return any((self.sidecar / "journal").glob("*"))

    def _acquire(self) -> int:
        started = time.monotonic()
        watch = ClaimWatch()
        pause = 0.01
        while True:
            # Whoever had it may have taken away a sidecar that nobody needed.
            self.sidecar.mkdir(exist_ok=True)
            descriptor = self._try_kernel_lock()
            if descriptor is not None:
                try:
                    claim = latest_claim(self.sidecar / "lease")
                    if claim is None or claim.pass_by(watch):
                        return descriptor
                    holder = claim.holder
                except BaseException:
                    os.close(descriptor)
                    raise
                os.close(descriptor)
            else:
                holder = self._holder()
            waited = time.monotonic() - started
            if self._timeout is not None and waited >= self._timeout:
                raise Locked(
                    f"locked by {holder}: '{self.sidecar / 'lock'}'. Try again later."
                )
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _try_kernel_lock(self) -> int | None:
        """None: somebody else has it."""
        path = self.sidecar / "lock"
        while True:
            flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
            try:
                descriptor = os.open(path, flags, 0o666)
            except FileNotFoundError:
                self.sidecar.mkdir(exist_ok=True)
                continue
            try:
                if not _lock_file(descriptor, str(path)):
                    os.close(descriptor)
                    return None
                if _is_at(descriptor, path):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def _holder(self) -> str:
        try:
            document = json.loads((self.sidecar / "lock").read_text())
        except (OSError, ValueError):
            document = None
        return holder_of(document)

    def _write(self, state: str) -> None:
        """For humans: nothing depends on it."""
        if state == "held":
            self._document = {
                "nonce": secrets.token_hex(8),
                "host": socket.gethostname(),
                "process": os.getpid(),
                "started": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
                "command": "gdalmdimappend.Lock",
            }
        document = {"format": "mdimappend lock 1", "state": state, **self._document}
        text = (json.dumps(document, indent=2) + "\n").encode()
        assert self._descriptor is not None
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, text, 0)

    def _release(self) -> None:
        descriptor = self._descriptor
        if descriptor is None:
            return
        try:
            self._write("free")
            _unlock_file(descriptor)
        finally:
            self._forget()

    def _forget(self) -> None:
        descriptor, self._descriptor = self._descriptor, None
        _held.discard(self)
        if descriptor is not None:
            os.close(descriptor)


#: What this process holds.
_held: weakref.WeakSet[Lock] = weakref.WeakSet()


def _leave_to_the_parent() -> None:
    """In a process that was forked: the lock is its parent's, and goes with it."""
    for lock in list(_held):
        lock._forget()


os.register_at_fork(after_in_child=_leave_to_the_parent)


def _set_lock(descriptor: int, kind: int) -> None:
    import fcntl

    command = getattr(fcntl, "F_OFD_SETLK", _F_OFD_SETLK)
    wanted = struct.pack(_FLOCK, kind, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(descriptor, command, wanted)


def _lock_file(descriptor: int, path: str) -> bool:
    import fcntl

    try:
        _set_lock(descriptor, fcntl.F_WRLCK)
    except OSError as error:
        if error.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise AppendError(
            f"'{path}': this file system lacks the kind of lock that is needed "
            f"({error.strerror})"
        ) from error
    return True


def _unlock_file(descriptor: int) -> None:
    """Also where a process that was forked meanwhile has the file open, too."""
    import fcntl

    _set_lock(descriptor, fcntl.F_UNLCK)


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        there = os.stat(path, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.path.samestat(os.fstat(descriptor), there)
