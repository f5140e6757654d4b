"""The process that appends what dask computes renews a short lease, in a thread of the
library. It is over as soon as others can tell that the process has ended, and no sooner."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time

import cubes
import dask.array
import gdalmdimappend as mda
import gdalmdimappend.dask
import numpy as np
import parts
import pytest
import xarray as xr

#: Nobody waits in vain for a lease that is over at once.
NOW = ("--lock-timeout", "0")

#: Appends a block of one step, then a second one when the file 'go' is there. Of lease,
#: scheduler and target.
DRIVER = """
import os, sys, time
import dask.array, numpy as np, xarray as xr
import gdalmdimappend.dask

lease, scheduler, target, go = sys.argv[1:]

def slow(block, block_info=None):
    if block_info[0]["chunk-location"][0] == 1:
        open(go + ".waits", "w").write(str(os.getpid()))
        while not os.path.exists(go):
            time.sleep(0.01)
    return block

if __name__ == "__main__":
    ones = dask.array.ones((2, 3), chunks=(1, 3), dtype="f4")
    values = ones.map_blocks(slow, dtype="f4", meta=np.ones((0, 0), "f4"))
    times = np.array(["2024-01-01", "2024-01-02"], "M8[ns]")
    dataset = xr.Dataset({"v": (("time", "x"), values)}, {"time": times})
    compute = {"scheduler": scheduler, "num_workers": 1}
    gdalmdimappend.dask.append(dataset, target, lease=lease, compute=compute)
"""

#: Among process numbers of its own; with /proc as it was, or with one of its own.
APART = ["unshare", "--pid", "--mount", "--propagation", "unchanged", "--fork"]
APART += ["--kill-child", "sh", "-c"]
MOUNT = "mount --make-private /proc && mount -t proc proc /proc && "
NAMESPACES = {
    "another's /proc": [*APART, 'exec "$@"', "sh"],
    "its own /proc": [*APART, MOUNT + 'exec "$@"', "sh"],
}

namespaces = pytest.mark.parametrize("words", NAMESPACES.values(), ids=NAMESPACES)
needs_namespaces = pytest.mark.skipif(
    shutil.which("unshare") is None
    or subprocess.run(
        [*NAMESPACES["its own /proc"], "true"], capture_output=True
    ).returncode,
    reason="namespaces of process numbers need root",
)


class Driver:
    """A process that appends, and waits in the middle of it."""

    def __init__(self, folder, lease="1h", scheduler="threads", prefix=()):
        self.store = folder / "cube.zarr"
        self.go_file = folder / "go"
        script = folder / "driver.py"
        script.write_text(DRIVER)
        self.process = subprocess.Popen(
            [*prefix, sys.executable, script, lease, scheduler]
            + [self.store, self.go_file],
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        self.waits = folder / "go.waits"
        deadline = time.monotonic() + 60
        while not self.waits.exists() or not self.waits.read_text():
            assert self.process.poll() is None, self.process.stderr.read().decode()
            assert time.monotonic() < deadline
            time.sleep(0.01)
        values = np.full((1, 3), 7, "f4")
        day = [np.datetime64("2024-01-01", "ns")]
        self.other = xr.Dataset({"v": (("time", "x"), values)}, {"time": day})
        self.slice = cubes.write(self.other, folder / "other.nc")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def go_on(self):
        self.go_file.touch()
        error = self.process.communicate(timeout=60)[1].decode()
        return self.process.returncode, error

    def check_taken_over(self, *options):
        """Another writer's slice is all that there is."""
        done = cubes.append(*options, self.slice, self.store)
        assert len(done.report["recovered"]["undone"]) == 1
        self.check_only_the_other()

    def check_only_the_other(self):
        with xr.open_zarr(self.store, chunks=None) as read:
            xr.testing.assert_equal(read.load(), self.other)
        parts.assert_nothing_left(self.store)


@pytest.fixture
def driver(tmp_path):
    started = []

    def start(*arguments, **options):
        started.append(Driver(tmp_path, *arguments, **options))
        return started[-1]

    yield start
    for each in started:
        each.go_file.touch()
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.process.pid, signal.SIGKILL)
        each.process.wait()


