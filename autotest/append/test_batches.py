"""--slices-per-commit: several slices, one atomic commit."""

import json
import os
import re
import shutil
import signal
import subprocess
import time

import cubes
import numpy as np
import pytest

traced = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)

LAYOUTS = {
    "aligned": ["--encoding", "air:chunk=2x2x5"],
    "merging": ["--encoding", "air:chunk=5x3x2"],
    "shards": ["--encoding", "air:chunk=1x2x5,shard=5x4x5", "--merge-shards"],
    "V2": ["--zarr-format", "2", "--encoding", "air:chunk=5x3x2"],
    "not consolidated": ["--consolidated", "no", "--encoding", "air:chunk=3x4x5"],
}


def commits(store):
    done = cubes.run(
        "driver", "mdimappend", "log", "--json", "--last", 0, store, command="gdal"
    )
    return [len(record["slices"]) for record in reversed(json.loads(done.stdout))]


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("per_commit", [2, 3, 100])
def test_batches_make_the_same_cube_in_fewer_commits(
    tmp_path, store, layout, per_commit
):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2, 1, 2, 2, 3))
    done = cubes.append(
        "--slices-per-commit", per_commit, *LAYOUTS[layout], *slices, store
    )
    consolidated = layout != "not consolidated"
    cubes.assert_reads_as(store, cubes.weather(0, 14), consolidated=consolidated)
    expected = [per_commit] * (7 // per_commit)
    if 7 % per_commit:
        expected.append(7 % per_commit)
    assert commits(store) == expected
    sequences = [entry["sequence"] for entry in done.report["slices"]]
    assert sequences == [1 + i // per_commit for i in range(7)]
    assert cubes.leftovers(store) == []


def test_a_batch_goes_on_from_a_partly_filled_chunk(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2, 3))
    cubes.append("--encoding", "air:chunk=7x3x3", slices[0], store)
    cubes.append("--slices-per-commit", 3, *slices[1:], store)
    cubes.assert_reads_as(store, cubes.weather(0, 9))
    assert commits(store) == [1, 3]


def test_readers_see_no_slice_before_all_of_its_batch(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    cubes.append("--encoding", "air:chunk=3x4x5", slices[0], store)
    old = cubes.tree(store)
    bad = cubes.weather(4, 2)
    cubes.write(bad.isel(lat=slice(None, None, -1)), slices[2])
    # The refused slice ends the run; the one before it is in.
    done = cubes.append("--slices-per-commit", 2, *slices[1:], store, status=5)
    assert [s["outcome"] for s in done.report["slices"]] == ["appended", "failed"]
    assert cubes.tree(store) != old
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_a_slice_that_cannot_be_read_is_left_out_of_its_batch(tmp_path, store):
    """It is noticed while its chunks are written, with those of the others."""
    days = cubes.weather(2, 2, lat=40, lon=500)
    first = cubes.write(cubes.weather(0, 2, lat=40, lon=500), tmp_path / "a.nc")
    second = cubes.write(days, tmp_path / "b.nc")
    broken = tmp_path / "c.nc"
    encoding = {"air": {"zlib": True, "chunksizes": (1, 40, 500), "fletcher32": True}}
    cubes.write(cubes.weather(4, 2, lat=40, lon=500), broken, encoding=encoding)
    damage(broken)
    cubes.append(first, store)
    done = cubes.append("--slices-per-commit", 5, second, broken, store, status=4)
    assert [s["outcome"] for s in done.report["slices"]] == ["appended", "failed"]
    assert "c.nc" in done.report["slices"][1]["message"]
    cubes.assert_reads_as(store, cubes.weather(0, 4, lat=40, lon=500))
    assert commits(store) == [1, 1]
    assert cubes.leftovers(store) == []


def test_keep_going_leaves_a_bad_slice_out_of_its_batch(tmp_path, store):
    size = {"lat": 40, "lon": 500}
    paths = [
        cubes.write(cubes.weather(2 * i, 2, **size), tmp_path / f"{i}.nc")
        for i in range(5)
    ]
    encoding = {"air": {"zlib": True, "chunksizes": (1, 40, 500), "fletcher32": True}}
    cubes.write(cubes.weather(8, 2, **size), paths[3], encoding=encoding)
    damage(paths[3])
    done = cubes.append(
        "--keep-going", "--slices-per-commit", 5, *paths, store, status=4
    )
    outcomes = [s["outcome"] for s in done.report["slices"]]
    assert outcomes == ["appended", "appended", "appended", "failed", "appended"]
    cubes.assert_reads_as(
        store, cubes.concat([cubes.weather(0, 6, **size), cubes.weather(8, 2, **size)])
    )


def damage(path):
    """Overwrites bytes in the middle of the file's largest chunk."""
    import h5py

    with h5py.File(path) as opened:
        chunk = opened["air"].id.get_chunk_info(1)
    with open(path, "r+b") as file:
        file.seek(chunk.byte_offset + chunk.size // 2)
        file.write(bytes(64))


def test_keep_going_passes_over_a_refused_slice_of_a_batch(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2, 2))
    flipped = cubes.weather(2, 2).isel(lat=slice(None, None, -1))
    refused = cubes.write(flipped, tmp_path / "flipped.nc")
    done = cubes.append(
        "--slices-per-commit",
        10,
        "--keep-going",
        slices[0],
        refused,
        *slices[1:],
        store,
        status=5,
    )
    outcomes = [entry["outcome"] for entry in done.report["slices"]]
    assert outcomes == ["appended", "failed", "appended", "appended", "appended"]
    cubes.assert_reads_as(store, cubes.weather(0, 8))
    assert commits(store) == [4]


def test_a_label_twice_in_one_batch_is_compared_once_it_is_in(tmp_path, store):
    slice_, _ = cubes.weather_slices(tmp_path, (2, 2))
    done = cubes.append("--slices-per-commit", 2, slice_, slice_, store)
    outcomes = [entry["outcome"] for entry in done.report["slices"]]
    assert outcomes == ["appended", "already there"]
    other = cubes.weather(2, 1)
    first = cubes.write(other, tmp_path / "a.nc")
    other["air"] = other.air + 1
    second = cubes.write(other, tmp_path / "b.nc")
    done = cubes.append("--slices-per-commit", 2, first, second, store, status=5)
    assert "with different values in array 'air'" in done.message
    cubes.assert_reads_as(store, cubes.weather(0, 3))
    assert commits(store) == [1, 1]


def test_a_slice_twice_in_one_batch_without_labels(tmp_path, store):
    paths = [
        cubes.write(cubes.weather(day, 1).drop_vars("time"), tmp_path / f"{day}.nc")
        for day in range(2)
    ]
    done = cubes.append(
        *("--slices-per-commit", 3, paths[0], paths[1], paths[1], store)
    )
    outcomes = [entry["outcome"] for entry in done.report["slices"]]
    assert outcomes == ["appended", "appended", "already there"]
    assert cubes.open_xarray(store).sizes["time"] == 2


def test_a_dry_run_plans_slice_after_slice(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 3))
    report = cubes.append("--dry-run", *slices, store).report
    assert [entry["first_row"] for entry in report["slices"]] == [0, 2]
    assert [entry["created"] for entry in report["slices"]] == [True, False]
    assert not store.exists()


def test_a_killed_batch_is_in_as_a_whole_or_not_at_all(tmp_path, store):
    size = {"lat": 60, "lon": 400}
    slices = cubes.weather_slices(tmp_path, (2,) * 9, **size)
    cubes.append("--encoding", "air:chunk=5x7x50", slices[0], store)
    rng = np.random.default_rng(5)
    for _ in range(12):
        process = cubes.start("--quiet", "--slices-per-commit", 4, *slices, store)
        time.sleep(rng.uniform(0.02, 0.35))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        days = cubes.open_xarray(store).sizes["time"]
        assert days in (2, 10, 18), f"a torn batch: {days} days"
        assert np.array_equal(
            cubes.open_xarray(store, raw=True).air,
            cubes.field(range(days), size["lat"], size["lon"]),
        )
    cubes.append("--slices-per-commit", 4, *slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 18, **size))
    assert os.listdir(cubes.sidecar(store) / "journal") == []


