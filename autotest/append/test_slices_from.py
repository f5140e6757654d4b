"""--slices-from: names and JSON lines from a file, a FIFO or a pipe, as they come."""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import time

import cubes
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal

COMMANDS = {
    "gdalmdimappend": ["gdalmdimappend"],
    "gdal mdim append": ["gdal", "mdim", "append"],
}


class Fed:
    """A run of the command whose lines come, and are answered, one by one."""

    def __init__(self, *arguments, command="gdalmdimappend", stdin=subprocess.PIPE):
        self.process = subprocess.Popen(
            [*COMMANDS[command], *map(str, arguments)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._lines = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)

    def put(self, line):
        self.process.stdin.write(f"{line}\n")
        self.process.stdin.flush()

    def answer(self, within=30):
        """The next line of standard output."""
        return self._lines.get(timeout=within)

    def answers(self):
        """Those that are there already."""
        lines = []
        with contextlib.suppress(queue.Empty):
            while True:
                lines.append(self._lines.get_nowait())
        return lines

    def end(self, status=0):
        """Ends the input; what was printed since the last answer, and the errors."""
        if self.process.stdin:
            self.process.stdin.close()
        errors = self.process.stderr.read()
        assert self.process.wait(60) == status, errors
        self._reader.join()
        return self.answers(), errors


@pytest.fixture
def fed():
    """Starts runs, none of which outlives the test."""
    runs = []

    def start(*arguments, **options):
        runs.append(Fed(*arguments, **options))
        return runs[-1]

    yield start
    for run in runs:
        if run.process.poll() is None:
            run.process.kill()
            run.process.wait()


def days(store):
    return cubes.open_xarray(store).sizes["time"]


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def listed(folder, *lines, name="slices.txt", end="\n"):
    path = folder / name
    path.write_bytes(b"".join(f"{line}{end}".encode() for line in lines))
    return path


def images(folder, count=3):
    """Slices without a label of their own."""
    paths = []
    for number in range(count):
        image = cubes.weather(number, 1).isel(time=0, drop=True)
        paths.append(cubes.write(image, folder / f"image{number}.nc"))
    return paths


def flipped(folder, first, size=2):
    """A slice that the guards refuse."""
    part = cubes.weather(first, size).isel(lat=slice(None, None, -1))
    return cubes.write(part, folder / f"flipped{first}.nc")


def not_a_dataset(folder):
    path = folder / "letter.nc"
    path.write_text("Dear archive,")
    return path


# What the lines are.


@pytest.mark.parametrize("end", ["\n", "\r\n", " \t\n", "\n\n \n"])
def test_a_file_with_one_name_a_line(tmp_path, store, end):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    lines = listed(tmp_path, *slices, end=end)
    done = cubes.append("--slices-from", lines, "-o", store)
    assert [s["slice"] for s in done.report["slices"]] == [str(s) for s in slices]
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_the_last_line_needs_no_end(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    (tmp_path / "list").write_text("\ufeff" + "\n".join(map(str, slices)))
    cubes.append("--slices-from", tmp_path / "list", store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_slices_that_are_named_come_first(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    done = cubes.append(a, "--slices-from", listed(tmp_path, b, c), store)
    assert outcomes(done) == ["appended"] * 3
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_names_with_spaces_and_braces_and_other_scripts(tmp_path, store):
    folder = tmp_path / "größe 日本 'x' \"y\" {z}"
    folder.mkdir()
    slices = cubes.weather_slices(folder, (2, 2))
    brace = tmp_path / "{}.nc"
    cubes.write(cubes.weather(4, 1), brace)
    lines = listed(tmp_path, *slices, json.dumps({"slice": "{}.nc"}))
    cubes.append("--slices-from", lines, store, cwd=tmp_path)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["2024-01-30", "2024-01-31", "2024-02-01T06:00"], "datetime64[ns]"),
        ([1, 2, 10], "int64"),
        ([0.5, 0.75, 1.5], "float64"),
    ],
)
def test_json_lines_bring_labels(tmp_path, store, labels, expected):
    slices = images(tmp_path)
    lines = listed(
        tmp_path,
        *(
            json.dumps({"label": label, "slice": str(path)})
            for path, label in zip(slices, labels, strict=True)
        ),
    )
    cubes.append("--append-dim", "time", "--slices-from", lines, store)
    found = cubes.open_xarray(store)
    assert cubes.same(
        found.time.values.astype(expected), np.array(labels).astype(expected)
    )
    assert cubes.same(found.air.values, cubes.weather(0, 3).air.values)


def test_labels_of_the_command_line_are_for_the_named_slices(tmp_path, store):
    a, b, _ = images(tmp_path)
    lines = listed(tmp_path, json.dumps({"slice": str(b), "label": "2024-01-02"}))
    words = ["--append-dim", "time", "--label", "2024-01-01"]
    cubes.append(*words, "--slices-from", lines, a, store)
    assert days(store) == 2


def test_settings_name_a_list_too(tmp_path, store):
    lines = listed(tmp_path, *cubes.weather_slices(tmp_path, (2, 2)))
    settings = tmp_path / "x.yaml"
    settings.write_text(f"slices_from: {lines}\ntarget_dir: {store}\n")
    cubes.append("--settings", settings)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.mark.parametrize("content", ["", "\n", "\r\n \n\n"])
def test_nothing_to_do_is_no_failure(tmp_path, store, content):
    (tmp_path / "list").write_text(content)
    done = cubes.append("--slices-from", tmp_path / "list", store)
    assert done.report["slices"] == []
    assert not store.exists()
    done = cubes.run("--slices-from", "-", store, input=content)
    assert (done.stdout, done.stderr) == ("", "")
    assert not store.exists()
    assert not cubes.sidecar(store).exists()


def test_a_long_list(tmp_path, store):
    """Longer than a pipe's buffer, than one read, and mostly in already."""
    slices = cubes.weather_slices(tmp_path, (1,) * 20)
    cubes.append("--slices-from", listed(tmp_path, *slices), store)
    with cubes.unchanged(store):
        done = cubes.append(
            "--slices-from",
            "-",
            store,
            input="".join(f"{tmp_path}/{'./' * 1000}{s.name}\n" for s in slices * 4),
        )
    assert outcomes(done) == ["already there"] * 80


@pytest.mark.parametrize("name", ["nowhere.txt", "."])
def test_a_list_that_cannot_be_read_is_wrong_usage(tmp_path, store, name):
    done = cubes.run("--slices-from", tmp_path / name, store, status=2)
    assert f"--slices-from '{tmp_path / name}'" in done.message
    assert not store.exists()


# Lines that come one by one.


@pytest.mark.parametrize("command", COMMANDS)
def test_each_slice_is_in_before_the_next_line_is_written(
    tmp_path, store, fed, command
):
    slices = cubes.weather_slices(tmp_path, (2, 1, 3, 2))
    run = fed("--slices-from", "-", "-o", store, command=command)
    total = 0
    for path, size in zip(slices, (2, 1, 3, 2), strict=True):
        run.put(path)
        steps = f"{size} step" + ("s" if size > 1 else "")
        assert run.answer().startswith(f"{path}: appended {steps} of time, ")
        total += size
        cubes.assert_reads_as(store, cubes.weather(0, total))
        assert cubes.leftovers(store) == []
    # Nothing is said twice.
    assert run.end() == (["4 slices: 4 appended (8 steps of time)\n"], "")


def test_a_fifo_may_have_no_writer_yet(tmp_path, store, fed):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    run = fed("--slices-from", fifo, "-o", store, stdin=subprocess.DEVNULL)
    time.sleep(0.3)
    assert run.process.poll() is None
    with open(fifo, "w") as feeder:
        for number, path in enumerate(slices, 1):
            # In pieces: half a name is no name.
            for piece in (str(path)[:-4], str(path)[-4:] + "\n"):
                feeder.write(piece)
                feeder.flush()
                time.sleep(0.2)
            assert run.answer().startswith(f"{path}: appended")
            assert days(store) == 2 * number
    assert run.end() == (["2 slices: 2 appended (4 steps of time)\n"], "")


def test_tail_follows_a_list_that_grows(tmp_path, store, fed):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    lines = listed(tmp_path, slices[0])
    with subprocess.Popen(
        ["tail", "-n", "+1", "-f", lines], stdout=subprocess.PIPE
    ) as tail:
        run = fed("--slices-from", "-", "-o", store, stdin=tail.stdout)
        tail.stdout.close()
        assert run.answer().startswith(f"{slices[0]}: appended")
        for path in slices[1:]:
            with open(lines, "a") as feeder:
                feeder.write(f"{path}\n")
            assert run.answer().startswith(f"{path}: appended")
        tail.terminate()
    assert run.end() == (["3 slices: 3 appended (6 steps of time)\n"], "")
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_nobody_is_locked_out_while_a_line_is_waited_for(tmp_path, store, fed):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    run = fed("--slices-from", "-", "-o", store)
    run.put(a)
    run.answer()
    cubes.append("--lock-timeout", 0, b, store)
    run.put(b)
    assert run.answer() == (
        f"{b}: 2 steps of time already there, 2000-01-03 to 2000-01-04\n"
    )
    run.put(c)
    run.answer()
    run.end()
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_lines_are_gathered_for_a_commit_without_the_lock(tmp_path, store, fed):
    slices = cubes.weather_slices(tmp_path, (1,) * 6)
    run = fed("--slices-per-commit", 2, "--slices-from", "-", "-o", store)
    run.put(slices[0])
    run.put(slices[1])
    for path in slices[:2]:
        assert run.answer().startswith(f"{path}: appended")
    run.put(slices[2])
    time.sleep(0.3)
    assert run.answers() == []
    assert days(store) == 2
    # The lock is free: what waits is found to be in when its turn comes.
    cubes.append("--lock-timeout", 0, slices[2], store)
    run.put(slices[3])
    assert run.answer().startswith(f"{slices[2]}: 1 step of time already there")
    assert run.answer().startswith(f"{slices[3]}: appended")
    run.put(slices[4])
    # The end of the input is the end of a commit.
    rest, _ = run.end()
    assert [line.split(" step")[0] for line in rest] == [
        f"{slices[4]}: appended 1",
        "5 slices: 4 appended (4",
    ]
    cubes.assert_reads_as(store, cubes.weather(0, 5))


# Files and lines that are wrong.


def bad_lines(folder):
    return {
        "a missing file": (folder / "nowhere.nc", 4),
        "no dataset": (not_a_dataset(folder), 4),
        "a refused slice": (flipped(folder, 2), 5),
        "no JSON": ('{"slice": "a.nc"', 4),
        "another key": ('{"slice": "a.nc", "lable": "2024-01-01"}', 4),
        "no slice": ('{"label": "2024-01-01"}', 4),
        "a list": ('{"slice": ["a.nc"]}', 4),
        "a label that is none": ('{"slice": "a.nc", "label": [1]}', 4),
        "a NUL": ("a\0.nc", 4),
        "a very long line": ("x" * 100_000, 4),
    }


KINDS = [
    "a missing file",
    "no dataset",
    "a refused slice",
    "no JSON",
    "another key",
    "no slice",
    "a list",
    "a label that is none",
    "a NUL",
    "a very long line",
]


@pytest.mark.parametrize("kind", KINDS)
def test_a_bad_line_ends_the_run_or_is_passed_over(tmp_path, store, kind):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    bad, status = bad_lines(tmp_path)[kind]
    lines = listed(tmp_path, a, bad, b)
    done = cubes.append("--slices-from", lines, store, status=status)
    assert outcomes(done) == ["appended", "failed"]
    assert done.report["slices"][1]["exit_status"] == status
    cubes.assert_reads_as(store, cubes.weather(0, 2))
    done = cubes.append("--keep-going", "--slices-from", lines, store, status=status)
    assert outcomes(done) == ["already there", "failed", "appended"]
    assert done.report["exit_status"] == status
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_a_bad_line_is_named_by_its_number(tmp_path, store):
    lines = listed(tmp_path, "", *cubes.weather_slices(tmp_path, (2,)), '{"a": 1}')
    done = cubes.append("--slices-from", lines, store, status=4)
    assert done.message == (
        f"--slices-from '{lines}', line 3 ({{\"a\": 1}}): has an unknown "
        "member 'a'; expected slice or label."
    )


@pytest.mark.parametrize("first", KINDS[:4])
def test_the_exit_status_is_that_of_the_first_passed_over(tmp_path, store, first):
    bad = bad_lines(tmp_path)
    kinds = [first, *(kind for kind in bad if kind != first)]
    slices = cubes.weather_slices(tmp_path, (1,) * len(kinds))
    words = [slices[0]]
    for path, kind in zip(slices, kinds, strict=True):
        words += [bad[kind][0], path]
    done = cubes.append(
        "--keep-going",
        "--slices-from",
        listed(tmp_path, *words),
        store,
        status=bad[first][1],
    )
    assert outcomes(done).count("failed") == len(kinds)
    cubes.assert_reads_as(store, cubes.weather(0, len(kinds)))


@pytest.mark.parametrize("per_commit", [1, 3])
def test_one_bad_file_never_ends_a_queue(tmp_path, store, fed, per_commit):
    slices = cubes.weather_slices(tmp_path, (1,) * 6)
    words = ["--keep-going", "--slices-per-commit", per_commit]
    run = fed(*words, "--slices-from", "-", "-o", store)
    bad = [line for line, _ in bad_lines(tmp_path).values()]
    run.put(slices[0])
    for path in slices[1:]:
        for line in bad:
            run.put(line)
        run.put(path)
        assert run.process.poll() is None
    rest, errors = run.end(4)
    assert sum(": failed: " in line for line in rest) == 5 * len(bad)
    assert sum(": appended " in line for line in rest) == 6
    assert errors.startswith("ERROR 1: slice ")
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_what_is_wrong_with_a_line_is_said_at_once(tmp_path, store, fed):
    (slice_,) = cubes.weather_slices(tmp_path, (2,))
    run = fed("--keep-going", "--slices-from", "-", "-o", store)
    run.put("{")
    assert run.answer(3).startswith("a line of -: failed: --slices-from standard input")
    run.put(tmp_path / "nowhere.nc")
    assert "No such file or directory" in run.answer(3)
    run.put(slice_)
    run.answer()
    run.end(4)


def test_a_locked_target_ends_a_queue(tmp_path, store, fed):
    """Not the slice's fault: it is to be tried again."""
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(a, store)
    words = ["--keep-going", "--lock-timeout", "0.2s", "--slices-from", "-"]
    run = fed(*words, "-o", store)
    with cubes.locked(store):
        run.put(b)
        assert run.answer().startswith(f"{b}: failed: ")
        run.end(3)
    cubes.assert_reads_as(store, cubes.weather(0, 2))


# The end.


@pytest.mark.parametrize(
    ("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)]
)
def test_a_signal_ends_a_queue_that_waits(tmp_path, store, fed, number, status):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    run = fed("--slices-from", "-", "-o", store)
    run.put(a)
    run.answer()
    run.process.send_signal(number)
    errors = run.process.stderr.read()
    assert run.process.wait(10) == status
    assert "interrupted" in errors
    cubes.assert_reads_as(store, cubes.weather(0, 2))
    assert cubes.leftovers(store) == []
    cubes.append("--lock-timeout", 0, b, store)


def test_a_signal_in_the_middle_of_slices(tmp_path, store, fed):
    slices = cubes.weather_slices(tmp_path, (1,) * 40, lat=40, lon=50)
    run = fed("--slices-from", "-", "-o", store)
    for path in slices:
        run.put(path)
    for _ in range(3):
        run.answer()
    run.process.send_signal(signal.SIGINT)
    rest, _ = run.end(130)
    told = 3 + sum(": appended " in line for line in rest)
    assert told < len(slices)
    assert days(store) == told
    cubes.assert_reads_as(store, cubes.weather(0, told, lat=40, lon=50))
    assert cubes.leftovers(store) == []
    cubes.append(*slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 40, lat=40, lon=50))


# Reports.


def test_there_is_no_progress_bar(tmp_path, store):
    lines = listed(tmp_path, *cubes.weather_slices(tmp_path, (2, 2)))
    done = cubes.run("--slices-from", lines, store)
    assert len(done.stdout.splitlines()) == 3
    assert "..." not in done.stdout + done.stderr
    done = cubes.run("mdim", "append", "--slices-from", lines, store, command="gdal")
    assert len(done.stdout.splitlines()) == 3


def test_json_is_one_document_at_the_end(tmp_path, store, fed):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    run = fed("--report", "json", "--slices-from", "-", "-o", store)
    run.put(a)
    while not (store / "zarr.json").exists():
        time.sleep(0.05)
    assert run.answers() == []
    run.put(b)
    text, _ = run.end()
    assert len(json.loads("".join(text))["slices"]) == 2


def test_quiet_says_nothing(tmp_path, store):
    lines = listed(tmp_path, *cubes.weather_slices(tmp_path, (2, 2)))
    done = cubes.run("--quiet", "--slices-from", lines, store)
    assert (done.stdout, done.stderr) == ("", "")
    assert days(store) == 4


def test_in_python_the_text_is_the_output(tmp_path, store, capfd):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    done = gdal.Run(
        "mdim append", slices_from=str(listed(tmp_path, *slices)), output=str(store)
    )
    text = done["output-string"]
    assert [line.split(":")[0] for line in text.splitlines()] == [
        *map(str, slices),
        "2 slices",
    ]
    assert capfd.readouterr() == ("", "")


def test_a_dry_run_tells_settings_first(tmp_path, store, fed):
    a, b = cubes.weather_slices(tmp_path, (2, 2))
    run = fed("--dry-run", "--slices-from", "-", "-o", store)
    run.put(a)
    text = ""
    while "6 documents" not in text:
        text += run.answer()
    assert text.startswith("settings: {")
    assert text.index("}\n") < text.index(f"{a}: would append 2 steps of time")
    run.put(b)
    assert run.answer().startswith(f"{b}: would append 2 steps of time, 2000-01-03")
    rest, _ = run.end()
    assert rest[-2].startswith("  3 documents; ")
    assert " in all, " in rest[-2]
    assert rest[-1] == "2 slices: 2 would append (4 steps of time)\n"
    assert not store.exists()


def test_what_was_recovered_is_told(tmp_path):
    """A killed append is undone by a queue's first slice."""
    store, slice_ = cubes.interrupted(tmp_path)
    done = cubes.run("--slices-from", listed(tmp_path, slice_), store)
    assert "recovered: an interrupted append was undone" in done.stdout
    cubes.assert_reads_as(store, cubes.weather(0, 4, lat=60, lon=400))


@pytest.mark.parametrize("queued", [True, False])
def test_a_report_that_cannot_be_written_is_an_error(tmp_path, store, queued):
    paths = cubes.weather_slices(tmp_path, (2, 2))
    slices = ["--slices-from", listed(tmp_path, *paths)] if queued else paths
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [cubes.COMMAND, *slices, store],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert "cannot write to standard output" in done.stderr
    assert days(store) == 4


def test_a_queue_of_zarr_slices(tmp_path, store, fed):
    run = fed("--slices-from", "-", "-o", store)
    for number in range(3):
        path = tmp_path / f"{number}.zarr"
        cubes.weather(number, 1).to_zarr(path, zarr_format=3)
        run.put(path)
        assert run.answer().startswith(f"{path}: appended 1 step of time, 2000-01-0")
    run.end()
    with xr.open_zarr(store, decode_times=False) as found:
        assert cubes.same(found.air.values, cubes.weather(0, 3).air.values)
