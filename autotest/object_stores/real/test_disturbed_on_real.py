"""Writers that are killed, that pause until another has taken over, and that meet."""

import re

import campaign
from campaign import HoldOne, Rule, finished
from real_cube import LATER, share

# More than an append has.
REQUESTS = 40


def test_killed_at_each_request(make_cube, histories):
    """Its last request is carried out, or lost."""
    killed = 0
    for n in share(range(REQUESTS), 13):
        cube = make_cube()
        hold = HoldOne(drops=n % 2 == 0)
        cube.server.rules = [Rule(hold, after=n, times=1)]
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                break
            process.kill()
        hold.let_go()
        killed += 1
        cube.server.rules = [LATER]
        histories.check_readable(cube.state(), ("first",), ("first", "a"))
        done = cube.append("a", "b")
        assert done.status == 0, (n, done)
        assert histories.check(cube.state()) == ("first", "a", "b")
        assert cube.driver("recover").stdout == "nothing to recover\n"
    assert killed >= 2


def test_paused_at_each_request_until_another_has_taken_over(make_cube, histories):
    """By its own clock its lease is not over: it goes on, and its request comes late."""
    late = 0
    for n in share(range(REQUESTS), 13):
        cube = make_cube()
        hold = HoldOne()
        cube.server.rules = [Rule(hold, after=n, times=1)]
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                break
            campaign.stop(process)
            cube.server.rules = [LATER]
            other = cube.append("other" if n % 3 else "a")
            assert other.status in (0, 5), (n, other)
            between = histories.check(cube.state())
            cube.server.rules = []
            hold.let_go()
            campaign.go_on(process)
            done = finished(process)
        late += 1
        state = cube.state()
        assert histories.check(state)[: len(between)] == between
        name = "other" if n % 3 else "a"
        campaign.check_honest(done, state, "a", others=(name,))
        cube.server.rules = [LATER]
        cube.append("c", status=0)
        assert histories.check(cube.state())[-1] == "c"
    assert late >= 2


def test_writers_that_meet(make_cube, histories):
    for _ in share(range(4), 4):
        cube = make_cube()
        names = ("a", "other", "a", "b", "c")
        done = [finished(p) for p in [cube.start(name) for name in names]]
        state = cube.state()
        history = histories.check(state)
        for name, outcome in zip(names, done, strict=True):
            assert outcome.status in (0, 4, 5), outcome
            if outcome.status == 0:
                assert name in history, outcome
        assert len(history) >= 2
        decisions = [k for k in state.sidecar if re.search("^(journal|stage)/", k)]
        assert decisions == []
