"""Runs of commands: how long, how much memory, which system calls, what is left
on disk."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

CHILD = pathlib.Path(__file__).with_name("child.py")


class Failed(Exception):
    """A command that was measured ended with an error."""


def environment(more):
    return {**os.environ, **(more or {})}


def run(command, cpus, more=None):
    """Runs a command on so many processors; what child.py reports, and `stdout`.

    What others have left to be written to the disk is written before. `more`:
    variables over those of this process's environment.
    """
    os.sync()
    with tempfile.NamedTemporaryFile("r", suffix=".json") as report:
        words = [sys.executable, "-I", "-S", CHILD, report.name, cpus, *command]
        done = subprocess.run(
            [str(word) for word in words],
            capture_output=True,
            text=True,
            env=environment(more),
            check=False,
        )
        try:
            measured = json.load(report)
        except json.JSONDecodeError as error:
            raise Failed(done.stderr[-2000:]) from error
    if measured["status"] != 0:
        raise Failed(f"{command[0]}: {done.stderr[-2000:]}")
    return {**measured, "stdout": done.stdout}


def system_calls(command, more=None):
    """How often each is called in all threads and children; None without strace."""
    if not shutil.which("strace"):
        return None
    with tempfile.NamedTemporaryFile("r") as table:
        trace(["-c", "-o", table.name], command, more)
        calls = {}
        for line in table:
            # % time, seconds, usecs/call, calls, errors (or nothing), name
            words = line.split()
            if len(words) >= 5 and re.fullmatch(r"[\d.]+", words[0]):
                calls[words[-1]] = int(words[3])
    calls.pop("total", None)
    return calls


WRITE = re.compile(r"(?:p?write(?:64|v)?)\(\d+<([^>]*)>.* = (\d+)$")


def written_below(folder, command, more=None):
    """Bytes that a command writes to files below a folder; None without strace."""
    if not shutil.which("strace"):
        return None
    calls = "trace=write,pwrite64,writev,pwritev,copy_file_range,sendfile"
    with tempfile.NamedTemporaryFile("r") as lines:
        trace(["-y", "-s0", "-e", calls, "-o", lines.name], command, more)
        total = 0
        for line in lines:
            found = WRITE.search(line.strip())
            if found and found[1].startswith(f"{folder}/"):
                total += int(found[2])
            elif "copy_file_range(" in line or "sendfile(" in line:
                raise Failed(f"a copy that is not counted: {line}")
    return total


def trace(options, command, more):
    done = subprocess.run(
        ["strace", "-f", *options, *[str(word) for word in command]],
        capture_output=True,
        text=True,
        env=environment(more),
        check=False,
    )
    if done.returncode != 0:
        raise Failed(f"strace {command[0]}: {done.stderr[-2000:]}")


def put_away(target):
    """Takes a target and what is beside it out of the way: emptied, not removed.

    On ext4 whoever makes files within a minute or more after others were removed
    pays for that: the kernel looks over each inode that was set free. What a tool
    itself removes it pays for.
    """
    for path in (pathlib.Path(target), pathlib.Path(f"{target}.mdimappend")):
        if not path.exists():
            continue
        used = path.parent / "used"
        used.mkdir(exist_ok=True)
        away = used / str(sum(1 for _ in used.iterdir()))
        path.rename(away)
        for root, _, names in os.walk(away):
            for name in names:
                os.truncate(os.path.join(root, name), 0)


def contents(folder):
    """Files below a folder, and their bytes."""
    sizes = [
        os.lstat(os.path.join(root, name)).st_size
        for root, _, names in os.walk(folder)
        for name in names
    ]
    return {"objects": len(sizes), "bytes": sum(sizes)}
