"""File systems that are full, read-only, of somebody else or somewhere else."""

import errno
import fcntl
import os
import tempfile
from pathlib import Path

import cubes
import mounts
import preload
import pytest


def verb(name, store, status=0):
    return cubes.run("driver", "mdimappend", name, store, command="gdal", status=status)


def expect_old_or_new(store, before, done, sizes, slices, words=()):
    """After a failure and with room again."""
    assert done.status in (0, 1), done
    if done.status == 1:
        verb("recover", store)
        found = cubes.open_xarray(store).sizes["time"]
        assert found in sizes, (found, done)
        if found == sizes[0]:
            assert cubes.tree(store) == before, done
    cubes.append(*words, *slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, sizes[-1]))
    assert cubes.leftovers(store) == []
    assert not os.listdir(cubes.sidecar(store) / "stage")


# Full


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("room", [0, 8, 20, 36, 60, 90, 130])
def test_space_runs_out_in_a_batch(tmp_path, zarr_format, room):
    with mounts.mounted(tmp_path / "disk", "size=2m") as disk:
        store = disk / "cube.zarr"
        slices = cubes.weather_slices(tmp_path, (2, 2, 3))
        words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=3x2x2"]
        cubes.append(*words, slices[0], store)
        before = cubes.tree(store)
        free = os.statvfs(disk)
        ballast = max(0, free.f_bavail * free.f_bsize - room * 1024)
        (disk / "ballast").write_bytes(b"x" * ballast)
        batch = ("--slices-per-commit", 2)
        done = cubes.append(*batch, *slices, store, status=None)
        (disk / "ballast").unlink()
        if done.status == 1:
            assert "No space left on device" in done.message
        expect_old_or_new(store, before, done, (2, 7), slices, batch)


@pytest.mark.parametrize("room", [0, 1, 2, 3, 4, 5, 6, 8, 10, 13, 16, 20])
def test_inodes_run_out(tmp_path, room):
    with mounts.mounted(tmp_path / "disk", "size=4m,nr_inodes=400") as disk:
        store = disk / "cube.zarr"
        slices = cubes.weather_slices(tmp_path, (2, 2))
        cubes.append("--encoding", "air:chunk=1x2x5", slices[0], store)
        before = cubes.tree(store)
        for number in range(os.statvfs(disk).f_ffree - room):
            (disk / f"ballast{number}").touch()
        done = cubes.append(slices[1], store, status=None)
        for path in disk.glob("ballast*"):
            path.unlink()
        if done.status == 1:
            assert "No space left on device" in done.message
        expect_old_or_new(store, before, done, (2, 4), slices)


