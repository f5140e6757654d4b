"""What a process may find around it: limits, closed streams, odd settings, clocks that
jump; and a sidecar in which thousands have left something."""

import hashlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time

import cubes
import mounts
import preload
import pytest


def verb(name, store, *words, status=0, **options):
    words = ("driver", "mdimappend", name, *words, store)
    return cubes.run(*words, command="gdal", status=status, **options)


# Limits


@pytest.mark.parametrize("per_commit", [1, 40])
def test_few_file_descriptors(tmp_path, store, per_commit):
    slices = cubes.weather_slices(tmp_path, (1,) * 40)
    words = ["--num-threads", 4, "--slices-per-commit", per_commit]
    limit = ["prlimit", "--nofile=32"]
    cubes.append(*words, *slices, store, prefix=limit)
    cubes.assert_reads_as(store, cubes.weather(0, 40))


@pytest.mark.skipif(cubes.SANITIZED, reason="sanitizers map terabytes")
@pytest.mark.parametrize("megabytes", [120, 180, 240, 300, 400, 600, 1000])
def test_little_address_space(tmp_path, store, megabytes):
    """An error or success, never a crash and never something in between.

    But for libnetcdf: where it finds no memory for its texts, it says so and aborts
    the process, which nobody can prevent. Then it is like any kill.
    """
    size = {"lat": 500, "lon": 600}
    first, second = cubes.weather_slices(tmp_path, (3, 6), **size)
    cubes.append("--encoding", "air:chunk=4x500x600", first, store)
    before = cubes.tree(store)
    limit = ["prlimit", f"--as={megabytes * 1_000_000}"]
    words = ("--num-threads", 4, second, store)
    done = cubes.append(*words, prefix=limit, status=None)
    if done.status == 127:
        return  # Too little even to load the libraries.
    if not (done.status == -signal.SIGABRT and "NCbytes failure" in repr(done)):
        assert done.status in (0, 1, 4), done
    if done.status != 0:
        verb("recover", store)
        assert cubes.tree(store) == before, done
    cubes.append(*words)
    cubes.assert_reads_as(store, cubes.weather(0, 9, **size))


# Streams


