"""--overwrite: a new target in place of the old one, which stays until the new one
is complete."""

import json
import os
import shutil
import subprocess
import sys
import time

import cubes
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal

# A reader opens by name what it has read the documents of: one that began with the
# old store and goes on in the new one has to begin again.
READER = """
import os, sys
import xarray as xr
store = sys.argv[1]
seen = set()
while True:
    before = os.stat(store).st_ino
    try:
        with xr.open_zarr(
            store, consolidated=True, chunks=None, decode_times=False
        ) as cube:
            values = set(cube.air.values.ravel().tolist())
            found = (*sorted(values)[:2], cube.sizes["time"])
    except Exception as failure:
        found = ("failed", type(failure).__name__, failure)
    if os.stat(store).st_ino == before and found not in seen:
        seen.add(found)
        print(*found, flush=True)
"""


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def changed(folder, first, days, by=1000.0, **options):
    """Days with other values."""
    dataset = cubes.weather(first, days, **options)
    dataset.air.values += np.float32(by)
    return cubes.write(dataset, folder / f"changed{first}_{by}.nc")


def constant(folder, value, days, name):
    dataset = cubes.weather(0, days, lat=30, lon=40)
    dataset.air.values[...] = value
    return cubes.write(dataset.drop_vars("elevation"), folder / name)


def records(store):
    done = cubes.run(
        "driver", "mdimappend", "log", "--json", "--last", 0, store, command="gdal"
    )
    return json.loads(done.stdout)[::-1]


def assert_tidy(store):
    """Neither of the two stores, nor a part of one, lies about."""
    names = {path.name for path in store.parent.glob("*.zarr*")}
    assert names == {store.name, cubes.sidecar(store).name}
    inside = cubes.sidecar(store)
    assert {path.name for path in inside.iterdir()} <= {
        "lock",
        "log",
        "journal",
        "stage",
        "overwrite",
    }
    for folder in ("journal", "stage", "overwrite"):
        assert not (inside / folder).exists() or not os.listdir(inside / folder)


def test_another_cube_takes_the_place(tmp_path, target):
    """Another grid, other arrays, other labels."""
    other = cubes.weather(100, 2, lat=9, lon=3)
    other["wind"] = other.air * 2
    path = cubes.write(other.drop_vars("elevation"), tmp_path / "other.nc")
    done = cubes.append("--overwrite", path, target)
    assert outcomes(done) == ["appended"]
    assert done.report["slices"][0]["created"] is True
    found = cubes.open_xarray(target)
    assert set(found.variables) == {"air", "wind", "time", "lat", "lon"}
    assert cubes.same(found.wind.values, other.wind.values)
    assert not (target / "elevation").exists()
    assert_tidy(target)


@pytest.mark.parametrize(("old", "new"), [(2, 3), (3, 2), (2, 2), (3, 3)])
@pytest.mark.parametrize("consolidated", ["yes", "no"])
def test_a_format_takes_the_place_of_another(tmp_path, store, old, new, consolidated):
    a, b = cubes.weather_slices(tmp_path, (2, 3))
    cubes.append("--zarr-format", old, a, store)
    words = ["--zarr-format", new, "--consolidated", consolidated]
    cubes.append("--overwrite", *words, b, store)
    assert (store / "zarr.json").exists() == (new == 3)
    assert (store / ".zgroup").exists() == (new == 2)
    cubes.assert_reads_as(
        store, cubes.weather(2, 3), consolidated=consolidated == "yes"
    )
    assert_tidy(store)


def test_several_slices_are_one_commit(tmp_path, target):
    slices = cubes.weather_slices(tmp_path, (1, 2, 3, 1))
    done = cubes.append("--overwrite", *slices, target)
    assert outcomes(done) == ["appended"] * 4
    assert len({entry["sequence"] for entry in done.report["slices"]}) == 1
    assert len(records(target)[-1]["slices"]) == 4
    cubes.assert_reads_as(target, cubes.weather(0, 7))
    assert_tidy(target)


@pytest.mark.parametrize("per_commit", [1, 2, 10])
def test_several_slices_are_one_commit_whatever_else_is_said(
    tmp_path, target, per_commit
):
    slices = cubes.weather_slices(tmp_path, (1, 2, 3))
    words = ["--overwrite", "--slices-per-commit", per_commit]
    done = cubes.append(*words, *slices, target)
    assert len({entry["sequence"] for entry in done.report["slices"]}) == 1
    cubes.assert_reads_as(target, cubes.weather(0, 6))


def test_force_new_of_a_settings_file(tmp_path, target):
    settings = tmp_path / "x.yaml"
    settings.write_text("force_new: true\n")
    path = changed(tmp_path, 0, 2)
    cubes.append("--settings", settings, path, target)
    assert cubes.open_xarray(target).sizes["time"] == 2
    assert_tidy(target)


