"""Appends in an object store that are disturbed at each of their requests, and an
oracle that says whether what is there is exactly a history of appends.

A Cube is a target in a bucket and the commands that append to it. Its State is what
a reader sees (documents byte for byte, chunks within the shape that they declare),
what no reader sees, and the log. Histories have the state that undisturbed appends of
the same slices lead to.
"""

import concurrent.futures
import contextlib
import dataclasses
import functools
import itertools
import json
import math
import os
import re
import signal
import subprocess
import threading
import time
from pathlib import Path

import cubes
import numpy as np
from faults import Action, Hold, Rule
from stores import memory_store

ALL = cubes.ALL
DOCUMENTS = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
KEY = "x/cube.zarr"
# Of GDAL of this system, whatever happens.
CURL = re.compile(r"Warning 1: GDAL was built against curl .*\n")


def sample(cases, every, offset=0):
    """All of them where time does not matter, else one of so many."""
    cases = list(cases)
    return cases if ALL else cases[offset % every :: every]


# Slices


def make_slices(folder):
    """Paths by name: days 0 to 2; `a` (3 to 5) and `other`, with the same labels and
    other values; `b` (6, 7) and `c` (8, 9) after them. Chunks of `air` have four days.
    `a` brings a chunk that is all fill, `b` only fill to one that is there."""
    datasets = {
        "first": cubes.weather(0, 3),
        "a": cubes.weather(3, 3),
        "other": cubes.weather(3, 3),
        "b": cubes.weather(6, 2),
        "c": cubes.weather(8, 2),
    }
    datasets["a"]["air"][1:, 2:] = np.nan
    datasets["b"]["air"][:, :2] = np.nan
    datasets["other"]["air"][:] += 7000
    datasets["other"]["air"][0, 2:] = np.nan
    # Attributes that come and go (scenarios that update them).
    for name in ("other", "c"):
        datasets[name].attrs["title"] = "another"
    return {
        name: cubes.write(dataset, Path(folder) / f"{name}.nc")
        for name, dataset in datasets.items()
    }


#: The last is made by the second of the slices.
GROUPS = ("grid", "grid/quality", "swath")


def make_grouped_slices(folder):
    """The same days and names, in each group with other values, for appends with
    `--groups`."""
    paths = {}
    for name, (first, days) in {"first": (0, 3), "a": (3, 3), "c": (6, 2)}.items():
        paths[name] = Path(folder) / f"{name}.nc"
        for number, group in enumerate(GROUPS[: 2 if name == "first" else 3]):
            dataset = cubes.weather(first, days)
            dataset["air"] += 5000 * number
            mode = "a" if number else "w"
            cubes.write(dataset, paths[name], group=group, mode=mode)
    return paths


LAYOUT = ("--encoding", "air:chunk=4x2x5")


# What is there


@dataclasses.dataclass
class State:
    """
    documents  bytes by key, as readers open them
    chunks     bytes by key, within the shapes of the documents
    orphans    chunks beyond them
    strangers  what belongs to no array
    log        records, oldest first
    """

    documents: dict
    chunks: dict
    orphans: dict
    strangers: dict
    log: list
    sidecar: dict

    @property
    def visible(self):
        return {**self.documents, **self.chunks}

    @property
    def history(self):
        """Names of the slices that the log has, in its order."""
        return tuple(name for record in self.log for name in names_in(record))

    @property
    def root(self):
        """What readers through consolidated metadata go by."""
        return self.documents.get(".zmetadata", self.documents.get("zarr.json"))


def names_in(record):
    """Of the slices that a commit brought, those of several groups once."""
    members = record.get("members", [record])
    brought = [
        [
            Path(entry["name"]).stem
            for entry in member["slices"]
            if entry["rows"] or member["replaced_rows"]
        ]
        for member in members
    ]
    return list(dict.fromkeys(itertools.chain(*brought)))


def state_of(objects, key=KEY):
    """Of a bucket's objects by key."""
    inside = {
        k[len(key) + 1 :]: v for k, v in objects.items() if k.startswith(key + "/")
    }
    prefix = f"{key}.mdimappend/"
    sidecar = {k[len(prefix) :]: v for k, v in objects.items() if k.startswith(prefix)}
    documents = {k: v for k, v in inside.items() if k.rsplit("/", 1)[-1] in DOCUMENTS}
    chunks, orphans = {}, {}
    rest = {k: v for k, v in inside.items() if k not in documents}
    for path, array in arrays_of(documents).items():
        below = f"{path}/" if path else ""
        for name in [k for k in rest if k.startswith(below)]:
            index = array.index(name[len(below) :])
            if index is not None:
                within = all(i < n for i, n in zip(index, array.counts, strict=True))
                (chunks if within else orphans)[name] = rest.pop(name)
    # Chunks of an array, or a group, that is not there yet.
    tops = {group.split("/")[0] for group in GROUPS}
    tops -= {name.split("/")[0] for name in documents}
    for name in list(rest):
        if not documents or name.split("/")[0] in tops:
            orphans[name] = rest.pop(name)
    names = sorted(n for n in sidecar if re.fullmatch(r"log/\d+\.json", n))
    log = [json.loads(sidecar[name]) for name in names]
    return State(documents, chunks, orphans, rest, log, sidecar)