def test_a_killed_appends_lease_is_over_at_once(driver):
    killed = driver()
    assert cubes.append(*NOW, killed.slice, killed.store, status=3).message
    killed.kill()
    killed.check_taken_over(*NOW)


def test_a_killed_append_that_nobody_has_reaped_is_over_at_once(driver):
    killed = driver()
    killed.process.kill()
    os.waitid(os.P_PID, killed.process.pid, os.WEXITED | os.WNOWAIT)
    killed.check_taken_over(*NOW)


def test_a_lock_in_python_passes_by_a_killed_append(driver):
    killed = driver()
    with pytest.raises(mda.Locked):
        mda.Lock(killed.store, timeout=0).__enter__()
    killed.kill()
    with mda.Lock(killed.store, timeout=0) as lock:
        assert len(lock.recovered.undone) == 1
    after = mda.append(killed.slice, killed.store)
    assert after.recovered.undone == ()
    killed.check_only_the_other()


def test_a_stopped_append_is_waited_for_and_goes_on(driver):
    stopped = driver()
    stopped.process.send_signal(signal.SIGSTOP)
    assert cubes.append(*NOW, stopped.slice, stopped.store, status=3).message
    with pytest.raises(mda.Locked):
        mda.Lock(stopped.store, timeout=0.2).__enter__()
    stopped.process.send_signal(signal.SIGCONT)
    status, error = stopped.go_on()
    assert status == 0, error
    with xr.open_zarr(stopped.store, chunks=None) as read:
        assert (read.v == np.ones((2, 3))).all()


def test_a_stopped_append_whose_lease_has_passed_does_no_harm(driver):
    stopped = driver("1s")
    stopped.process.send_signal(signal.SIGSTOP)
    stopped.check_taken_over()
    stopped.process.send_signal(signal.SIGCONT)
    status, error = stopped.go_on()
    assert status != 0
    assert "is over" in error
    stopped.check_only_the_other()


@needs_namespaces
@namespaces
def test_a_killed_append_among_other_process_numbers_is_waited_for(driver, words):
    killed = driver("3s", prefix=words)
    killed.kill()
    cubes.append(*NOW, killed.slice, killed.store, status=3)
    with pytest.raises(mda.Locked):
        mda.Lock(killed.store, timeout=0).__enter__()
    killed.check_taken_over()


@needs_namespaces
@namespaces
def test_a_writer_among_other_process_numbers_does_not_take_the_living_for_dead(
    driver, words
):
    living = driver()
    cubes.append(*NOW, living.slice, living.store, prefix=words, status=3)
    status, error = living.go_on()
    assert status == 0, error


def test_a_worker_that_outlives_its_driver_does_no_harm(driver):
    """It computes its block, and writes it, after somebody else has appended."""
    killed = driver(scheduler="processes")
    worker = int(killed.waits.read_text())
    assert worker != killed.process.pid
    os.kill(worker, signal.SIGSTOP)
    killed.kill()
    killed.check_taken_over(*NOW)
    killed.go_file.touch()
    os.kill(worker, signal.SIGCONT)
    deadline = time.monotonic() + 30
    while is_running(worker) and time.monotonic() < deadline:
        time.sleep(0.05)
    killed.check_only_the_other()
    assert mda.append(killed.slice, killed.store).slices[0].outcome == "already there"
    killed.check_only_the_other()


