"""Slices that are in already need no permission to write, and change nothing: neither
the store nor its sidecar."""

import contextlib
import os
import shutil

import cubes
import mounts
import numpy as np
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", [3, 2])


@pytest.fixture
def days(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 2, 2))


@pytest.fixture
def disk(tmp_path):
    """Where a cube is, and the same where nothing can be changed."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    folder = tmp_path / "disk"
    folder.mkdir()

    @contextlib.contextmanager
    def readable():
        with mounts.read_only(folder, tmp_path / "readable") as at:
            yield at / "cube.zarr"

    return folder / "cube.zarr", readable


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


@contextlib.contextmanager
def untouched(store):
    """The sidecar, too, and nothing is written anew with the same bytes."""

    def state():
        return {
            path: (path.stat().st_ino, path.stat().st_ctime_ns)
            for folder in (store, cubes.sidecar(store))
            for path in folder.rglob("*")
        }

    before = state()
    yield
    assert state() == before


# Without permission.


@FORMATS
@pytest.mark.parametrize("lock", ["auto", "lease", "none"])
def test_who_may_only_read_finds_them_there(disk, days, zarr_format, lock):
    store, readable = disk
    words = ("--lock", lock)
    cubes.append("--zarr-format", zarr_format, *words, *days[:2], store)
    with readable() as at:
        done = cubes.append(*words, *days[:2], at)
    assert outcomes(done) == ["already there"] * 2


def test_a_cube_that_others_have_made(disk, days):
    store, readable = disk
    cube = cubes.concat([xr.open_dataset(day) for day in days[:2]])
    cube.to_zarr(store, consolidated=False)
    with readable() as at:
        assert outcomes(cubes.append(*days[:2], at)) == ["already there"] * 2
    assert not cubes.sidecar(store).exists()


def test_slices_without_labels(disk, tmp_path):
    store, readable = disk
    words = ("--append-dim", "time")
    days = [
        cubes.write(cubes.weather(day, 1).drop_vars("time"), tmp_path / f"n{day}.nc")
        for day in range(3)
    ]
    cubes.append(*words, *days, store)
    with readable() as at:
        assert outcomes(cubes.append(*words, *days, at)) == ["already there"] * 3


def test_many_slices_that_the_log_knows(disk, tmp_path):
    store, readable = disk
    days = cubes.weather_slices(tmp_path, (1,) * 20)
    cubes.append("--durability", "process", *days, store)
    with readable() as at:
        assert outcomes(cubes.append(*days, at)) == ["already there"] * 20


def test_what_is_new_needs_it_and_says_so(disk, days):
    store, readable = disk
    cubes.append(*days[:2], store)
    with readable() as at:
        done = cubes.append(*days, at, status=1)
    assert outcomes(done) == ["already there", "already there", "failed"]
    assert "Read-only file system" in done.message
    assert "Nothing was " in done.message


def test_other_values_are_refused_without_it(disk, days, tmp_path):
    store, readable = disk
    cubes.append(*days[:2], store)
    other = cubes.weather(0, 2)
    other["air"] = other.air + np.float32(1)
    path = cubes.write(other, tmp_path / "other.nc")
    with readable() as at:
        done = cubes.append(path, at, status=5)
    assert "'air'" in done.message


def test_a_new_target_needs_it(disk, days):
    store, readable = disk
    with readable() as at:
        cubes.append(days[0], at, status=1)
    assert not store.exists()


# With permission.


@pytest.mark.parametrize("consolidated", [True, False])
def test_nothing_is_touched(tmp_path, days, consolidated):
    store = tmp_path / "cube.zarr"
    words = () if consolidated else ("--consolidated", "no")
    cubes.append(*words, *days[:2], store)
    with untouched(store):
        assert outcomes(cubes.append(*days[:2], store)) == ["already there"] * 2


def test_what_is_new_is_appended(tmp_path, days):
    store = tmp_path / "cube.zarr"
    cubes.append(*days[:2], store)
    done = cubes.append(*days, store)
    assert outcomes(done) == ["already there", "already there", "appended"]
    cubes.assert_reads_as(store, cubes.weather(0, 6))
    assert cubes.leftovers(store) == []


# While others write.


def test_who_holds_the_lock_is_waited_for(tmp_path, days):
    """What is read while somebody writes may be a part of it."""
    store = tmp_path / "cube.zarr"
    cubes.append(*days[:2], store)
    with cubes.locked(store):
        done = cubes.append("--lock-timeout", "0", days[0], store, status=3)
    assert "locked by" in done.message
    cubes.append("--lock-timeout", "0", days[0], store)


def test_who_may_only_read_waits_too(disk, days):
    store, readable = disk
    cubes.append(*days[:2], store)
    with readable() as at:
        with cubes.locked(store):
            words = ("--report", "json", "--lock-timeout", "60", days[0], at)
            process = cubes.start(*words)
            with pytest.raises(Exception, match="timed out"):
                process.communicate(timeout=1.5)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    assert "already there" in out


def test_what_was_interrupted_is_recovered(tmp_path):
    store, _ = cubes.interrupted(tmp_path)
    first = tmp_path / "day0000.nc"
    done = cubes.append(first, store)
    assert outcomes(done) == ["already there"]
    assert len(done.report["recovered"]["undone"]) == 1
    assert cubes.leftovers(store) == []


def test_who_may_not_recover_says_nothing_of_what_is_there(disk, tmp_path):
    store, readable = disk
    made, _ = cubes.interrupted(tmp_path)
    shutil.copytree(made, store)
    shutil.copytree(cubes.sidecar(made), cubes.sidecar(store))
    with readable() as at:
        done = cubes.append(tmp_path / "day0000.nc", at, status=1)
    assert outcomes(done) == ["failed"]
    assert "Read-only file system" in done.message