@dataclasses.dataclass
class Array:
    counts: tuple  # of chunks, in each dimension
    prefix: str
    separator: str

    def index(self, key):
        """None if that is no key of a chunk."""
        if not self.counts:
            return () if key in ("c", "0") else None
        parts = key.removeprefix(self.prefix).split(self.separator)
        if not key.startswith(self.prefix) or len(parts) != len(self.counts):
            return None
        return tuple(map(int, parts)) if all(p.isdigit() for p in parts) else None


def arrays_of(documents):
    """Array by path: what its own document says."""
    found = {}
    for key, text in documents.items():
        folder, _, name = key.rpartition("/")
        if name == ".zarray":
            meta = json.loads(text)
            shape, chunks = meta["shape"], meta["chunks"]
            prefix, separator = "", meta.get("dimension_separator", ".")
        elif name == "zarr.json" and json.loads(text)["node_type"] == "array":
            meta = json.loads(text)
            shape = meta["shape"]
            chunks = meta["chunk_grid"]["configuration"]["chunk_shape"]
            encoding = meta["chunk_key_encoding"]
            separator = encoding.get("configuration", {}).get("separator", "/")
            prefix = f"c{separator}" if encoding["name"] == "default" else ""
        else:
            continue
        counts = tuple(math.ceil(n / m) for n, m in zip(shape, chunks, strict=True))
        found[folder] = Array(counts, prefix, separator)
    return found


# Commands


class Cube:
    """A target and those who write to it.

    contents  a function that tells all objects of the bucket, past the script
    options   of every append
    """

    def __init__(self, store, slices, options=LAYOUT, key=KEY, contents=None):
        self.store = store
        self.server = store.server
        self.slices = slices
        self.options = options
        self.key = key
        self.contents = contents or (lambda: store.server.objects(store.bucket))

    def state(self):
        return state_of(self.contents(), self.key)

    def words(self, *names, options=()):
        return [
            *("--report", "json", "--quiet", *self.options, *options),
            *(self.slices[name] for name in names),
            self.store.uri(self.key),
        ]

    def environment(self, by):
        return self.store.environment(**credentials(self.store, by))

    def append(self, *names, options=(), by="writer", status=None):
        return cubes.run(
            *self.words(*names, options=options),
            status=status,
            env=self.environment(by),
        )

    def start(self, *names, options=(), by="writer"):
        return cubes.start(
            *self.words(*names, options=options), env=self.environment(by)
        )

    def driver(self, verb, *options, by="writer", status=0):
        return cubes.run(
            *("driver", "mdimappend", verb, *options, self.store.uri(self.key)),
            command="gdal",
            status=status,
            env=self.environment(by),
        )

    def start_driver(self, verb, *options, by="writer"):
        return cubes.start(
            *("driver", "mdimappend", verb, *options, self.store.uri(self.key)),
            command="gdal",
            env=self.environment(by),
        )

    def age_lock(self, seconds=3600):
        """By the server's clock the lock has not changed for so long: whoever holds
        it, and does not know, can be taken over from at once."""
        lock = f"{self.key}.mdimappend/lock"
        self.server.store.age(self.store.bucket, lock, seconds)

    def transcript(self):
        """The requests so far, for whoever has to find out."""
        return "\n".join(
            f"    {sender_of(r):8} {r.method:6} {r.key}"
            f"{' if ' + condition_of(r) if condition_of(r) else ''}"
            f" -> {r.status}{' ' + type(r.fault).__name__ if r.fault else ''}"
            for r in self.server.requests
        )


def credentials(store, by):
    return {"AWS_ACCESS_KEY_ID" if store.scheme == "s3" else "GS_ACCESS_KEY_ID": by}


def sender_of(request):
    """Whose credentials a request has."""
    signed = request.query.get("X-Amz-Credential") or request.query.get(
        "GoogleAccessId", ""
    )
    header = request.headers.get("authorization", "")
    found = re.search(r"(?:Credential=|GOOG1 |AWS )([\w-]+)", header)
    return (
        signed.split("/")[0]
        or (found[1] if found else "")
        or request.query.get("AWSAccessKeyId", "")
    )