# The plan of a batch names chunks ahead.


def plans_written(folder, slices, *words):
    """How often, by a batch of these slices."""
    store = folder / f"{len(slices)}.zarr"
    log = folder / "trace"
    command = [
        "strace",
        "-f",
        "-qq",
        "-o",
        log,
        "-e",
        "trace=rename,renameat,renameat2",
    ]
    command += [cubes.COMMAND, "--quiet", "--slices-per-commit", 1000]
    subprocess.run([str(x) for x in [*command, *words, *slices, store]], check=True)
    cubes.assert_reads_as(store, cubes.weather(0, len(slices), lat=2, lon=2))
    return len(re.findall(r'plan\.new", .*/plan"', log.read_text()))


@traced
@pytest.mark.parametrize("layout", ["aligned", "merging"])
def test_the_plan_is_written_once_more_for_each_doubling(tmp_path, layout):
    slices = cubes.weather_slices(tmp_path, [1] * 64, lat=2, lon=2)
    chunk = {"aligned": "1x2x2", "merging": "3x2x2"}[layout]
    words = ["--encoding", f"air:chunk={chunk}", "--encoding", "time:chunk=1"]
    written = [plans_written(tmp_path, slices[:n], *words) for n in (16, 32, 64)]
    assert written[1] - written[0] <= 2
    assert written[2] - written[1] <= 2
    assert written[2] <= 14


@traced
@pytest.mark.parametrize("number", [1, 2, 3, 4, 5, 9, 10, 15])
def test_a_batch_killed_at_any_slice_leaves_no_chunk(tmp_path, store, number):
    slices = cubes.weather_slices(tmp_path, [1] * 16, lat=2, lon=2)
    words = ["--encoding", "air:chunk=1x2x2", "--encoding", "time:chunk=2"]
    words += ["--num-threads", 1]
    cubes.append(*words, slices[0], store)
    before = cubes.tree(store)
    log = tmp_path / "trace"
    kill = ["strace", "-f", "-qq", "-o", log, f"-P{store}/air/c/{number}/0/0"]
    kill += ["-e", "trace=openat,open", "-e", "inject=openat,open:signal=KILL"]
    done = cubes.append(
        *words, "--slices-per-commit", 100, *slices[1:], store, prefix=kill, status=None
    )
    assert done.status not in (0, 1), done
    assert cubes.leftovers(store)
    cubes.run("driver", "mdimappend", "recover", store, command="gdal")
    assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []
    cubes.append(*words, "--slices-per-commit", 100, *slices[1:], store)
    cubes.assert_reads_as(store, cubes.weather(0, 16, lat=2, lon=2))
