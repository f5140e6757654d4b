"""Puts that break off, on a store that then keeps what came of them as the object.

A store that verifies the checksum of a put keeps nothing. Where it does not, who reads
the object meanwhile finds a part of it; the append is right in the end all the same.
"""

import campaign
import pytest
import test_kill_loop
from campaign import HoldAll, HoldOne, Rule, finished, sample, sent_by
from faults import Status, TearPut
from stores import memory_store

V3 = {
    "an added chunk": "cube.zarr/air/c/1/",
    "a chunk in the stage": "/stage/.*/",
    "a replaced chunk": "cube.zarr/air/c/0/",
    "the labels": "cube.zarr/time/c/0",
    "an array's document": "cube.zarr/air/zarr.json",
    "the root's document": "cube.zarr/zarr.json",
    "the lock": "mdimappend/lock",
    "the decision": "/decision",
    "the log record": "/log/",
}
V2 = {
    "an added chunk": "cube.zarr/air/1[.]",
    "a replaced chunk": "cube.zarr/air/0[.]",
    "an array's document": "cube.zarr/air/[.]zarray",
    "the root's document": "cube.zarr/[.]zmetadata",
}
CASES = [("3", what) for what in V3] + [("2", what) for what in V2]
# So much of it arrives. Of the lock enough to have the holder's name in it.
FRACTIONS = (0.5, 0.0, 0.98)
MD5 = {"s3": "content-md5", "gcs": "x-goog-hash"}


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


def key_of(zarr_format, what):
    return (V3 if zarr_format == "3" else V2)[what]


@pytest.fixture(scope="module")
def all_slices(tmp_path_factory):
    return test_kill_loop.slices_by_kind(tmp_path_factory.mktemp("slices"))


def setting_of(slices, zarr_format="3", base=("first",), flavour="s3"):
    options = ("--zarr-format", zarr_format)
    return campaign.Setting(slices, base, options=options, flavour=flavour)


def histories_of(slices, zarr_format="3"):
    return campaign.histories_of(tuple(slices.items()), "--zarr-format", zarr_format)


def assert_tidy(state):
    left = [key for key in state.sidecar if key.startswith(("journal/", "stage/"))]
    assert left == []


def tear_one(cube, key, fraction, by="writer", started=True):
    """Of a put to a key, only a part arrives."""
    cube.server.api.checksums = "ignored"
    rule = Rule(TearPut(fraction, started), "PUT", key, sent_by(by), times=1)
    cube.server.rules = [rule]
    return rule


def kill_at_torn_put(cube, name, key, fraction, by="writer"):
    """The writer dies within it. Returns the key of what is left of it."""
    cube.server.api.checksums = "ignored"
    hold, tear = HoldOne(), TearPut(fraction)
    cube.server.rules = [
        Rule(hold, "PUT", key, sent_by(by), times=1),
        Rule(tear, "PUT", key, sent_by(by), times=1),
    ]
    process = cube.start(name, by=by)
    with campaign.ended_afterwards(process):
        assert campaign.wait_for(hold, process), finished(process)
        process.kill()
    hold.let_go()
    cube.server.rules = []
    (torn,) = tear.keys
    return torn


@pytest.mark.parametrize("flavour", ["s3", "gcs"])
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize(("zarr_format", "what"), CASES)
def test_its_writer_makes_it_whole(slices, zarr_format, what, fraction, flavour):
    if what == "the lock" and fraction == 0.0:
        pytest.skip("a test of its own")
    if not campaign.ALL and flavour == "gcs" and fraction != FRACTIONS[0]:
        pytest.skip("a sample")
    histories = histories_of(slices, zarr_format)
    with setting_of(slices, zarr_format, flavour=flavour).cube() as cube:
        torn = tear_one(cube, key_of(zarr_format, what), fraction)
        done = cube.append("a")
        assert torn.applied == 1
        assert done.status == 0, done
        assert histories.check(cube.state()) == ("first", "a")
        assert_tidy(cube.state())
        assert cube.append("c").status == 0
        assert histories.check(cube.state()) == ("first", "a", "c")


