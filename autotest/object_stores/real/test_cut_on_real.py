"""Connections that break within the body of a put: the server gets a part of it."""

import campaign
import cubes
import numpy as np
import pytest
from campaign import HoldOne, Rule, finished
from faults import TearPut
from real_cube import LATER, share
from test_torn_puts import V3, assert_tidy

# A chunk has 320 kB: some servers keep nothing of a small body.
LARGE = ("--encoding", "air:chunk=4x200x100,compress=none")


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """Days as those of `slices`, of a larger field."""
    folder = tmp_path_factory.mktemp("large")
    days = {"first": (0, 3), "a": (3, 3), "c": (8, 2)}
    return {
        name: cubes.write(
            cubes.weather(*of, lat=200, lon=100).assign_attrs(noise=np.arange(3)),
            folder / f"{name}.nc",
        )
        for name, of in days.items()
    }


def tear(cube, what, fraction, *before):
    """The put of it, once."""
    rule = Rule(TearPut(fraction), "PUT", V3[what], times=1)
    cube.server.rules = [*before, rule]
    return rule


@pytest.mark.parametrize("what", V3)
def test_its_writer_goes_on(make_cube, large, what):
    histories = campaign.histories_of(tuple(large.items()), *LARGE)
    for fraction in share((0.5, 0.98), 2):
        cube = make_cube(options=LARGE, slices=large)
        torn = tear(cube, what, fraction)
        done = cube.append("a")
        assert torn.applied == 1
        assert done.status == 0, done
        assert histories.check(cube.state()) == ("first", "a")
        assert_tidy(cube.state())


@pytest.mark.parametrize("what", V3)
def test_its_writer_is_killed(make_cube, large, what):
    histories = campaign.histories_of(tuple(large.items()), *LARGE)
    for fraction in share((0.5, 0.98), 2):
        cube = make_cube(options=LARGE, slices=large)
        hold = HoldOne()
        tear(cube, what, fraction, Rule(hold, "PUT", V3[what], times=1))
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            assert campaign.wait_for(hold, process), finished(process)
            process.kill()
        hold.let_go()
        cube.server.rules = [LATER]
        done = cube.append("a", "c")
        assert done.status == 0, done
        assert histories.check(cube.state()) == ("first", "a", "c")
        assert cube.driver("recover").stdout == "nothing to recover\n"
