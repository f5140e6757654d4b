"""Folders and files that vanish, move or change under a running append."""

import json
import os
import shutil

import cubes
import preload
import pytest

# Where the append stops: call, path, which.
MOMENTS = {
    "before any chunk": ("open", "/air/c/3", 1),
    "among the chunks": ("open", "/air/c/4", 1),
    "before the manifest": ("open", "/manifest", 1),
    "before the decision": ("link", "/decision", 1),
    "before the documents": ("rename", ".zarr/air/zarr.json", 1),
    "before the log record": ("open", "/log/", 1),
}
PLACES = {
    "store": "cube.zarr",
    "array": "cube.zarr/air",
    "sidecar": "cube.zarr.mdimappend",
    "journal": "cube.zarr.mdimappend/journal",
    "stage": "cube.zarr.mdimappend/stage",
    "log": "cube.zarr.mdimappend/log",
}


@pytest.fixture
def second(store, tmp_path):
    """A target of days 0 to 2, and the slice after them."""
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    encoding = ("--encoding", "air:chunk=1x2x5", "--encoding", "time:units=keep")
    cubes.append(*encoding, first, store)
    return cubes.write(cubes.weather(3, 3), tmp_path / "second.nc")


def recover(store, *words, status=None):
    words = ("driver", "mdimappend", "recover", *words, store)
    return cubes.run(*words, command="gdal", status=status)


def expect_reported(done):
    """An end, not a crash; and no end without a word."""
    assert done.status in (0, 1), done
    assert done.status == 0 or "ERROR 1: " in done.stderr, done


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_folder_is_renamed_and_comes_back(tmp_path, store, second, moment, place):
    """Nothing is made in its place, so that it can come back; then all goes on."""
    folder = store.parent / PLACES[place]
    elsewhere = tmp_path / "elsewhere"
    call, part, number = MOMENTS[moment]
    with preload.stopped_before(
        call, part, "--num-threads", 1, second, store, number=number
    ) as process:
        folder.rename(elsewhere)
        done = preload.go_on(process)
    expect_reported(done)
    if folder.exists():
        files = [name for _, _, names in os.walk(folder) for name in names]
        assert not files, (files, done)
        shutil.rmtree(folder)
    elsewhere.rename(folder)
    came_back = recover(store)
    if came_back.status != 0:
        assert (
            "conflict" in came_back.stderr or "cannot be followed" in came_back.stderr
        )
        assert done.status == 1
        recover(store, "--set-aside", status=0)
    cubes.append(second, store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_folder_is_removed(store, second, moment, place):
    folder = store.parent / PLACES[place]
    call, part, number = MOMENTS[moment]
    with preload.stopped_before(
        call, part, "--num-threads", 1, second, store, number=number
    ) as process:
        shutil.rmtree(folder)
        before = cubes.tree(store.parent)
        done = preload.go_on(process)
    expect_reported(done)
    if place in ("store", "array"):
        # When only the log record is missing the append is in.
        assert done.status == (0 if moment == "before the log record" else 1), done
        made = set(cubes.tree(store.parent)) - set(before)
        assert not [name for name in made if name.startswith("cube.zarr/")], made
        return
    # The store is as before or as after, or somebody says what is wrong with it.
    came_back = recover(store)
    if came_back.status != 0:
        message = came_back.stderr
        assert "--set-aside" in message or "the log is damaged" in message, message
        return
    cubes.append(second, store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))


@pytest.mark.parametrize("way", ["removed", "replaced", "a folder", "a link"])
@pytest.mark.parametrize("moment", list(MOMENTS)[:4])
def test_the_lock_file_is_not_the_one_that_is_locked(
    tmp_path, store, second, moment, way
):
    lock = cubes.sidecar(store) / "lock"
    before = cubes.tree(store)
    call, part, number = MOMENTS[moment]
    with preload.stopped_before(
        call, part, "--num-threads", 1, second, store, number=number
    ) as process:
        lock.unlink()
        if way == "replaced":
            lock.write_text("{}")
        if way == "a folder":
            lock.mkdir()
        if way == "a link":
            lock.symlink_to(tmp_path / "another")
        done = preload.go_on(process)
    if moment == "before the decision":  # It has been looked at for the last time.
        assert done.status == 0, done
    else:
        assert done.status == 1, done
        assert "removed or replaced by somebody else" in done.stderr
    if way in ("a folder", "a link"):
        # Whoever finds nothing to append needs no lock.
        is_in = done.status == 0 and way == "a folder"
        again = cubes.append(second, store, status=0 if is_in else 1)
        assert is_in or "lock" in again.message
        assert not (tmp_path / "another").exists()
        lock.rmdir() if way == "a folder" else lock.unlink()
    recover(store, status=0)
    if done.status != 0:
        assert cubes.tree(store) == before
    cubes.append(second, store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_a_renamed_store_takes_its_sidecar_along(store, second, tmp_path):
    """The name in the log and in the journal is the store's own, not its path."""
    process = cubes.start(
        *("--num-threads", 1, second, store),
        env=preload.environment(PRELOAD_STOP="link,/decision,1"),
    )
    preload.wait_until_stopped(process)
    process.kill()
    process.communicate()
    moved = tmp_path / "moved.zarr"
    store.rename(moved)
    cubes.sidecar(store).rename(cubes.sidecar(moved))
    done = cubes.append(second, moved)
    assert len(done.report["recovered"]["undone"]) == 1
    cubes.assert_reads_as(moved, cubes.weather(0, 6))
    lock = json.loads((cubes.sidecar(moved) / "lock").read_text())
    assert lock["state"] == "free"


@pytest.mark.parametrize(
    "moment", [("link", "/log/"), ("unlink", "/log/"), ("rename", "/log/head")]
)
def test_a_kill_while_the_log_record_gets_its_name(store, second, moment):
    """Nothing of it stays under another name."""
    with preload.stopped_before(*moment, second, store) as process:
        process.kill()
        process.communicate()
    log = cubes.sidecar(store) / "log"
    assert [x for x in os.listdir(log) if ".json." in x or x.endswith(".new")]
    recover(store, status=0)
    assert sorted(os.listdir(log)) == ["000000000001.json", "000000000002.json", "head"]
    cubes.assert_reads_as(store, cubes.weather(0, 6))
