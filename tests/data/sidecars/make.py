"""Makes stores.tar.xz and notes.json: stores and sidecars as the frozen build leaves
them when it is killed, and what every later build must make of them.

    export MDIMAPPEND_FROZEN=$(./dev frozen)
    ./dev run python3 tests/data/sidecars/make.py

It is kept to say how they were made. They are not made again: stores of the past do not
change. A state that a later format adds gets a file of its own beside these.

The command is traced once, and killed before the call that comes after (or is) the
one that a state is named for. `damage` then does what a power cut, a disk or another
program does.
"""

import io
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
from dataclasses import dataclass, field
from pathlib import Path

HOME = Path(__file__).parents[3]
sys.path.insert(0, str(HOME / "autotest"))

import cubes  # noqa: E402
import frozen_build  # noqa: E402
from damages import DAMAGES  # noqa: E402
from straced import CALL, strace  # noqa: E402

# Log records have the slices' absolute paths.
WORK = Path("/tmp/frozen")
# Tiny: 3 days to which 2 are appended; one chunk is replaced and one added.
GRID = {"lat": 2, "lon": 3}
APPEND = ["--num-threads", "1", "--encoding", "air:chunk=4x2x3"]
BEFORE, AFTER = [0, 3], [0, 5]
LEASE = ["--lock", "lease", "--lease", "90s"]


@dataclass
class Append:
    """What is interrupted: options, what is there before and after."""

    options: list = field(default_factory=list)
    before: list = None
    after: list = field(default_factory=lambda: AFTER)
    slice: str = "days3.nc"


APPENDS = {
    "append": Append(before=BEFORE),
    "new": Append(before=None, after=BEFORE, slice="days0.nc"),
    "process": Append(["--durability", "process"], BEFORE),
    "leased": Append(LEASE, BEFORE),
    "overwrite": Append(["--overwrite"], BEFORE, [3, 2]),
}


def after(pattern, nth=1):
    return pattern, nth, 1


def before(pattern, nth=1):
    return pattern, nth, 0


PLANNED = after(r'rename\(".*/plan\.new", ')
DECISION = r'link\(".*/decision\.\w+", ".*/decision"|link\(".*/abort", ".*/decision"'
LOGGING = r'link\(".*/log/\d+\.json\.\w+", '
PUBLISH = r'rename(at2)?\(.*"[^"]*/stage/[^"]*", .*"[^"]*/cube\.zarr/[^"]*'
EXCHANGE = r'renameat2\(.*"[^"]*/cube\.zarr".*RENAME_EXCHANGE'

# name: where it is killed, what it has done, what recovery does
POINTS = {
    "plan-torn-off": (before(r'rename\(".*/plan\.new", '), "its plan is not there yet", "tidied"),
    "planned": (PLANNED, "its plan, nothing else", "undone"),
    "prepared": (before(r'open(at)?\(.*manifest\.new"'), "its plan; all chunks at their keys or in the stage; no manifest", "undone"),
    "manifested": (before(DECISION), "all but the decision", "undone"),
    "decided": (after(DECISION), "the decision to commit, nothing applied", "finished"),
    "chunk-applied": (after(PUBLISH), "the decision to commit, the first object moved", "finished"),
    "document-applied": (after(PUBLISH + r'(zarr\.json|\.zarray|\.zattrs|\.zgroup|\.zmetadata)"'), "chunks moved, and the first document", "finished"),
    "applied": (before(LOGGING), "all applied, not logged", "finished"),
    "logged": (after(LOGGING), "applied and logged, not tidied", "tidied"),
    "half-tidied": (after(r'unlink\(".*/journal/.*/plan"'), "logged, its plan removed", "tidied"),
    "exchanged": (after(EXCHANGE), "the stores exchanged, not logged", "finished"),
}  # fmt: skip
UNDOING = {
    "aborting": (after(DECISION), "the decision to abort, nothing undone", "undone"),
    "half-undone": (after(r'unlink\(".*/cube\.zarr/air/'), "the decision to abort, added chunks deleted in part", "undone"),
    "undone": (before(r'unlink\(".*/journal/.*/plan"'), "the decision to abort, all undone but the journal", "undone"),
}  # fmt: skip
STATES = {
    "append": ["plan-torn-off", "planned", "prepared", "manifested", "decided", "chunk-applied", "document-applied", "applied", "logged", "half-tidied"],
    "new": ["planned", "manifested", "decided", "document-applied", "logged"],
    "process": ["manifested", "decided", "document-applied", "logged"],
    "leased": ["planned", "manifested", "decided", "chunk-applied", "logged"],
    "overwrite": ["planned", "manifested", "decided", "exchanged", "logged"],
}  # fmt: skip


