"""The n-th request of an append fails, for n = 0, 1, 2, ... until there is none: the
error is reported if and only if the append is not in, and the same command once more
makes it so.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each request with each fault.
"""

import dataclasses
import re

import campaign
import pytest
from campaign import Rule, sample
from faults import (
    CutBody,
    CutHead,
    DropRequest,
    ErrorAfter,
    LoseResponse,
    Status,
    WrongETag,
)

# What fails for ever is tried for as long.
SHORT_LEASE = ("--lease", "1s")
# Of one request.
ONCE = {
    "500": Status(500, "InternalError"),
    "503": Status(503, "SlowDown"),
    "dropped": DropRequest(started=True),
    "dropped unnoticed": DropRequest(),
    "answer lost": LoseResponse(started=True),
    "answer lost unnoticed": LoseResponse(),
    "answer without headers": CutHead(),
    "answer cut": CutBody(),
    "error after all": ErrorAfter(500, "InternalError"),
    "wrong version": WrongETag(),
    "403 once": Status(403, "AccessDenied"),
}
# From then on.
FOR_EVER = {
    "500 for ever": Status(500, "InternalError"),
    "403 for ever": Status(403, "AccessDenied"),
    "lost for ever": LoseResponse(started=True),
    "errors after all": ErrorAfter(503, "SlowDown"),
}
RETRIED = [name for name in ONCE if name not in ("wrong version", "403 once")]


@dataclasses.dataclass
class Scenario:
    base: tuple = ("first",)
    left: tuple = ()
    slices: tuple = ("a",)
    options: tuple = ()


SCENARIOS = {
    "create": Scenario((), (), ("first",)),
    "append": Scenario(),
    "batch": Scenario(slices=("a", "b"), options=("--slices-per-commit", "2")),
    "orphans": Scenario(left=("other", "orphans")),
    "after planned": Scenario(left=("other", "planned")),
    "after decided": Scenario(left=("other", "decided"), slices=("b",)),
    "groups": Scenario(options=("--groups",)),
}


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return slices_by_kind(tmp_path_factory.mktemp("slices"))


def slices_by_kind(folder):
    """Those of one group, and those of several."""
    (folder / "grouped").mkdir()
    return {
        False: campaign.make_slices(folder),
        True: campaign.make_grouped_slices(folder / "grouped"),
    }


class Setting(campaign.Setting):
    def __init__(self, name, slices, zarr_format="3"):
        self.scenario = SCENARIOS[name]
        shape = ("--zarr-format", zarr_format)
        options = (*shape, *self.scenario.options)
        grouped = "--groups" in options
        slices = slices[grouped]
        shape += ("--groups",) * grouped
        super().__init__(slices, self.scenario.base, self.scenario.left, options)
        self.histories = campaign.histories_of(tuple(slices.items()), *shape)
        left = self.scenario.left[:1] if "decided" in self.scenario.left else ()
        self.before = self.scenario.base
        self.after = (*self.before, *left, *self.scenario.slices)

    def requests(self):
        with self.cube() as cube:
            cube.server.clear()
            cube.append(*self.scenario.slices, status=0)
            return len(cube.server.requests)

    def play(self, cube, case):
        kind, n = case
        options = ()
        if kind in ONCE:
            rule = Rule(ONCE[kind], after=n, times=1)
        else:
            rule = Rule(FOR_EVER[kind], after=n)
            options = SHORT_LEASE
        cube.server.rules = [rule]
        done = cube.append(*self.scenario.slices, options=options)
        cube.server.rules = []
        if not rule.applied:
            assert done.status == 0, done
            return None
        self.check(cube.state(), done)
        if kind in RETRIED:
            assert done.status == 0, f"{kind} was not tried again: {done!r}"
        cube.age_lock()
        again = cube.append(*self.scenario.slices)
        assert again.status == 0, again
        state = cube.state()
        assert self.histories.check(state) == self.after
        return done.status

    def check(self, state, done):
        """Right after the fault."""
        campaign.check_honest(done, state, *self.scenario.slices)
        if done.status == 0:
            assert self.histories.check(state) == self.after
            return
        told = re.search("is decided|outcome of the append is unknown", done.message)
        left = self.scenario.left[1:] == ("decided",)
        if not told and not left:
            self.histories.check(state)


def faults(setting, every):
    numbers = range(setting.requests() + 2)
    return sample([(k, n) for k in ONCE for n in numbers], every, offset=7)


@pytest.mark.parametrize("zarr_format", ["3", "2"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_one_request_fails(slices, name, zarr_format):
    if not campaign.ALL and zarr_format == "2" and name != "append":
        pytest.skip("a sample")
    setting = Setting(name, slices, zarr_format)
    cases = faults(setting, every=113)
    statuses = campaign.play(cases, setting.play, setting.cube)
    assert set(statuses) & {0, 1}


@pytest.mark.parametrize("name", SCENARIOS)
def test_everything_fails_from_the_nth_request_on(slices, name):
    if not campaign.ALL and name != "append":
        pytest.skip("a sample")
    setting = Setting(name, slices)
    numbers = range(setting.requests())
    cases = [(k, n) for n in numbers for k in FOR_EVER]
    cases = sample(cases, 149, offset=11 + len(name))
    campaign.play(cases, setting.play, setting.cube, workers=24)


LISTING_FAULTS = {
    "none": None,
    "500 for ever": Status(500, "InternalError"),
    "403 for ever": Status(403, "AccessDenied"),
    "dropped": DropRequest(started=True),
    "cut": CutBody(),
}


def listings_fail(fault):
    return [Rule(fault, "GET", predicate=lambda r: "prefix" in r.query)] * bool(fault)


@pytest.mark.parametrize("fault", sample(LISTING_FAULTS, 2))
def test_a_list_of_names_that_fails_is_not_an_empty_folder(slices, fault):
    with campaign.Setting(slices[False], ()).cube() as cube:
        cube.server.put_object("bucket", f"{cube.key}/precious.txt", b"mine")
        cube.server.rules = listings_fail(LISTING_FAULTS[fault])
        done = cube.append("first", options=SHORT_LEASE)
        # What may pass ends with "try again".
        passes = fault in ("500 for ever", "dropped", "cut")
        assert done.status == (3 if passes else 1), done
        assert list(cube.contents()) == [f"{cube.key}/precious.txt"]


@pytest.mark.parametrize("fault", sample(LISTING_FAULTS, 2, offset=1))
def test_without_a_lock_journals_are_not_overlooked(slices, fault):
    """Somebody has deleted the lock, which would name what is decided."""
    slices = slices[False]
    histories = campaign.histories_of(tuple(slices.items()))
    with campaign.Setting(slices, ("first",), ("other", "decided")).cube() as cube:
        cube.server.delete_object("bucket", f"{cube.key}.mdimappend/lock")
        cube.server.rules = listings_fail(LISTING_FAULTS[fault])
        cube.append("b", options=SHORT_LEASE)
        cube.server.rules = []
        cube.age_lock()
        assert cube.append("b").status == 0
        assert histories.check(cube.state()) == ("first", "other", "b")
