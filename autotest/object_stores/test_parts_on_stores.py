"""Appends of many processes in object stores: they make what a plain append makes, and
survive what happens to a request or to who sent it.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each request with each fault.
"""

import contextlib
import json
import uuid

import campaign
import cubes
import parts
import pytest
from campaign import HoldAll, HoldOne, Rule, finished, sample, sent_by
from faults import DropRequest, ErrorAfter, LoseResponse, Status, WrongETag
from stores import memory_store, real_store

CHUNKS = ("--encoding", "air:chunk=2x2x5", "--encoding", "orbit:chunk=4")
OFFSETS = (0, 1)


class Cube(campaign.Cube):
    """Days 0 to 2, the last chunk partly filled; a transaction of days 3 to 6 in two
    parts; day 7 for whoever comes afterwards."""

    def verb(self, name, *words, by="writer", status=0):
        return parts.verb(name, *words, env=self.environment(by), status=status)

    def start_verb(self, name, *words, by="writer"):
        words = ("driver", "mdimappend", name, *words)
        return cubes.start(*words, command="gdal", env=self.environment(by))

    def begin(self, *options, like="one", by="writer", status=0):
        words = (*options, *self.options, "--like", self.slices[like])
        target = self.store.uri(self.key)
        return self.verb("begin", *words, target, by=by, status=status).stdout

    def write_words(self, token, number):
        name = ("one", "two")[number]
        return ["--at", OFFSETS[number], token, self.slices[name]]

    def write(self, token, number, by="writer"):
        return self.verb("write", *self.write_words(token, number), by=by).stdout

    def check(self, expected, commits):
        """What readers see, byte for byte; and so many commits are in the log."""
        state = self.state()
        campaign.assert_same(state.documents, expected.documents, "document")
        campaign.assert_same(state.chunks, expected.chunks, "chunk")
        assert not state.strangers
        assert [r["sequence"] for r in state.log] == list(range(1, commits + 1))
        names = [record["transaction"] for record in state.log]
        assert len(set(names)) == commits

    def is_as(self, expected):
        state = self.state()
        return (state.documents, state.chunks) == (expected.documents, expected.chunks)


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slices")
    found = {}
    for name, first, days in (
        ("base", 0, 3),
        ("one", 3, 1),
        ("two", 4, 3),
        ("next", 7, 1),
        ("rival", 3, 2),
    ):
        dataset = parts.weather(first, days)
        if name == "two":
            # A chunk that is all fill.
            dataset["air"][1:, 2:] = float("nan")
        if name == "rival":
            dataset["air"][:] += 900
        found[name] = cubes.write(dataset, folder / f"{name}.nc")
    other = parts.weather(4, 3)
    other["air"][:] += 50
    found["other"] = cubes.write(other, folder / "other.nc")
    return found


class World:
    """Snapshots of a store, made once: before and after what is to happen, and as
    plain appends make it."""

    def __init__(self, slices, flavour="s3", zarr_format="3"):
        self.slices = slices
        self.flavour = flavour
        self.options = ("--zarr-format", zarr_format, *CHUNKS)
        self.plain = {}
        with memory_store(flavour) as store:
            cube = Cube(store, slices, self.options)
            cube.append("base", status=0)
            self.plain["before"] = cube.state()
            self.base = self.snapshot(store)
            cube.append("one", "two", status=0)
            self.plain["after"] = cube.state()
            cube.append("next", status=0)
            self.plain["after, next"] = cube.state()
        with self.cube(self.base) as cube:
            cube.append("rival", status=0)
            self.plain["rival"] = cube.state()
        with self.cube(self.base) as cube:
            self.token = cube.begin("--size", "4")
            self.begun = self.snapshot(cube.store)
            self.receipts = [cube.write(self.token, number) for number in (0, 1)]
            self.written = self.snapshot(cube.store)

    @staticmethod
    def snapshot(store):
        return store.server.snapshot(), store.server.store.generation

    @contextlib.contextmanager
    def cube(self, snapshot):
        with memory_store(self.flavour) as store:
            store.server.restore(snapshot[0])
            # Versions of GCS are not given twice.
            store.server.store.generation = snapshot[1]
            yield Cube(store, self.slices, self.options)

    def requests(self, snapshot, *words):
        with self.cube(snapshot) as cube:
            cube.verb(*words)
            return len(cube.server.requests)

    def write_words(self):
        return ("write", "--at", OFFSETS[1], self.token, self.slices["two"])

    def commit_words(self):
        return ("commit", self.token, *self.receipts)

    def finish(self, cube):
        """Whoever comes next, once the lease is over, brings it to one of the two."""
        cube.server.rules = []
        cube.age_lock(7200)
        done = cube.driver("recover")
        assert done.status == 0
        committed = cube.is_as(self.plain["after"])
        cube.check(self.plain["after" if committed else "before"], 1 + committed)
        return committed

    def check_committed(self, cube):
        # The plain appends of the two slices are two commits.
        cube.check(self.plain["after"], 2)
        cube.append("next", options=("--lock-timeout", "0"), status=0)
        cube.check(self.plain["after, next"], 3)