class Workshop:
    """Folders with a store each, by what was done to them."""

    def __init__(self, zarr_format):
        self.words = [*APPEND, "--zarr-format", zarr_format]
        self.folder = WORK / f"v{zarr_format}"
        self.count = 0
        self.empty = self.folder / "empty"
        self.empty.mkdir(parents=True)
        self.base = self.copy(self.empty)
        self.command(self.base, *self.words, "../../days0.nc", "cube.zarr")

    def copy(self, folder):
        # The same length of names each time: calls are counted.
        self.count += 1
        made = self.folder / f"{self.count:04}"
        shutil.copytree(folder, made, symlinks=True)
        return made

    @staticmethod
    def command(folder, *words, status=0, **options):
        return frozen_build.run("--quiet", *words, status=status, cwd=folder, **options)

    def killed(self, folder, point, words, **options):
        """A copy of `folder` in which the command was killed at this point."""
        calls = self.trace(folder, words, **options)
        pattern, nth, offset = point
        found = [i for i, call in enumerate(calls) if re.search(pattern, call[2])]
        assert len(found) >= nth, f"{words}: {pattern}\n" + "\n".join(c[2] for c in calls)
        name, number, _ = calls[found[nth - 1] + offset]
        made = self.copy(folder)
        inject = f"inject={name}:signal=KILL:when={number}"
        prefix = strace(self.folder / "log", "-e", inject)
        done = frozen_build.run(*words, status=None, cwd=made, prefix=prefix, **options)
        assert done.status in (-signal.SIGKILL, 128 + signal.SIGKILL), done
        return made

    def trace(self, folder, words, **options):
        """Each call on something in the folder: its name, its number, all of it."""
        made = self.copy(folder)
        log = self.folder / "log"
        frozen_build.run(*words, cwd=made, prefix=strace(log), **options)
        counts, calls = {}, []
        for line in log.read_text().splitlines():
            if call := CALL.match(line):
                key = call.groups()
                counts[key] = counts.get(key, 0) + 1
                if str(made) in line:
                    calls.append((key[1], counts[key], line))
        shutil.rmtree(made)
        return calls

    def append(self, name, state):
        what = APPENDS[name]
        words = ["--quiet", *self.words, *what.options, f"../../{what.slice}", "cube.zarr"]
        folder = self.base if what.before else self.empty
        return self.killed(folder, POINTS[state][0], words)

    def undoing(self, state):
        folder = self.append("append", "manifested")
        words = ["driver", "mdimappend", "recover", "cube.zarr"]
        return self.killed(folder, UNDOING[state][0], words, command="gdal")

    def parts(self, state):
        """An append of several processes."""
        folder = self.copy(self.base)

        def verb(name, *words):
            done = frozen_build.verb(name, *words, cwd=folder)
            return done.stdout

        token = verb("begin", "--like", "../../days3.nc", "cube.zarr")
        if state == "begun":
            return folder
        receipt = verb("write", token, "../../days3.nc")
        if state == "written":
            return folder
        commit = ["driver", "mdimappend", "commit", token, receipt]
        return self.killed(folder, POINTS["decided"][0], commit, command="gdal")


def natural_cases():
    """Name, kind, state, note; what recovery does; whether the append is in then."""
    for kind, states in STATES.items():
        for state in states:
            _, note, did = POINTS[state]
            yield f"{kind}-{state}", kind, state, note, did
    for state, (_, note, did) in UNDOING.items():
        yield f"append-{state}", "undoing", state, note, did
    yield "parts-begun", "parts", "begun", "a session, whose lease is over", "undone"
    yield "parts-written", "parts", "written", "a session with a part in the stage, whose lease is over", "undone"  # fmt: skip
    yield "parts-decided", "parts", "decided", "parts, the decision to commit, nothing applied", "finished"  # fmt: skip


def make(workshop, kind, state):
    if kind == "undoing":
        return workshop.undoing(state)
    if kind == "parts":
        return workshop.parts(state)
    return workshop.append(kind, state)


def note_of(name, zarr_format, kind, state, note, did):
    what = APPENDS.get(kind, APPENDS["append"])
    is_in = did == "finished" or state in ("logged", "half-tidied")
    days = what.after if is_in else what.before
    made = {
        "name": f"v{zarr_format}-{name}",
        "zarr_format": int(zarr_format),
        "left": note,
        "days": days,
        "offered": [[0, 3], [3, 2]] if kind == "new" else [[3, 2], [5, 1]],
        "recover": {"did": did},
    }
    if kind in ("leased", "parts"):
        made["options"] = ["--lock", "lease"]
    return made


def settle(folder):
    """What tells of this machine, and means nothing, is made neutral."""
    sidecar = folder / "cube.zarr.mdimappend"
    for path in [sidecar / "lock", *sidecar.glob("lease/*")]:
        if path.is_file():
            path.write_text(path.read_text().replace(socket.gethostname(), "node7"))
    for path in folder.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert socket.gethostname().encode() not in data, path
            text = data.replace(f"{WORK}/days".encode(), b"")
            assert b"/tmp/" not in text and str(HOME).encode() not in text, path


def pack(archive, name, folder):
    for path in [folder, *sorted(folder.rglob("*"))]:
        entry = archive.gettarinfo(path, f"{name}/{path.relative_to(folder)}")
        entry.uid = entry.gid = entry.mtime = 0
        entry.uname = entry.gname = ""
        data = io.BytesIO(path.read_bytes()) if path.is_file() else None
        archive.addfile(entry, data)


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    WORK.mkdir()
    for first, days in ((0, 3), (3, 2)):
        cubes.write(cubes.weather(first, days, **GRID), WORK / f"days{first}.nc")
    notes = []
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for zarr_format in ("2", "3"):
            workshop = Workshop(zarr_format)
            made = {}
            for name, *case in natural_cases():
                made[name] = make(workshop, *case[:2])
                notes.append(note_of(name, zarr_format, *case))
                settle(made[name])
                pack(archive, notes[-1]["name"], made[name])
            for damage in DAMAGES:
                folder = workshop.copy(made.get(damage.of, workshop.base))
                damage.do(folder / "cube.zarr")
                notes.append(damage.as_note(zarr_format))
                settle(folder)
                pack(archive, notes[-1]["name"], folder)
    here = Path(__file__).parent
    packed = subprocess.run(["xz", "-9e"], input=raw.getvalue(), capture_output=True, check=True)
    (here / "stores.tar.xz").write_bytes(packed.stdout)
    lines = ",\n".join(json.dumps(note) for note in notes)
    (here / "notes.json").write_text(f"[\n{lines}\n]\n")
    print(f"{len(notes)} stores, {len(packed.stdout)} bytes", file=os.sys.stderr)


if __name__ == "__main__":
    main()
