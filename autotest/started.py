"""Runs of the command, and of `gdal driver mdimappend`, without the time to load them:
tests/started_command.cpp is loaded once for each worker of pytest, and forked for each
run."""

import array
import atexit
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
from pathlib import Path

_lock = threading.Lock()
_server = None

# What chooses another program or plugin, and what the dynamic loader acts upon, which
# has loaded already.
_OF_THE_LOADER = ("PATH", "GDAL_DRIVER_PATH")
_OF_THE_LOADER += ("LD_", "OMP_", "OPENBLAS_", "MALLOC_", "GLIBC_")


def can_start(words: list[str], prefix, options: dict) -> bool:
    """Whether a run with these options of `subprocess` can be had this way: by itself,
    or with a prefix that limits its memory (cubes.in_gigabytes)."""
    if words[0] != "gdalmdimappend" and words[:3] != ["gdal", "driver", "mdimappend"]:
        return False
    if os.environ.get("MDIMAPPEND_EXEC") or set(options) - {"cwd", "env"}:
        return False
    if prefix and _memory(prefix) is None:
        return False
    environment = options.get("env") or os.environ
    return _program() is not None and not any(
        name.startswith(_OF_THE_LOADER) and value != os.environ.get(name)
        for name, value in environment.items()
    )


def _memory(prefix):
    """Bytes of address space; None if the prefix does anything else."""
    found = re.fullmatch("prlimit --as=([0-9]+) --core=0", " ".join(map(str, prefix)))
    return found and found[1]


def run(words: list[str], timeout: float, prefix=(), cwd=None, env=None):
    """As `subprocess.run([*prefix, *words], capture_output=True, text=True)`."""
    environment = dict(env or os.environ)
    if prefix:
        environment["MDIMAPPEND_STARTED_MEMORY"] = _memory(prefix)
    with _connection() as connection:
        outputs = [os.pipe(), os.pipe()]
        null = os.open(os.devnull, os.O_RDONLY)
        variables = [f"{k}={v}" for k, v in environment.items()]
        texts = b"".join(
            os.fsencode(text) + b"\0"
            for text in (cwd or Path.cwd(), *words, *variables)
        )
        descriptors = array.array("i", [null, outputs[0][1], outputs[1][1]])
        connection.sendmsg(
            [struct.pack("=QQ", len(texts), len(words))],
            [(socket.SOL_SOCKET, socket.SCM_RIGHTS, descriptors)],
        )
        for descriptor in descriptors:
            os.close(descriptor)
        connection.sendall(texts)
        return _outcome(connection, words, [read for read, _ in outputs], timeout)


def _outcome(connection, words, outputs, timeout):
    said = [b"", b""]

    def collect(number):
        with os.fdopen(outputs[number], "rb") as stream:
            said[number] = stream.read()

    readers = [threading.Thread(target=collect, args=[i]) for i in (0, 1)]
    for reader in readers:
        reader.start()
    pid = _number(connection)
    connection.settimeout(timeout)
    try:
        status = _number(connection)
    except TimeoutError:
        os.kill(pid, 9)
        raise subprocess.TimeoutExpired(words, timeout) from None
    finally:
        for reader in readers:
            reader.join()
    return subprocess.CompletedProcess(
        words, os.waitstatus_to_exitcode(status), *(text.decode() for text in said)
    )


def _number(connection):
    got = connection.recv(4, socket.MSG_WAITALL)
    assert len(got) == 4, "mdimappend_started ended"
    return struct.unpack("=i", got)[0]


def _program():
    command = shutil.which("gdalmdimappend")
    program = command and Path(command).parent.parent / "tests/mdimappend_started"
    return program if program and program.exists() else None


def _connection():
    global _server  # noqa: PLW0603
    with _lock:
        if _server is None:
            name = f"mdimappend_started-{os.getpid()}"
            process = subprocess.Popen(
                [_program(), name], stdout=subprocess.PIPE, start_new_session=False
            )
            assert process.stdout.readline() == b"listening\n"
            atexit.register(process.kill)
            _server = f"\0{name}"
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.connect(_server)
    return connection
