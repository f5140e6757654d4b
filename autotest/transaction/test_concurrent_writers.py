"""Of any number of writers one appends at a time, and each slice is in once."""

import json
import time

import cubes
import numpy as np
import pytest
import xarray as xr


def station(folder, number):
    """Text labels have no order: writers may come in any."""
    dataset = xr.Dataset(
        {"value": (("station", "x"), np.full((1, 6), number, "int32"))},
        {"station": [f"station {number}"]},
    )
    return cubes.write(dataset, folder / f"{number:03}.nc")


def log_of(store):
    done = cubes.run(
        "driver", "mdimappend", "log", "--last", "0", "--json", store, command="gdal"
    )
    return json.loads(done.stdout)[::-1]


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_writers_append_one_after_another(tmp_path, store, zarr_format):
    writers, each = 5, 6
    slices = [station(tmp_path, n) for n in range(writers * each)]
    words = ["--append-dim", "station", "--zarr-format", zarr_format]
    words += ["--encoding", "value:chunk=4x3", "--lock-timeout", "100s"]
    processes = [
        cubes.start(*words, *slices[n * each : (n + 1) * each], store)
        for n in range(writers)
    ]
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, (out, err)
    found = cubes.open_xarray(store)
    labels = found["station"].values.tolist()
    assert sorted(labels) == sorted(f"station {n}" for n in range(writers * each))
    numbers = [int(label.split()[1]) for label in labels]
    assert found["value"].values.tolist() == [[n] * 6 for n in numbers]
    log = log_of(store)
    assert [record["first_row"] for record in log] == list(range(writers * each))
    assert [record["first_label"] for record in log] == [f"'{x}'" for x in labels]
    assert cubes.leftovers(store) == []


def test_writers_of_the_same_slices_append_each_once(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (1, 2, 1, 2, 1, 2))
    processes = [
        cubes.start("--report", "json", "--lock-timeout", "100s", *slices, store)
        for _ in range(4)
    ]
    appended = 0
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, (out, err)
        for entry in json.loads(out)["slices"]:
            assert entry["outcome"] in ("appended", "already there")
            appended += entry["outcome"] == "appended"
    assert appended == len(slices)
    cubes.assert_reads_as(store, cubes.weather(0, 9))
    assert len(log_of(store)) == len(slices)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_writers_of_all_groups_and_of_one_append_each_once(
    tmp_path, store, zarr_format
):
    """Labels of text, in any order, but whole in each group."""
    slices = []
    for number in range(8):
        path = tmp_path / f"{number:03}.nc"
        for group in ("grid", "grid/quality", "swath"):
            dataset = xr.Dataset(
                {"value": (("station", "x"), np.full((1, 6), number, "int32"))},
                {"station": [f"station {number}"]},
            )
            dataset.to_netcdf(path, group=group, mode="a")
        slices.append(path)
    words = ["--append-dim", "station", "--zarr-format", zarr_format]
    words += ["--encoding", "value:chunk=4x3", "--lock-timeout", "100s", "--quiet"]
    one = ["--slice-group", "swath", "--group", "swath"]
    processes = [
        cubes.start(*words, "--groups", *slices[:5], store),
        cubes.start(*words, "--groups", *slices[3:], store),
        cubes.start(*words, *one, *slices, store),
    ]
    for process in processes:
        out, err = process.communicate(timeout=100)
        assert process.returncode == 0, (out, err)
    for group in ("grid", "grid/quality", "swath"):
        found = cubes.read_zarr(store, group, consolidated=True)
        numbers = [int(label.split()[1]) for label in found["station"]]
        assert sorted(numbers) == list(range(8)), group
        assert found["value"].tolist() == [[n] * 6 for n in numbers], group
    assert cubes.leftovers(store) == []


def test_lock_timeout_0_fails_at_once(two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.unchanged(store), cubes.locked(store):
        started = time.monotonic()
        done = cubes.append("--lock-timeout", "0", two_slices[1], store, status=3)
        assert time.monotonic() - started < 5
    assert "lock" in done.message
    assert str(store) in done.message
    cubes.append(two_slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_a_lock_timeout_passes(two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.unchanged(store), cubes.locked(store):
        started = time.monotonic()
        cubes.append("--lock-timeout", "700ms", two_slices[1], store, status=3)
        assert 0.7 <= time.monotonic() - started < 10


def test_a_writer_waits_for_the_lock(two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.locked(store):
        process = cubes.start("--lock-timeout", "60s", two_slices[1], store)
        time.sleep(0.5)
        assert process.poll() is None
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, (out, err)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_groups_of_one_store_share_its_lock(two_slices, store):
    cubes.append("--group", "a", two_slices[0], store)
    with cubes.locked(store):
        cubes.append(
            "--group", "b", "--lock-timeout", "0", two_slices[0], store, status=3
        )


def test_dry_run_takes_no_lock(two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.locked(store):
        cubes.append("--dry-run", two_slices[1], store)
