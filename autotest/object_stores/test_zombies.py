"""A writer that is stopped or cut off at each of its requests, another one that takes
its lock over meanwhile, and the request that is carried out when it is too late: it
does no harm.

The writer that is late has no idea: by its own clock the lease has not run out.
CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each request.
"""

import contextlib
import dataclasses
import itertools
import os
import random
import subprocess

import campaign
import cubes
import numpy as np
import pytest
import xarray as xr
from campaign import Cube, HoldAll, HoldOne, Rule, finished, sample, sent_by
from stores import memory_store

ONE_COMMIT = ("--slices-per-commit", "2")
REPLACE = ("--on-duplicate", "replace")


@dataclasses.dataclass
class Scenario:
    """
    base     slices that are in before
    left     slice of an append that was killed before then ("planned"), after its
             decision ("decided"), or undone, its chunks left ("orphans")
    zombie   slices that the late writer appends; none: it recovers
    others   what the other one does meanwhile: slices to append, or none: it recovers
    options  of all appends, which also say what the cube is like
    batch    options that do not
    """

    base: tuple = ("first",)
    left: tuple = ()
    zombie: tuple = ("a",)
    others: tuple = (("a",), ("other",), ("b",), ())
    options: tuple = ()
    batch: tuple = ()
    repeats: bool = False


SCENARIOS = {
    "append": Scenario(),
    "create": Scenario((), (), ("first",), (("first",), ("a",), ())),
    "batch": Scenario(
        zombie=("a", "b"),
        others=(("a", "b"), ("a",), ("other",), ("other", "b"), ("c",)),
        batch=ONE_COMMIT,
    ),
    "several": Scenario(zombie=("a", "b"), others=(("a", "b"), ("other",), ("b",))),
    "orphans": Scenario(left=("other", "orphans")),
    "after planned": Scenario(left=("other", "planned")),
    "after decided": Scenario(
        left=("other", "decided"), zombie=("b",), others=(("b",), ("c",), ())
    ),
    "recover planned": Scenario(
        left=("a", "planned"), zombie=(), others=(("a",), ("other",), ("b",), ())
    ),
    "recover decided": Scenario(
        left=("a", "decided"), zombie=(), others=(("b",), ("other",), ())
    ),
    "replace": Scenario(
        ("first", "a"),
        zombie=("other",),
        others=(("other",), ("a",), ("b",)),
        options=REPLACE,
        repeats=True,
    ),
    "unconsolidated": Scenario(options=("--consolidated", "no")),
}


# In a sample, the others are in V3.
IN_V2 = ("append", "after decided", "recover planned", "batch")


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@dataclasses.dataclass(frozen=True)
class Case:
    """
    n         of the late writer's requests, the first that is held
    other     what is done meanwhile
    mode      "stopped": the process is stopped, all its requests from the n-th on are
              late; "running": only the n-th is late, the writer is not stopped
    unlocked  a human ends the lease; else it is over by the server's clock
    m         of the other one's requests, the one before which what is late arrives;
              None: after its end
    """

    n: int
    other: tuple
    mode: str = "stopped"
    unlocked: bool = False
    last_first: bool = False
    m: int | None = None


