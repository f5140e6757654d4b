"""Races of the real command: many processes append to one target by many names, some
are killed, stopped and continued, interrupted; then the log and the cube are read and
have to be a serial history.

A round is drawn from one number, its seed. `./dev races --minutes 10` plays rounds
one after another; what fails is told with its seed and its schedule, and
`./dev races --seed SEED --rounds 1` draws the same again.
"""

import argparse
import collections
import contextlib
import ctypes
import dataclasses
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cubes
import numpy as np
import xarray as xr
import zarr

SIGNALS = {"kill": signal.SIGKILL, "int": signal.SIGINT, "term": signal.SIGTERM}
# A run that waits for the lock at most this long, and works this long, has hung.
LONGEST_LOCK_TIMEOUT = 60.0
HANGS_AFTER = 120.0


#: Groups that grow in the same commits.
SEVERAL = ("grid", "grid/quality", "swath")


class RaceError(AssertionError):
    """What is not a serial history."""


@dataclasses.dataclass
class Step:
    """One process, and what happens to it."""

    words: list
    cwd: str
    start: float
    slices: list = dataclasses.field(default_factory=list)
    parts: tuple = ("",)
    lock_timeout: float = LONGEST_LOCK_TIMEOUT
    disturbance: str = ""  # kill, int, term, stop
    after: float = 0.0  # seconds from its start
    pause: float = 0.0  # how long it is stopped

    def describe(self):
        what = " ".join(map(str, self.words))
        happens = ""
        if self.disturbance == "stop":
            happens = f"  [stopped at +{self.after:.3f} s for {self.pause:.3f} s]"
        elif self.disturbance:
            happens = f"  [{self.disturbance} at +{self.after:.3f} s]"
        return f"{self.start:7.3f} s  in {self.cwd}: {what}{happens}"


@dataclasses.dataclass
class Outcome:
    status: int
    seconds: float
    stdout: str
    stderr: str