@pytest.mark.parametrize("what", V3)
def test_its_writer_makes_it_whole_where_libcurl_sends_again(slices, what):
    """Without a word: the first that is heard is that the condition does not hold."""
    with setting_of(slices).cube() as cube:
        torn = tear_one(cube, V3[what], 0.6, started=False)
        done = cube.append("a")
        assert torn.applied == 1
        assert done.status == 0, done
        assert histories_of(slices).check(cube.state()) == ("first", "a")


def test_a_lock_without_its_holder_s_name_is_waited_for(slices):
    """It may be anybody's."""
    with setting_of(slices).cube() as cube:
        tear_one(cube, V3["the lock"], 0.0)
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            lock = f"{cube.key}.mdimappend/lock"
            while cube.contents()[lock]:
                assert process.poll() is None
            cube.age_lock()
            done = finished(process)
        assert done.status == 0, done
        assert histories_of(slices).check(cube.state()) == ("first", "a")


@pytest.mark.parametrize("recovers", [False, True])
@pytest.mark.parametrize("fraction", FRACTIONS)
@pytest.mark.parametrize(("zarr_format", "what"), CASES)
def test_it_is_recovered_after_a_kill(slices, zarr_format, what, fraction, recovers):
    if not campaign.ALL and recovers == (fraction == FRACTIONS[0]):
        pytest.skip("a sample")
    histories = histories_of(slices, zarr_format)
    with setting_of(slices, zarr_format).cube() as cube:
        torn = kill_at_torn_put(cube, "a", key_of(zarr_format, what), fraction)
        part = cube.contents()[torn]
        cube.age_lock()
        if recovers:
            cube.driver("recover")
            assert histories.check(cube.state()) in (("first",), ("first", "a"))
            again = cube.driver("recover")
            assert "othing" in again.stdout, again
        assert cube.append("a").status == 0
        state = cube.state()
        assert histories.check(state) == ("first", "a")
        whole = cube.contents().get(torn)
        if whole is not None and torn.startswith(f"{cube.key}/"):
            assert whole != part
            assert whole.startswith(part)
        assert cube.append("c").status == 0
        assert histories.check(cube.state()) == ("first", "a", "c")


@pytest.mark.parametrize("what", V3)
def test_a_new_cube_whose_puts_are_torn(slices, what):
    if "replaced" in what or "stage" in what:
        pytest.skip("there is none in a new cube")
    key = V3[what].replace("air/c/1/", "air/c/0/")
    histories = histories_of(slices)
    with setting_of(slices, base=()).cube() as cube:
        kill_at_torn_put(cube, "first", key, 0.6)
        cube.age_lock()
        assert cube.append("first").status == 0
        assert histories.check(cube.state()) == ("first",)


class Loop(test_kill_loop.Setting):
    """The n-th put is torn; the writer is killed, or not."""

    def cases(self):
        for n in range(self.requests()):
            for fraction in FRACTIONS[::2]:
                for kills in (True, False):
                    yield n, fraction, kills

    def play(self, cube, case):
        n, fraction, kills = case
        cube.server.api.checksums = "ignored"
        hold = HoldOne()
        cube.server.rules = [
            Rule(hold, "PUT", after=n, times=1),
            Rule(TearPut(fraction), "PUT", after=n, times=1),
        ]
        process = cube.start(*self.scenario.slices)
        with campaign.ended_afterwards(process):
            if not campaign.wait_for(hold, process):
                return None
            if kills:
                process.kill()
            hold.let_go()
            done = finished(process)
        cube.server.rules = []
        if not kills:
            assert done.status == 0, done
            assert self.histories.check(cube.state()) == self.after
        cube.age_lock()
        assert cube.append(*self.scenario.slices).status == 0
        assert self.histories.check(cube.state()) == self.after
        assert cube.append("c").status == 0
        assert self.histories.check(cube.state()) == (*self.after, "c")
        return "torn"


