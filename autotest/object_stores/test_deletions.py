"""What is deleted has a name that is used once: a deletion that comes late, whenever,
removes nothing that another has put since."""

import collections
import json
import re

import campaign
import parts
import pytest
from campaign import Cube, HoldOne, Rule, finished, sent_by
from faults import DropRequest

OF_ONE_TRANSACTION = re.compile(
    rf"{campaign.KEY}[.]mdimappend/(journal|stage)/\d{{12}}-[0-9a-f]{{16}}/.+"
)
LOCK = f"{campaign.KEY}.mdimappend/lock"


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@pytest.fixture(params=["2", "3"])
def cube(s3, slices, request):
    return Cube(s3, slices, (*campaign.LAYOUT, "--zarr-format", request.param))


class Changes:
    """How often each key was put, and which were deleted, from now on."""

    def __init__(self, store):
        self.puts = collections.Counter()
        self.deleted = []
        put, delete = store.put, store.delete

        def noted_put(bucket, key, *arguments, **options):
            stored = put(bucket, key, *arguments, **options)
            self.puts[key] += 1
            return stored

        def noted_delete(bucket, key, *arguments, **options):
            self.deleted.append(key)
            return delete(bucket, key, *arguments, **options)

        store.put, store.delete = noted_put, noted_delete

    def check(self):
        """Of the names that were deleted, none was put twice. Returns how many."""
        others = [k for k in self.deleted if not OF_ONE_TRANSACTION.fullmatch(k)]
        assert others == []
        assert {k: n for k in self.deleted if (n := self.puts[k]) > 1} == {}
        return len(self.deleted)


@pytest.fixture
def changes(cube):
    return Changes(cube.server.store)


def test_by_appends(cube, changes):
    cube.append("first", status=0)
    cube.append("a", "b", options=("--slices-per-commit", "2"), status=0)
    cube.append("other", options=("--on-duplicate", "replace"), status=0)
    cube.append("c", options=("--lock", "none"), status=0)
    assert changes.check() >= 8


@pytest.mark.parametrize("how", ["planned", "orphans", "decided"])
def test_by_recoveries(cube, changes, how):
    cube.append("first", status=0)
    campaign.leave_behind(cube, "a", how)
    cube.driver("recover")
    cube.append("a", status=0)
    assert changes.check() > 0


def test_by_what_is_given_up(cube, changes):
    cube.append("first", status=0)
    lost = DropRequest(started=True)
    cube.server.rules = [Rule(lost, "PUT", "/decision", sent_by("writer"))]
    assert cube.append("a").status == 1
    cube.server.rules = []
    cube.append("a", status=0)
    assert changes.check() > 0


@pytest.mark.parametrize("verb", ["commit", "abort"])
def test_by_parts(cube, changes, verb):
    cube.append("first", status=0)
    env = cube.environment("writer")

    def play(name, *words):
        return parts.verb(name, *words, env=env, status=0).stdout

    like = ("--like", cube.slices["a"], cube.store.uri(cube.key))
    token = play("begin", *cube.options, *like)
    receipt = play("write", "--at", 0, token, cube.slices["a"])
    play(verb, token, *((receipt,) if verb == "commit" else ()))
    assert changes.check() > 0


def test_a_late_writer_without_a_lock_does_not_end_another_s(cube):
    """It is killed before its request is carried out."""
    cube.append("first", status=0)
    late = HoldOne()
    cube.server.rules = [
        Rule(
            late,
            key="/lock$",
            predicate=lambda r: (
                sent_by("late")(r) and r.method in ("PUT", "DELETE", "POST")
            ),
            times=1,
        )
    ]
    process = cube.start("c", options=("--lock", "none"), by="late")
    with campaign.ended_afterwards(process):
        assert campaign.wait_for(late, process), finished(process)
        process.kill()
    meanwhile = HoldOne()
    cube.server.rules.append(Rule(meanwhile, "PUT", "/decision", sent_by("writer")))
    writer = cube.start("a")
    with campaign.ended_afterwards(writer):
        assert campaign.wait_for(meanwhile, writer), finished(writer)
        before = json.loads(cube.contents()[LOCK])
        late.let_go()
        assert json.loads(cube.contents()[LOCK])["nonce"] == before["nonce"]
        assert json.loads(cube.contents()[LOCK])["state"] == "held"
        meanwhile.let_go()
        done = finished(writer)
    assert done.status == 0, done


def test_who_appends_without_a_lock_makes_what_the_lock_says_void(cube):
    """The next one with a lock looks for the log's end, and for journals."""
    cube.append("first", status=0)
    campaign.leave_behind(cube, "a", "planned")
    cube.append("b", options=("--lock", "none"), status=0)
    void = json.loads(cube.contents()[LOCK])
    assert (void["state"], void["complete"]) == ("free", False)
    assert "log_end" not in void
    cube.append("c", status=0)
    assert cube.state().history == ("first", "b", "c")
    assert json.loads(cube.contents()[LOCK])["complete"] is True


def test_a_lock_that_could_not_be_proved_is_proved_by_the_next_one(cube):
    """Also where whoever made it was killed before."""
    lost = DropRequest(started=True)

    def is_probe(request):
        return request.body == b"{}\n"

    cube.server.rules = [Rule(lost, "PUT", "/lock$", is_probe)]
    assert cube.append("first").status == 3
    assert json.loads(cube.contents()[LOCK])["state"] == "free"
    cube.server.rules = []
    cube.server.clear()
    cube.append("first", status=0)
    refused = [r for r in cube.server.requests if r.key == LOCK and r.status == 412]
    assert len(refused) == 2
    cube.server.clear()
    cube.append("a", status=0)
    assert not [r for r in cube.server.requests if r.status == 412 and r.key == LOCK]