@pytest.mark.parametrize("code", [errno.EDQUOT, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("after", [1, 3, 6, 9, 13, 18, 24, 31, 40, 60])
def test_every_write_fails_from_some_moment_on(tmp_path, store, code, after):
    """A quota that is reached, a file system that turns read-only, a disk that
    dies: whatever was to be undone or finished, the next run does it."""
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("--encoding", "air:chunk=1x2x5", slices[0], store)
    before = cubes.tree(store)
    env = preload.environment(PRELOAD_FAIL=f"{code},/cube.zarr,{after}")
    done = cubes.append(slices[1], store, status=None, env=env)
    if done.status == 1:
        assert os.strerror(code) in done.message, done
    assert cubes.open_xarray(store).sizes["time"] in (2, 4)
    expect_old_or_new(store, before, done, (2, 4), slices)


@pytest.mark.parametrize("size", [100, 1000, 4000])
def test_a_limit_on_the_size_of_files(tmp_path, store, size):
    """SIGXFSZ ends the process, or the write fails: both are survived."""
    slices = [
        cubes.write(cubes.weather(first, 2, lat=40, lon=60), tmp_path / f"{first}.nc")
        for first in (0, 2)
    ]
    cubes.append("--encoding", "air:compress=none", slices[0], store)
    before = cubes.tree(store)
    prefix = ["prlimit", f"--fsize={size}"]
    done = cubes.append(slices[1], store, prefix=prefix, status=None)
    assert done.status in (1, -25), done
    verb("recover", store)
    assert cubes.tree(store) == before
    cubes.append(slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 4, lat=40, lon=60))


# Read-only, somebody else's


@pytest.mark.parametrize("pending", [False, True])
def test_a_read_only_target(tmp_path, pending):
    """Everything that only looks works."""
    if os.geteuid() != 0:
        pytest.skip("mounting needs root")
    real = tmp_path / "real"
    real.mkdir()
    slices = cubes.weather_slices(tmp_path, (2, 2))
    store = real / "cube.zarr"
    cubes.append(slices[0], store)
    if pending:
        words = ("link", "/decision", slices[1], store)
        with preload.stopped_before(*words) as process:
            process.kill()
            process.communicate()
    before = cubes.tree(real)
    with mounts.read_only(real, tmp_path / "view") as view:
        seen = view / "cube.zarr"
        done = cubes.append(slices[1], seen, status=1)
        assert "Read-only file system" in done.message
        assert str(seen) in done.message
        done = verb("recover", seen, status=1)
        assert "Read-only file system" in done.stderr
        status = verb("status", seen).stdout
        assert ("pending: " in status) == pending
        assert "first" not in verb("log", seen).stderr
        if not pending:
            done = cubes.append("--dry-run", slices[1], seen, status=1)
            assert "Read-only file system" in done.message
    assert cubes.tree(real) == before
    cubes.append(slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.fixture
def public():
    """A folder that others may look into. (Each pytest that begins takes the folder
    above `tmp_path` from them again.)"""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_user_who_may_only_look(public):
    if os.geteuid() != 0:
        pytest.skip("another user needs root")
    store = public / "cube.zarr"
    slices = cubes.weather_slices(public, (2, 2))
    cubes.append(slices[0], store)
    before = cubes.tree(public)
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    done = cubes.append(slices[1], store, prefix=nobody, status=1)
    assert "Permission denied" in done.message
    for name in ("status", "log", "unlock"):
        words = ("driver", "mdimappend", name, store)
        cubes.run(*words, command="gdal", prefix=nobody)
    done = cubes.append("--dry-run", slices[1], store, prefix=nobody, status=1)
    assert "Permission denied" in done.message
    assert cubes.tree(public) == before


@pytest.mark.parametrize("what", ["store", "sidecar", "array"])
@pytest.mark.parametrize("moment", [("open", "/air/c/2"), ("link", "/decision")])
def test_a_folder_becomes_immutable_under_way(tmp_path, store, what, moment):
    """Not even root may write to it."""
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("--encoding", "air:chunk=1x2x5", slices[0], store)
    before = cubes.tree(store)
    folder = {"store": store, "sidecar": cubes.sidecar(store), "array": store / "air"}
    try:
        set_immutable(folder[what], True)
    except OSError as failure:
        pytest.skip(f"no immutable folders here: {failure}")
    set_immutable(folder[what], False)
    with preload.stopped_before(*moment, slices[1], store) as process:
        set_immutable(folder[what], True)
        try:
            done = preload.go_on(process)
        finally:
            set_immutable(folder[what], False)
    expect_old_or_new(store, before, done, (2, 4), slices)


def set_immutable(folder, yes):
    """What chattr does."""
    get_flags, set_flags, immutable = 0x80086601, 0x40086602, 0x10
    fd = os.open(folder, os.O_RDONLY)
    try:
        flags = bytearray(fcntl.ioctl(fd, get_flags, bytes(8)))
        number = int.from_bytes(flags[:4], "little")
        number = number | immutable if yes else number & ~immutable
        fcntl.ioctl(fd, set_flags, number.to_bytes(8, "little"))
    finally:
        os.close(fd)


# Elsewhere


def test_a_sidecar_on_another_file_system_is_refused(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(slices[0], store)
    before = cubes.tree(store)
    with mounts.mounted(cubes.sidecar(store), "size=1m"):
        done = cubes.append(slices[1], store, status=1)
        assert "another file system" in done.message
        assert cubes.tree(store) == before
        assert cubes.leftovers(store) == []
    cubes.append(slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_a_store_that_is_a_mount_point_is_refused(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    with mounts.mounted(store, "size=1m"):
        done = cubes.append(slices[0], store, status=1)
        assert "mount point" in done.message
        inside = store / "inside.zarr"
        cubes.append(*slices, inside)
        cubes.assert_reads_as(inside, cubes.weather(0, 4))