@pytest.mark.parametrize("name", test_kill_loop.SCENARIOS)
def test_each_put(all_slices, name):
    setting = Loop(name, all_slices)
    cases = sample(setting.cases(), 23, offset=len(name))
    assert "torn" in campaign.play(cases, setting.play, setting.cube)


# Two who meet at a part of a decision


def tear_decision_and_hold_the_next(cube):
    """The late writer's decision is torn; that it puts it whole is held up."""
    cube.server.api.checksums = "ignored"
    late = HoldOne()
    again = Rule(late, "PUT", "/decision", times=1)
    again.predicate = lambda r: sent_by("zombie")(r) and "if-match" in r.headers
    torn = Rule(TearPut(0.7), "PUT", "/decision", sent_by("zombie"), times=1)
    cube.server.rules = [again, torn]
    return late


@pytest.mark.parametrize("other", ["other", "b"])
def test_who_recovers_puts_abort_in_its_place(slices, other):
    histories = histories_of(slices)
    with setting_of(slices).cube() as cube:
        late = tear_decision_and_hold_the_next(cube)
        zombie = cube.start("a", by="zombie")
        with campaign.ended_afterwards(zombie):
            assert campaign.wait_for(late, zombie)
            cube.age_lock()
            assert cube.append(other, by="other").status == 0
            late.let_go()
            done = finished(zombie)
        assert done.status == 3, done
        assert "undone by another process" in done.message
        assert histories.check(cube.state()) == ("first", other)


def test_its_writer_is_first_after_all(slices):
    """The other one has seen the part, and comes with `abort` too late."""
    histories = histories_of(slices)
    with setting_of(slices).cube() as cube:
        late = tear_decision_and_hold_the_next(cube)
        undo = HoldOne()
        aborts = Rule(undo, "PUT", "/decision", times=1)
        aborts.predicate = lambda r: sent_by("other")(r) and "if-match" in r.headers
        cube.server.rules.append(aborts)
        zombie = cube.start("a", by="zombie")
        with campaign.ended_afterwards(zombie):
            assert campaign.wait_for(late, zombie)
            cube.age_lock()
            process = cube.start("b", by="other")
            with campaign.ended_afterwards(process):
                assert campaign.wait_for(undo, process)
                late.let_go()
                assert finished(zombie).status == 0
                undo.let_go()
                done = finished(process)
        assert done.status == 0, done
        assert histories.check(cube.state()) == ("first", "a", "b")


def test_a_late_writer_leaves_another_one_s_torn_put_alone(slices):
    """Its own document begins with the same bytes."""
    histories = histories_of(slices)
    key = V3["an array's document"]
    with setting_of(slices).cube() as cube:
        late = HoldAll()
        rule = Rule(late, "PUT", key, sent_by("zombie"))
        cube.server.rules = [rule]
        zombie = cube.start("a", by="zombie")
        with campaign.ended_afterwards(zombie):
            assert campaign.wait_for(late, zombie)
            cube.age_lock()
            cube.driver("recover", by="other")
            assert histories.check(cube.state()) == ("first", "a")
            torn = kill_at_torn_put(cube, "b", key, 0.1, by="third")
            part = cube.contents()[torn]
            late.let_go()
            assert finished(zombie).status == 0
            assert cube.contents()[torn] == part
        cube.age_lock()
        assert cube.append("b").status == 0
        assert histories.check(cube.state()) == ("first", "a", "b")


@pytest.mark.parametrize("what", ["an array's document", "a replaced chunk"])
def test_what_is_no_part_of_it_is_somebody_else_s(slices, what):
    with setting_of(slices).cube() as cube:
        torn = kill_at_torn_put(cube, "a", V3[what], 0.5)
        theirs = cube.contents()[torn][:-1] + b"!"
        cube.server.put_object("bucket", torn, theirs)
        cube.age_lock()
        done = cube.append("a")
        assert done.status == 1, done
        assert "conflict" in done.message
        assert cube.contents()[torn] == theirs


