"""A tiny cube, and appends to it that are killed at a chosen step of the protocol.

The command is traced once by strace, and killed before the call that comes after (or
is) the one that a step is named for.
"""

import re
import shutil
import signal
from dataclasses import dataclass, field

import cubes
from straced import CALL, strace

# 3 days to which 2 are appended: one chunk is replaced and one added.
GRID = {"lat": 2, "lon": 3}
WORDS = ["--num-threads", "1", "--encoding", "air:chunk=4x2x3"]
# Too long for a renewal to come between, and short enough to be looked at.
LEASE = ["--lock", "lease", "--lease", "90s"]


@dataclass
class Append:
    """Its options, its slice, and what is in the cube before and after: the first
    day, and how many."""

    options: list = field(default_factory=list)
    slice: str = "days3.nc"
    before: tuple | None = (0, 3)
    after: tuple = (0, 5)


APPENDS = {
    "append": Append(),
    "new": Append(slice="days0.nc", before=None, after=(0, 3)),
    "process": Append(["--durability", "process"]),
    "leased": Append(LEASE),
    "overwrite": Append(["--overwrite"], after=(3, 2)),
}


@dataclass
class Step:
    """Killed at the first call that fits, or `after` it."""

    call: str
    after: bool
    left: str
    recovery: str


DECIDE = r'link\(".*/(decision\.\w+|abort)", ".*/decision"'
PUBLISH = r'rename(at2)?\(.*"[^"]*/stage/[^"]*", .*"[^"]*/cube\.zarr/[^"]*'
DOCUMENT = r'(zarr\.json|\.zarray|\.zattrs|\.zgroup|\.zmetadata)"'
LOG = r'link\(".*/log/\d+\.json\.\w+", '
EXCHANGE = r'renameat2\(.*"[^"]*/cube\.zarr".*RENAME_EXCHANGE'
REMOVE_PLAN = r'unlink\(".*/journal/.*/plan"'

STEPS = {
    "unplanned": Step(
        r'rename\(".*/plan\.new"', False,
        "no plan yet, under its unfinished name only", "tidied"),
    "planned": Step(
        r'rename\(".*/plan\.new"', True,
        "the plan, nothing else", "undone"),
    "prepared": Step(
        r'open(at)?\(.*manifest\.new"', False,
        "the plan; all chunks, at their keys or in the stage; no manifest", "undone"),
    "manifested": Step(
        DECIDE, False,
        "all but the decision", "undone"),
    "decided": Step(
        DECIDE, True,
        "the decision to commit, nothing applied", "finished"),
    "chunk-applied": Step(
        PUBLISH, True,
        "the decision to commit, one object moved", "finished"),
    "document-applied": Step(
        PUBLISH + DOCUMENT, True,
        "the decision to commit, chunks and one document moved", "finished"),
    "exchanged": Step(
        EXCHANGE, True,
        "the decision to commit, stores exchanged, not logged", "finished"),
    "applied": Step(
        LOG, False,
        "all applied, not logged", "finished"),
    "logged": Step(
        LOG, True,
        "applied and logged, not tidied", "tidied"),
    "half-tidied": Step(
        REMOVE_PLAN, True,
        "logged, the plan removed", "tidied"),
}  # fmt: skip
LOGGED = ("logged", "half-tidied")

# Steps of the undo of an append that was left "manifested".
UNDOING = {
    "aborting": Step(
        DECIDE, True,
        "the decision to abort, nothing undone", "undone"),
    "half-undone": Step(
        r'unlink\(".*/cube\.zarr/air/', True,
        "the decision to abort, an added chunk deleted", "undone"),
    "undone": Step(
        REMOVE_PLAN, False,
        "the decision to abort, all undone but the journal", "undone"),
}  # fmt: skip


def is_in(step):
    """Whether recovery leaves what the append brings."""
    return STEPS[step].recovery == "finished" or step in LOGGED


