"""Listings that go on showing folders whose objects are gone, as SeaweedFS has them in
buckets with versions: each commit leaves two of them. They are nothing, and cost
nothing.
"""

import json

import campaign
import cubes
import pytest
from campaign import KEY, Cube
from stores import memory_store

SIDECAR = f"{KEY}.mdimappend"
NOTHING = {"undone": [], "finished": [], "tidied": [], "set_aside": []}


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    folder = tmp_path_factory.mktemp("slices")
    made = campaign.make_slices(folder)
    for day in range(10, 24):
        made[day] = cubes.write(cubes.weather(day, 1), folder / f"{day}.nc")
    return made


@pytest.fixture
def cube(slices):
    with memory_store(keeps_folders=True) as store:
        yield Cube(store, slices)


def recover(cube, *options):
    done = cube.driver("recover", "--json", *options)
    return json.loads(done.stdout)


def lose_lock(cube):
    cube.server.delete_object("bucket", f"{SIDECAR}/lock")


def listed(cube, folder):
    page = cube.server.store.list("bucket", f"{SIDECAR}/{folder}/", "/", limit=10**6)
    return page.prefixes


def commit_ten(cube):
    cube.append("first", status=0)
    cube.append("a", "b", "c", *range(10, 16), status=0)
    assert len(cube.state().log) == 10
    assert len(listed(cube, "journal")) == 10


def pretend_ten_thousand(cube):
    """The log ends there, and so many journals and stages have been."""
    server = cube.server
    record = json.loads(server.objects("bucket")[f"{SIDECAR}/log/000000000010.json"])
    record["sequence"] = 10_000
    text = json.dumps(record).encode()
    server.put_object("bucket", f"{SIDECAR}/log/000000010000.json", text)
    server.put_object("bucket", f"{SIDECAR}/log/head", b'{"sequence": 10000}')
    for number in range(11, 10_001):
        for folder in ("journal", "stage"):
            key = f"{SIDECAR}/{folder}/{number:012}-0123456789abcdef/decision"
            server.put_object("bucket", key, b"")
            server.delete_object("bucket", key)
    assert len(listed(cube, "journal")) >= 10_000


def cost(cube, act):
    cube.server.clear()
    act()
    return len(cube.server.requests)


def costs(cube, first):
    """Of recover, of an append after the lock was lost, and without a lock."""
    lose_lock(cube)
    found = [cost(cube, lambda: cube.append(first, status=0))]
    assert recover(cube) == NOTHING
    found.append(cost(cube, lambda: recover(cube)))
    none = ("--lock", "none")
    found.append(cost(cube, lambda: cube.append(first + 1, options=none, status=0)))
    lose_lock(cube)
    found.append(cost(cube, lambda: recover(cube)))
    return found


def test_recover_says_nothing_false_and_changes_nothing(cube):
    commit_ten(cube)
    before = cube.contents()
    for _ in range(2):
        assert recover(cube) == NOTHING
        lose_lock(cube)
    after = cube.contents()
    assert {k: v for k, v in before.items() if k != f"{SIDECAR}/lock"} == after


def test_what_is_done_costs_the_same_after_10_and_10_000_commits(cube):
    commit_ten(cube)
    few = costs(cube, 16)
    pretend_ten_thousand(cube)
    many = costs(cube, 18)
    # After ten, records are looked for one by one; after 16 there is a hint.
    assert all(m <= f for m, f in zip(many, few, strict=True)), (few, many)
    assert max(many) < 60
    assert not any("decision" in key for key in cube.contents())


def test_what_is_left_is_found_among_them(cube):
    commit_ten(cube)
    campaign.leave_behind(cube, 16, "planned")
    lose_lock(cube)
    found = recover(cube)
    assert recover(cube) == NOTHING
    assert found["finished"] == []
    campaign.leave_behind(cube, 17, "decided")
    lose_lock(cube)
    assert len(recover(cube)["finished"]) == 1
    assert recover(cube) == NOTHING
    assert not listed(cube, "set-aside")


def test_the_word_abort_outlives_what_was_staged(cube):
    """A late writer would otherwise be free to commit."""
    cube.append("first", status=0)
    campaign.leave_behind(cube, "a", "orphans")
    words = {k: v for k, v in cube.contents().items() if k.endswith("/decision")}
    assert len(words) == 1
    for _ in range(2):
        assert recover(cube) == NOTHING
        lose_lock(cube)
    assert {k: v for k, v in cube.contents().items() if k in words} == words
    assert cube.append("a").status == 0


def test_a_cube_that_was_deleted_is_made_anew(cube):
    cube.append("first", status=0)
    for key in cube.contents():
        cube.server.delete_object("bucket", key)
    assert cube.append("a").status == 0
    assert cube.state().history == ("a",)


def test_a_sidecar_that_is_gone_does_not_make_a_stranger_s_folder_ours(cube):
    cube.append("first", status=0)
    for key in cube.contents():
        cube.server.delete_object("bucket", key)
    cube.server.put_object("bucket", f"{KEY}/precious.txt", b"mine")
    done = cube.append("a")
    assert done.status == 1, done
    assert list(cube.contents()) == [f"{KEY}/precious.txt"]
