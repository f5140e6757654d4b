"""Runs that nobody watches: what they print, and where."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import time
from pathlib import Path

import cubes
import gdalmdimappend
import pytest
from osgeo import gdal

PACKED = {"dtype": "i2", "scale_factor": 0.5, "_FillValue": -1}
STATUS = ("driver", "mdimappend", "status")


@pytest.fixture
def three(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 2, 2))


@pytest.fixture
def with_more(tmp_path):
    """Another step, and an array that the target does not have."""
    data = cubes.weather(6, 2)
    data["wind"] = data.air * 2
    return cubes.write(data, tmp_path / "more.nc")


def test_quiet_runs_warn_all_the_same(three, with_more, store):
    cubes.append(*three, store)
    done = cubes.run("--quiet", with_more, store)
    assert done.stdout == ""
    assert done.stderr == (
        "Warning 1: array 'wind' of the slices is not in the target and was left out\n"
    )


def test_a_run_of_several_slices_is_summed_up(three, store, tmp_path):
    cubes.append(three[0], store)
    wrong = cubes.write(cubes.weather(9, 1, lat=9), tmp_path / "wrong.nc")
    words = ("--keep-going", *three[:2], wrong, three[2], store)
    done = cubes.run(*words, status=5)
    assert done.stdout.splitlines()[-1] == (
        "4 slices: 2 appended (4 steps of time), 1 already there (2 steps of time), "
        "1 failed"
    )


def test_one_slice_is_not_summed_up(three, store):
    (line,) = cubes.run(three[0], store).stdout.splitlines()
    assert line.startswith(f"{three[0]}: appended 2 steps")


def test_a_dry_run_is_summed_up(three, store):
    last = cubes.run("--dry-run", *three, store).stdout.splitlines()[-1]
    assert last == "3 slices: 3 would append (6 steps of time)"


def test_slices_that_are_in_are_one_line(three, store):
    cubes.append(*three[:2], store)
    lines = cubes.run(*three, store).stdout.splitlines()
    assert lines[0] == (
        f"{three[0]} to {three[1]} (2 slices): 4 steps of time already there, "
        "2000-01-01 to 2000-01-04"
    )
    assert lines[1].startswith(f"{three[2]}: appended 2 steps")
    assert len(lines) == 3


def test_but_each_has_its_own_with_verbose(three, store, tmp_path):
    cubes.append(*three, store)
    settings = tmp_path / "settings.yaml"
    settings.write_text("verbose: true\n")
    for words in (["--verbose"], ["--settings", settings]):
        lines = cubes.run(*words, *three, store).stdout.splitlines()
        assert [line.partition(": ")[0] for line in lines[:3]] == [*map(str, three)]
        assert lines[3] == "3 slices: 3 already there (6 steps of time)"


def test_a_queue_has_a_line_for_each_and_is_summed_up(three, store, tmp_path):
    names = tmp_path / "names"
    names.write_text("".join(f"{path}\n" for path in three))
    cubes.append(*three[:2], store)
    lines = cubes.run("--slices-from", names, "-o", store).stdout.splitlines()
    assert [line.partition(": ")[0] for line in lines[:3]] == [*map(str, three)]
    assert lines[3].startswith("3 slices: 1 appended (2 steps of time), 2 already")


# The progress bar.


def test_what_is_piped_on_has_no_bar(three, store):
    done = cubes.run(*three, store)
    assert done.stdout.startswith(str(three[0]))
    assert (
        done.stderr == "0...10...20...30...40...50...60...70...80...90...100 - done.\n"
    )
    assert cubes.run("--quiet", *three, store).stderr == ""


@pytest.mark.parametrize("command", ["gdalmdimappend", "gdal"])
def test_a_terminal_shows_no_bar_beside_an_error(three, store, tmp_path, command):
    """What a terminal shows at the end: the bar was taken back."""
    wrong = cubes.write(cubes.weather(9, 1, lat=9), tmp_path / "wrong.nc")
    words = [command, *(["mdim", "append"] if command == "gdal" else [])]
    words += [*map(str, three[:1]), str(wrong), str(store)]
    ours, theirs = pty.openpty()
    process = subprocess.Popen(words, stdout=theirs, stderr=theirs)
    os.close(theirs)
    shown = b""
    while True:
        try:
            piece = os.read(ours, 4096)
        except OSError:
            break
        shown += piece
        if not piece:
            break
    process.wait()
    os.close(ours)
    assert b"0...10" in shown
    before = shown[: shown.index(b"ERROR 1")]
    assert re.search(rb"(\r\x1b\[K|\n)$", before), before
    assert re.sub(rb"[^\n]*\r\x1b\[K", b"", before).strip() in (b"",)


# Ctrl-C.


def catches(process, number):
    """Whether the process has come to where it handles this signal."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    caught = int(re.search("SigCgt:\t([0-9a-f]+)", status)[1], 16)
    assert process.poll() is None
    return caught >> (number - 1) & 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_answered_at_once(tmp_path, store, number):
    """While a slice is waited for, and nothing else would be said for an hour."""
    words = ("--wait", "1h", tmp_path / "never.nc", store)
    process = cubes.start(*words)
    while not catches(process, number):
        time.sleep(0.02)
    process.send_signal(number)
    assert "undoing" in process.stderr.readline() + process.stderr.readline()
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 128 + number
    assert not store.exists()


