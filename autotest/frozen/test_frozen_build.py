"""A build of the past (tests/frozen.sh) and today's at the same stores: each goes on where
the other has left off, killed or not, and what is newer than the one of the past, it
refuses and leaves as it is."""

import contextlib
import json
import re
import shutil

import cubes
import frozen_build
import interrupted
import parts
import pytest
import records
from interrupted import GRID, Workshop

pytestmark = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])
# Who makes a store, and who goes on with it.
WHO = pytest.mark.parametrize("maker", ["past", "today"])


def builds(maker):
    past = {"env": frozen_build.environment()}
    return (past, {}) if maker == "past" else ({}, past)


def verb(build, name, *words, **options):
    words = ("driver", "mdimappend", name, *words)
    return cubes.run(*words, command="gdal", **build, **options)


def outcomes(done):
    return [each["outcome"] for each in done.report["slices"]]


def test_it_is_another_build():
    assert frozen_build.run("--help").stdout != cubes.run("--help").stdout


# Each other's stores


@FORMATS
@WHO
def test_they_append_in_turns(tmp_path, store, zarr_format, maker):
    one, other = builds(maker)
    first, second, third = cubes.weather_slices(tmp_path, (3, 2, 1))
    cubes.append("--zarr-format", zarr_format, first, store, **one)
    done = cubes.append(first, second, store, **other)
    assert outcomes(done) == ["already there", "appended"]
    done = cubes.append(first, second, third, store, **one)
    assert outcomes(done) == ["already there", "already there", "appended"]
    cubes.assert_reads_as(store, cubes.weather(0, 6))
    logs = [json.loads(verb(b, "log", "--json", store).stdout) for b in (one, other)]
    assert logs[0] == logs[1]
    assert [record["sequence"] for record in logs[0]] == [3, 2, 1]


@WHO
def test_slices_without_labels_are_known(tmp_path, store, maker):
    one, other = builds(maker)
    flat = cubes.weather(0, 2).drop_vars("time")
    path = cubes.write(flat, tmp_path / "flat.nc")
    cubes.append("--append-dim", "time", path, store, **one)
    done = cubes.append("--append-dim", "time", path, store, **other)
    assert outcomes(done) == ["already there"]
    assert cubes.open_xarray(store).sizes["time"] == 2


@WHO
@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("append", "prepared"),
        ("append", "document-applied"),
        ("append", "logged"),
        ("new", "manifested"),
        ("leased", "chunk-applied"),
        # On the machine and the file system where it was made.
        ("process", "decided"),
        ("overwrite", "manifested"),
        ("overwrite", "decided"),
        ("overwrite", "exchanged"),
    ],
)
def test_they_recover_each_other(tmp_path, kind, step, maker):
    one, other = builds(maker)
    folder = Workshop(tmp_path, "3", one.get("env")).append(kind, step)
    store = folder / "cube.zarr"
    lock = ()
    if kind == "leased":
        parts.age_lease(store)
        lock = ("--lock", "lease")
    report = json.loads(verb(other, "recover", "--json", *lock, store).stdout)
    done = interrupted.STEPS[step].recovery
    assert {key for key, names in report.items() if names} == {done}
    assert cubes.leftovers(store) == []
    append = interrupted.APPENDS[kind]
    days = append.after if interrupted.is_in(step) else append.before
    if days is None:
        assert not store.exists()
    else:
        cubes.assert_reads_as(store, cubes.weather(*days, **GRID))


@WHO
def test_they_share_an_append_of_many_processes(tmp_path, store, maker):
    one, other = builds(maker)
    first, second = parts.weather_files(tmp_path, (2, 2))
    cubes.append(*parts.CHUNKS, first, store, **one)
    token = verb(one, "begin", "--like", second, store).stdout
    receipt = verb(other, "write", token, second).stdout
    verb(one, "commit", token, receipt)
    cubes.assert_reads_as(store, parts.weather(0, 4))
    (third,) = parts.weather_files(tmp_path, (2,), first=4)
    token = verb(one, "begin", "--like", third, store).stdout
    verb(other, "abort", token)
    parts.assert_nothing_left(store)
    cubes.assert_reads_as(store, parts.weather(0, 4))


# What is newer


@contextlib.contextmanager
def unchanged(store):
    """Store and sidecar, but for who held the lock."""

    def tree():
        entries = cubes.tree(store.parent)
        return {
            k: v
            for k, v in entries.items()
            if not re.search(r"\.mdimappend/l(ock|ease)", k)
        }

    before = tree()
    yield
    assert tree() == before


def refuses(store, *slices, words=(), recovers=True):
    """Neither an append nor a recovery of the past touches it."""
    with unchanged(store):
        messages = [frozen_build.append(*slices, store, status=1).message]
        if recovers:
            messages.append(frozen_build.verb("recover", store, status=1).message)
    for message in messages:
        for word in words:
            assert word in message, message


@FORMATS
@pytest.mark.parametrize(
    ("step", "newer"),
    [
        ("planned", ["plan"]),
        ("manifested", ["plan", "manifest"]),
        ("decided", ["plan", "manifest", "decision"]),
        ("decided", ["manifest"]),
        ("decided", ["decision"]),
        ("chunk-applied", ["plan", "manifest", "decision"]),
        ("half-undone", ["plan"]),
    ],
)
def test_journals_of_a_later_format(tmp_path, zarr_format, step, newer):
    workshop = Workshop(tmp_path, zarr_format)
    folder = (
        workshop.undoing(step)
        if step in interrupted.UNDOING
        else workshop.append("append", step)
    )
    store = folder / "cube.zarr"
    (journal,) = (cubes.sidecar(store) / "journal").iterdir()
    for name in newer:
        records.rewrite(journal / name, version=4)
    if newer == ["manifest"]:
        records.decide_anew(journal)
    refuses(store, tmp_path / "days3.nc", words=["cannot be followed", "format"])


@pytest.mark.parametrize("rows", ["+3", "0:3"])
def test_a_log_of_a_later_format(target, tmp_path, rows):
    """`rows` is a text in it: so the past takes the record for a damaged one."""
    path = cubes.sidecar(target) / "log" / "000000000001.json"
    record = {
        **json.loads(path.read_text()),
        "format": "mdimappend log 2",
        "rows": rows,
    }
    path.write_text(json.dumps(record, indent=2) + "\n")
    following = cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")
    # The same slice again, too: it must not be believed to be there.
    for slices in ([following], [tmp_path / "first.nc"]):
        refuses(target, *slices, words=["log record", "damaged"], recovers=False)


def test_a_session_of_a_later_format(tmp_path, store):
    """Parts and commit stop. (Giving it up needs nothing that is in it.)"""
    first, second = parts.weather_files(tmp_path, (2, 2))
    cubes.append(*parts.CHUNKS, first, store)
    token = parts.begin(store, second)
    receipt = parts.write(token, second)
    (session,) = cubes.sidecar(store).glob("journal/*/session")
    text = session.read_text()
    assert "mdimappend session 1" in text
    session.write_text(text.replace("mdimappend session 1", "mdimappend session 4"))
    with unchanged(store):
        for words in (("write", token, second), ("commit", token, receipt)):
            assert frozen_build.verb(*words, status=None).status != 0
