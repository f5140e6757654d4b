"""Reports, status, log, recover, open, and the lock."""

import contextlib
import errno
import fcntl
import json
import os
import pickle
import subprocess
import sys
import threading
import time

import cubes
import gdalmdimappend as mda
import numpy as np
import preload
import pytest
import xarray as xr


def day(number, x=3):
    time = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    return xr.Dataset({"air": (("time", "x"), np.full((1, x), number))}, {"time": time})


@pytest.fixture
def cube(store):
    mda.append(map(day, range(2)), store)
    return store


# Reports


def test_a_report(store, tmp_path):
    first = mda.append(day(0), store, message="one")
    report = mda.append([day(0), day(1)], store)
    assert report.target == str(store)
    assert report.append_dim == "time"
    assert report.exit_status == 0
    assert [each.slice for each in report.already_there] == ["slice 1"]
    (appended,) = report.appended
    assert appended.first_row == 1
    assert appended.rows == report.rows == 1
    assert appended.labels == "2024-01-02"
    assert appended.sequence == 2
    assert appended.bytes > 0
    assert first.slices[0].created
    assert str(first) == "slice 1: appended 1 step, 2024-01-01, to a new target"
    assert str(report) == (
        "slice 1: 1 step already there, 2024-01-01\nslice 2: appended 1 step, 2024-01-02"
    )


def test_a_report_of_what_was_replaced(cube):
    changed = day(1)
    changed["air"] += 5
    report = mda.append(changed, cube, on_duplicate="replace")
    assert str(report) == "slice 1: replaced 1 step, 2024-01-02"
    assert report.slices[0].rows_replaced == 1


def test_a_report_in_a_notebook_shows_names_and_runs_nothing(cube):
    name = "<script>alert(1)</script>.nc"
    with pytest.raises(mda.SliceUnavailable) as error:
        mda.append([name], cube)
    html = error.value.report._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "failed" in html


def test_errors_can_be_pickled(cube):
    with pytest.raises(mda.SliceRefused) as error:
        mda.append(day(2, x=4), cube)
    copy = pickle.loads(pickle.dumps(error.value))
    assert type(copy) is mda.SliceRefused
    assert str(copy) == str(error.value)
    assert copy.report == error.value.report


# status, log, recover, open


def test_status(cube):
    status = mda.status(cube)
    assert status.exists
    assert not status.locked
    assert status.appends == 2
    assert status.last == mda.log(cube)[0]
    assert status.pending == ()
    assert str(status).splitlines() == [
        "not locked",
        "2 appends logged",
        "2 steps of time, 2024-01-01 to 2024-01-02",
    ]


def test_log(cube):
    mda.append(day(2), cube, message="third")
    records = mda.log(cube)
    assert [each.sequence for each in records] == [3, 2, 1]
    assert records[0].message == "third"
    assert records[0].first_label == "2024-01-03"
    assert records[0].slices[0].name == "slice 1"
    assert len(mda.log(cube, last=1)) == 1
    assert len(mda.log(cube, last=0)) == 3


def test_what_does_not_exist(store):
    for ask in (mda.status, mda.log, mda.recover, mda.open):
        with pytest.raises(mda.AppendError, match="does not exist"):
            ask(store)


def test_open(cube):
    with mda.open(cube) as dataset:
        assert dataset.air[:, 0].values.tolist() == [0, 1]
    assert mda.open(cube, chunks={}).air.chunks


def interrupted(cube, tmp_path, *moment):
    """Kills an append right before a call; returns the state it left."""
    path = cubes.write(day(2), tmp_path / "day.nc")
    with preload.stopped_before(*moment, path, cube) as process:
        process.kill()
        process.wait()
    (pending,) = mda.status(cube).pending
    return pending


BEFORE_DECISION = ("link", "decision")
BEFORE_DOCUMENTS = ("rename", "zarr.json")


def test_what_was_interrupted_is_recovered(cube, tmp_path):
    pending = interrupted(cube, tmp_path, *BEFORE_DECISION)
    assert pending.state.startswith("interrupted")
    # Readers do not see it.
    assert mda.open(cube).sizes["time"] == 2
    assert mda.recover(cube).undone == (pending.transaction,)
    assert not mda.recover(cube)
    assert str(mda.recover(cube)) == "nothing to recover"


def test_what_is_decided_is_to_be_finished_before_it_is_opened(cube, tmp_path):
    pending = interrupted(cube, tmp_path, *BEFORE_DOCUMENTS)
    assert pending.state.startswith("decided")
    assert f"pending: {pending.transaction} (decided" in str(mda.status(cube))
    with pytest.raises(mda.RecoveryNeeded, match=r"gdalmdimappend.recover\("):
        mda.open(cube)
    recovered = mda.recover(cube)
    assert recovered.finished == (pending.transaction,)
    assert str(recovered) == f"finished: {pending.transaction}"
    assert mda.open(cube).sizes["time"] == 3