class Workshop:
    """Makes folders with a store each, `cube.zarr`, by the command of `environment`
    (none: today's). Slices are two folders above a store's."""

    def __init__(self, folder, zarr_format, environment=None):
        self.folder = folder / f"v{zarr_format}"
        self.words = [*WORDS, "--zarr-format", zarr_format]
        self.options = {"env": environment} if environment else {}
        self.count = 0
        for first, days in ((0, 3), (3, 2)):
            path = folder / f"days{first}.nc"
            if not path.exists():
                cubes.write(cubes.weather(first, days, **GRID), path)
        self.empty = self.folder / "empty"
        self.empty.mkdir(parents=True)
        self.base = self.copy(self.empty)
        self.run(self.base, *self.words, "../../days0.nc", "cube.zarr")

    def copy(self, folder):
        # The same length of names each time.
        self.count += 1
        made = self.folder / f"{self.count:04}"
        shutil.copytree(folder, made, symlinks=True)
        return made

    def run(self, folder, *words, **options):
        return cubes.run(*words, cwd=folder, **self.options, **options)

    def verb(self, folder, name, *words, **options):
        words = ("driver", "mdimappend", name, *words)
        return self.run(folder, *words, command="gdal", **options)

    def killed(self, folder, step, *words, **options):
        """A copy of `folder` in which the command was killed at this step."""
        return self.kill(lambda: self.copy(folder), step, *words, **options)

    def kill(self, make, step, *words, **options):
        """The same in one of two folders that are made alike."""
        calls = self.trace(make(), *words, **options)
        name, number = self.place(calls, step)
        made = make()
        inject = f"inject={name}:signal=KILL:when={number}"
        prefix = strace(self.folder / "calls", "-e", inject)
        done = self.run(made, *words, status=None, prefix=prefix, **options)
        assert done.status in (-signal.SIGKILL, 128 + signal.SIGKILL), done
        return made

    def trace(self, folder, *words, **options):
        """Each call on something in the folder: its name, its number, all of it."""
        log = self.folder / "calls"
        self.run(folder, *words, prefix=strace(log), **options)
        counts, calls = {}, []
        for line in log.read_text().splitlines():
            if call := CALL.match(line):
                key = call.groups()
                counts[key] = counts.get(key, 0) + 1
                if str(folder) in line:
                    calls.append((key[1], counts[key], line))
        shutil.rmtree(folder)
        return calls

    @staticmethod
    def place(calls, step):
        for i, (_, _, line) in enumerate(calls):
            if re.search(step.call, line):
                name, number, _ = calls[i + step.after]
                return name, number
        raise AssertionError(f"{step.call}: not in\n" + "\n".join(c[2] for c in calls))

    def append(self, kind, step):
        """One that was killed."""
        append = APPENDS[kind]
        folder = self.base if append.before else self.empty
        words = ["--quiet", *self.words, *append.options, f"../../{append.slice}"]
        return self.killed(folder, STEPS[step], *words, "cube.zarr")

    def undoing(self, step):
        folder = self.append("append", "manifested")
        words = ("driver", "mdimappend", "recover", "cube.zarr")
        return self.killed(folder, UNDOING[step], *words, command="gdal")

    def parts(self, step):
        """An append of many processes that was left `begun` or `written`, or was killed
        at a step of its commit."""
        if step in STEPS:
            words = ("driver", "mdimappend", "commit", "token", "receipt")
            return self.kill(self.written, STEPS[step], *words, command="gdal")
        return self.written() if step == "written" else self.begun()

    def begun(self):
        # Its token names the folder.
        folder = self.copy(self.base)
        begin = ("--like", "../../days3.nc", "cube.zarr")
        (folder / "token").write_text(self.verb(folder, "begin", *begin).stdout)
        return folder

    def written(self):
        folder = self.begun()
        done = self.verb(folder, "write", "token", "../../days3.nc")
        (folder / "receipt").write_text(done.stdout)
        return folder
