"""--lock lease: a writer that is gone, or was stopped, loses its claim to the next
one, and does no harm when it wakes up."""

import json
import signal
import time

import cubes
import numpy as np
import pytest

LEASE = ("--lock", "lease")
KEPT = (*LEASE, "--lease", "1h")
# Of a writer that is to lose it, or to renew it.
SHORT = (*LEASE, "--lease", "2s")


@pytest.fixture(scope="module")
def slow_slice(tmp_path_factory):
    """Random numbers that gzip at level 9 works at for seconds."""
    dataset = cubes.weather(3, 3, lat=800, lon=800).drop_vars("elevation")
    rng = np.random.default_rng(3)
    dataset["air"][:] = rng.random(dataset["air"].shape, dtype="float32")
    return cubes.write(dataset, tmp_path_factory.mktemp("slow") / "slow.nc")


@pytest.fixture
def grown(tmp_path, store):
    first = cubes.weather(0, 3, lat=800, lon=800).drop_vars("elevation")
    path = cubes.write(first, tmp_path / "first.nc")
    encoding = "air:chunk=1x100x100,compress=gzip,level=9"
    cubes.append(*KEPT, "--encoding", encoding, path, store)
    return store


def start_until_staged(slow_slice, store, lease=SHORT):
    """A writer that is in the middle of its chunks."""
    process = cubes.start(*lease, "--num-threads", "1", slow_slice, store)
    for _ in range(3000):
        if any(cubes.sidecar(store).glob("stage/*/*")):
            return process
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    raise AssertionError("it never began")


def driver(verb, store, *options, status=0):
    words = ("driver", "mdimappend", verb, *options, store)
    return cubes.run(*words, command="gdal", status=status).stdout


def days(store):
    return cubes.open_xarray(store).sizes["time"]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_leased_cube_is_the_same_as_any(tmp_path, zarr_format):
    slices = cubes.weather_slices(tmp_path, (2, 1, 3, 2))
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=4x2x3"]
    cubes.append(*words, *slices, tmp_path / "kernel.zarr")
    cubes.append(*words, *KEPT, *slices, tmp_path / "lease.zarr")
    assert cubes.tree(tmp_path / "lease.zarr") == cubes.tree(tmp_path / "kernel.zarr")
    assert cubes.leftovers(tmp_path / "lease.zarr") == []


def kill(process):
    process.kill()
    process.communicate()


@pytest.mark.parametrize("other", ["lease", "auto"])
def test_a_killed_writers_lease_is_over_at_once(grown, slow_slice, other):
    now = ("--lock", other, "--lock-timeout", "0")
    process = start_until_staged(slow_slice, grown, KEPT)
    cubes.append(*now, slow_slice, grown, status=3)
    kill(process)
    done = cubes.append(*now, slow_slice, grown)
    assert len(done.report["recovered"]["undone"]) == 1
    assert days(grown) == 6


def test_a_lease_of_a_writer_killed_elsewhere_is_over_after_a_while(grown, slow_slice):
    kill(start_until_staged(slow_slice, grown))
    (claim,) = (cubes.sidecar(grown) / "lease").glob("[0-9]*")
    text = json.loads(claim.read_text())
    text["until"]["boot"] = "another"
    claim.write_text(json.dumps(text))
    assert "(a lease)" in driver("status", grown)
    refused = cubes.append(*KEPT, "--lock-timeout", "0", slow_slice, grown, status=3)
    assert "2 s after its last renewal" in refused.message
    done = cubes.append(*KEPT, slow_slice, grown)
    assert len(done.report["recovered"]["undone"]) == 1
    assert days(grown) == 6


@pytest.mark.parametrize("other", ["lease", "auto"])
def test_a_stopped_writer_loses_its_lease_and_finds_that_out(grown, slow_slice, other):
    process = start_until_staged(slow_slice, grown)
    process.send_signal(signal.SIGSTOP)
    done = cubes.append("--lock", other, slow_slice, grown)
    assert done.report["slices"][0]["outcome"] == "appended"
    before = cubes.tree(grown)
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3, err
    assert "was taken over" in err or "ran out" in err, err
    assert cubes.tree(grown) == before
    driver("recover", grown, "--lock", other)
    assert cubes.leftovers(grown) == []
    assert cubes.tree(grown) == before
    assert days(grown) == 6


def test_a_living_writers_lease_is_renewed(grown, slow_slice):
    # The slow one takes longer than its lease; the other one waits for it.
    process = start_until_staged(slow_slice, grown)
    done = cubes.append(*KEPT, slow_slice, grown)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert done.report["slices"][0]["outcome"] == "already there"
    assert days(grown) == 6


def test_unlock_ends_a_lease_at_once(grown, slow_slice):
    process = start_until_staged(slow_slice, grown, KEPT)
    process.kill()
    process.communicate()
    assert "ended the lease of process" in driver("unlock", grown)
    assert "not locked" in driver("unlock", grown)
    cubes.append(*KEPT, "--lock-timeout", "0", slow_slice, grown)


def test_unlock_of_a_living_writer_makes_it_give_up(grown, slow_slice):
    before = cubes.tree(grown)
    process = start_until_staged(slow_slice, grown, KEPT)
    process.send_signal(signal.SIGSTOP)
    driver("unlock", grown)
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "was taken over" in err
    assert cubes.tree(grown) == before
    assert driver("recover", grown, *KEPT).startswith("undone: ")


def test_what_a_writer_with_the_kernels_lock_left_is_not_undone_under_a_lease(
    grown, slow_slice
):
    process = cubes.start("--num-threads", "1", slow_slice, grown)
    while not any(grown.glob("air/c/3/*/*")):
        assert process.poll() is None
        time.sleep(0.002)
    process.kill()
    process.communicate()
    before = cubes.tree(grown)
    done = cubes.append(*KEPT, slow_slice, grown, status=1)
    assert "without --lock lease" in done.message
    assert cubes.tree(grown) == before
    assert driver("recover", grown).startswith("undone: ")
    cubes.append(*KEPT, slow_slice, grown)
    assert days(grown) == 6


def test_overwrite_is_refused(two_slices, store):
    cubes.append(*KEPT, two_slices[0], store)
    with cubes.unchanged(store):
        done = cubes.append(*KEPT, "--overwrite", two_slices[1], store, status=2)
    assert "--lock lease" in done.message


@pytest.mark.parametrize("lease", ["0", "0.5s", "2D", "forever", "soon"])
def test_a_lease_that_cannot_be_kept_is_a_usage_error(two_slices, store, lease):
    cubes.append("--lock", "lease", "--lease", lease, two_slices[0], store, status=2)
    assert not store.exists()


def test_fill_takes_the_place_of_values_without_a_deletion(tmp_path, store):
    # Nothing may be deleted under a lease: a chunk that becomes all fill is written.
    full = cubes.weather(0, 2)
    empty = full.copy(deep=True)
    empty["air"][:] = np.nan
    slices = [
        cubes.write(full, tmp_path / "full.nc"),
        cubes.write(empty, tmp_path / "empty.nc"),
    ]
    options = ["--on-duplicate", "replace", "--encoding", "air:nodata=NaN"]
    cubes.append(*KEPT, slices[0], store)
    objects = set(cubes.tree(store))
    cubes.append(*KEPT, *options, slices[1], store)
    assert set(cubes.tree(store)) == objects
    assert np.isnan(cubes.open_xarray(store)["air"].values).all()
    record = json.loads(driver("log", store, "--json"))[0]
    assert record["replaced_rows"] == 2