# Checksums


def puts(server):
    return [r for r in server.requests if r.method == "PUT" and r.key]


@pytest.mark.parametrize("flavour", ["s3", "gcs"])
def test_every_put_has_a_checksum_that_the_store_verifies(slices, flavour):
    with memory_store(flavour) as store:
        cube = campaign.Cube(store, slices)
        for name in ("first", "a", "b"):
            cube.append(name, status=0)
        assert len(puts(store.server)) > 20
        for request in puts(store.server):
            assert MD5[flavour] in request.headers, request


def test_azure_gets_a_checksum_of_every_put(az, slices):
    cube = campaign.Cube(az, slices, contents=dict)
    for name in ("first", "a"):
        cube.append(name, status=0)
    written = [r for r in az.server.requests if r.method == "PUT"]
    assert len(written) > 10
    assert all("content-md5" in r.headers for r in written)


def test_moto_gets_a_checksum_of_every_put(s3_moto, slices):
    campaign.Cube(s3_moto, slices, contents=dict).append("first", status=0)
    assert all(MD5["s3"] in r.headers for r in puts(s3_moto.server))


@pytest.mark.parametrize("kills", [False, True])
@pytest.mark.parametrize("what", V3)
def test_where_checksums_are_verified_there_is_nothing_torn(slices, what, kills):
    with setting_of(slices).cube() as cube:
        hold, tear = HoldOne(), TearPut()
        cube.server.rules = [
            Rule(hold, "PUT", V3[what], times=1),
            Rule(tear, "PUT", V3[what], times=1),
        ]
        before = cube.contents()
        process = cube.start("a")
        with campaign.ended_afterwards(process):
            assert campaign.wait_for(hold, process)
            if kills:
                process.kill()
            hold.let_go()
            done = finished(process)
        if kills:
            (key,) = tear.keys
            assert cube.contents().get(key) == before.get(key)
        else:
            assert done.status == 0, done
            assert histories_of(slices).check(cube.state()) == ("first", "a")


@pytest.mark.parametrize("flavour", ["s3", "gcs"])
def test_a_store_that_refuses_checksums_is_told_once_and_done_without(slices, flavour):
    with memory_store(flavour, checksums="refused") as store:
        cube = campaign.Cube(store, slices)
        done = cube.append("first", "a")
        assert done.status == 0, done
        told = [w for w in done.report["warnings"] if "checksum" in w]
        assert len(told) == 1
        refused = [r for r in puts(store.server) if MD5[flavour] in r.headers]
        assert len(refused) == 1
        assert histories_of(slices).check(cube.state()) == ("first", "a")


def test_a_put_that_fails_for_another_reason_does_not_end_checksums(slices):
    with setting_of(slices).cube() as cube:
        refusal = Rule(Status(400, "InvalidArgument"), "PUT", "/decision")
        cube.server.rules = [refusal]
        done = cube.append("a")
        assert done.status == 1, done
        assert "InvalidArgument" in done.message
        assert done.report["warnings"] == []
        cube.server.rules = []
        cube.age_lock()
        cube.server.clear()
        assert cube.append("a").status == 0
        assert all(MD5["s3"] in r.headers for r in puts(cube.server))


def test_content_that_is_damaged_on_its_way_is_sent_again(slices):
    """The store has noticed."""
    with setting_of(slices).cube() as cube:
        rule = Rule(Status(400, "BadDigest"), "PUT", "cube.zarr/air/c/1/", times=2)
        cube.server.rules = [rule]
        assert cube.append("a").status == 0
        assert rule.applied == 2
        assert histories_of(slices).check(cube.state()) == ("first", "a")
        assert all(MD5["s3"] in r.headers for r in puts(cube.server))
