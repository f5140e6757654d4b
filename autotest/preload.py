"""The command, stopped right before a chosen call, or with another wall clock: by the
library of preload.c."""

import contextlib
import functools
import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path

import cubes
import pytest


@functools.cache
def library():
    """Built once in each process that runs tests."""
    source = Path(__file__).with_name("preload.c")
    built = Path(tempfile.mkdtemp(prefix="preload-")) / "preload.so"
    words = ["gcc", "-O1", "-shared", "-fPIC", "-w", source, "-o", built, "-ldl"]
    subprocess.run(words, check=True)
    return str(built)


def environment(**more):
    if cubes.SANITIZED:
        pytest.skip("sanitizers stand for the same calls")
    return {**os.environ, "LD_PRELOAD": library(), **more}


@contextlib.contextmanager
def stopped_before(call, part, *words, number=1, **options):
    """The command, stopped right before its `number`-th `call` on a path that
    contains `part`. Continued (if the test did not) and ended on the way out."""
    env = environment(PRELOAD_STOP=f"{call},{part},{number}")
    process = cubes.start(*words, env=env, **options)
    try:
        wait_until_stopped(process)
        yield process
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate()


def wait_until_stopped(process, timeout=60):
    deadline = time.monotonic() + timeout
    while state_of(process) not in "Tt":
        if process.poll() is not None:
            raise AssertionError(("it never came there", process.communicate()))
        assert time.monotonic() < deadline, "it never came there"
        time.sleep(0.005)


def state_of(process):
    text = Path(f"/proc/{process.pid}/stat").read_text()
    return text.rsplit(")", 1)[1].split()[0]


def go_on(process, timeout=60):
    """Continues a stopped command to its end."""
    process.send_signal(signal.SIGCONT)
    out, err = process.communicate(timeout=timeout)
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    return cubes.Completed(done, process.args)