def is_running(process):
    try:
        with open(f"/proc/{process}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_parts_of_a_killed_driver_are_refused_when_they_come_late(store):
    """Written by processes that have the token alone."""
    script = (
        "import sys, numpy as np, xarray as xr, gdalmdimappend._begin as b\n"
        "day = xr.Dataset({'v': ('time', [1.0])}, {'time': [0.0]})\n"
        "day.time.attrs['units'] = 'days since 2024-01-01'\n"
        "t = b.begin_attended(sys.argv[1], day, {})\n"
        "t.write(day, at=0)\n"
        "print(__import__('json').dumps(t.token), flush=True)\n"
        "sys.stdin.read()\n"
    )
    words = [sys.executable, "-c", script, store]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(words, **pipes) as process:
        transaction = mda.Transaction(process.stdout.readline())
        receipt = transaction.write(one_day(1.0), at=0)
        process.kill()
    mda.append(one_day(2.0), store, lock_timeout=0)
    before = cubes.tree(store)
    for late in (
        lambda: transaction.write(one_day(1.0), at=0),
        lambda: transaction.commit([receipt]),
        transaction.abort,
        transaction.renew,
    ):
        with pytest.raises(mda.AppendError, match="is over"):
            late()
        assert cubes.tree(store) == before
    mda.append(one_day(2.0), store, lock_timeout=0)
    parts.assert_nothing_left(store)


def one_day(value):
    day = xr.Dataset({"v": ("time", [value])}, {"time": [0.0]})
    day.time.attrs["units"] = "days since 2024-01-01"
    return day


def test_a_transaction_that_was_begun_by_hand_outlives_its_process(tmp_path):
    (day,) = parts.weather_files(tmp_path, [1])
    store = tmp_path / "cube.zarr"
    token = parts.begin(store, day)
    cubes.append(*NOW, day, store, status=3)
    parts.commit(token, parts.write(token, day))


def test_a_computation_that_lets_no_other_thread_of_python_run_loses_nothing(store):
    """For longer than the lease: a library that holds Python's lock is not rare."""
    hold = ctypes.PyDLL(None).usleep
    outcomes = []

    def compute(block):
        words = [*NOW, *cubes_words(store)]
        hold(2_500_000)
        outcomes.append(cubes.append(*words, status=None).status)
        return block

    def cubes_words(target):
        return [cubes.write(one_day(2.0), target.parent / "day.nc"), target]

    data = dask.array.ones(1, chunks=1).map_blocks(compute, dtype="f8", meta=np.ones(0))
    lazy = one_day(1.0).assign(v=("time", data))
    gdalmdimappend.dask.store(lazy, store, lease="1s")
    assert outcomes == [3]
    with xr.open_zarr(store, chunks=None) as read:
        assert read.v.values.tolist() == [1.0]


def test_a_forked_child_neither_keeps_nor_ends_the_lease(store):
    """It lives on when its parent has ended the transaction, and ends when it has not."""
    children = []

    def compute(block):
        # One that ends at once, and one that lives on.
        ended = os.fork()
        if ended == 0:
            os._exit(0)
        os.waitpid(ended, 0)
        living = os.fork()
        if living == 0:
            signal.pause()
        children.append(living)
        with pytest.raises(mda.Locked):
            mda.append(one_day(2.0), store, lock_timeout=0)
        return block

    data = dask.array.ones(1, chunks=1).map_blocks(compute, dtype="f8", meta=np.ones(0))
    lazy = one_day(1.0).assign(v=("time", data))
    gdalmdimappend.dask.store(lazy, store, compute={"scheduler": "synchronous"})
    try:
        assert not mda.status(store).locked
        later = one_day(2.0).assign_coords(time=("time", [1.0], lazy.time.attrs))
        mda.append(later, store, lock_timeout=0)
    finally:
        os.kill(children[0], signal.SIGKILL)
        os.waitpid(children[0], 0)


def test_a_lease_is_the_settings_or_a_minute(store, monkeypatch):
    seconds = []
    whole = gdalmdimappend._blocks.write_all

    def note(transaction, *arguments, **options):
        seconds.append(transaction.token["lease"]["seconds"])
        return whole(transaction, *arguments, **options)

    monkeypatch.setattr(gdalmdimappend._blocks, "write_all", note)
    for number, settings in enumerate(({}, {"lease": "5min"})):
        day = one_day(1.0).assign_coords(time=("time", [float(number)]))
        day.time.attrs["units"] = "days since 2024-01-01"
        mda.append(day.chunk(), store, **settings)
    assert seconds == [60, 300]
