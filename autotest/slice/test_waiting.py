"""--wait: slices that are on their way are appended when they are complete."""

import contextlib
import os
import shutil
import signal
import threading
import time

import cubes
import pytest
from osgeo import gdal

SOON = ["--wait", "60s", "--poll-interval", "0.3s"]


@contextlib.contextmanager
def meanwhile(work, *arguments):
    """Something that goes on beside the test, whose failure is the test's."""
    failures = []

    def run():
        try:
            work(*arguments)
        except Exception as failure:
            failures.append(failure)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        thread.join()
    assert not failures, failures


def grow(content, path, pieces=6, pause=0.15):
    """Writes a file piece by piece."""
    step = len(content) // pieces + 1
    with open(path, "wb") as file:
        for start in range(0, len(content), step):
            file.write(content[start : start + step])
            file.flush()
            time.sleep(pause)


def grow_store(complete, path, pause=0.02):
    """Documents first, then chunks: as a Zarr writer does."""
    files = [file for file in complete.rglob("*") if file.is_file()]
    files.sort(key=lambda file: (file.name not in DOCUMENTS, file))
    for file in files:
        into = path / file.relative_to(complete)
        into.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, into)
        time.sleep(pause)


DOCUMENTS = {"zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata"}


def later(seconds, source, path):
    time.sleep(seconds)
    os.rename(source, path)


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def days(store):
    return cubes.open_xarray(store).sizes["time"]


# What is waited for.


