"""Labels that are in the target already: skipped, refused, or written anew."""

import json
import shutil

import cubes
import numpy as np
import pytest


def changed(first, days, by=1000.0):
    """Days with other values."""
    dataset = cubes.weather(first, days)
    dataset["air"] = dataset.air + np.float32(by)
    return dataset


def joined(*parts):
    return cubes.concat(parts)


@pytest.fixture
def file(tmp_path):
    """Writes a slice under a name of its own."""

    def write(dataset, name):
        return cubes.write(dataset, tmp_path / f"{name}.nc")

    return write


def outcome(done):
    (entry,) = done.report["slices"]
    return (
        entry["outcome"],
        entry["rows"],
        entry["rows_replaced"],
        entry["rows_already_there"],
    )


@pytest.mark.parametrize("policy", ["identical", "skip", "replace"])
def test_equal_values_change_nothing(target, file, policy):
    again = file(cubes.weather(1, 2), "again")
    with cubes.unchanged(target):
        done = cubes.append("--on-duplicate", policy, again, target)
    assert outcome(done) == ("already there", 0, 0, 2)


@pytest.mark.parametrize("policy", ["identical", "skip", "replace"])
def test_a_monthly_file_that_grows_daily(target, file, policy):
    """Old steps equal, new ones behind them."""
    month = file(cubes.weather(0, 5), "month")
    done = cubes.append("--on-duplicate", policy, month, target)
    assert outcome(done) == ("appended", 2, 0, 3)
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def test_error_refuses_what_is_there(target, file):
    again = file(cubes.weather(2, 2), "again")
    with cubes.unchanged(target):
        done = cubes.append("--on-duplicate", "error", again, target, status=5)
    assert "the label 2000-01-03 is already in the target" in done.message


def test_identical_refuses_other_values(target, file):
    other = file(changed(2, 2), "other")
    with cubes.unchanged(target):
        done = cubes.append(other, target, status=5)
    assert "with different values in array 'air'" in done.message


def test_skip_leaves_other_values(target, file):
    other = file(changed(2, 2), "other")
    done = cubes.append("--on-duplicate", "skip", other, target)
    assert outcome(done) == ("appended", 1, 0, 1)
    cubes.assert_reads_as(target, joined(cubes.weather(0, 3), changed(3, 1)))


def test_replace_a_forecast_that_overlaps(target, file):
    """Steps 1 and 2 anew, steps 3 and 4 behind them."""
    forecast = file(changed(1, 4), "forecast")
    done = cubes.append("--on-duplicate", "replace", forecast, target)
    assert outcome(done) == ("appended", 2, 2, 0)
    cubes.assert_reads_as(target, joined(cubes.weather(0, 1), changed(1, 4)))
    # Running it again changes nothing.
    with cubes.unchanged(target):
        done = cubes.append("--on-duplicate", "replace", forecast, target)
    assert outcome(done) == ("already there", 0, 0, 4)


def test_replace_nothing_new(target, file):
    done = cubes.append("--on-duplicate", "replace", file(changed(0, 2), "x"), target)
    assert outcome(done) == ("appended", 0, 2, 0)
    cubes.assert_reads_as(target, joined(changed(0, 2), cubes.weather(2, 1)))


def test_replace_says_so(target, file):
    slice_ = file(changed(0, 2), "x")
    done = cubes.run("--on-duplicate", "replace", slice_, target)
    assert "replaced 2 steps of time, 2000-01-01 to 2000-01-02" in done.stdout
    log = cubes.run(
        "driver", "mdimappend", "log", "--json", "--last", 1, target, command="gdal"
    )
    (record,) = json.loads(log.stdout)
    assert record["replaced_rows"] == 2
    assert record["rows"] == 0


@pytest.mark.parametrize("zarr_format", ["2", "3"])
@pytest.mark.parametrize("chunk", ["1x4x5", "2x3x3", "4x4x5", "7x2x2"])
def test_replace_in_every_grid_of_chunks(store, file, zarr_format, chunk):
    """Rows 1 to 4 of 6, whatever chunks they share with others."""
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        f"air:chunk={chunk}",
        file(cubes.weather(0, 6), "all"),
        store,
    )
    cubes.append("--on-duplicate", "replace", file(changed(1, 4), "new"), store)
    cubes.assert_reads_as(
        store, joined(cubes.weather(0, 1), changed(1, 4), cubes.weather(5, 1))
    )


