"""Campaigns inject faults into calls that go through one seam (src/storage/posix.h).
Here the system itself is asked which calls an append makes on its files: none passes
by that seam."""

import collections
import os
import re
import shutil
import subprocess
from pathlib import Path

import cubes
import pytest

BUILD = Path(os.environ.get("MDIMAPPEND_BUILD", Path(__file__).parents[2] / "build"))
PROGRAM = BUILD / "tests" / "mdimappend_torture"

pytestmark = [
    pytest.mark.skipif(not shutil.which("strace"), reason="strace is not installed"),
    pytest.mark.skipif(not PROGRAM.exists(), reason="built without tests"),
    pytest.mark.skipif(cubes.SANITIZED, reason="sanitizers look at files, too"),
]

# Looking at names and states is left out: the store is searched for by the standard
# library, too. No such call changes anything.
LOOKS = set(
    [
        "access",
        "faccessat",
        "faccessat2",
        "stat",
        "lstat",
        "fstat",
        "newfstatat",
        "statx",
        "statfs",
        "fstatfs",
        "readlink",
        "readlinkat",
        "getcwd",
        "chdir",
        "execve",
    ]
)
SAME = {"fdatasync": "fsync", "creat": "open"}
CALL = re.compile(r"^\d+ +(\w+)\((.*)\) += (-?\d+)")
QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
DESCRIPTOR = re.compile(r"^(?:AT_FDCWD|-?\d+)<([^>]*)>")


def lock_call(arguments):
    """The seam's name of an fcntl that is about a lock."""
    if "F_OFD_GETLK" in arguments:
        return "askLock"
    return "unlock" if "l_type=F_UNLCK" in arguments else "lock"


def is_a_look(name, arguments):
    if name == "fcntl":
        return not re.search("F_(OFD_)?(SETLK|GETLK)", arguments)
    # Where it is, is what the seam's recorder asks.
    return name in LOOKS or (name == "lseek" and "SEEK_CUR" in arguments)


def as_the_seam_names_it(name, arguments):
    """The seam's name of a system call, and the paths it is about."""
    names = QUOTED.findall(arguments) if name not in ("read", "write") else []
    folder = DESCRIPTOR.match(arguments)
    below = folder and not arguments.startswith("AT_FDCWD")
    if name == "openat":
        if below:
            return "openAt", [f"{folder[1]}/{names[0]}"]
        listing = "O_NONBLOCK" in arguments and "O_DIRECTORY" in arguments
        return ("opendir" if listing else "open"), names
    if name == "unlinkat" and below:
        return "unlinkAt", [f"{folder[1]}/{names[0]}"]
    if name == "renameat2" and "RENAME_EXCHANGE" in arguments:
        return "renameExchange", names
    if name == "renameat2" and "RENAME_NOREPLACE" in arguments:
        return "renameNoReplace", names
    if name == "fcntl":
        return lock_call(arguments), [folder[1]]
    if name.startswith("getdents"):
        return "readdir", [folder[1]]
    if names:
        return SAME.get(name, re.sub(r"at2?$", "", name)), names
    return SAME.get(name, name), [folder[1]] if folder else []


def seen_by_the_system(log, folder):
    calls = collections.Counter()
    for line in log.read_text().splitlines():
        # Its own report, of what it does there, goes into a pipe.
        if str(folder) not in line or "<pipe:" in line:
            continue
        call = CALL.match(line)
        assert call, f"this line is not understood: {line}"
        name, arguments, result = call.groups()
        if is_a_look(name, arguments):
            continue
        # A listing ends with a call that brings nothing.
        if name.startswith("getdents") and result == "0":
            continue
        seam, paths = as_the_seam_names_it(name, arguments)
        calls[" ".join([seam, *map(os.path.normpath, paths)])] += 1
    return calls


def counted_by_the_seam(text):
    calls = collections.Counter()
    for line in text.splitlines():
        _, name, *paths = line.split(" ")
        if name in ("lstat", "stat", "fstat", "access", "fstatfs", "statx"):
            continue
        name = {"closedir": "close"}.get(name, name)
        calls[" ".join([name, *map(os.path.normpath, paths)])] += 1
    return calls


@pytest.mark.parametrize("step", ["Create", "Aligned", "Merging", "Replace", "Over"])
def test_no_call_passes_by_the_seam(tmp_path, step):
    folder = tmp_path / "here"
    folder.mkdir()
    what = f"{step}:{folder}"
    subprocess.run([PROGRAM, "--prepare", what], check=True, capture_output=True)
    log = tmp_path / "log"
    done = subprocess.run(
        ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", "trace=%file,%desc"]
        + ["-o", log, PROGRAM, "--trace", what],
        check=True,
        capture_output=True,
        text=True,
    )
    counted = counted_by_the_seam(done.stdout)
    seen = seen_by_the_system(log, folder)
    assert seen - counted == collections.Counter(), "these pass by the seam"
    assert counted - seen == collections.Counter(), "these never reach the system"
    kinds = {call.split(" ")[0] for call in seen}
    needed = "open write close mkdir rmdir unlink rename link fsync readdir"
    needed += " lock lseek unlock"
    # A new cube is made of nothing that was there.
    needed += " read" if step != "Create" else ""
    assert set(needed.split()) <= kinds
