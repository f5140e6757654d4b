"""Processes that are forked while a lock is held: pools of multiprocessing, workers that
a caller's code starts. They neither keep the lock, nor free it, nor have it."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import textwrap
import time

import cubes
import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")

FORK = multiprocessing.get_context("fork")


def day(number):
    times = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    values = np.full((1, 1000), number, dtype="float32")
    return xr.Dataset({"air": (("time", "x"), values)}, {"time": times})


@pytest.fixture
def cube(store):
    mda.append(day(0), store)
    return store


@pytest.fixture
def children():
    started = []
    yield started
    for child in started:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def sleeper():
    child = os.fork()
    if child == 0:
        time.sleep(600)
        os._exit(0)
    return child


def once_locked(cube, what):
    """A progress callback that does it once, while the lock is held."""
    done = []

    def progress(*_):
        if not done and mda.status(cube).locked:
            done.append(what())
        return True

    return progress


def result_in_child(what):
    """What a forked process finds: that it returns is part of the test."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        try:
            answer = what()
        except BaseException as error:
            answer = f"{type(error).__name__}: {error}"
        os.write(writer, json.dumps(answer).encode())
        os._exit(0)
    os.close(writer)
    with open(reader) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text)


def lock_document(cube):
    return json.loads((cubes.sidecar(cube) / "lock").read_text())


def test_an_append_is_over_though_a_child_that_was_forked_meanwhile_lives(
    cube, children
):
    progress = once_locked(cube, lambda: children.append(sleeper()))
    mda.append(day(1), cube, progress=progress)
    assert len(children) == 1
    assert not mda.status(cube).locked
    mda.append(day(2), cube, lock_timeout=0)
    assert mda.open(cube).sizes["time"] == 3


def test_nor_do_the_workers_of_a_pool_keep_it(cube):
    pools = []
    progress = once_locked(cube, lambda: pools.append(FORK.Pool(2)))
    mda.append(day(1), cube, progress=progress)
    with pools[0]:
        mda.append(day(2), cube, lock_timeout=0)
        assert pools[0].map(abs, [-1, 2]) == [1, 2]


@pytest.mark.parametrize("held_by", ["append", "Lock"])
def test_it_goes_with_its_holder_that_is_killed(cube, tmp_path, held_by):
    program = """
        import os, sys, time, warnings
        warnings.filterwarnings("ignore")
        import gdalmdimappend as mda, numpy as np, xarray as xr

        def hold(*_):
            if not mda.status(target).locked:
                return
            child = os.fork()
            if child:
                print(child, flush=True)
            time.sleep(600)

        target, held_by = sys.argv[1:]
        if held_by == "Lock":
            with mda.Lock(target):
                hold()
        time_ = [np.datetime64("2024-01-02", "ns")]
        data = xr.Dataset({"air": (("time", "x"), np.ones((1, 1000), "f4"))},
                          {"time": time_})
        mda.append(data, target, progress=hold)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), cube, held_by],
        stdout=subprocess.PIPE,
        text=True,
    )
    child = int(process.stdout.readline())
    try:
        with pytest.raises(mda.Locked):
            mda.append(day(1), cube, lock_timeout=0)
        process.kill()
        process.wait()
        mda.append(day(1), cube, lock_timeout=0)
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
    assert mda.open(cube).sizes["time"] == 2


@pytest.mark.parametrize("lock", ["auto", "lease"])
def test_a_child_that_leaves_the_append_neither_frees_the_lock_nor_undoes(cube, lock):
    """It comes back from the callback, and all destructors run in it, too."""
    parent = os.getpid()
    reader, writer = os.pipe()
    ended = []

    def progress(*_):
        if os.getpid() == parent and not ended and mda.status(cube).locked:
            child = os.fork()
            if child == 0:
                signal.alarm(60)
                return False
            ended.append(os.waitpid(child, 0)[1])
            with pytest.raises(mda.Locked):
                mda.append(day(9), cube, lock=lock, lock_timeout=0)
        return os.getpid() == parent

    try:
        mda.append(day(1), cube, lock=lock, progress=progress, num_threads=1)
    except mda.AppendError as error:
        if os.getpid() == parent:
            raise
        os.write(writer, str(error).encode())
    finally:
        if os.getpid() != parent:
            os._exit(0)
    os.close(writer)
    with open(reader) as told:
        assert (
            f"held by process {parent}, from which this one was forked" in told.read()
        )
    assert ended == [0]
    assert mda.open(cube).sizes["time"] == 2
    assert cubes.leftovers(cube) == []


def test_a_child_that_leaves_the_with_statement_does_not_free_it(cube):
    with mda.Lock(cube) as lock:

        def leave():
            lock.__exit__(None, None, None)
            return lock.held

        assert result_in_child(leave) is False
        assert lock.held
        assert lock_document(cube)["state"] == "held"
        with pytest.raises(mda.Locked):
            mda.append(day(1), cube, lock_timeout=0)
    mda.append(day(1), cube, lock_timeout=0)


def test_a_child_cannot_append_with_its_parents_lock(cube):
    with mda.Lock(cube) as lock:
        assert result_in_child(lambda: lock.held) is False
        answer = result_in_child(lambda: str(mda.append(day(1), cube, lock=lock)))
        assert answer == f"UsageError: the lock of '{cube}' is not held"
        mda.append(day(1), cube, lock=lock)


def test_a_child_can_take_a_lock_of_its_own(cube):
    lock = mda.Lock(cube, timeout=0)

    def take():
        with lock:
            return lock.held

    with lock:
        assert "Locked" in result_in_child(take)
    assert result_in_child(take) is True


def test_a_worker_of_multiprocessing_that_ends_does_not_free_it(cube):
    with mda.Lock(cube):
        worker = FORK.Process(target=time.sleep, args=(0.01,))
        worker.start()
        worker.join()
        with pytest.raises(mda.Locked):
            mda.append(day(1), cube, lock_timeout=0)
