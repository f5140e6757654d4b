"""Running the same command again appends exactly what is missing; the log."""

import json
import os
import re
import shutil
import signal

import cubes
import numpy as np
import pytest
import xarray as xr


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def days(store):
    return cubes.open_xarray(store).sizes["time"]


def log(store, *words):
    return cubes.run("driver", "mdimappend", "log", *words, store, command="gdal")


def records(store):
    """The log, oldest first."""
    return json.loads(log(store, "--json", "--last", 0).stdout)[::-1]


def other_values_same_file(path, first, size):
    """Other values, in a file that nobody can tell from the old one by its size and
    time stamps."""
    before = os.stat(path)
    changed = cubes.weather(first, size)
    changed.air.values += 1000
    other = cubes.write(changed, path.with_suffix(".other")).read_bytes()
    assert len(other) == before.st_size
    with open(path, "r+b") as file:
        file.write(other)
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    path.with_suffix(".other").unlink()


# After a failure.


@pytest.mark.parametrize("per_commit", [1, 3])
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_after_a_signal_in_the_middle(tmp_path, store, number, per_commit):
    sizes = (2,) * 7
    slices = cubes.weather_slices(tmp_path, sizes, lat=20, lon=30)
    words = ["--encoding", "air:chunk=3x5x6", "--slices-per-commit", per_commit]
    process = cubes.start(*words, *slices, store)
    while process.poll() is None and not (store / "zarr.json").exists():
        pass
    process.send_signal(number)
    process.communicate()
    assert process.returncode in (0, 128 + number, -number)
    there = days(store)
    done = cubes.append(*words, *slices, store)
    assert outcomes(done)[: there // 2] == ["already there"] * (there // 2)
    cubes.assert_reads_as(store, cubes.weather(0, 14, lat=20, lon=30))
    brought = [s["name"] for r in records(store) for s in r["slices"]]
    assert brought == [str(path) for path in slices]
    with cubes.unchanged(store):
        done = cubes.append(*words, *slices, store)
    assert outcomes(done) == ["already there"] * 7


def broken(path, how):
    """Makes a slice that cannot be appended of one that can, and back."""
    good = path.read_bytes()
    if how == "missing":
        path.unlink()
    elif how == "truncated":
        path.write_bytes(good[: len(good) // 2])
    elif how == "refused":
        first = int(path.stem[3:])
        cubes.write(cubes.weather(first, 2, lat=9), path)
    return lambda: path.write_bytes(good)


@pytest.mark.parametrize("per_commit", [1, 3])
@pytest.mark.parametrize(
    ("how", "status"), [("missing", 4), ("truncated", 4), ("refused", 5)]
)
def test_after_a_slice_that_failed(tmp_path, target, how, status, per_commit):
    slices = cubes.weather_slices(tmp_path, (3, 2, 2, 2))
    mend = broken(slices[2], how)
    words = ["--slices-per-commit", per_commit]
    done = cubes.append(*words, *slices, target, status=status)
    assert outcomes(done) == ["already there", "appended", "failed"]
    cubes.assert_reads_as(target, cubes.weather(0, 5))
    mend()
    done = cubes.append(*words, *slices, target)
    assert outcomes(done) == ["already there"] * 2 + ["appended"] * 2
    cubes.assert_reads_as(target, cubes.weather(0, 9))


def test_a_slice_that_was_passed_over_is_too_late_afterwards(tmp_path, target):
    """Labels grow only: what is missing in the middle is refused, and said."""
    a, b, c = cubes.weather_slices(tmp_path, (3, 2, 2))
    mend = broken(b, "missing")
    done = cubes.append("--keep-going", a, b, c, target, status=4)
    assert outcomes(done) == ["already there", "failed", "appended"]
    mend()
    with cubes.unchanged(target):
        done = cubes.append("--keep-going", a, b, c, target, status=5)
    assert outcomes(done) == ["already there", "failed", "already there"]


def test_after_a_locked_target(tmp_path, target):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    with cubes.locked(target), cubes.unchanged(target):
        done = cubes.append("--lock-timeout", 0, *slices, target, status=3)
    assert outcomes(done) == ["failed"]
    done = cubes.append("--lock-timeout", 0, *slices, target)
    assert outcomes(done) == ["already there", "appended"]
    cubes.assert_reads_as(target, cubes.weather(0, 5))


# Files that came again.


def test_after_a_download_of_the_same_content(tmp_path, target):
    (slice_,) = cubes.weather_slices(tmp_path, (3,))
    cubes.append(slice_, target)
    content = slice_.read_bytes()
    slice_.unlink()
    slice_.write_bytes(content)
    os.utime(slice_, (1, 1))
    with cubes.unchanged(target):
        assert outcomes(cubes.append(slice_, target)) == ["already there"]


def test_after_a_download_of_the_same_values_in_another_format(tmp_path, target):
    other = tmp_path / "other.zarr"
    cubes.weather(0, 3).to_zarr(other, zarr_format=2)
    packed = cubes.write(
        cubes.weather(0, 3),
        tmp_path / "packed.nc",
        encoding={"air": {"zlib": True, "chunksizes": (1, 2, 3)}},
    )
    with cubes.unchanged(target):
        done = cubes.append(other, packed, target)
    assert outcomes(done) == ["already there"] * 2


def test_a_download_of_other_values_is_refused(tmp_path, target):
    (slice_,) = cubes.weather_slices(tmp_path, (3,))
    cubes.append(slice_, target)
    changed = cubes.weather(0, 3)
    changed["air"] = changed.air + np.float32(1)
    cubes.write(changed, slice_)
    with cubes.unchanged(target):
        done = cubes.append(slice_, target, status=5)
    assert "with different values in array 'air'" in done.message


def test_after_the_folder_was_renamed(tmp_path, store):
    (tmp_path / "old").mkdir()
    slices = cubes.weather_slices(tmp_path / "old", (2, 2, 2))
    cubes.append(*slices[:2], store)
    os.rename(tmp_path / "old", tmp_path / "new")
    slices = [tmp_path / "new" / path.name for path in slices]
    done = cubes.append(*slices, store)
    assert outcomes(done) == ["already there"] * 2 + ["appended"]
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_after_the_target_was_moved_with_its_sidecar(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(slices[0], store)
    moved = tmp_path / "elsewhere" / "moved.zarr"
    moved.parent.mkdir()
    os.rename(store, moved)
    os.rename(cubes.sidecar(store), cubes.sidecar(moved))
    done = cubes.append(*slices, moved)
    assert outcomes(done) == ["already there", "appended"]
    cubes.assert_reads_as(moved, cubes.weather(0, 4))


def test_the_target_alone_is_enough_to_go_on(tmp_path, target):
    """Labels decide: a store that another tool made, or whose sidecar is lost."""
    slices = cubes.weather_slices(tmp_path, (3, 2))
    shutil.rmtree(cubes.sidecar(target))
    done = cubes.append(*slices, target)
    assert outcomes(done) == ["already there", "appended"]
    cubes.assert_reads_as(target, cubes.weather(0, 5))


# The log is a shortcut.


SPELLINGS = ["x.nc", "./x.nc", "../{folder}/x.nc", "{path}", "link.nc", "linked/x.nc"]


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_what_is_logged_is_not_compared_again_however_it_is_spelled(
    tmp_path, target, spelling
):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    (tmp_path / "link.nc").symlink_to("x.nc")
    (tmp_path / "linked").symlink_to(tmp_path)
    cubes.append(path, target)
    other_values_same_file(path, 3, 2)
    with cubes.unchanged(target):
        name = spelling.format(folder=tmp_path.name, path=path)
        done = cubes.append(name, target, cwd=tmp_path)
    assert outcomes(done) == ["already there"]
    # A new time stamp is a new slice.
    os.utime(path)
    cubes.append(path, target, status=5)


def test_a_shortcut_needs_the_labels_at_their_place(tmp_path, target):
    """The log does not help a file whose labels are others."""
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    cubes.append(path, target)
    other_values_same_file(path, 2, 2)
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=5)
    assert "the label 2000-01-03 (or one of the 1 after it)" in done.message


@pytest.mark.parametrize("what", ["no log", "no head", "records without created_by"])
def test_without_a_log_values_are_compared(tmp_path, target, what):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    cubes.append(path, target)
    folder = cubes.sidecar(target) / "log"
    if what == "no log":
        shutil.rmtree(folder)
    elif what == "no head":
        (folder / "head").unlink()
    else:
        for file in folder.glob("0*.json"):
            record = json.loads(file.read_text())
            del record["created_by"]
            file.write_text(json.dumps(record))
    assert outcomes(cubes.append(path, target)) == ["already there"]
    other_values_same_file(path, 3, 2)
    if what == "no head":
        cubes.append(path, target)
    else:
        with cubes.unchanged(target):
            done = cubes.append(path, target, status=5)
        assert "with different values in array 'air'" in done.message
    # And the next one is appended.
    next_ = cubes.write(cubes.weather(5, 2), tmp_path / "y.nc")
    cubes.append(next_, target)
    expected = cubes.weather(0, 7)
    assert cubes.same(cubes.open_xarray(target).air.values, expected.air.values)


def test_a_record_that_is_missing_in_the_middle_is_no_shortcut(tmp_path, target):
    slices = cubes.weather_slices(tmp_path, (3, 1, 1, 1))
    cubes.append(*slices, target)
    (cubes.sidecar(target) / "log" / f"{2:012}.json").unlink()
    assert outcomes(cubes.append(*slices, target)) == ["already there"] * 4
    cubes.assert_reads_as(target, cubes.weather(0, 6))


def test_a_log_that_ends_too_early_is_damaged(tmp_path, target):
    slices = cubes.weather_slices(tmp_path, (3, 1))
    cubes.append(*slices, target)
    (cubes.sidecar(target) / "log" / f"{2:012}.json").unlink()
    with cubes.unchanged(target):
        done = cubes.append(*slices, target, status=1)
    assert "the log is damaged: record 2 is missing" in done.message


# Targets without labels.


def unlabelled(folder, name, value=0, size=2):
    dataset = cubes.weather(0, size).drop_vars("time")
    dataset["air"] = dataset.air + np.float32(value)
    return cubes.write(dataset, folder / name)


@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_without_labels_a_file_is_in_once(tmp_path, store, zarr_format):
    a, b = unlabelled(tmp_path, "a.nc"), unlabelled(tmp_path, "b.nc", 100)
    words = ["--zarr-format", zarr_format]
    assert outcomes(cubes.append(*words, a, b, store)) == ["appended"] * 2
    with cubes.unchanged(store):
        assert outcomes(cubes.append(*words, b, a, store)) == ["already there"] * 2
    # After a download nothing says that it is the same.
    os.utime(a, (1, 1))
    assert outcomes(cubes.append(a, store)) == ["appended"]
    assert days(store) == 6


def test_without_labels_and_without_the_log_everything_is_new(tmp_path, store):
    path = unlabelled(tmp_path, "a.nc")
    cubes.append(path, store)
    shutil.rmtree(cubes.sidecar(store))
    assert outcomes(cubes.append(path, store)) == ["appended"]
    assert days(store) == 4


def test_without_labels_a_file_is_in_again_after_overwrite(tmp_path, store):
    a, b = unlabelled(tmp_path, "a.nc"), unlabelled(tmp_path, "b.nc", 100)
    cubes.append(a, b, store)
    done = cubes.append("--overwrite", b, store)
    assert outcomes(done) == ["appended"]
    done = cubes.append(b, a, store)
    assert outcomes(done) == ["already there", "appended"]
    found = cubes.open_xarray(store).air.values
    expected = cubes.weather(0, 2).air.values
    assert cubes.same(found, np.concatenate([expected + np.float32(100), expected]))


def test_without_labels_a_file_is_in_again_in_a_target_made_anew(tmp_path, store):
    """What the log knows is of a store that was deleted."""
    path = unlabelled(tmp_path, "a.nc")
    cubes.append(path, store)
    shutil.rmtree(store)
    done = cubes.append(path, store)
    assert outcomes(done) == ["appended"]
    assert outcomes(cubes.append(path, store)) == ["already there"]


def test_each_group_has_slices_of_its_own(tmp_path, store):
    path = unlabelled(tmp_path, "a.nc")
    cubes.append("--group", "one", path, store)
    cubes.append("--group", "two", path, store)
    for group in ("one", "two"):
        done = cubes.append("--group", group, path, store)
        assert outcomes(done) == ["already there"], group
        assert cubes.open_xarray(store, group).sizes["time"] == 2


def test_labelled_groups_go_on_side_by_side(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    for path in slices:
        for group in ("one", "two/three"):
            cubes.append("--group", group, path, store)
    with cubes.unchanged(store):
        for group in ("one", "two/three"):
            done = cubes.append("--group", group, *slices, store)
            assert outcomes(done) == ["already there"] * 3
    for group in ("one", "two/three"):
        assert cubes.open_xarray(store, group).sizes["time"] == 6


# The log.


def test_the_log_has_messages_and_names(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 1, 3))
    cubes.append("--message", "the first", a, store)
    cubes.append("--slices-per-commit", 2, "--message", "größer, \n two", b, c, store)
    newest, oldest = log(store).stdout.splitlines()
    instant = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
    # A line feed makes no line of its own.
    assert re.fullmatch(
        rf"2  {instant}  2000-01-03 to 2000-01-06  {b}  {c}  größer, \\n two", newest
    )
    assert re.fullmatch(
        rf"1  {instant}  2000-01-01 to 2000-01-02  {a}  the first", oldest
    )
    first, second = records(store)
    assert [r["message"] for r in (first, second)] == ["the first", "größer, \n two"]
    assert [r["sequence"] for r in (first, second)] == [1, 2]
    assert [r["created_by"] for r in (first, second)] == [1, 1]
    assert [r["append_dim"] for r in (first, second)] == ["time"] * 2
    assert [(r["first_row"], r["rows"]) for r in (first, second)] == [(0, 2), (2, 4)]
    (one, two) = second["slices"]
    assert (one["name"], one["first_row"], one["rows"]) == (str(b), 2, 1)
    assert (two["first_label"], two["last_label"]) == ("2000-01-04", "2000-01-06")


def test_the_log_lists_as_many_as_are_asked_for(tmp_path, store):
    cubes.append(*cubes.weather_slices(tmp_path, (1,) * 13), store)
    assert len(log(store).stdout.splitlines()) == 10
    assert len(log(store, "--last", 2).stdout.splitlines()) == 2
    assert len(log(store, "--last", 0).stdout.splitlines()) == 13
    assert len(json.loads(log(store, "--json", "--last", 3).stdout)) == 3


def test_what_is_there_already_is_not_logged(tmp_path, target):
    (slice_,) = cubes.weather_slices(tmp_path, (3,))
    before = len(records(target))
    cubes.append("--message", "again", slice_, target)
    assert len(records(target)) == before


def test_a_message_from_a_settings_file(tmp_path, store):
    (slice_,) = cubes.weather_slices(tmp_path, (3,))
    settings = tmp_path / "x.yaml"
    settings.write_text("message: nightly\n")
    cubes.append("--settings", settings, slice_, store)
    assert records(store)[0]["message"] == "nightly"


def test_the_log_of_a_store_of_others_is_empty(tmp_path, store):
    with xr.Dataset({"a": ("x", [1])}) as dataset:
        dataset.to_zarr(store)
    assert log(store).stdout == ""
    assert json.loads(log(store, "--json").stdout) == []