def sent_by(name):
    return lambda request: sender_of(request) == name


def condition_of(request):
    names = ("if-match", "if-none-match", "x-goog-if-generation-match")
    return " ".join(f"{n} {request.headers[n]}" for n in names if n in request.headers)


class Setting:
    """A target in which an append is about to be disturbed: made once, and copied for
    each case.

    base     names of the slices that are in
    left     (name, how) of an append that somebody has left (leave_behind)
    """

    def __init__(self, slices, base, left=(), options=(), flavour="s3"):
        self.slices = slices
        self.base = base
        self.left = left
        self.options = (*LAYOUT, *options)
        self.flavour = flavour
        self._made = None
        self._lock = threading.Lock()

    def make(self):
        with memory_store(self.flavour) as store:
            cube = Cube(store, self.slices, self.options)
            for name in self.base:
                cube.append(name, status=0)
            if self.left:
                leave_behind(cube, *self.left)
            return store.server.snapshot(), store.server.store.generation

    @contextlib.contextmanager
    def cube(self):
        with self._lock:
            self._made = self._made or self.make()
        with memory_store(self.flavour) as store:
            snapshot, generation = self._made
            store.server.restore(snapshot)
            # Versions of GCS are not given twice.
            store.server.store.generation = generation
            yield Cube(store, self.slices, self.options)


def leave_behind(cube, name, how):
    """What another writer of this slice has left."""
    after = {"planned": "/decision", "orphans": "/decision", "decided": "/log/"}[how]
    hold = HoldOne(drops=True)
    cube.server.rules = [Rule(hold, "PUT", after, times=1)]
    if how == "decided":
        # The first of its documents, so that none is there.
        hold = HoldAll(drops=True)
        cube.server.rules = [Rule(hold, "PUT", f"{cube.key}/.*(zarr.json|/.z)")]
    process = cube.start(name, by="left")
    with ended_afterwards(process):
        assert wait_for(hold, process), finished(process)
        process.kill()
    hold.let_go()
    cube.age_lock()
    cube.server.rules = []
    if how == "orphans":
        cube.driver("recover", by="left")
        assert cube.state().orphans
    cube.server.clear()


# Requests that come late


@dataclasses.dataclass
class HoldAll(Action):
    """Keeps each request until the release, in whose order they are then carried
    out: of arrival, or the last first. `drops`: they are not."""

    drops: bool = False
    last_first: bool = False
    pauses = True

    def __post_init__(self):
        self.arrived = threading.Event()
        self._changed = threading.Condition()
        self._waiting = []
        self._turns = None
        self._count = itertools.count()

    @property
    def held(self):
        with self._changed:
            return len(self._waiting)

    def answer(self, request, carry_out, stopping):
        with self._changed:
            turn = next(self._count)
            released = self._turns is not None
            if not released:
                self._waiting.append(turn)
            self.arrived.set()
            while not released and not self._may_go(turn):
                self._changed.wait(0.02)
                if stopping.is_set():
                    return None
        try:
            return None if self.drops and not released else carry_out()
        finally:
            with self._changed:
                if turn in self._waiting:
                    self._waiting.remove(turn)
                    self._turns.remove(turn)
                self._changed.notify_all()

    def _may_go(self, turn):
        return self._turns is not None and self._turns[0] == turn

    def let_go(self):
        """Waits until all that were held are carried out."""
        with self._changed:
            self._turns = sorted(self._waiting, reverse=self.last_first)
            self._changed.notify_all()
        deadline = time.monotonic() + 20
        while self.held:
            assert time.monotonic() < deadline, "what was held does not end"
            time.sleep(0.002)


@dataclasses.dataclass
class HoldOne(Hold):
    """`drops`: what was held is lost."""

    drops: bool = False

    def answer(self, request, carry_out, stopping):
        def end():
            return None if self.drops else carry_out()

        answer = super().answer(request, end, stopping)
        self.ended.set()
        return answer

    def __post_init__(self):
        self.ended = threading.Event()

    def let_go(self):
        self.release.set()
        assert self.ended.wait(20)


def wait_for(action, process):
    """Whether the request came before the process ended."""
    while not action.arrived.wait(0.005):
        if process.poll() is not None:
            return action.arrived.is_set()
    return True


@contextlib.contextmanager
def ended_afterwards(process):
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def finished(process, timeout=120):
    out, err = process.communicate(timeout=timeout)
    done = subprocess.CompletedProcess(process.args, process.returncode, out, err)
    return cubes.Completed(done, process.args)


def stop(process):
    """Returns when it does no more."""
    process.send_signal(signal.SIGSTOP)
    path = Path(f"/proc/{process.pid}/stat")
    while path.read_text().rsplit(")", 1)[1].split()[0] not in "TtZX":
        time.sleep(0.001)