def test_replace_with_missing_values_removes_chunks(store, file):
    """A chunk of nothing but the missing value has no object."""
    first = cubes.weather(0, 3)
    first["air"].encoding["_FillValue"] = np.float32(-1)
    cubes.append("--encoding", "air:chunk=1x4x5", file(first, "first"), store)
    empty = cubes.weather(1, 1)
    empty["air"] = empty.air * 0 - np.float32(1)
    empty["air"].encoding["_FillValue"] = np.float32(-1)
    cubes.append("--on-duplicate", "replace", file(empty, "empty"), store)
    objects = [path for path in (store / "air").rglob("*") if path.is_file()]
    assert sorted(path.parts[-3] for path in objects if "c" in path.parts) == ["0", "2"]
    values = cubes.open_xarray(store).air.values
    assert np.isnan(values[1]).all()
    assert not np.isnan(values[[0, 2]]).any()
    # And back.
    full = cubes.weather(1, 1)
    full["air"].encoding["_FillValue"] = np.float32(-1)
    cubes.append("--on-duplicate", "replace", file(full, "full"), store)
    assert cubes.same(cubes.open_xarray(store).air.values, cubes.weather(0, 3).air)


def test_replace_in_shards_needs_leave(store, file):
    cubes.append(
        "--encoding",
        "air:chunk=1x4x5,shard=2x4x5",
        file(cubes.weather(0, 4), "first"),
        store,
    )
    slice_ = file(changed(1, 1), "new")
    with cubes.unchanged(store):
        done = cubes.append("--on-duplicate", "replace", slice_, store, status=5)
    assert "--merge-shards allows it" in done.message
    cubes.append("--merge-shards", "--on-duplicate", "replace", slice_, store)
    cubes.assert_reads_as(
        store, joined(cubes.weather(0, 1), changed(1, 1), cubes.weather(2, 2))
    )


def test_replace_in_a_run_of_slices(target, file):
    """What replaces is a commit of its own, whatever waits for one."""
    slices = [
        file(cubes.weather(3, 1), "a"),
        file(changed(1, 2), "b"),
        file(cubes.weather(4, 1), "c"),
        file(changed(3, 3), "d"),
    ]
    done = cubes.append(
        "--slices-per-commit", 4, "--on-duplicate", "replace", *slices, target
    )
    assert [entry["outcome"] for entry in done.report["slices"]] == ["appended"] * 4
    sequences = [entry["sequence"] for entry in done.report["slices"]]
    assert len(set(sequences)) == 4
    cubes.assert_reads_as(target, joined(cubes.weather(0, 1), changed(1, 5)))


def test_replace_brings_an_older_slice_back(target, file):
    """Exit status 0 means that its values are there, whatever the log knows."""
    old = file(cubes.weather(3, 1), "old")
    cubes.append(old, target)
    cubes.append("--on-duplicate", "replace", file(changed(3, 1), "new"), target)
    done = cubes.append("--on-duplicate", "replace", old, target)
    assert outcome(done) == ("appended", 0, 1, 0)
    cubes.assert_reads_as(target, cubes.weather(0, 4))


def test_new_labels_in_front_of_present_ones(target, file):
    gap = joined(cubes.weather(4, 1))
    cubes.append(file(gap, "gap"), target)
    with cubes.unchanged(target):
        done = cubes.append(
            "--on-duplicate", "replace", file(changed(3, 2), "late"), target, status=5
        )
    assert "labels before it are not" in done.message


def test_a_dry_run_replaces_nothing(target, file):
    slice_ = file(changed(1, 3), "x")
    with cubes.unchanged(target):
        done = cubes.append("--dry-run", "--on-duplicate", "replace", slice_, target)
    assert outcome(done) == ("would append", 1, 2, 0)
    (air,) = [
        array
        for array in done.report["slices"][0]["plan"]["arrays"]
        if array["path"] == "air"
    ]
    assert air["chunks_replaced"] >= 1


def test_a_copy_of_a_slice_is_in_already(target, file, tmp_path):
    """Labels and values decide, whatever the file is called and when it came."""
    path = file(cubes.weather(3, 1), "one")
    cubes.append(path, target)
    copy = shutil.copyfile(path, tmp_path / "two.nc")
    with cubes.unchanged(target):
        done = cubes.append(copy, target)
    assert outcome(done) == ("already there", 0, 0, 1)