def test_a_file_that_appears_later(target, tmp_path):
    source = cubes.write(cubes.weather(3, 2), tmp_path / "source")
    slice_ = tmp_path / "late.nc"
    with meanwhile(later, 0.7, source, slice_):
        done = cubes.append(*SOON, slice_, target)
    assert outcomes(done) == ["appended"]
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def test_a_folder_that_appears_later(store, tmp_path):
    (tmp_path / "incoming").mkdir()
    cubes.weather_slices(tmp_path / "incoming", (2,))
    slice_ = tmp_path / "day" / "day0000.nc"
    with meanwhile(later, 0.5, tmp_path / "incoming", tmp_path / "day"):
        cubes.append(*SOON, slice_, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


@pytest.mark.parametrize(
    "options", [{}, {"engine": "scipy", "format": "NETCDF3_64BIT"}]
)
@pytest.mark.parametrize("pieces", [3, 12])
def test_a_file_that_grows_slowly(store, tmp_path, options, pieces):
    """NetCDF 3 opens, and reads zeros, long before it is complete."""
    whole = cubes.weather(0, 20, lat=20, lon=20)
    content = cubes.write(whole, tmp_path / "x", **options).read_bytes()
    slice_ = tmp_path / "growing.nc"
    with meanwhile(grow, content, slice_, pieces):
        cubes.append(*SOON, slice_, store)
    cubes.assert_reads_as(store, whole)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_zarr_slice_that_is_being_written(store, tmp_path, zarr_format):
    """Its documents are there first: chunks that are not there read as missing."""
    whole = cubes.weather(0, 6)
    complete = tmp_path / "complete"
    whole.chunk({"time": 1}).to_zarr(complete, zarr_format=zarr_format)
    slice_ = tmp_path / "slice.zarr"
    with meanwhile(grow_store, complete, slice_, 0.1):
        cubes.append(*SOON, slice_, store)
    found = cubes.open_xarray(store, decode_times=False)
    assert cubes.same(found.air.values, whole.air.values)
    assert cubes.same(found.elevation.values, whole.elevation.values)


def test_a_growing_file_is_appended_once_it_stands_still_and_no_sooner(store, tmp_path):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    content = path.read_bytes()
    slice_ = tmp_path / "growing.nc"
    ended = []

    def write():
        grow(content, slice_, 5, 0.2)
        ended.append(time.monotonic())

    with meanwhile(write):
        words = ["--wait", "60s", "--poll-interval", "0.6s"]
        cubes.append(*words, slice_, store)
        appended = time.monotonic()
    # The last write is one pause before the end.
    assert appended - (ended[0] - 0.2) >= 0.55


def test_a_file_that_does_not_open_yet(store, tmp_path):
    """Something holds still at its place, until the file itself comes."""
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    slice_ = tmp_path / "x.nc"
    slice_.write_bytes(source.read_bytes()[:300])
    with meanwhile(later, 1.2, source, slice_):
        cubes.append(*SOON, slice_, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_a_link_whose_goal_appears_later(store, tmp_path):
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    link = tmp_path / "link.nc"
    link.symlink_to(tmp_path / "goal.nc")
    with meanwhile(later, 0.5, source, tmp_path / "goal.nc"):
        cubes.append(*SOON, link, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_what_is_refused_does_not_get_better_by_waiting(target, tmp_path):
    wrong = cubes.write(cubes.weather(3, 2, lat=9), tmp_path / "wrong.nc")
    started = time.monotonic()
    with cubes.unchanged(target):
        words = ["--wait", "forever", "--poll-interval", "0.1s"]
        cubes.append(*words, wrong, target, status=5)
    assert time.monotonic() - started < 20


# The companion.


def test_a_companion_says_that_a_slice_is_complete(store, tmp_path):
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    process = cubes.start("--ready-suffix", ".done", "--quiet", *SOON, slice_, store)
    time.sleep(1.2)
    assert process.poll() is None
    assert not store.exists()
    (tmp_path / f"{slice_.name}.done").touch()
    assert process.wait(30) == 0
    process.communicate()
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_with_a_companion_a_growing_file_is_complete_when_that_is_there(
    store, tmp_path
):
    whole = cubes.weather(0, 20, lat=20, lon=20)
    source = cubes.write(whole, tmp_path / "x", format="NETCDF3_64BIT")
    slice_ = tmp_path / "growing.nc"

    def write():
        # Longer pauses than the poll interval.
        grow(source.read_bytes(), slice_, 3, 0.6)
        (tmp_path / "growing.nc.ok").touch()

    words = ["--wait", "60s", "--poll-interval", "0.1s", "--ready-suffix", ".ok"]
    with meanwhile(write):
        cubes.append(*words, slice_, store)
    cubes.assert_reads_as(store, whole)


def test_a_companion_of_a_zarr_slice(store, tmp_path):
    slice_ = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(slice_, zarr_format=2)
    (tmp_path / "slice.zarr.done").touch()
    cubes.append("--ready-suffix", ".done", slice_, store)
    assert days(store) == 2


def test_without_wait_a_companion_is_looked_for_once(store, tmp_path):
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    done = cubes.append("--ready-suffix", ".done", slice_, store, status=4)
    assert f"its companion '{slice_}.done' does not exist" in done.message
    assert not store.exists()
    (tmp_path / f"{slice_.name}.done").touch()
    cubes.append("--ready-suffix", ".done", slice_, store)
    assert days(store) == 2


# Time-outs.


def incomplete(folder, kind):
    """A slice that does not become complete, and what is said of it."""
    path = folder / "x.nc"
    if kind == "nothing there":
        return path, "does not exist"
    if kind == "a dangling link":
        path.symlink_to(folder / "goal.nc")
        return path, f"does not exist (it is a link to '{folder / 'goal.nc'}')"
    cubes.write(cubes.weather(3, 2), path)
    if kind == "half a file":
        path.write_bytes(path.read_bytes()[:-200])
        return path, "cannot be opened"
    if kind == "an empty file":
        path.write_bytes(b"")
        return path, "cannot be opened"
    return path, f"its companion '{path}.ok' does not exist"


@pytest.mark.parametrize(
    "kind",
    [
        "nothing there",
        "a dangling link",
        "half a file",
        "an empty file",
        "no companion",
    ],
)
def test_a_time_out_says_what_was_missing(target, tmp_path, kind):
    slice_, says = incomplete(tmp_path, kind)
    words = ["--wait", "0.5s", "--poll-interval", "0.2s"]
    if kind == "no companion":
        words += ["--ready-suffix", ".ok"]
    with cubes.unchanged(target):
        done = cubes.append(*words, slice_, target, status=4)
    assert f"slice '{slice_}'" in done.message
    assert says in done.message
    assert "Waited " in done.message
    assert done.report["slices"][0]["exit_status"] == 4


def test_a_file_that_never_stands_still_times_out(target, tmp_path):
    slice_ = tmp_path / "growing.nc"
    content = cubes.write(cubes.weather(3, 2), tmp_path / "x").read_bytes()
    with meanwhile(grow, content, slice_, 30, 0.1), cubes.unchanged(target):
        words = ["--wait", "1s", "--poll-interval", "0.5s"]
        done = cubes.append(*words, slice_, target, status=4)
    assert "is still changing" in done.message
    assert "bytes so far" in done.message


@pytest.mark.parametrize("wait", ["0s", "0.4s"])
def test_a_file_that_is_there_needs_one_interval_whatever_the_time_out(
    store, tmp_path, wait
):
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    cubes.append("--wait", wait, "--poll-interval", "0.5s", slice_, store)
    assert days(store) == 2


def test_keep_going_passes_over_what_does_not_come(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    b.unlink()
    words = ["--wait", "0.5s", "--poll-interval", "0.2s", "--keep-going"]
    done = cubes.append(*words, a, b, c, store, status=4)
    assert outcomes(done) == ["appended", "failed", "appended"]
    assert days(store) == 4


def test_a_dry_run_waits_too(tmp_path, store):
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    with meanwhile(later, 0.5, source, tmp_path / "x.nc"):
        done = cubes.append("--dry-run", *SOON, tmp_path / "x.nc", store)
    assert outcomes(done) == ["would append"]
    assert not store.exists()


def test_settings_of_zappend_poll(tmp_path, store):
    settings = tmp_path / "x.yaml"
    settings.write_text("slice_polling: {interval: 0.2, timeout: 0.5}\n")
    done = cubes.append("--settings", settings, tmp_path / "x.nc", store, status=4)
    assert "Waited " in done.message
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    settings.write_text("slice_polling: {interval: 0.2, timeout: 60}\n")
    with meanwhile(later, 0.5, source, tmp_path / "x.nc"):
        cubes.append("--settings", settings, tmp_path / "x.nc", store)
    assert days(store) == 2


@pytest.mark.parametrize("face", ["gdal mdim append", "gdal.alg"])
def test_the_other_faces_wait_too(tmp_path, store, face):
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    slice_ = tmp_path / "x.nc"
    with meanwhile(later, 0.6, source, slice_):
        if face == "gdal.alg":
            gdal.alg.mdim.append(
                input=[str(slice_)],
                output=str(store),
                wait="60s",
                poll_interval="0.3s",
            )
        else:
            cubes.run("mdim", "append", *SOON, slice_, store, command="gdal")
    assert days(store) == 2
    with pytest.raises(RuntimeError, match="does not exist"):
        gdal.alg.mdim.append(
            input=["nowhere.nc"], output=str(store), wait="0.2s", poll_interval="0.1s"
        )


# While it waits.


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("what", ["a slice", "a companion"])
def test_a_signal_ends_waiting_for_ever(target, tmp_path, number, what):
    words = ["--wait", "forever", "--poll-interval", "10s"]
    slice_ = tmp_path / "never.nc"
    if what == "a companion":
        cubes.write(cubes.weather(3, 2), slice_)
        words += ["--ready-suffix", ".ok"]
    process = cubes.start(*words, slice_, target)
    time.sleep(0.8)
    assert process.poll() is None
    with cubes.unchanged(target):
        process.send_signal(number)
        # At once, not after the poll interval.
        _, errors = process.communicate(timeout=5)
    assert process.returncode == 128 + number
    assert "interrupted while waiting for slice" in errors
    cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")
    cubes.append("--lock-timeout", 0, tmp_path / "next.nc", target)


def test_the_lock_is_not_held_while_waiting(target, tmp_path):
    process = cubes.start("--quiet", *SOON, tmp_path / "late.nc", target)
    time.sleep(0.6)
    other = cubes.write(cubes.weather(3, 1), tmp_path / "other.nc")
    cubes.append("--lock-timeout", 0, other, target)
    assert process.poll() is None
    cubes.write(cubes.weather(4, 1), tmp_path / "late.nc")
    assert process.wait(60) == 0
    process.communicate()
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def test_a_new_target_has_no_trace_while_the_first_slice_is_waited_for(tmp_path, store):
    process = cubes.start("--wait", "forever", tmp_path / "x.nc", store)
    time.sleep(0.6)
    assert list(tmp_path.iterdir()) == []
    process.terminate()
    process.communicate(timeout=10)
    assert process.returncode == 143
    assert list(tmp_path.iterdir()) == []


# Several slices.


def test_slices_are_appended_in_order_whenever_they_come(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    os.rename(a, tmp_path / "source")
    with meanwhile(later, 1.0, tmp_path / "source", a):
        done = cubes.append(*SOON, a, b, c, store)
    assert outcomes(done) == ["appended"] * 3
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_what_came_early_does_not_wait_for_an_interval_each(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (1,) * 8)
    started = time.monotonic()
    words = ["--wait", "60s", "--poll-interval", "3s"]
    cubes.append(*words, *slices, store)
    assert time.monotonic() - started < 8 * 3
    cubes.assert_reads_as(store, cubes.weather(0, 8))


def test_each_slice_is_in_before_the_next_is_waited_for(tmp_path, store):
    slices = [tmp_path / f"{number}.nc" for number in range(3)]
    words = ["--quiet", "--wait", "60s", "--poll-interval", "0.1s"]
    process = cubes.start(*words, *slices, store)
    for number, path in enumerate(slices):
        source = cubes.write(cubes.weather(number, 1), tmp_path / "source")
        os.rename(source, path)
        deadline = time.monotonic() + 30
        while not (store / "zarr.json").exists() or days(store) <= number:
            assert time.monotonic() < deadline
            time.sleep(0.05)
    assert process.wait(30) == 0
    process.communicate()


def test_slices_of_one_commit_are_waited_for_without_the_lock(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (1,) * 5)
    cubes.append(slices[0], store)
    os.rename(slices[3], tmp_path / "source")
    words = ["--report", "json", "--slices-per-commit", 2, *SOON]
    process = cubes.start(*words, *slices[1:], store)
    deadline = time.monotonic() + 30
    while days(store) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    # The third of four is missing: its commit does not begin, and holds no lock.
    time.sleep(0.6)
    with cubes.locked(store):
        assert days(store) == 3
    os.rename(tmp_path / "source", slices[3])
    out, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    done = cubes.run("driver", "mdimappend", "log", "--last", 1, store, command="gdal")
    assert "day0003.nc" in done.stdout
    assert "day0004.nc" in done.stdout


def test_a_time_out_in_the_middle_of_a_commit_keeps_what_was_there(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    c.unlink()
    words = ["--wait", "0.5s", "--poll-interval", "0.2s", "--slices-per-commit", 3]
    done = cubes.append(*words, a, b, c, store, status=4)
    assert outcomes(done) == ["appended", "appended", "failed"]
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_lines_of_a_queue_are_waited_for(tmp_path, store):
    source = cubes.write(cubes.weather(0, 2), tmp_path / "source")
    slice_ = tmp_path / "x.nc"
    with meanwhile(later, 0.6, source, slice_):
        cubes.run(*SOON, "--slices-from", "-", store, input=f"{slice_}\n")
    assert days(store) == 2


def test_a_slice_that_changes_while_it_is_read_is_not_committed(tmp_path, store):
    """Without --wait: what was read must still be what is there."""
    whole = cubes.weather(0, 60, lat=60, lon=60)
    path = cubes.write(whole, tmp_path / "x.nc")
    words = ["--report", "json", "--encoding", "air:chunk=1x12x12"]
    process = cubes.start(*words, path, store)
    deadline = time.monotonic() + 30
    while not list(store.glob("air/c/*")) and process.poll() is None:
        assert time.monotonic() < deadline
    os.utime(path)
    out, errors = process.communicate(timeout=60)
    if process.returncode == 0:
        pytest.skip("the append was faster")
    assert process.returncode == 4
    assert "changed while it was read" in errors or (
        "changed since it was opened" in errors
    )
    assert not store.exists()
    assert cubes.leftovers(store) == []
