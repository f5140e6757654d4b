"""Those who take part in a transaction are killed at their n-th system call, from
outside. Another one does it again, or the next writer gives it up.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each call.
"""

import json
import os
import random
import shutil
import signal

import cubes
import parts
import pytest
from straced import calls_on, strace

ALL = os.environ.get("MDIMAPPEND_ALL_SCENARIOS", "0") not in ("", "0")

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)


def sample(points, count, seed):
    if ALL:
        return points
    # The last ones are those at which all is done, and not yet tidied up.
    chosen = random.Random(seed).sample(range(len(points) - 2), count)
    return [points[i] for i in sorted(chosen)] + points[-2:]


class Setting:
    """A cube of 3 days, its last chunk partly filled, that gets 4 more: days 3, 4 and
    5, 6. Each case has a copy of it, in a folder whose name has the same length."""

    def __init__(self, folder, creates=False, zarr_format=3):
        self.folder = folder
        self.creates = creates
        self.options = ["--zarr-format", zarr_format, *parts.CHUNKS]
        self.first, *self.slices = parts.weather_files(folder, (3, 1, 2, 1))
        self.next = parts.weather_files(folder, (1,), 7)[0]
        if creates:
            self.slices = parts.weather_files(folder, (2, 2), prefix="new")
        self.count = 0
        self.base = self.new_folder()
        if not creates:
            parts.call_append(*self.options, self.first, self.base / "cube.zarr")
        self.before = self.tree(self.base)
        self.after = parts.plain(
            folder,
            *([] if creates else [self.first]),
            *self.slices,
            options=self.options,
        )
        self.rows = 4

    def tree(self, folder):
        return cubes.tree(folder / "cube.zarr")

    def new_folder(self):
        self.count += 1
        folder = self.folder / f"target{self.count:04}"
        folder.mkdir()
        return folder

    def copy(self, base=None):
        folder = self.new_folder()
        shutil.copytree(base or self.base, folder, dirs_exist_ok=True)
        return folder

    def begin_words(self, folder):
        words = ["--size", self.rows, "--like", self.slices[0], *parts.LEASE]
        return [*words, *self.options, "-j", "1", folder / "cube.zarr"]

    def begin(self, folder):
        return parts.call("begin", *self.begin_words(folder))

    def write_all(self, token):
        receipts = []
        at = 0
        for path, rows in zip(self.slices, self.sizes, strict=True):
            receipts.append(parts.call("write", "--at", at, token, path))
            at += rows
        return receipts

    @property
    def sizes(self):
        return (2, 2) if self.creates else (1, 2, 1)

    def calls(self, folder, *words):
        """Of a verb that is not killed."""
        log = self.folder / "calls"
        parts.verb(*words, prefix=strace(log))
        return calls_on(folder, log)

    def kill(self, point, *words):
        name, number = point
        inject = f"inject={name}:signal=KILL:when={number}"
        prefix = strace(self.folder / "killed", "-e", inject)
        done = parts.verb(*words, prefix=prefix, status=None)
        # One more or less, of those that are not on files of the store.
        if done.status != 0:
            assert done.status in (-signal.SIGKILL, 128 + signal.SIGKILL), done
        return done.status != 0

    def check_end(self, folder, committed):
        assert self.tree(folder) == (self.after if committed else self.before)
        store = folder / "cube.zarr"
        records = len(parts.log(store))
        assert records == (0 if self.creates else 1) + committed
        parts.assert_nothing_left(store)

    def append_next(self, folder, committed):
        """A plain append of another day works at once."""
        store = folder / "cube.zarr"
        options = (*self.options, "--lock-timeout", "0")
        done = cubes.append(*options, self.next, store)
        slices = [] if self.creates else [self.first]
        if committed:
            slices += self.slices
        plain = self.folder / "next" / f"{len(slices)}.zarr"
        plain.parent.mkdir(exist_ok=True)
        if not plain.exists():
            parts.call_append(*self.options, *slices, self.next, plain)
        assert cubes.tree(store) == cubes.tree(plain)
        parts.assert_nothing_left(store)
        return done.report


@pytest.fixture(params=["grows", "creates"])
def setting(request, tmp_path):
    return Setting(tmp_path, request.param == "creates")


