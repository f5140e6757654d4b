"""Kills and errors at some of the requests of an append, in moto's S3 (the memory
store, where each request is tried, is our own)."""

import campaign
import pytest
from campaign import Cube, HoldOne, Rule, sample
from faults import ClockAhead, DropRequest, ErrorAfter, LoseResponse, Status

FAULTS = [
    Status(503, "SlowDown"),
    DropRequest(started=True),
    LoseResponse(started=True),
    ErrorAfter(500, "InternalError"),
]
# Over for those who ask for the lock, however long it was.
LATER = Rule(ClockAhead(7200), "GET", "/lock$")


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@pytest.fixture
def make_cube(s3_moto, moto, slices):
    """With the first slice, each in a place of its own."""

    def make(number):
        key = f"x{number}/cube.zarr"

        def contents():
            return moto.objects(s3_moto.bucket, f"x{number}/")

        cube = Cube(s3_moto, slices, campaign.LAYOUT, key, contents)
        cube.server.rules = []
        cube.append("first", status=0)
        cube.server.clear()
        return cube

    return make


def test_killed_at_the_nth_request(make_cube, slices):
    histories = campaign.histories_of(tuple(slices.items()))
    cases = [(n, drops) for n in range(30) for drops in (True, False)]
    killed = 0
    for number, (n, drops) in enumerate(sample(cases, 19)):
        cube = make_cube(number)
        hold = HoldOne(drops=drops)
        cube.server.rules = [Rule(hold, after=n, times=1)]
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                continue
            process.kill()
        hold.let_go()
        killed += 1
        cube.server.rules = [LATER]
        histories.check_readable(cube.state(), ("first",), ("first", "a"))
        assert cube.append("a", "b").status == 0
        assert histories.check(cube.state()) == ("first", "a", "b")
    assert killed >= 2


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: type(fault).__name__)
def test_one_request_fails(make_cube, slices, fault):
    histories = campaign.histories_of(tuple(slices.items()))
    for number, n in enumerate(sample(range(30), 17, offset=FAULTS.index(fault))):
        cube = make_cube(number)
        cube.server.rules = [Rule(fault, after=n, times=1)]
        done = cube.append("a")
        cube.server.rules = []
        assert done.status == 0, (n, done)
        assert histories.check(cube.state()) == ("first", "a")
        assert cube.append("a").status == 0
        assert histories.check(cube.state()) == ("first", "a")
