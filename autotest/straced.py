"""The command under strace: which system calls it makes on its files."""

import collections
import re

CHANGING = [
    "open",
    "openat",
    "creat",
    "write",
    "pwrite64",
    "ftruncate",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "fchmod",
    "fchown",
    "fsync",
    "fdatasync",
    "syncfs",
    "close",
]
CALL = re.compile(r"^(\d+) +(\w+)\(")


def strace(log, *words):
    # The question mark: not every architecture has all of them.
    traced = "trace=" + ",".join(f"?{name}" for name in CHANGING)
    return ["strace", "-f", "-y", "-qq", "-o", log, "-e", traced, *words]


def calls_on(folder, log):
    """Each call on something in `folder`: its name, and how many of that name the
    thread has made when it makes it; with all that come after the first."""
    made = collections.Counter()
    found = []
    for line in log.read_text().splitlines():
        if call := CALL.match(line):
            thread, name = call.groups()
            made[thread, name] += 1
            if str(folder) in line:
                found.append((thread, name, made[thread, name]))
    threads = {thread for thread, _, _ in found}
    assert len(threads) == 1, "the calls of one thread can be counted"
    return [(name, number) for _, name, number in found]