@pytest.mark.parametrize("face", ["gdal mdim append", "gdal.alg"])
def test_the_other_faces_overwrite_too(tmp_path, target, face):
    slices = [str(changed(tmp_path, 0, 2)), str(changed(tmp_path, 2, 3))]
    if face == "gdal.alg":
        gdal.alg.mdim.append(input=slices, output=str(target), overwrite=True)
    else:
        words = ["mdim", "append", "--overwrite", *slices, target]
        cubes.run(*words, command="gdal")
    assert cubes.open_xarray(target).sizes["time"] == 5
    assert len(records(target)) == 2
    assert_tidy(target)


def failing(folder, how):
    """A third slice that fails, and the exit status."""
    path = folder / "bad.nc"
    if how == "missing":
        return path, 4
    if how == "no dataset":
        path.write_text("hello")
        return path, 4
    if how == "another grid":
        return cubes.write(cubes.weather(4, 2, lat=9), path), 5
    return cubes.write(cubes.weather(0, 2), path), 5


@pytest.mark.parametrize(
    ("how", "number"),
    [
        ("missing", 0),
        ("missing", 1),
        ("missing", 2),
        ("no dataset", 0),
        ("no dataset", 2),
        # The first slice of a new target fits.
        ("another grid", 1),
        ("another grid", 2),
        ("the same labels again", 1),
        ("the same labels again", 2),
    ],
)
def test_a_slice_that_fails_leaves_the_old_one(tmp_path, target, how, number):
    slices = [changed(tmp_path, 0, 2), changed(tmp_path, 2, 2)]
    if how == "the same labels again":
        bad, status = changed(tmp_path, 0, 2, by=7.0), 5
    else:
        bad, status = failing(tmp_path, how)
    slices.insert(number, bad)
    with cubes.unchanged(target):
        done = cubes.append("--overwrite", *slices, target, status=status)
        assert "appended" not in outcomes(done)
    assert_tidy(target)
    assert len(records(target)) == 1
    cubes.assert_reads_as(target, cubes.weather(0, 3))


def test_what_is_passed_over_is_not_in_the_new_one(tmp_path, target):
    a, b, c = cubes.weather_slices(tmp_path, (1, 1, 1))
    b.unlink()
    done = cubes.append("--overwrite", "--keep-going", a, b, c, target, status=4)
    assert outcomes(done) == ["appended", "failed", "appended"]
    assert cubes.open_xarray(target).sizes["time"] == 2


def test_a_group_is_refused(tmp_path, store):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("--group", "x", a, store)
    with cubes.unchanged(store):
        done = cubes.append("--overwrite", "--group", "x", b, store, status=2)
        assert "--overwrite replaces whole stores" in done.message
        cubes.append("--overwrite", b, store / "x", status=2)


def test_a_store_with_groups_goes_as_a_whole(tmp_path, store):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("--group", "x", a, store)
    cubes.append("--overwrite", b, store)
    assert not (store / "x").exists()
    cubes.assert_reads_as(store, cubes.weather(2, 2))


def test_a_folder_that_is_no_store_is_refused(tmp_path, store):
    store.mkdir()
    (store / "thesis.txt").write_text("years of work")
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    with cubes.unchanged(store):
        cubes.append("--overwrite", slice_, store, status=1)


def test_a_file_is_refused(tmp_path, store):
    store.write_text("years of work")
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    cubes.append("--overwrite", slice_, store, status=1)
    assert store.read_text() == "years of work"


def test_a_store_of_others_can_be_replaced(tmp_path, store):
    xr.Dataset({"a": ("x", [1, 2])}).to_zarr(store, zarr_format=2)
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    cubes.append("--overwrite", slice_, store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))
    assert_tidy(store)


