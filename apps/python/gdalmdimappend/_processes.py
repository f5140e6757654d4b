"""Whether a process that a claim names has ended (docs/format.md, section 2)."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

_PROC = Path("/proc")


def _state_of(process: int) -> tuple[str, int, int] | None:
    """State, number of threads and start of a process, as /proc tells them."""
    try:
        text = (_PROC / str(process) / "stat").read_text(errors="replace")
        # The name, which may have anything in it, is in parentheses.
        words = text.rpartition(")")[2].split()
        # Counted from the state, which is field 3 of proc(5).
        return words[0], int(words[20 - 3]), int(words[22 - 3])
    except (OSError, ValueError, IndexError):
        return None


def _is_proc_ours() -> bool:
    """Whether /proc counts processes as this one's system calls do."""
    try:
        lines = (_PROC / "self/status").read_text(errors="replace").splitlines()
    except OSError:
        return False
    numbers = [line.split()[1:] for line in lines if line.startswith("NSpid:")]
    return numbers == [[str(os.getpid())]]


def _link(path: str) -> str:
    try:
        return os.readlink(_PROC / path)
    except OSError:
        return ""


def _here() -> dict[str, str] | None:
    """Host, boot and namespaces of this process; None where they cannot be told."""
    numbers = _link("self/ns/pid")
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return None
    if not numbers or not boot or not _is_proc_ours():
        return None
    namespaces = f"{numbers} {_link('self/ns/time')}"
    return {"host": socket.gethostname(), "boot": boot, "namespaces": namespaces}


def is_known_gone(identity: object) -> bool:
    """Whether it has ended, for certain; False for one that is only stopped."""
    if not isinstance(identity, Mapping):
        return False
    known: Mapping[str, Any] = identity
    process, here = known.get("process"), _here()
    if not isinstance(process, int) or not 0 < process < 2**31 or here is None:
        return False
    if any(known.get(name) != value for name, value in here.items()):
        return False
    try:
        # /proc may hide others' processes, so that only the kernel's word counts.
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass
    there = _state_of(process)
    if there is None:
        return False
    state, threads, started = there
    # A zombie has ended, and nobody has asked how. (The first thread of a process that
    # goes on in others looks the same, but for their number.)
    return started != known.get("started") or (state in "ZX" and threads <= 1)
