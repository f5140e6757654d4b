"""File systems that tests mount, in the mount namespace of the test run."""

import contextlib
import ctypes
import os

import pytest

MS_RDONLY, MS_REMOUNT, MS_BIND = 1, 32, 4096
MNT_DETACH = 2
libc = ctypes.CDLL(None, use_errno=True)


def mount(source, folder, kind="", flags=0, options=""):
    words = [os.fsencode(str(word)) for word in (source, folder, kind)]
    if libc.mount(*words, flags, os.fsencode(options)) != 0:
        code = ctypes.get_errno()
        raise OSError(code, f"mount: {os.strerror(code)}", str(folder))


@contextlib.contextmanager
def mounted(folder, options, kind="tmpfs"):
    """A small file system of its own."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder.mkdir(exist_ok=True)
    mount(kind, folder, kind, options=options)
    try:
        yield folder
    finally:
        libc.umount2(os.fsencode(str(folder)), MNT_DETACH)


@contextlib.contextmanager
def read_only(folder, at):
    """The folder once more, at another place, where nothing can be changed."""
    at.mkdir()
    mount(folder, at, flags=MS_BIND)
    try:
        mount(folder, at, flags=MS_BIND | MS_REMOUNT | MS_RDONLY)
        yield at
    finally:
        libc.umount2(os.fsencode(str(at)), MNT_DETACH)