def go_on(process):
    process.send_signal(signal.SIGCONT)


# The oracle


@functools.cache
def histories_of(slices, *options):
    """Those of the same slices are found out once. `slices`: of a dict, its items."""
    return Histories(dict(slices), (*LAYOUT, *options))


class Histories:
    """What undisturbed appends of slices, one after another, lead to."""

    def __init__(self, slices, options=LAYOUT):
        self.slices = slices
        self.options = options
        self._known = {(): State({}, {}, {}, {}, [], {})}
        self._snapshots = {(): {}}
        self._lock = threading.Lock()

    def of(self, history):
        """The State after these slices. It must be possible to append them."""
        history = tuple(history)
        with self._lock:
            if history not in self._known:
                with memory_store() as store:
                    cube = Cube(store, self.slices, self.options)
                    for i, name in enumerate(history):
                        cube.append(name, status=0)
                        self._known[history[: i + 1]] = cube.state()
            return self._known[history]

    def check(self, state, repeats=False):
        """What is there is what the log says, for every reader. Returns the slices."""
        history = state.history
        assert not state.strangers, f"strange objects: {sorted(state.strangers)}"
        for number, record in enumerate(state.log):
            assert record["sequence"] == number + 1, f"the log: {record}"
        if not repeats:
            assert len(set(history)) == len(history), f"twice in the log: {history}"
        expected = self.of(history)
        assert_same(state.documents, expected.documents, f"after {history}, document")
        assert_same(state.chunks, expected.chunks, f"after {history}, chunk")
        return history

    def check_readable(self, state, before, after):
        """Who opens it in the middle of an append sees the one cube or the other
        through consolidated metadata, and no document is of a third."""
        one, other = self.of(before), self.of(after)
        for key in set(one.documents) | set(other.documents):
            assert state.documents.get(key) in (
                one.documents.get(key),
                other.documents.get(key),
            ), f"document '{key}' is neither of {before} nor of {after}"
        if state.root == other.root:
            assert_same(state.visible, other.visible, f"the new root, {after}")
            return
        for key, chunk in one.chunks.items():
            assert {**state.orphans, **state.chunks}.get(key) in (
                chunk,
                other.chunks.get(key),
            ), f"chunk '{key}' is neither of {before} nor of {after}"


def assert_same(found, expected, what):
    different = sorted(
        key for key in set(found) | set(expected) if found.get(key) != expected.get(key)
    )
    assert not different, "; ".join(
        f"{what} '{key}' is {describe(found.get(key))}, expected "
        f"{describe(expected.get(key))}"
        for key in different[:3]
    )


def describe(content):
    if content is None:
        return "missing"
    return f"{len(content)} bytes {content[:24].hex()}"


def check_honest(done, state, *names, others=()):
    """Exit status 0 if and only if the slices are in; where they may come in later,
    the error says so. `others`: slices that somebody else appends, too."""
    there = all(name in state.history for name in names)
    if done.status == 0:
        assert there, f"status 0, and {names} are not in {state.history}: {done!r}"
        return
    assert done.status in (1, 3, 4, 5), done
    assert done.message, f"status {done.status} without a message: {done!r}"
    if names and there and not set(names) & set(others):
        told = done.message + done.stdout
        assert re.search(
            "is decided|outcome of the append is unknown|next run|already there", told
        ), f"{names} are in, and nobody says so: {done!r}"


# Many cases


class CampaignError(AssertionError):
    pass


def play(cases, play_one, make_cube, workers=6):
    """Plays each case with a cube of its worker's; tells those that fail, with their
    requests."""
    local = threading.local()
    failures = []
    with contextlib.ExitStack() as stack:
        lock = threading.Lock()

        def cube():
            if not hasattr(local, "cube"):
                with lock:
                    local.cube = stack.enter_context(make_cube())
                local.base = local.cube.server.snapshot()
            local.cube.server.no_faults()
            local.cube.server.restore(local.base)
            local.cube.server.clear()
            return local.cube

        def run(case):
            mine = cube()
            try:
                return play_one(mine, case)
            except Exception as failure:
                failures.append(
                    f"CASE {case}: {failure}\n{mine.transcript()}\n"
                    if isinstance(failure, AssertionError)
                    else f"CASE {case}: {failure!r}\n{mine.transcript()}\n"
                )
                return None

        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            results = list(pool.map(run, cases))
    if failures:
        report = os.environ.get("MDIMAPPEND_CAMPAIGN_REPORT")
        if report:
            with open(report, "a") as file:
                file.write("\n".join(failures))
        raise CampaignError(
            f"{len(failures)} of {len(results)} cases failed\n"
            + "\n".join(failures[:3])
        )
    return results