@pytest.fixture(scope="module")
def world(slices):
    return World(slices)


@pytest.fixture(params=["s3", "gcs", "moto"])
def any_store(request):
    if request.param != "moto":
        with memory_store(request.param) as store:
            yield store
        return
    moto = request.getfixturevalue("moto")
    with real_store(moto, f"bucket-{uuid.uuid4().hex[:12]}") as store:
        yield store


@pytest.mark.parametrize("zarr_format", ["2", "3"])
@pytest.mark.parametrize("base", [True, False])
def test_parts_make_what_plain_appends_make(
    slices, any_store, tmp_path, zarr_format, base
):
    options = ("--zarr-format", zarr_format, *CHUNKS)
    cube = Cube(any_store, slices, options)
    like, rest = ("one", "two") if base else ("base", "one")
    if base:
        cube.append("base", status=0)
    token = cube.begin("--size", "4", like=like)
    words = [("--at", 0, token, slices[like])]
    words.append(("--at", 1 if base else 3, token, slices[rest]))
    receipts = [cube.verb("write", *each).stdout for each in words]
    report = json.loads(cube.verb("commit", "--json", token, *receipts[::-1]).stdout)
    assert (report["rows"], report["created"]) == (4, not base)
    names = ("base", "one", "two") if base else ("base", "one")
    # There, a chunk of nothing but fill is an object.
    with memory_store() as other:
        Cube(other, slices, options).append(*names, status=0)
        plain = other.download(f"{cube.key}/", tmp_path / "plain")
    found = any_store.download(f"{cube.key}/", tmp_path / "found")

    def files(folder):
        return {k: v for k, v in cubes.tree(folder).items() if v != "folder"}

    assert files(found) == files(plain)


@pytest.mark.parametrize("flavour", ["s3", "gcs"])
def test_a_part_that_was_written_twice_counts_once(slices, flavour):
    world = World(slices, flavour)
    with world.cube(world.written) as cube:
        again = cube.write(world.token, 1)
        cube.verb("commit", world.token, world.receipts[0], again, world.receipts[1])
        world.check_committed(cube)


@pytest.mark.parametrize("which", ["the first", "the second"])
def test_of_two_parts_in_one_place_the_one_whose_receipt_is_given_counts(world, which):
    with world.cube(world.written) as cube:
        words = ("--at", 1, world.token, cube.slices["other"])
        other = cube.verb("write", *words).stdout
        both = (world.token, *world.receipts, other)
        done = cube.verb("commit", *both, status=5)
        assert "is in two of the parts" in done.message
        cube.check(world.plain["before"], 1)
        if which == "the first":
            cube.verb("commit", world.token, *world.receipts)
            world.check_committed(cube)
            return
        cube.verb("commit", world.token, world.receipts[0], other)
        state = cube.state()
        assert state.documents == world.plain["after"].documents
        differ = {
            key
            for key, chunk in state.chunks.items()
            if world.plain["after"].chunks.get(key) != chunk
        }
        assert all(key.startswith("air/") for key in differ)
        assert len(state.log) == 2


def test_while_a_transaction_is_open_no_one_else_appends(world):
    with world.cube(world.written) as cube:
        done = cube.append("rival", options=("--lock-timeout", "0"), status=3)
        assert "lease" in done.message
        cube.begin("--lock-timeout", "0", status=3)
        cube.driver("recover", "--lock-timeout", "0", status=3)
        cube.verb("renew", world.token)
        cube.verb("commit", world.token, *world.receipts)
        world.check_committed(cube)


def test_whoever_has_lost_the_lease_is_told_and_does_no_harm(world):
    with world.cube(world.written) as cube:
        cube.age_lock(7200)
        cube.append("rival", options=("--lock-timeout", "0"), status=0)
        for words in (world.commit_words(), world.write_words()):
            done = cube.verb(*words, status=1)
            assert "none of it is in the target" in done.message
        cube.verb("abort", world.token, status=1)
        cube.verb("renew", world.token, status=1)
        cube.check(world.plain["rival"], 2)


def test_an_aborted_transaction_leaves_the_cube_as_it_was(world):
    with world.cube(world.written) as cube:
        cube.verb("abort", world.token)
        cube.check(world.plain["before"], 1)
        cube.verb(*world.commit_words(), status=1)
        cube.append("one", "two", options=("--lock-timeout", "0"), status=0)
        campaign.assert_same(
            cube.state().visible, world.plain["after"].visible, "after the abort"
        )


def test_a_commit_that_is_tried_again_says_the_same(world):
    with world.cube(world.written) as cube:
        words = ("commit", "--json", *world.commit_words()[1:])
        one = json.loads(cube.verb(*words).stdout)
        other = json.loads(cube.verb(*words).stdout)
        assert other == {**one, "finished": True}
        assert "committed" in cube.verb("abort", world.token, status=1).message
        world.check_committed(cube)