# What stays where nothing was made.


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("lock", ["auto", "none"])
def test_a_first_append_that_fails_leaves_nothing(tmp_path, store, lock):
    """Refused by a guard, and while its values are written."""
    paths = cubes.weather_slices(tmp_path, (2,))
    before = names(tmp_path)
    cubes.append("--lock", lock, "--step", "7D", paths[0], store, status=5)
    assert names(tmp_path) == before
    large = cubes.write(cubes.weather(5, 2), tmp_path / "large.nc")
    options = ("--lock", lock, "--encoding", "air:dtype=int8")
    cubes.append(*options, large, store, status=5)
    large.unlink()
    assert names(tmp_path) == before
    cubes.append("--lock", lock, paths[0], store)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_a_sidecar_with_a_history_stays(tmp_path, store):
    paths = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(paths[0], store)
    shutil.rmtree(store)
    cubes.append("--step", "7D", paths[1], store, status=5)
    assert (cubes.sidecar(store) / "log").is_dir()


def test_who_waits_for_a_lock_finds_it_gone(tmp_path, store):
    """The sidecar of the one that fails goes while another waits for the lock in it."""
    path = cubes.weather_slices(tmp_path, (2,))[0]
    with gdalmdimappend.Lock(store):
        process = cubes.start("--lock-timeout", "1min", path, store)
        time.sleep(1)
        lock = cubes.sidecar(store) / "lock"
        moved = tmp_path / "moved"
        lock.rename(moved)
        moved.unlink()
        cubes.sidecar(store).rmdir()
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0, errors
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_many_first_appends_that_fail_and_one_that_does_not(tmp_path, store):
    path = cubes.weather_slices(tmp_path, (2,))[0]
    options = ("--lock-timeout", "1min", path, store)
    failing = [cubes.start("--step", "7D", *options) for _ in range(6)]
    good = cubes.start(*options)
    for process in failing:
        _, errors = process.communicate(timeout=60)
        # Whoever came after the good one has nothing to append.
        assert process.returncode in (0, 5), errors
    _, errors = good.communicate(timeout=60)
    assert good.returncode == 0, errors
    cubes.assert_reads_as(store, cubes.weather(0, 2))


# Looking.


def test_the_version_is_ours_and_gdals():
    done = cubes.run("--version")
    assert done.stdout == (
        f"gdalmdimappend {gdalmdimappend.__version__}, with "
        f"{gdal.VersionInfo('--version')}\n"
    )


def test_status_says_what_there_is(three, store):
    cubes.append(*three, store)
    lines = cubes.run(*STATUS, store, command="gdal").stdout.splitlines()
    assert lines[0] == "not locked"
    assert lines[2] == "nothing pending"
    assert lines[3] == "6 steps of time, 2000-01-01 to 2000-01-06"
    assert "  air: float32 (time 6, lat 4, lon 5), 480 B" in lines
    assert "  lat: float64 (lat 4), 32 B" in lines
    content = json.loads(cubes.run(*STATUS, "--json", store, command="gdal").stdout)
    assert content["content"]["steps"] == 6
    assert {each["name"] for each in content["content"]["arrays"]} == {
        *("air", "time", "lat", "lon", "elevation")
    }


def test_status_says_one_label_once(tmp_path, store):
    cubes.append(*cubes.weather_slices(tmp_path, (1,)), store)
    text = cubes.run(*STATUS, store, command="gdal").stdout
    assert "1 step of time, 2000-01-01\n" in text
    assert "2000-01-01 to" not in text


def test_status_of_a_store_that_cannot_be_read(three, store):
    cubes.append(*three, store)
    (store / "air/zarr.json").write_text("{")
    (store / "zarr.json").write_text("{")
    text = cubes.run(*STATUS, store, command="gdal").stdout
    assert "cannot be read" in text
    assert "3 appends logged" in text


# The log.


def logged(store):
    words = ("driver", "mdimappend", "log", "--json", store)
    return json.loads(cubes.run(*words, command="gdal").stdout)


def test_warnings_are_in_the_log(three, with_more, store):
    cubes.append(*three, store)
    done = cubes.append(with_more, store)
    last, before, *_ = logged(store)
    assert last["warnings"] == done.report["warnings"] != []
    assert "warnings" not in before


def test_every_warning_is_everywhere(tmp_path, store):
    """Of guards of all kinds: on the terminal, in the report, in the log; each once."""
    first = cubes.weather(0, 1)
    first["flat"] = first.air * 0 + 5
    cubes.write(first, tmp_path / "a.nc", encoding={"flat": PACKED})
    second = cubes.weather(1, 1)
    second["flat"] = second.air * 0 + 5
    second["elevation"] = second.elevation + 1
    second["wind"] = second.air
    cubes.write(second, tmp_path / "b.nc", encoding={"flat": PACKED})
    for path, kinds in (
        (tmp_path / "a.nc", {"flat"}),
        (tmp_path / "b.nc", {"wind", "elevation"}),
    ):
        done = cubes.append("--on-static", "ignore", path, store)
        told = done.report["warnings"]
        printed = [
            line.removeprefix("Warning 1: ")
            for line in done.stderr.splitlines()
            if line.startswith("Warning 1: ")
        ]
        assert printed == told == logged(store)[0]["warnings"]
        assert len(told) == len(set(told)) >= len(kinds)
        assert all(any(f"'{kind}'" in text for text in told) for kind in kinds)