class Round:
    """Everything that one seed draws, played in one folder."""

    def __init__(self, seed, folder, can_mount=None):
        self.seed = seed
        self.folder = Path(folder)
        self.draw = random.Random(f"races {seed}")
        self.can_mount = os.geteuid() == 0 if can_mount is None else can_mount
        self.counts = collections.Counter(rounds=1)
        self.steps = []
        self.outcomes = []
        draw = self.draw
        # Labels of text have no order, so whoever comes first is in; without labels
        # the log alone tells a slice from another; dates are refused out of order.
        self.labels = draw.choice(["text", "text", "none", "none", "time"])
        self.zarr_format = draw.choice([2, 3])
        self.consolidated = draw.choice([True, True, False])
        self.group = draw.choice(["", "", "sub/cube"])
        # Of several groups the last is there first, and some writers append to it
        # alone.
        self.parts = ("",) if self.group else draw.choice([("",), SEVERAL])
        self.exists = draw.random() < 0.6
        self.size = draw.choice([(6, 8), (6, 8), (40, 150)])
        self.layout = self.draw_layout()
        self.store = self.folder / "real" / "cube.zarr"

    # The draw

    def draw_layout(self):
        rows = self.draw.choice([1, 2, 3, 5, 16])
        y, x = self.size
        box = self.draw.choice([(y, x), (y // 2, x), (y // 3, x // 3 + 1)])
        if self.zarr_format == 3 and self.draw.random() < 0.25:
            shard = f"{rows * 2}x{box[0] * 2}x{box[1] * 2}"
            return [
                f"value:chunk={rows}x{box[0]}x{box[1]},shard={shard}",
                "--merge-shards",
            ]
        return [f"value:chunk={rows}x{box[0]}x{box[1]}"]

    def spellings(self):
        """Words and working folder that all name the target."""
        parent = self.store.parent
        name = self.store.name
        stores = [
            (str(self.store), "/"),
            (name, parent),
            (f"./{name}", parent),
            (f".//{name}//", parent),
            (f"../{parent.name}/./{name}/", parent),
            (f"{self.folder}//real///{name}", "/"),
            (f"{self.folder}/real/../real/{name}", "/"),
            (f"{self.folder}/parent-link/{name}", "/"),
            (f"parent-link/{name}", self.folder),
            (f"{self.folder}/second-link/parent-link/{name}", "/"),
        ]
        if self.exists:
            stores += [
                (f"{self.folder}/store-link.zarr", "/"),
                ("store-link.zarr", self.folder),
                ("link-to-link.zarr/", self.folder),
            ]
        if self.can_mount:
            stores.append((f"{self.folder}/bound/{name}", "/"))
        if not self.group:
            return [([path], cwd) for path, cwd in stores]
        found = []
        for path, cwd in stores:
            found.append((["--group", self.group, path], cwd))
            if self.exists:
                found.append(([f"{path}/{self.group}"], cwd))
                first, second = self.group.split("/")
                found.append((["--group", second, f"{path}/./{first}"], cwd))
        return found

    def target(self):
        """The words that name the target plainly."""
        group = ["--group", self.group] if self.group else []
        return [*group, str(self.store)]

    @property
    def first_parts(self):
        """Those that are there at the start, with slice 0."""
        return self.parts[-1:]

    def words_of(self, parts):
        """Which groups of slices and of the target these are."""
        if self.parts == ("",):
            return []
        if parts == self.parts:
            return ["--groups"]
        return ["--slice-group", *parts, "--group", *parts]

    def common(self):
        encoding, *merging = self.layout
        words = ["--append-dim", "step", "--zarr-format", self.zarr_format]
        words += ["--consolidated", "yes" if self.consolidated else "no"]
        return [*words, "--encoding", encoding, *merging]

    def slice_path(self, number):
        return self.folder / "slices" / f"{number:03}.nc"

    def make_slices(self, count):
        y, x = self.size
        first = 0
        self.rows = []
        (self.folder / "slices").mkdir()
        for number in range(count):
            rows = self.draw.choice([1, 1, 2, 3])
            values = expected_values(number, rows, y, x)
            dataset = xr.Dataset({"value": (("step", "y", "x"), values)})
            if self.labels == "text":
                names = [f"slice {number} row {i}" for i in range(rows)]
                dataset = dataset.assign_coords(step=names)
            if self.labels == "time":
                days = np.arange(first, first + rows, dtype="float64")
                units = {"units": "days since 2000-01-01", "calendar": "standard"}
                dataset = dataset.assign_coords(step=("step", days, units))
            for name in dataset.variables:
                dataset[name].encoding["_FillValue"] = None
            for part in self.parts:
                its = dataset.assign(value=dataset["value"] + self.offset(part))
                where = {"group": part, "mode": "a"} if part else {}
                if part == self.parts[0]:
                    where.pop("mode", None)
                cubes.write(its, self.slice_path(number), **where)
            first += rows
            self.rows.append(rows)

    def offset(self, part):
        return 100_000_000 * self.parts.index(part)

    def make_places(self):
        (self.folder / "real").mkdir(parents=True)
        (self.folder / "parent-link").symlink_to("real")
        (self.folder / "second-link").symlink_to(self.folder)
        (self.folder / "store-link.zarr").symlink_to(f"real/{self.store.name}")
        (self.folder / "link-to-link.zarr").symlink_to("store-link.zarr")
        (self.folder / "bound").mkdir()

    def draw_steps(self):
        draw = self.draw
        writers = draw.randint(2, 8)
        count = draw.randint(writers + 1, 3 * writers)
        self.make_slices(count)
        numbers = list(range(1, count))
        # Dates have an order that only luck keeps; neighbours make luck likely.
        if self.labels != "time":
            draw.shuffle(numbers)
        shares = [numbers[i::writers] for i in range(writers)]
        for share in shares:
            if draw.random() < 0.4:
                share += draw.sample(range(count), min(count, 2))
                if self.labels == "time":
                    share.sort()
        spellings = self.spellings()
        for share in shares:
            words, cwd = draw.choice(spellings)
            timeout = draw.choice([0.0, 0.4, 2.0, 60.0, 60.0, 60.0])
            options = ["--report", "json", "--lock-timeout", f"{timeout}s"]
            options += ["--slices-per-commit", draw.choice([1, 1, 2, 3])]
            options += ["--num-threads", draw.choice([1, 4])]
            options += ["--durability", draw.choice(["process"] * 3 + ["full"])]
            parts = draw.choice([self.parts, self.parts, self.first_parts])
            options += self.words_of(parts)
            slices = [self.slice_path(number) for number in share]
            self.add_step(
                [cubes.COMMAND, *options, *self.common(), *slices, *words],
                cwd,
                slices=share,
                parts=parts,
                lock_timeout=timeout,
            )
        for _ in range(draw.randint(0, 3)):
            _, cwd = draw.choice(spellings)
            verb = draw.choice(["recover", "recover", "status", "log"])
            words = ["gdal", "driver", "mdimappend", verb]
            timeout = draw.choice([0.5, 60.0])
            if verb == "recover":
                words += ["--lock-timeout", f"{timeout}s"]
            self.add_step([*words, str(self.store)], "/", lock_timeout=timeout)
        self.steps.sort(key=lambda step: step.start)

    def add_step(self, words, cwd, **more):
        draw = self.draw
        start = draw.choice([0.0, draw.uniform(0, 0.4), draw.uniform(0, 1.5)])
        step = Step([str(word) for word in words], str(cwd), start, **more)
        step.disturbance = draw.choice(
            ["", "", "kill", "kill", "stop", "stop", "int", "term"]
        )
        step.after = draw.choice([draw.uniform(0, 0.3), draw.uniform(0, 0.9)])
        step.pause = draw.uniform(0.1, 1.5)
        self.steps.append(step)

    def describe(self):
        lines = [
            f"seed {self.seed}: Zarr V{self.zarr_format}, labels {self.labels}, "
            f"{'' if self.consolidated else 'not '}consolidated, "
            f"layout {' '.join(self.layout)}, group '{self.group}', "
            f"{len(self.parts)} groups in a commit, "
            f"{'' if self.exists else 'no '}target at the start"
        ]
        for number, step in enumerate(self.steps):
            lines.append(f"  {number}: {step.describe()}")
            if number < len(self.outcomes) and self.outcomes[number]:
                done = self.outcomes[number]
                lines.append(f"       -> {done.status} after {done.seconds:.3f} s")
                lines += [f"          {line}" for line in done.stderr.splitlines()]
        return "\n".join(lines)

    # The play

    def play(self):
        self.make_places()
        self.draw_steps()
        with self.bind_mount():
            if self.exists:
                words = [*self.common(), self.slice_path(0), *self.target()]
                cubes.run("--quiet", *self.words_of(self.first_parts), *words)
            try:
                self.race()
                self.check()
            except Exception as failure:
                raise RaceError(f"{failure!r}\n{self.describe()}") from failure
        return self.counts

    @contextlib.contextmanager
    def bind_mount(self):
        if not self.can_mount:
            yield
            return
        real, bound = (os.fsencode(self.folder / x) for x in ("real", "bound"))
        libc = ctypes.CDLL(None, use_errno=True)
        bind = 4096
        if libc.mount(real, bound, None, bind, None) != 0:
            raise OSError(ctypes.get_errno(), "cannot bind-mount", bound)
        try:
            yield
        finally:
            libc.umount2(bound, 0)

    def race(self):
        events = []
        for number, step in enumerate(self.steps):
            events.append((step.start, number, "start"))
            when = step.start + step.after
            if step.disturbance:
                events.append((when, number, step.disturbance))
            if step.disturbance == "stop":
                events.append((when + step.pause, number, "continue"))
        began = time.monotonic()
        processes = [None] * len(self.steps)
        ends = [None] * len(self.steps)
        self.outcomes = [None] * len(self.steps)
        self.starts = [None] * len(self.steps)
        try:
            for when, number, what in sorted(events):
                while time.monotonic() - began < when:
                    self.note_ends(processes, ends)
                    time.sleep(0.002)
                if what == "start":
                    self.starts[number] = time.monotonic()
                    processes[number] = self.start(number)
                else:
                    self.signal(processes[number], what)
            while any(process.poll() is None for process in processes):
                self.note_ends(processes, ends)
                if time.monotonic() - began > HANGS_AFTER:
                    raise RaceError("a process hangs")
                time.sleep(0.002)
            self.note_ends(processes, ends)
        finally:
            for process in processes:
                if process and process.poll() is None:
                    process.kill()
                    process.wait()
        for number, process in enumerate(processes):
            out, err = (self.output(number, kind).read_text() for kind in ("o", "e"))
            seconds = ends[number] - self.starts[number]
            self.outcomes[number] = Outcome(process.returncode, seconds, out, err)

    def note_ends(self, processes, ends):
        for number, process in enumerate(processes):
            if process and ends[number] is None and process.poll() is not None:
                ends[number] = time.monotonic()

    def output(self, number, kind):
        return self.folder / f"{number}.{kind}"

    def start(self, number):
        step = self.steps[number]
        self.counts["processes"] += 1
        with (
            self.output(number, "o").open("w") as out,
            self.output(number, "e").open("w") as err,
        ):
            return subprocess.Popen(step.words, cwd=step.cwd, stdout=out, stderr=err)

    def signal(self, process, what):
        if process.poll() is not None:
            return
        kind = {"stop": signal.SIGSTOP, "continue": signal.SIGCONT, **SIGNALS}[what]
        process.send_signal(kind)
        self.counts[what] += 1

    # The oracle

    def check(self):
        acknowledged = set()
        for step, outcome in zip(self.steps, self.outcomes, strict=True):
            self.check_status(step, outcome)
            acknowledged |= self.acknowledged_by(step, outcome)
        if self.store.parent.joinpath(f"{self.store.name}.mdimappend").exists():
            words = ("driver", "mdimappend", "recover", self.store)
            cubes.run(*words, command="gdal")
        if self.exists:
            acknowledged |= {(part, 0) for part in self.first_parts}
        self.check_cube(acknowledged)
        if self.labels == "time":
            return
        # Whatever happened, the same command once more completes it.
        everything = [self.slice_path(n) for n in range(len(self.rows))]
        words = [*self.words_of(self.parts), *self.common(), *everything]
        cubes.run("--quiet", *words, *self.target())
        self.check_cube(self.everything())

    def everything(self):
        """All slices in all groups."""
        return set(itertools.product(self.parts, range(len(self.rows))))

    def check_status(self, step, outcome):
        status = outcome.status
        self.counts[f"exit {status}"] += 1
        allowed = {0}
        if step.slices or "recover" in step.words:
            allowed.add(3)
        if step.slices and self.labels == "time":
            allowed.add(5)
        if step.disturbance in SIGNALS:
            number = SIGNALS[step.disturbance]
            allowed |= {-number}
            if step.disturbance != "kill" and step.slices:
                allowed |= {128 + number}
        # There is nothing to look at before somebody made it.
        if not step.slices and not self.exists:
            allowed.add(1)
        expect(status in allowed, f"exit status {status} of: {step.describe()}")
        if status == 5:
            expect("does not come after" in outcome.stderr, outcome.stderr)
        if status == 3:
            expect(
                outcome.seconds >= step.lock_timeout,
                f"gave up the lock after {outcome.seconds} s",
            )
            late = step.lock_timeout + step.pause + 20
            expect(outcome.seconds < late, f"gave up only after {outcome.seconds} s")
        if status >= 0:
            expect("terminate called" not in outcome.stderr, outcome.stderr)

    def acknowledged_by(self, step, outcome):
        """Slices, each with a group that it is in."""
        told = self.slices_acknowledged_by(step, outcome)
        return set(itertools.product(step.parts, told))

    def slices_acknowledged_by(self, step, outcome):
        if not step.slices:
            return set()
        if outcome.status == 0:
            return set(step.slices)
        try:
            report = json.loads(outcome.stdout)
        except ValueError:
            return set()
        told = set()
        for number, entry in zip(step.slices, report["slices"], strict=False):
            if entry["outcome"] in ("appended", "already there"):
                told.add(number)
        return told

    def log(self):
        words = ("driver", "mdimappend", "log", "--json", "--last", 0, self.store)
        return json.loads(cubes.run(*words, command="gdal").stdout)[::-1]

    def check_cube(self, acknowledged):
        if not self.store.exists():
            expect(not acknowledged, f"{acknowledged} are in no store")
            return
        log = self.log()
        for position, record in enumerate(log):
            expect(record["sequence"] == position + 1, f"log: {record}")
        slices = 0
        for part in self.parts:
            numbers = {number for its, number in acknowledged if its == part}
            slices += self.check_part(part, log, numbers)
        self.check_sidecar(log, slices)

    def check_part(self, part, log, acknowledged):
        """How many slices are in this group."""
        rows = 0
        order = []
        group = part or self.group
        members = [m for record in log for m in record.get("members", [record])]
        for member in members:
            if member["group"] != group:
                continue
            expect(member["first_row"] == rows, f"log: {member}")
            rows += member["rows"]
            for entry in member["slices"]:
                number = int(Path(entry["name"]).stem)
                if entry["rows"] > 0:
                    order.append(number)
                    expect(entry["rows"] == self.rows[number], f"log: {member}")
        doubles = [n for n, k in collections.Counter(order).items() if k > 1]
        expect(not doubles, f"slices {doubles} are logged twice in '{group}'")
        missing = acknowledged - set(order)
        expect(
            not missing,
            f"acknowledged, but not in the log of '{group}': {sorted(missing)}",
        )
        self.counts["slices in"] += len(order)
        if order:
            self.check_rows(part, rows, order)
        return len(order)

    def check_rows(self, part, rows, order):
        expected = self.offset(part) + np.concatenate(
            [expected_values(n, self.rows[n], *self.size) for n in order]
        )
        expect(rows == len(expected), f"{rows} rows logged, {len(expected)} expected")
        for reader, values, labels in self.readings(part or self.group):
            expect(
                values.shape == expected.shape,
                f"{reader}: shape {values.shape}, not {expected.shape}",
            )
            bad = np.flatnonzero((values != expected).any(axis=(1, 2)))
            expect(bad.size == 0, f"{reader}: rows {bad} are wrong")
            if self.labels == "text":
                names = [
                    f"slice {n} row {i}" for n in order for i in range(self.rows[n])
                ]
                expect(labels == names, f"{reader}: labels {labels}, not {names}")
            if self.labels == "time":
                expect(labels == sorted(set(labels)), f"{reader}: labels {labels}")

    def readings(self, group):
        for consolidated in (True, False) if self.consolidated else (False,):
            found = cubes.open_xarray(
                self.store,
                group or None,
                consolidated=consolidated,
                raw=True,
                **({"zarr_format": self.zarr_format} if not consolidated else {}),
            )
            labels = found["step"].values.tolist() if "step" in found else []
            yield f"xarray, consolidated={consolidated}", found["value"].values, labels
            opened = zarr.open_group(
                str(self.store), mode="r", use_consolidated=consolidated
            )
            inner = opened[group] if group else opened
            labels = inner["step"][...].tolist() if "step" in inner else []
            yield (
                f"zarr-python, consolidated={consolidated}",
                inner["value"][...],
                labels,
            )

    def check_sidecar(self, log, slices):
        folder = cubes.sidecar(self.store)
        found = set(os.listdir(folder))
        known = {"lock", "journal", "stage", "log"}
        expect(found <= known, f"the sidecar has {sorted(found - known)}")
        for name in ("journal", "stage"):
            left = os.listdir(folder / name) if name in found else []
            expect(not left, f"left in the {name}: {left}")
        records = {f"{record['sequence']:012}.json" for record in log} | {"head"}
        logged = set(os.listdir(folder / "log"))
        if any("last_before" in record for record in log):
            records.add("members")
        if log and self.labels == "none":
            records.add("slices")
            entries = len(os.listdir(folder / "log" / "slices"))
            expect(entries == slices, f"{entries} entries for {slices} slices")
        expect(logged == records, f"the log has {sorted(logged ^ records)}")
        beside = set(os.listdir(self.store.parent)) - {self.store.name, folder.name}
        expect(not beside, f"beside the store: {sorted(beside)}")


def expected_values(number, rows, y, x):
    """Each cell tells its slice, its row and its place."""
    cells = np.arange(y * x, dtype="int32").reshape(1, y, x)
    row = np.arange(rows, dtype="int32").reshape(rows, 1, 1)
    return (number + 1) * 100_000 + row * 10_000 + cells


def expect(holds, otherwise):
    if not holds:
        raise RaceError(otherwise)


def play(seed, folder):
    """One round in a folder of its own, which is left if the round fails."""
    place = Path(folder) / f"round-{seed}"
    counts = Round(seed, place).play()
    shutil.rmtree(place)
    return counts


def summary(counts, seconds):
    parts = [f"{name}: {n}" for name, n in sorted(counts.items())]
    return f"{', '.join(parts)}; {seconds:.0f} s"


def main():
    parser = argparse.ArgumentParser(prog="./dev races", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--rounds", type=int, help="instead of --minutes")
    parser.add_argument("--seed", type=int, help="of the first round")
    parser.add_argument("--folder", help="where to play (default: a new one in /tmp)")
    words = parser.parse_args()
    seed = words.seed
    if seed is None:
        seed = random.SystemRandom().randrange(1_000_000_000)
    folder = words.folder or tempfile.mkdtemp(prefix="races-")
    print(f"seed {seed}, in {folder}", flush=True)
    counts = collections.Counter()
    began = time.monotonic()
    for number in itertools.count():
        seconds = time.monotonic() - began
        over = seconds >= 60 * words.minutes
        if over if words.rounds is None else number >= words.rounds:
            break
        try:
            counts += play(seed + number, folder)
        except RaceError as failure:
            print(failure)
            print(f"again: ./dev races --seed {seed + number} --rounds 1")
            print(summary(counts, seconds))
            return 1
    print(summary(counts, time.monotonic() - began))
    if not words.folder:
        shutil.rmtree(folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