def test_nobody_reads_the_report(tmp_path, store):
    """SIGPIPE may end it like any kill; what is in is in once."""
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    for number in range(4):
        read, write = os.pipe()
        os.close(read)
        process = subprocess.Popen(
            [cubes.COMMAND, *map(str, slices), str(store)],
            stdout=write,
            stderr=write if number % 2 else subprocess.DEVNULL,
        )
        os.close(write)
        status = process.wait(timeout=60)
        assert status in (0, 1, -signal.SIGPIPE), status
    cubes.append(*slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-", "<&- >&-", "<&- >&- 2>&-"])
def test_closed_streams(tmp_path, store, closed):
    """What is opened next must not become the standard output."""
    slices = cubes.weather_slices(tmp_path, (2, 2))
    words = " ".join(map(str, [cubes.COMMAND, *slices, store]))
    subprocess.run(["sh", "-c", f"{words} {closed}"], check=True, timeout=60)
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    # A failure writes to standard error.
    words = " ".join(map(str, [cubes.COMMAND, tmp_path / "none.nc", store]))
    done = subprocess.run(["sh", "-c", f"{words} {closed}"], check=False, timeout=60)
    assert done.returncode == 4
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    folder = cubes.sidecar(store)
    lock = json.loads((folder / "lock").read_text())
    assert lock["state"] == "free"
    log = json.loads(verb("log", store, "--json").stdout)
    assert len(log) == 2
    for record in (folder / "log").glob("*.json"):
        json.loads(record.read_text())


def test_slices_from_a_closed_stream(tmp_path, store):
    """Not taken for an empty list."""
    words = f"{cubes.COMMAND} --slices-from - {store} <&-"
    done = subprocess.run(
        ["sh", "-c", words], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode != 0, done
    assert "standard input" in done.stderr
    assert not store.exists()


# Settings


@pytest.mark.parametrize(
    "change",
    [
        {"HOME": None},
        {"HOME": "/nonexistent"},
        {"TMPDIR": "/nonexistent", "CPL_TMPDIR": "/nonexistent"},
        {"PATH": "/nonexistent"},
        {"USER": None, "LOGNAME": None},
        {"TZ": "Pacific/Kiritimati"},
        {"TZ": "not a zone"},
        {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"},
        {"LANG": "xx_XX", "LC_ALL": "xx_XX.nonsense"},
        {"LC_ALL": "C", "LANG": None},
        {"LC_NUMERIC": "de_DE.UTF-8"},
    ],
    ids=lambda change: " ".join(f"{k}={v}" for k, v in change.items()),
)
def test_odd_settings(tmp_path, store, change):
    env = {k: v for k, v in {**os.environ, **change}.items() if v is not None}
    slices = cubes.weather_slices(tmp_path, (2, 2))
    command = shutil.which(cubes.COMMAND)
    cubes.append(*slices, store, env=env, command=command)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_names_that_are_not_ascii_in_the_plainest_locale(tmp_path):
    folder = tmp_path / "été ☀ 'quoted' \"twice\""
    folder.mkdir()
    env = {**os.environ, "LC_ALL": "C"}
    slices = cubes.weather_slices(folder, (2, 2))
    cubes.append(*slices, folder / "würfel.zarr", env=env)
    cubes.assert_reads_as(folder / "würfel.zarr", cubes.weather(0, 4))
    verb("log", folder / "würfel.zarr", env=env)


def test_the_working_folder_is_gone(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2))
    gone = tmp_path / "gone"

    def run(*words):
        gone.mkdir()
        text = " ".join(map(str, words))
        done = subprocess.run(
            ["sh", "-c", f"cd {gone} && rmdir {gone} && exec {text}"],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert not gone.exists()
        return done

    done = run(cubes.COMMAND, *slices, store)
    assert done.returncode == 0, done
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    done = run(cubes.COMMAND, *slices, "relative.zarr")
    assert done.returncode == 1, done
    assert "relative.zarr" in done.stderr


# Clocks

YEAR = 365 * 86400


def test_the_wall_clock_jumps_between_appends(tmp_path, store):
    """The order is that of the sequence numbers."""
    clock = tmp_path / "clock"
    env = preload.environment(PRELOAD_CLOCK=str(clock))
    slices = cubes.weather_slices(tmp_path, (1,) * 5)
    for path, years in zip(slices, (0, 20, -20, 3, -40), strict=True):
        clock.write_text(str(years * YEAR))
        cubes.append(path, store, env=env)
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    log = json.loads(verb("log", store, "--json", env=env).stdout)
    assert [record["sequence"] for record in log] == [5, 4, 3, 2, 1]
    times = [int(record["time"][:4]) for record in log]
    assert times != sorted(times, reverse=True), "the clock was not shifted"
    done = cubes.append(*slices, store, env=env)
    assert {s["outcome"] for s in done.report["slices"]} == {"already there"}


@pytest.mark.parametrize("years", [-30, 30])
def test_the_wall_clock_jumps_after_a_kill(tmp_path, store, years):
    clock = tmp_path / "clock"
    clock.write_text("0")
    slices = cubes.weather_slices(tmp_path, (2, 2))
    env = preload.environment(
        PRELOAD_CLOCK=str(clock), PRELOAD_STOP="rename,.zarr/air/zarr.json,1"
    )
    cubes.append(slices[0], store)
    process = cubes.start(slices[1], store, env=env)
    preload.wait_until_stopped(process)
    process.kill()
    process.communicate()
    clock.write_text(str(years * YEAR))
    env = preload.environment(PRELOAD_CLOCK=str(clock))
    done = cubes.append(slices[1], store, env=env)
    assert len(done.report["recovered"]["finished"]) == 1
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.mark.parametrize("years", [-30, 30])
@pytest.mark.parametrize("what", ["lock", "slice"])
def test_the_wall_clock_jumps_during_a_wait(tmp_path, store, what, years):
    """Waits are as long as they were asked for."""
    clock = tmp_path / "clock"
    clock.write_text("0")
    env = preload.environment(PRELOAD_CLOCK=str(clock))
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(slices[0], store)
    jump = threading.Timer(0.7, clock.write_text, [str(years * YEAR)])
    with cubes.locked(store, really=what == "lock"):
        started = time.monotonic()
        jump.start()
        if what == "lock":
            words = ("--lock-timeout", "2s", slices[1])
            cubes.append(*words, store, status=3, env=env)
        else:
            words = ("--wait", "2s", "--poll-interval", "0.1s", tmp_path / "never.nc")
            cubes.append(*words, store, status=4, env=env)
        seconds = time.monotonic() - started
    jump.join()
    assert 2 <= seconds < 20, seconds


@pytest.mark.parametrize("years", [-30, 30])
def test_a_slice_written_by_another_clock_is_not_waited_for_longer(
    tmp_path, store, years
):
    """A slice holds still when it stays as it is, whatever its time stamp says."""
    path = cubes.write(cubes.weather(0, 2), tmp_path / "a.nc")
    when = time.time() + years * YEAR
    os.utime(path, (when, when))
    started = time.monotonic()
    cubes.append("--wait", "60s", "--poll-interval", "0.2s", path, store)
    assert time.monotonic() - started < 20
    cubes.assert_reads_as(store, cubes.weather(0, 2))


# Thousands of leftovers


def renamed_record(text, old, new):
    """A record of the journal (docs/format.md) of another transaction."""
    line, body = text.split(b"\n", 1)
    body = body.replace(old.encode(), new.encode())
    kind, version = line.split()[1:3]
    digest = hashlib.sha256(body).hexdigest()
    head = f"mdimappend {kind.decode()} {version.decode()} {len(body)} sha256:{digest}"
    return head.encode() + b"\n" + body


def killed(store, slice_, call, part):
    """The journal's folder of an append that was killed there."""
    with preload.stopped_before(call, part, slice_, store) as process:
        process.kill()
        process.communicate()
    (transaction,) = cubes.leftovers(store)
    return cubes.sidecar(store) / "journal" / transaction


def multiply(journal, number):
    """Copies of a journal, with names of their own."""
    old = journal.name
    files = {path.name: path.read_bytes() for path in journal.iterdir()}
    for i in range(number):
        new = f"{old[:12]}-{i:016x}"
        folder = journal.with_name(new)
        folder.mkdir()
        for name, text in files.items():
            named = name in ("plan", "manifest")
            text = renamed_record(text, old, new) if named else text
            (folder / name).write_bytes(text)


def peak_memory(*words):
    """In kB, of a run that succeeds; its output."""
    process = subprocess.Popen(
        [*map(str, words)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    out = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.stdout.close()
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, out
    return used.ru_maxrss, out


@pytest.fixture
def in_memory(tmp_path):
    """A folder where syncing costs nothing: what is measured is the work itself."""
    if os.geteuid() != 0:
        yield tmp_path
        return
    with mounts.mounted(tmp_path / "memory", "size=400m") as folder:
        yield folder


@pytest.mark.parametrize("state", ["planned", "logged"])
def test_ten_thousand_journals(tmp_path, in_memory, state):
    store = in_memory / "cube.zarr"
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(slices[0], store)
    before = cubes.tree(store)
    verbs = ["gdal", "driver", "mdimappend"]
    little, _ = peak_memory(*verbs, "status", store)
    if state == "planned":
        journal = killed(store, slices[1], "open", "/manifest")
    else:
        journal = killed(store, slices[1], "unlink", "/abort")
        before = cubes.tree(store)
    multiply(journal, 10_000)
    number = len(cubes.leftovers(store))
    if state == "logged":  # Only the one that is in the log is known to be done.
        for name in cubes.leftovers(store):
            if name != journal.name:
                (journal.with_name(name) / "plan").unlink()
    started = time.monotonic()
    memory, out = peak_memory(*verbs, "status", store)
    seconds = time.monotonic() - started
    print(f"status of {number} journals: {seconds:.1f} s, {memory} kB, {little} kB")
    assert out.count("pending") <= number + 1
    assert memory < little + 50_000
    assert seconds < 60
    started = time.monotonic()
    memory, _ = peak_memory(*verbs, "recover", store)
    seconds = time.monotonic() - started
    print(f"recovery of {number} {state}: {seconds:.1f} s, {memory} kB, {little} kB")
    assert seconds < 60
    assert memory < little + 50_000
    assert cubes.leftovers(store) == []
    assert cubes.tree(store) == before
    cubes.append(slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_ten_thousand_set_aside(tmp_path, store):
    """Nothing reads them any more."""
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    cubes.append(slices[0], store)
    folder = cubes.sidecar(store) / "set-aside"
    for number in range(10_000):
        journal = folder / f"000000000002-{number:016x}" / "journal"
        journal.mkdir(parents=True)
        (journal / "plan").write_text("x")
    started = time.monotonic()
    cubes.append(slices[1], store)
    verb("status", store)
    verb("recover", store)
    seconds = time.monotonic() - started
    print(f"append, status and recover beside 10000 set aside: {seconds:.1f} s")
    assert seconds < 20
    journal = killed(store, slices[2], "link", "/decision")
    (store / "air" / "zarr.json").open("a").write("\n")
    verb("recover", store, status=1)
    verb("recover", store, "--set-aside")
    assert len(os.listdir(folder)) == 10_001
    assert (folder / journal.name / "journal" / "plan").exists()
