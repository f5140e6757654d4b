"""After any kill the next run brings the cube to the state before or after, and a
rerun completes it; SIGINT and SIGTERM roll back. CI kills some at random moments;
MDIMAPPEND_ALL_SCENARIOS=1 kills more."""

import random
import signal
import time

import cubes
import numpy as np
import pytest

SLICES = (2, 1, 3, 2, 1, 3)


def consistent_days(store):
    """How many days a reader sees, after their data were checked."""
    found = cubes.open_xarray(store, decode_times=False)
    days = found.sizes["time"]
    assert cubes.same(found["air"].values, cubes.weather(0, days)["air"].values)
    return days


@pytest.mark.parametrize("durability", ["full", "process"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_sigkill_at_any_moment(tmp_path, zarr_format, durability):
    slices = cubes.weather_slices(tmp_path, SLICES)
    words = ["--zarr-format", zarr_format, "--durability", durability]
    words += ["--encoding", "air:chunk=4x2x3"]
    started = time.monotonic()
    cubes.append(*words, *slices, tmp_path / "timing.zarr")
    whole = time.monotonic() - started
    ends = set(np.cumsum(SLICES).tolist()) | {0}
    for number in range(20 if cubes.ALL else 8):
        seed = f"{zarr_format} {durability} {number}"
        store = tmp_path / f"{number}.zarr"
        moment = random.Random(seed).uniform(0.02, 1.1) * whole
        process = cubes.start(*words, *slices, store)
        time.sleep(moment)
        process.kill()
        process.communicate()
        root = store / ("zarr.json" if zarr_format == 3 else ".zmetadata")
        days = consistent_days(store) if root.exists() else 0
        assert days in ends, seed
        done = cubes.append(*words, *slices, store)
        cubes.assert_reads_as(store, cubes.weather(0, sum(SLICES)))
        assert cubes.leftovers(store) == [], (seed, done)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_recover_alone_restores_the_state_before_or_after(tmp_path, zarr_format):
    slices = cubes.weather_slices(tmp_path, (2, 3))
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=4x2x3"]
    for number in range(12 if cubes.ALL else 6):
        store = tmp_path / f"{number}.zarr"
        cubes.append(*words, slices[0], store)
        before = cubes.tree(store)
        process = cubes.start(slices[1], store)
        time.sleep(random.Random(number).uniform(0.01, 0.12))
        process.kill()
        process.communicate()
        cubes.run("driver", "mdimappend", "recover", store, command="gdal")
        assert cubes.leftovers(store) == []
        days = consistent_days(store)
        if days == 2:
            assert cubes.tree(store) == before, number
        else:
            cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.fixture(scope="module")
def slow_slice(tmp_path_factory):
    """Random numbers that gzip at level 9 works at for seconds."""
    dataset = cubes.weather(3, 3, lat=800, lon=800).drop_vars("elevation")
    rng = np.random.default_rng(3)
    dataset["air"][:] = rng.random(dataset["air"].shape, dtype="float32")
    return cubes.write(dataset, tmp_path_factory.mktemp("slow") / "slow.nc")


def start_slow(slow_slice, store, tmp_path, zarr_format):
    first = cubes.weather(0, 3, lat=800, lon=800).drop_vars("elevation")
    path = cubes.write(first, tmp_path / "first.nc")
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        "air:chunk=1x100x100,compress=gzip,level=9",
        path,
        store,
    )
    return cubes.start("--num-threads", "1", slow_slice, store)


def wait_for_chunks(process, store):
    """Until the append has begun to write."""
    new = {2: "air/3.*", 3: "air/c/3/*/*"}
    for _ in range(3000):
        if any(any(store.glob(pattern)) for pattern in new.values()):
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    raise AssertionError("it never began")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_signal_rolls_back(tmp_path, store, slow_slice, zarr_format, number):
    process = start_slow(slow_slice, store, tmp_path, zarr_format)
    before = {k: v for k, v in cubes.tree(store).items() if is_old(k)}
    wait_for_chunks(process, store)
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 128 + number, (out, err)
    assert "interrupted" in err
    assert "Nothing was appended." in err
    assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []
    cubes.append(slow_slice, store)
    assert cubes.open_xarray(store).sizes["time"] == 6


def is_old(key):
    """Not one of the rows that are being written."""
    return not any(key.startswith((f"air/{n}.", f"air/c/{n}")) for n in (3, 4, 5))


def test_sigkill_then_a_reader_sees_the_old_cube(tmp_path, store, slow_slice):
    process = start_slow(slow_slice, store, tmp_path, 3)
    wait_for_chunks(process, store)
    process.kill()
    process.communicate()
    assert cubes.open_xarray(store).sizes["time"] == 3
    status = cubes.run("driver", "mdimappend", "status", store, command="gdal").stdout
    assert "interrupted; the next run undoes it" in status
    done = cubes.append(slow_slice, store)
    assert len(done.report["recovered"]["undone"]) == 1
    assert cubes.open_xarray(store).sizes["time"] == 6


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_wait_for_the_lock(two_slices, store, number):
    cubes.append(two_slices[0], store)
    with cubes.unchanged(store), cubes.locked(store):
        process = cubes.start("--lock-timeout", "forever", two_slices[1], store)
        time.sleep(0.5)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == 128 + number, (out, err)


def test_a_signal_ends_a_long_rerun(two_slices, store, tmp_path):
    """Slices that are in are passed over, and a signal is heard between them."""
    cubes.append(*two_slices, store)
    lines = tmp_path / "lines.txt"
    lines.write_text("".join(f"{name}\n" for name in two_slices) * 200_000)
    process = cubes.start("--slices-from", lines, store)
    time.sleep(0.7)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    started = time.monotonic()
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert time.monotonic() - started < 3