def test_what_is_decided_is_opened_while_its_writer_is_at_work(cube, tmp_path):
    path = cubes.write(day(2), tmp_path / "day.nc")
    with preload.stopped_before(*BEFORE_DOCUMENTS, path, cube):
        assert mda.status(cube).locked
        assert mda.open(cube).sizes["time"] == 2


def test_an_append_recovers_and_says_so(cube, tmp_path):
    pending = interrupted(cube, tmp_path, *BEFORE_DOCUMENTS)
    report = mda.append([day(2), day(3)], cube)
    assert report.recovered.finished == (pending.transaction,)
    assert [each.outcome for each in report.slices] == ["already there", "appended"]
    assert str(report).startswith(f"finished: {pending.transaction}\n")


# The lock


def append_by_command(cube, tmp_path, status):
    path = cubes.write(day(5), tmp_path / "day.nc")
    return cubes.append("--lock-timeout", "0", path, cube, status=status)


def test_the_lock_keeps_all_writers_away(cube, tmp_path):
    with mda.Lock(cube) as lock:
        assert lock.held
        assert mda.status(cube).locked
        assert "gdalmdimappend.Lock" in mda.status(cube).holder
        done = append_by_command(cube, tmp_path, status=3)
        assert f"process {os.getpid()} on" in done.message
        with pytest.raises(mda.Locked) as error:
            mda.append(day(2), cube, lock_timeout=0)
        assert error.value.exit_status == 3
        with pytest.raises(mda.Locked):
            mda.append(cubes.write(day(2), tmp_path / "b.nc"), cube, lock_timeout=0.2)
    assert not lock.held
    assert not mda.status(cube).locked
    append_by_command(cube, tmp_path, status=0)


def test_leases_are_kept_away_too(cube):
    with mda.Lock(cube), pytest.raises(mda.Locked):
        mda.append(day(2), cube, lock="lease", lock_timeout=0)


def test_who_has_the_lock_can_append(cube):
    with mda.Lock(cube) as lock:
        mda.append(day(2), cube, lock=lock)
        mda.append(day(3), str(cube), lock=lock)
    assert mda.open(cube).sizes["time"] == 4


def test_the_lock_is_of_one_target(cube, tmp_path):
    with mda.Lock(cube) as lock, pytest.raises(mda.UsageError, match="not for"):
        mda.append(day(2), tmp_path / "other.zarr", lock=lock)
    with pytest.raises(mda.UsageError, match="not held"):
        mda.append(day(2), cube, lock=lock)


def test_the_lock_of_a_group_or_a_link_is_that_of_the_store(cube, tmp_path):
    mda.append(day(0), cube, group="a")
    (tmp_path / "link.zarr").symlink_to(cube)
    with mda.Lock(cube / "a") as lock:
        mda.append(day(2), tmp_path / "link.zarr", lock=lock)
        with pytest.raises(mda.Locked):
            mda.Lock(tmp_path / "link.zarr", timeout=0).__enter__()


def test_the_lock_waits(cube):
    order = []
    first = mda.Lock(cube)
    with first:
        thread = threading.Thread(target=lambda: wait_for_lock(cube, order))
        thread.start()
        time.sleep(0.3)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]


def wait_for_lock(cube, order):
    with mda.Lock(cube, timeout=None):
        order.append("second")


def test_the_lock_waits_for_a_writer_no_longer_than_told(cube):
    with mda.Lock(cube):
        started = time.monotonic()
        with pytest.raises(mda.Locked, match="locked by process"):
            mda.Lock(cube, timeout=0.3).__enter__()
        assert 0.3 <= time.monotonic() - started < 5


def test_a_lock_is_taken_once(cube):
    with mda.Lock(cube) as lock:
        with pytest.raises(mda.UsageError, match="already"):
            lock.__enter__()
        assert lock.held


def test_the_lock_goes_with_an_exception(cube):
    with pytest.raises(OSError, match="mine"), mda.Lock(cube):
        raise OSError("mine")
    with mda.Lock(cube, timeout=0):
        pass


def test_the_lock_is_not_inherited(cube):
    with mda.Lock(cube):
        child = subprocess.Popen(["sleep", "30"], close_fds=False)
    try:
        with mda.Lock(cube, timeout=0):
            pass
    finally:
        child.kill()
        child.wait()


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_the_lock_is_freed_also_if_a_forked_process_has_it_open(cube):
    reader, writer = os.pipe()
    with mda.Lock(cube):
        child = os.fork()
        if child == 0:
            os.close(writer)
            os.read(reader, 1)
            os._exit(0)
    try:
        with mda.Lock(cube, timeout=0):
            pass
    finally:
        os.close(writer)
        os.close(reader)
        os.waitpid(child, 0)