class Setting(campaign.Setting):
    """A scenario in a flavour of store and a Zarr format."""

    def __init__(self, name, slices, zarr_format="3", flavour="s3"):
        self.scenario = SCENARIOS[name]
        shape = ("--zarr-format", zarr_format, *self.scenario.options)
        options = (*shape, *self.scenario.batch)
        super().__init__(
            slices, self.scenario.base, self.scenario.left, options, flavour
        )
        self.histories = campaign.histories_of(tuple(slices.items()), *shape)

    def start(self, cube, names, by):
        if names:
            return cube.start(*names, by=by)
        return cube.start_driver("recover", by=by)

    def requests(self):
        """How many the late writer has if nobody disturbs it."""
        with self.cube() as cube:
            cube.server.clear()
            done = finished(self.start(cube, self.scenario.zombie, "zombie"))
            assert done.status == 0, done
            return len(cube.server.requests)

    def cases(self):
        numbers = range(self.requests())
        others = self.scenario.others
        for n, other in itertools.product(numbers, others):
            for mode in ("stopped", "running"):
                yield Case(n, other, mode, unlocked=n % 2 == 1, last_first=n % 3 == 1)
                if campaign.ALL:
                    yield Case(n, other, mode, n % 2 == 0, n % 3 != 1)

    def draw(self, draw, count):
        """Cases in which what is late arrives in the middle of the other's."""
        requests = self.requests()
        for _ in range(count):
            yield Case(
                draw.randrange(requests),
                draw.choice(self.scenario.others),
                draw.choice(["stopped", "running"]),
                draw.random() < 0.3,
                draw.random() < 0.3,
                draw.randrange(60),
            )

    def play(self, cube, case):
        action = (
            HoldOne() if case.mode == "running" else HoldAll(False, case.last_first)
        )
        rule = Rule(action, predicate=sent_by("zombie"), after=case.n)
        if case.mode == "running":
            rule.times = 1
        cube.server.rules = [rule]
        zombie = self.start(cube, self.scenario.zombie, "zombie")
        with campaign.ended_afterwards(zombie):
            if not campaign.wait_for(action, zombie):
                return "never came there"
            if case.mode == "stopped":
                campaign.stop(zombie)
            if case.unlocked:
                cube.driver("unlock", by="human", status=None)
            cube.age_lock()
            if case.m is not None:
                there = HoldOne()
                cube.server.rules += [
                    Rule(there, predicate=sent_by("other"), after=case.m, times=1)
                ]
            process = self.start(cube, case.other, "other")
            with campaign.ended_afterwards(process):
                in_time = case.m is not None and campaign.wait_for(there, process)
                if in_time:
                    action.let_go()
                    if case.mode == "stopped":
                        campaign.go_on(zombie)
                    # Or it waits for the lock, which the other one has.
                    with contextlib.suppress(subprocess.TimeoutExpired):
                        zombie.wait(2)
                    there.let_go()
                other = finished(process)
            between = cube.state()
            if not in_time:
                self.check(between)
                action.let_go()
                if case.mode == "stopped":
                    campaign.go_on(zombie)
            late = finished(zombie)
        cube.server.rules = []
        state = cube.state()
        if other.status in (0, 5):
            self.check(state)
        assert state.history[: len(between.history)] == between.history, (
            f"{between.history} became {state.history}"
        )
        campaign.check_honest(other, state, *case.other)
        names = self.scenario.zombie
        campaign.check_honest(late, state, *names, others=case.other)
        # What it left is in nobody's way.
        if state.history:
            cube.age_lock()
            last = cube.append("c", by="last")
            assert last.status == 0, last
            state = cube.state()
            self.check(state)
            assert "c" in state.history
        return "late" if other.status in (0, 5) else f"{case}: {other!r}"

    def check(self, state):
        self.histories.check(state, self.scenario.repeats)