ONCE = {
    "500": Status(500, "InternalError"),
    "503": Status(503, "SlowDown"),
    "dropped": DropRequest(started=True),
    "answer lost": LoseResponse(started=True),
    "answer lost unnoticed": LoseResponse(),
    "error after all": ErrorAfter(500, "InternalError"),
    "wrong version": WrongETag(),
    "403 once": Status(403, "AccessDenied"),
}


def cases_of(world, snapshot, words, every):
    numbers = range(world.requests(snapshot, *words))
    return sample([(kind, n) for n in numbers for kind in ONCE], every, offset=3)


def with_a_failure(cube, case, words):
    """A verb whose n-th request fails, and none after it."""
    kind, n = case
    cube.server.rules = [Rule(ONCE[kind], after=n, times=1)]
    done = cube.verb(*words, status=None)
    assert done.status == 0 or done.message
    cube.server.rules = []
    return done


def test_the_nth_request_of_a_write_fails(world):
    words = world.write_words()

    def play(cube, case):
        done = with_a_failure(cube, case, words)
        receipt = done.stdout if done.status == 0 else cube.verb(*words).stdout
        first = cube.write(world.token, 0)
        cube.verb("commit", world.token, first, receipt)
        cube.check(world.plain["after"], 2)
        return done.status

    cases = cases_of(world, world.begun, words, 17)
    results = campaign.play(cases, play, lambda: world.cube(world.begun))
    assert 0 in results


def test_the_nth_request_of_a_commit_fails(world):
    words = world.commit_words()

    def play(cube, case):
        done = with_a_failure(cube, case, words)
        if done.status == 0:
            assert cube.is_as(world.plain["after"])
        again = cube.verb(*words, status=None)
        assert again.status == 0, (done, again)
        cube.check(world.plain["after"], 2)
        cube.age_lock(7200)
        world.check_committed(cube)
        return done.status

    cases = cases_of(world, world.written, words, 29)
    results = campaign.play(cases, play, lambda: world.cube(world.written))
    assert 0 in results


def test_a_commit_is_killed_at_its_nth_request(world):
    words = world.commit_words()

    def play(cube, case):
        n, drops, again = case
        hold = HoldOne(drops=drops)
        cube.server.rules = [Rule(hold, after=n, times=1)]
        process = cube.start_verb(*words)
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                return None
            process.kill()
        hold.let_go()
        cube.server.rules = []
        if again:
            cube.verb(*words)
            world.check_committed(cube)
            return "committed"
        return world.finish(cube)

    numbers = range(world.requests(world.written, *words))
    cases = [(n, d, a) for n in numbers for d in (True, False) for a in (True, False)]
    # At the last ones all is done but for the lock.
    cases = [*sample(cases, 13, offset=1), *(c for c in cases[-16:] if c[2])]
    results = campaign.play(cases, play, lambda: world.cube(world.written))
    assert "committed" in results


def test_a_commit_that_comes_late_does_no_harm(world):
    """Its requests from the n-th on are carried out after another one has taken the
    lease over."""
    words = world.commit_words()

    def play(cube, case):
        n, name = case
        action = HoldAll()
        cube.server.rules = [Rule(action, predicate=sent_by("zombie"), after=n)]
        zombie = cube.start_verb(*words, by="zombie")
        with campaign.ended_afterwards(zombie):
            if not campaign.wait_for(action, zombie):
                return None
            campaign.stop(zombie)
            cube.age_lock(7200)
            other = cube.append(name, by="other")
            between = cube.state()
            action.let_go()
            campaign.go_on(zombie)
            late = finished(zombie)
        cube.server.rules = []
        state = cube.state()
        names = [record["transaction"] for record in state.log]
        assert len(set(names)) == len(names)
        transaction = json.loads(world.token)["transaction"]
        committed = transaction in names
        if name == "rival" and other.status == 0:
            cube.check(world.plain["rival"], 2)
            assert not committed
        if other.status == 0:
            assert state.visible == between.visible
        if late.status == 0:
            assert committed, late
        elif not committed:
            assert late.message
        return "late"

    numbers = range(world.requests(world.written, *words))
    cases = sample([(n, "rival") for n in numbers], 5, offset=2)
    results = campaign.play(cases, play, lambda: world.cube(world.written))
    assert "late" in results


def test_a_write_that_comes_late_does_no_harm(world):
    words = world.write_words()

    def play(cube, n):
        action = HoldAll()
        cube.server.rules = [Rule(action, predicate=sent_by("zombie"), after=n)]
        zombie = cube.start_verb(*words, by="zombie")
        with campaign.ended_afterwards(zombie):
            if not campaign.wait_for(action, zombie):
                return None
            campaign.stop(zombie)
            cube.age_lock(7200)
            cube.append("rival", by="other", status=0)
            cube.check(world.plain["rival"], 2)
            action.let_go()
            campaign.go_on(zombie)
            late = finished(zombie)
        cube.server.rules = []
        assert late.status == 1, late
        assert late.message
        cube.check(world.plain["rival"], 2)
        return "late"

    numbers = range(world.requests(world.begun, *words))
    cases = sample(numbers, 4, offset=1)
    results = campaign.play(cases, play, lambda: world.cube(world.begun))
    assert "late" in results