def test_a_killed_workers_part_is_written_again_by_another_one(setting):
    """All of them in one transaction: what the dead have left is in nobody's way."""
    folder = setting.copy()
    token = setting.begin(folder)
    words = ("write", "-j", "1", token, setting.slices[1], "--at", setting.sizes[0])
    points = setting.calls(folder, *words)
    assert len(points) > 20
    killed = 0
    for point in sample(points, 4, "write"):
        killed += setting.kill(point, *words)
        assert setting.tree(folder) == setting.before
    assert killed > 1
    receipts = setting.write_all(token)
    parts.commit(token, *receipts)
    setting.check_end(folder, True)


def test_a_killed_commit_is_finished_or_given_up(setting):
    base = setting.copy()
    token = setting.begin(base)
    receipts = setting.write_all(token)

    def words(folder):
        return ("commit", token.replace(str(base), str(folder)), *receipts)

    undisturbed = setting.copy(base)
    points = setting.calls(undisturbed, *words(undisturbed))
    setting.check_end(undisturbed, True)
    assert len(points) > 60
    ways = ("commit", "append", "recover", "abort")
    chosen = sample(points, 7, f"commit {setting.creates}")
    cases = [(p, way) for p in chosen for way in ways] if ALL else chosen
    for number, case in enumerate(cases):
        point, way = case if ALL else (case, ways[number % 4])
        folder = setting.copy(base)
        store = folder / "cube.zarr"
        assert setting.kill(point, *words(folder))
        if way == "commit":
            parts.verb(*words(folder))
            setting.check_end(folder, True)
            assert not parts.is_leased(store), point
            setting.append_next(folder, True)
            continue
        if way == "abort":
            done = parts.verb("abort", words(folder)[1], status=None)
            assert done.status in (0, 1)
            if done.status == 0:
                setting.check_end(folder, False)
            parts.verb("recover", "--lock-timeout", "0", store)
            setting.check_end(folder, done.status != 0)
            continue
        # The lease may have been ended.
        parts.age_lease(store)
        if way == "recover":
            parts.verb("recover", "--lock-timeout", "0", store)
            committed = setting.tree(folder) == setting.after
            setting.check_end(folder, committed)
        else:
            logged = [record["transaction"] for record in parts.log(store)]
            transaction = json.loads(token)["transaction"]
            committed = transaction in logged or is_decided(store)
            setting.append_next(folder, committed)
        shutil.rmtree(folder)


def is_decided(store):
    found = list((cubes.sidecar(store) / "journal").glob("*/decision"))
    return any('"commit"' in path.read_text() for path in found)


def test_after_a_killed_begin_the_target_is_as_before(setting):
    folder = setting.copy()
    points = setting.calls(folder, "begin", *setting.begin_words(folder))
    assert len(points) > 30
    for number, point in enumerate(sample(points, 4, f"begin {setting.creates}")):
        folder = setting.copy()
        store = folder / "cube.zarr"
        assert setting.kill(point, "begin", *setting.begin_words(folder))
        assert setting.tree(folder) == setting.before
        if number % 2 == 0 and parts.is_leased(store):
            parts.verb("unlock", store)
        else:
            parts.age_lease(store)
        setting.append_next(folder, False)
        shutil.rmtree(folder)


def test_after_a_killed_abort_the_target_is_as_before(setting):
    base = setting.copy()
    token = setting.begin(base)
    setting.write_all(token)

    def words(folder):
        return ("abort", token.replace(str(base), str(folder)))

    undisturbed = setting.copy(base)
    points = setting.calls(undisturbed, *words(undisturbed))
    setting.check_end(undisturbed, False)
    for number, point in enumerate(sample(points, 4, f"abort {setting.creates}")):
        folder = setting.copy(base)
        store = folder / "cube.zarr"
        assert setting.kill(point, *words(folder))
        assert setting.tree(folder) == setting.before
        if number % 2 == 0:
            over = not parts.is_leased(store)
            done = parts.verb(*words(folder), status=1 if over else 0)
            assert not over or "none of it is in the target" in done.message
            assert not parts.is_leased(store)
            setting.check_end(folder, False)
        else:
            parts.age_lease(store)
            setting.append_next(folder, False)
        shutil.rmtree(folder)