@pytest.mark.parametrize("zarr_format", ["3", "2"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_late_requests_do_no_harm(slices, name, zarr_format):
    """After the other one's end, that is."""
    if not campaign.ALL and (zarr_format == "2") != (name in IN_V2):
        pytest.skip("a sample")
    setting = Setting(name, slices, zarr_format)
    cases = sample(setting.cases(), 149, offset=len(name))
    results = campaign.play(cases, setting.play, setting.cube)
    assert "late" in results
    unfinished = [r for r in results if r not in ("late", "never came there")]
    assert not unfinished, unfinished[0]


@pytest.mark.parametrize("name", SCENARIOS)
def test_late_requests_do_no_harm_in_the_middle_of_another_append(slices, name):
    """Where they arrive is drawn; what fails tells it."""
    if not campaign.ALL and name not in ("append", "after decided", "batch"):
        pytest.skip("a sample")
    seed = os.environ.get("MDIMAPPEND_SEED") or random.SystemRandom().randrange(10**9)
    draw = random.Random(f"{seed} {name}")
    setting = Setting(name, slices, draw.choice("23"), draw.choice(["s3", "gcs"]))
    count = int(os.environ.get("MDIMAPPEND_CASES", "100")) if campaign.ALL else 1
    cases = list(setting.draw(draw, count))
    print(f"MDIMAPPEND_SEED={seed}")
    results = campaign.play(cases, setting.play, setting.cube)
    unfinished = [r for r in results if r not in ("late", "never came there")]
    assert not unfinished, f"{len(unfinished)} of {count}, {unfinished[0]}"


@pytest.mark.parametrize("consolidated", ["yes", "no"])
@pytest.mark.parametrize("other", ["b", "other"])
def test_a_commit_is_tidied_while_another_writer_is_about_to_undo_it(
    slices, consolidated, other
):
    """The one is late with its decision, has it all the same, applies and tidies;
    the other one has seen a plan, and neither decision nor log record."""
    options = ("--consolidated", consolidated)
    histories = campaign.histories_of(tuple(slices.items()), *options)
    with campaign.Setting(slices, ("first",), (), options).cube() as cube:
        late, undo = HoldOne(), HoldOne()
        cube.server.rules = [
            Rule(late, "PUT", "/decision", sent_by("zombie"), times=1),
            Rule(undo, "PUT", "/decision", sent_by("other"), times=1),
        ]
        zombie = cube.start("a", by="zombie")
        with campaign.ended_afterwards(zombie):
            assert campaign.wait_for(late, zombie)
            cube.age_lock()
            process = cube.start(other, by="other")
            with campaign.ended_afterwards(process):
                assert campaign.wait_for(undo, process)
                late.let_go()
                assert finished(zombie).status == 0
                undo.let_go()
                done = finished(process)
        assert histories.check(cube.state())[:2] == ("first", "a")
        assert done.status == (0 if other == "b" else 5), done
        assert cube.append("c").status == 0
        assert histories.check(cube.state())[-1] == "c"


@pytest.mark.parametrize("flavour", ["s3", "gcs"])
def test_a_late_chunk_comes_when_its_key_is_again_as_it_was(slices, flavour):
    """Values are replaced, and put back by another writer: S3's ETags are of the
    content, so that what was seen once is there again. There the request's signature
    does not hold for longer than the lease did."""
    histories = campaign.histories_of(tuple(slices.items()), *REPLACE)
    base = ("first", "a")
    with campaign.Setting(slices, base, (), REPLACE, flavour).cube() as cube:
        late = HoldAll()
        chunks = Rule(late, "PUT", f"{cube.key}/air/c/", sent_by("zombie"))
        cube.server.rules = [chunks]
        zombie = cube.start("other", by="zombie")
        with campaign.ended_afterwards(zombie):
            assert campaign.wait_for(late, zombie)
            campaign.stop(zombie)
            cube.age_lock()
            assert cube.append("a", by="other").status == 0
            before = cube.state()
            assert histories.check(before, repeats=True) == (*base, "other", "a")
            if flavour == "s3":
                cube.server.api.clock_ahead = 60
            late.let_go()
            campaign.go_on(zombie)
            finished(zombie)
        assert cube.state().visible == before.visible


def test_a_late_put_into_the_stage_does_not_replace_a_later_one(tmp_path):
    """A request that timed out, and was made again, arrives after the second slice of
    the batch was merged into the same chunk, which is too large to be remembered."""
    draw = np.random.default_rng(5)
    made = {}
    for day, name in enumerate(("one", "two", "three")):
        dataset = cubes.weather(day, 1, lat=1100, lon=1100).drop_vars("elevation")
        dataset["air"][:] = draw.random(dataset["air"].shape, dtype="float32")
        made[name] = cubes.write(dataset, tmp_path / f"{name}.nc")
    with memory_store() as store:
        options = ("--encoding", "air:chunk=4x1100x1100", *ONE_COMMIT)
        cube = Cube(store, made, options)
        cube.append("one", status=0)
        late, decision = HoldOne(), HoldOne()
        cube.server.rules = [
            Rule(late, "PUT", "/stage/.*/1-0-0", times=1),
            Rule(decision, "PUT", "/decision", times=1),
        ]
        environment = {**cube.environment("writer"), "GDAL_HTTP_TIMEOUT": "2"}
        process = cubes.start(*cube.words("two", "three"), env=environment)
        with campaign.ended_afterwards(process):
            assert campaign.wait_for(decision, process)
            late.let_go()
            decision.let_go()
            done = finished(process)
        folder = store.download(f"{cube.key}/", tmp_path / "cube")
        air = cubes.open_xarray(folder, raw=True)["air"].values
        for day, name in enumerate(made):
            there = xr.open_dataset(made[name], decode_times=False)["air"].values
            assert cubes.same(air[day], there[0]), (name, done)