def test_a_target_that_does_not_exist_is_made(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    done = cubes.append("--overwrite", *slices, store)
    assert outcomes(done) == ["appended"] * 2
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    assert_tidy(store)


def test_a_target_behind_a_link_stays_behind_it(tmp_path, target):
    link = tmp_path / "elsewhere" / "link.zarr"
    link.parent.mkdir()
    link.symlink_to(target)
    cubes.append("--overwrite", changed(tmp_path, 0, 2), link)
    assert link.is_symlink()
    assert not cubes.sidecar(link).exists()
    assert cubes.open_xarray(target).sizes["time"] == 2


def test_the_folder_keeps_its_permissions(tmp_path, target):
    os.chmod(target, 0o2750)
    cubes.append("--overwrite", changed(tmp_path, 0, 2), target)
    assert os.stat(target).st_mode & 0o7777 == 0o2750


def test_a_slice_may_not_be_in_the_target(target):
    with cubes.unchanged(target):
        cubes.append("--overwrite", target, target, status=5)


def test_a_dry_run_replaces_nothing(tmp_path, target):
    slices = [changed(tmp_path, 0, 2), changed(tmp_path, 2, 2)]
    before = cubes.tree(tmp_path)
    done = cubes.append("--overwrite", "--dry-run", *slices, target)
    assert outcomes(done) == ["would append"] * 2
    assert [entry["created"] for entry in done.report["slices"]] == [True, False]
    assert [entry["first_row"] for entry in done.report["slices"]] == [0, 2]
    assert done.report["settings"]["force_new"] is True
    assert cubes.tree(tmp_path) == before


def test_locked_by_another_writer(tmp_path, target):
    path = changed(tmp_path, 0, 2)
    with cubes.locked(target), cubes.unchanged(target):
        cubes.append("--overwrite", "--lock-timeout", 0, path, target, status=3)


def test_appending_goes_on_in_the_new_one(tmp_path, target):
    slices = [changed(tmp_path, 0, 2), changed(tmp_path, 2, 2)]
    cubes.append("--overwrite", slices[0], target)
    done = cubes.append(*slices, target)
    assert outcomes(done) == ["already there", "appended"]
    # What the old one had is other values now.
    old = cubes.write(cubes.weather(0, 2), tmp_path / "old.nc")
    cubes.append(old, target, status=5)
    assert [record["sequence"] for record in records(target)] == [1, 2, 3]


def test_slices_of_the_old_one_are_in_the_new_one_again(tmp_path, store):
    """The log knows them, in a store that is gone."""
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(*slices, store)
    done = cubes.append("--overwrite", *slices, store)
    assert outcomes(done) == ["appended"] * 2
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    assert outcomes(cubes.append(*slices, store)) == ["already there"] * 2


def test_a_queue_overwrites_with_its_first_commit(tmp_path, target):
    slices = [changed(tmp_path, 0, 2), changed(tmp_path, 2, 2), changed(tmp_path, 4, 1)]
    lines = "".join(f"{path}\n" for path in slices)
    done = cubes.append("--overwrite", "--slices-from", "-", target, input=lines)
    assert outcomes(done) == ["appended"] * 3
    assert cubes.open_xarray(target).sizes["time"] == 5
    assert_tidy(target)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_reader_sees_the_old_or_the_new_one_whole(tmp_path, store, zarr_format):
    paths = {
        (float(v), v % 3 + 1): constant(tmp_path, v, v % 3 + 1, f"{v}.nc")
        for v in range(12)
    }
    words = ["--zarr-format", zarr_format, "--encoding", "air:chunk=1x5x5"]
    cubes.append(*words, *list(paths.values())[:1], store)
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", READER, store],
        stdout=subprocess.PIPE,
        text=True,
    ) as reader:
        try:
            seen = [reader.stdout.readline()]
            for path in list(paths.values())[1:]:
                cubes.append("--overwrite", *words, path, store)
                time.sleep(0.1)
        finally:
            reader.terminate()
        seen += reader.stdout.readlines()
    allowed = {f"{value} {days}\n" for value, days in paths}
    assert set(seen) <= allowed, seen
    assert len(seen) > 3


@pytest.mark.parametrize("durability", ["full", "process"])
def test_a_kill_leaves_the_old_or_the_new_one(tmp_path, store, durability):
    old = constant(tmp_path, 1, 3, "old.nc")
    new = constant(tmp_path, 2, 5, "new.nc")
    words = ["--durability", durability, "--encoding", "air:chunk=1x10x10"]
    cubes.append(*words, old, store)
    keep = tmp_path / "keep"
    shutil.copytree(store, keep / "cube.zarr")
    shutil.copytree(cubes.sidecar(store), keep / "cube.zarr.mdimappend")
    started = time.monotonic()
    cubes.append("--overwrite", *words, new, store)
    whole = time.monotonic() - started
    for number in range(6):
        shutil.rmtree(store)
        shutil.rmtree(cubes.sidecar(store))
        shutil.copytree(keep / "cube.zarr", store)
        shutil.copytree(keep / "cube.zarr.mdimappend", cubes.sidecar(store))
        process = cubes.start("--overwrite", *words, new, store)
        time.sleep(whole * (number + 1) / 6)
        process.kill()
        process.communicate()
        values = set(cubes.open_xarray(store).air.values.ravel().tolist())
        assert values in ({1.0}, {2.0})
        cubes.run("driver", "mdimappend", "recover", store, command="gdal")
        values = set(cubes.open_xarray(store).air.values.ravel().tolist())
        assert values in ({1.0}, {2.0})
        assert cubes.leftovers(store) == []
        cubes.append("--overwrite", *words, new, store)
        found = cubes.open_xarray(store)
        assert set(found.air.values.ravel().tolist()) == {2.0}
        assert found.sizes["time"] == 5
        assert_tidy(store)