def test_a_lock_document_that_is_replaced_is_taken_again(cube, monkeypatch):
    """Whoever locks a file that has been renamed away has locked nothing."""
    path = cube.with_name("cube.zarr.mdimappend") / "lock"
    original = fcntl.fcntl
    calls = []

    def replaced(descriptor, command, *arguments):
        if not calls:
            path.rename(path.with_name("old"))
        calls.append(command)
        return original(descriptor, command, *arguments)

    monkeypatch.setattr(fcntl, "fcntl", replaced)
    with mda.Lock(cube):
        assert json.loads(path.read_text())["state"] == "held"
        assert len(calls) == 2  # Once for each file.
        with pytest.raises(mda.Locked):
            mda.append(day(2), cube, lock_timeout=0)


def test_the_lock_recovers_first(cube, tmp_path):
    pending = interrupted(cube, tmp_path, *BEFORE_DECISION)
    with mda.Lock(cube) as lock:
        assert lock.recovered.undone == (pending.transaction,)
        assert mda.status(cube).pending == ()


def test_the_lock_is_not_held_where_recovery_fails(cube, tmp_path):
    pending = interrupted(cube, tmp_path, *BEFORE_DOCUMENTS)
    # Somebody else has written.
    document = cube / "air" / "zarr.json"
    document.write_text(document.read_text() + " ")
    lock = mda.Lock(cube)
    with pytest.raises(mda.AppendError, match=r"air/zarr.json"):
        lock.__enter__()
    assert not lock.held
    assert not mda.status(cube).locked
    assert mda.recover(cube, set_aside=True).set_aside == (pending.transaction,)


def test_a_lease_is_waited_for_and_passed_by_when_it_is_over(cube):
    mda.append(day(2), cube, lock="lease")
    folder = cube.with_name("cube.zarr.mdimappend") / "lease"
    last = max(folder.iterdir())
    held = json.loads(last.read_text()) | {"state": "held", "lease": 1.0}
    last.write_text(json.dumps(held))
    with pytest.raises(mda.Locked):
        mda.Lock(cube, timeout=0.2).__enter__()
    started = time.monotonic()
    with mda.Lock(cube, timeout=20):
        assert time.monotonic() - started > 1.0
        claims = sorted(folder.glob("[0-9]*"))
        assert json.loads(claims[-1].read_text())["state"] == "free"
        assert int(claims[-1].name) == int(last.name) + 1
    mda.append(day(3), cube)
    mda.append(day(4), cube, lock="lease")


@pytest.mark.parametrize("text", ["", "{", "[]", "\xff", '{"lease": "x"}'])
def test_a_lease_that_cannot_be_read_is_in_the_way(text, cube):
    folder = cube.with_name("cube.zarr.mdimappend") / "lease"
    folder.mkdir()
    (folder / "000000000001").write_bytes(text.encode("latin-1"))
    with pytest.raises(mda.Locked):
        mda.Lock(cube, timeout=0.1).__enter__()


def test_no_such_locks_on_this_file_system(cube, monkeypatch):
    def refuses(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "fcntl", refuses)
    with pytest.raises(mda.AppendError, match="No locks available"):
        mda.Lock(cube).__enter__()


@pytest.mark.parametrize("target", ["s3://b/c.zarr", "/vsis3/b/c.zarr", "az://b/c"])
def test_only_local_targets_can_be_locked(target):
    with pytest.raises(mda.UsageError, match="local file systems"):
        mda.Lock(target)


def test_a_target_that_is_not_there_yet_can_be_locked(store, tmp_path):
    with mda.Lock(store) as lock:
        mda.append(day(0), store, lock=lock)
    assert mda.open(store).sizes["time"] == 1
    with pytest.raises(mda.UsageError, match="folder does not exist"):
        mda.Lock(tmp_path / "no" / "cube.zarr")


def test_processes_take_turns(cube, tmp_path):
    """With the lock of the package and the library's own."""
    code = """
import sys, gdalmdimappend as mda
path = sys.argv[2]
for _ in range(5):
    with mda.Lock(sys.argv[1]):
        number = int(open(path).read())
        open(path, "w").write(str(number + 1))
"""
    counter = tmp_path / "counter"
    counter.write_text("0")
    workers = [
        subprocess.Popen([sys.executable, "-c", code, cube, counter]) for _ in range(3)
    ]
    with contextlib.ExitStack() as stack:
        for worker in workers:
            stack.enter_context(worker)
    assert counter.read_text() == "15"
