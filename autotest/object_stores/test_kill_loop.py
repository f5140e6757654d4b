"""The command is killed at its n-th request, for each n; the request is carried out, or
is lost. A reader sees the old or the new cube, and the next run brings it to exactly
one of them.

CI tries a sample; MDIMAPPEND_ALL_SCENARIOS=1 tries each request.
"""

import campaign
import pytest
from campaign import HoldOne, Rule, sample
from test_error_loop import SCENARIOS, slices_by_kind
from test_error_loop import Setting as ErrorSetting


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return slices_by_kind(tmp_path_factory.mktemp("slices"))


class Setting(ErrorSetting):
    def cases(self):
        for n in range(self.requests()):
            for drops in (True, False):
                for recovers in (True, False) if campaign.ALL else (n % 2 == 0,):
                    yield n, drops, recovers

    def play(self, cube, case):
        n, drops, recovers = case
        hold = HoldOne(drops=drops)
        cube.server.rules = [Rule(hold, after=n, times=1)]
        process = cube.start(*self.scenario.slices)
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                return None
            process.kill()
        hold.let_go()
        cube.server.rules = []
        self.check_between(cube.state())
        cube.age_lock()
        names = self.scenario.slices
        if recovers and cube.state().sidecar:
            cube.driver("recover")
            assert self.histories.check(cube.state()) in self.steps()
        assert cube.append(*names).status == 0
        assert self.histories.check(cube.state()) == self.after
        assert cube.append("c").status == 0
        assert self.histories.check(cube.state()) == (*self.after, "c")
        return "killed"

    def steps(self):
        """The histories on the way; slices of one commit come together."""
        stops = [len(self.before), len(self.after) - len(self.scenario.slices)]
        if "--slices-per-commit" not in self.options:
            stops += range(stops[1], len(self.after))
        return [self.after[:stop] for stop in stops] + [self.after]

    def check_between(self, state):
        steps = self.steps()
        failures = []
        for before, after in zip(steps[:-1], steps[1:], strict=True):
            try:
                self.histories.check_readable(state, before, after)
                return
            except AssertionError as failure:
                failures.append(str(failure))
        raise AssertionError("; ".join(failures))


@pytest.mark.parametrize("zarr_format", ["3", "2"])
@pytest.mark.parametrize("name", SCENARIOS)
def test_killed_at_the_nth_request(slices, name, zarr_format):
    if not campaign.ALL and (zarr_format == "2") != (name in ("append", "create")):
        pytest.skip("a sample")
    setting = Setting(name, slices, zarr_format)
    cases = sample(setting.cases(), 29, offset=len(name))
    results = campaign.play(cases, setting.play, setting.cube)
    assert "killed" in results
