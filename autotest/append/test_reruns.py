"""A run over slices that are in already: each is known by one look at its file, and
by the log; and nothing is taken for granted of which the log, the target or the file
says otherwise."""

import json
import os
import re
import shutil
import subprocess

import cubes
import numpy as np
import pytest
import scipy.io
import zarr

traced = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)

BLOCK = 256  # records that have an index in common
OPENS_RECORD = r"open(at)?\(.*/log/\d+\.json"


def tiny(path, label, value=None, labels=True, flat=False):
    """A slice of one step, with a label or without; or of no step, to be given one."""
    with scipy.io.netcdf_file(path, "w") as file:
        # The one without a limit has to be the first.
        if not flat:
            file.createDimension("time", None)
        file.createDimension("x", 4)
        if flat:
            file.createVariable("v", "f", ("x",))[:] = label if value is None else value
            return path
        if labels:
            time = file.createVariable("time", "d", ("time",))
            time.units = "days since 2000-01-01"
            time[0] = label
        data = file.createVariable("v", "f", ("time", "x"))
        data[0, :] = label if value is None else value
    return path


def slices(folder, count, name="s", **options):
    folder.mkdir(exist_ok=True)
    return [tiny(folder / f"{name}{i:04}.nc", i, **options) for i in range(count)]


def append(store, names, *words, **options):
    """Many slices, by a list."""
    lines = store.parent / "lines.txt"
    lines.write_text("".join(f"{name}\n" for name in names))
    return cubes.append("--slices-from", lines, *words, store, **options)


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def values(store):
    return cubes.read_zarr(store)["v"][:, 0]


def index(store):
    folder = cubes.sidecar(store) / "log/index"
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def trace(folder, store, names, *words):
    """The system calls of a run over slices that are in, by what they are made on."""
    log = folder / "trace"
    lines = folder / "traced.txt"
    lines.write_text("".join(f"{name}\n" for name in names))
    command = ["strace", "-f", "-qq", "-y", "-o", log, "-e", "trace=%file", "--"]
    command += [cubes.COMMAND, "--quiet", *words, "--slices-from", lines, store]
    subprocess.run([str(word) for word in command], check=True)
    return log.read_text().splitlines()


@pytest.fixture(scope="module", params=["labels", "no labels"])
def many(request, tmp_path_factory):
    """A block of commits and some more, and the slices."""
    folder = tmp_path_factory.mktemp("many")
    labels = request.param == "labels"
    names = slices(folder / "in", BLOCK + 20, labels=labels)
    words = [] if labels else ["--append-dim", "time"]
    store = folder / "cube.zarr"
    append(store, names, *words, "--durability", "process")
    return store, names, words, labels


@pytest.fixture
def rerun(many, tmp_path):
    """A copy of that target."""
    store, names, words, labels = many
    copy = tmp_path / "cube.zarr"
    shutil.copytree(store, copy)
    shutil.copytree(cubes.sidecar(store), cubes.sidecar(copy))
    return copy, names, words, labels


# What it costs.


@traced
@pytest.mark.parametrize("per_commit", [1, 1000])
def test_a_slice_that_is_in_is_looked_at_once(tmp_path, per_commit):
    names = slices(tmp_path / "in", 60)
    store = tmp_path / "cube.zarr"
    append(store, names, "--slices-per-commit", per_commit)
    for count in (30, 60):
        lines = trace(tmp_path, store, names[:count])
        # The first is opened, and perhaps the one after it, ahead.
        for name in names[2:count]:
            on = [line for line in lines if name.name in line]
            assert len(on) == 1, on
            assert re.search(r"l?stat|newfstatat|statx", on[0])


@traced
@pytest.mark.parametrize("per_commit", [1, 1000])
def test_records_are_read_once_however_many_slices_they_name(tmp_path, per_commit):
    names = slices(tmp_path / "in", 60)
    store = tmp_path / "cube.zarr"
    append(store, names, "--slices-per-commit", per_commit)
    records = 60 if per_commit == 1 else 1
    opened = [
        line for line in trace(tmp_path, store, names) if re.search(OPENS_RECORD, line)
    ]
    # Each once, and the first slice's are looked for by bisection.
    assert len(opened) <= records + 12


@traced
def test_slices_that_have_to_be_opened_do_not_have_records_read_again(tmp_path):
    """With other settings, nothing can be said without opening them."""
    names = slices(tmp_path / "in", 60)
    store = tmp_path / "cube.zarr"
    append(store, names, "--slices-per-commit", 1000)
    opened = {}
    for count in (30, 60):
        lines = trace(tmp_path, store, names[:count], "--on-extra-array", "error")
        opened[count] = sum(bool(re.search(OPENS_RECORD, x)) for x in lines)
    assert opened[60] == opened[30]


@traced
def test_the_index_is_made_by_the_first_and_read_by_the_next(tmp_path, rerun):
    store, names, words, _ = rerun
    first = trace(tmp_path, store, names, *words)
    assert index(store) == [f"{BLOCK:012}"]
    second = trace(tmp_path, store, names, *words)
    opened = [
        sum(bool(re.search(OPENS_RECORD, line)) for line in lines)
        for lines in (first, second)
    ]
    assert opened[0] >= BLOCK
    assert opened[1] <= 20 + 16


def test_an_append_writes_no_index(rerun):
    store, names, words, labels = rerun
    tiny(names[0].parent / "new.nc", 9999, labels=labels)
    append(store, [names[0].parent / "new.nc"], *words)
    assert index(store) == []


# What it says.


def test_the_report_is_that_of_slices_that_were_opened(rerun):
    store, names, words, labels = rerun
    with cubes.unchanged(store):
        done = append(store, names, *words)
    opened, known = done.report["slices"][0], done.report["slices"][1:]
    assert outcomes(done) == ["already there"] * len(names)
    for number, entry in enumerate(known, 1):
        assert entry["slice"] == str(names[number])
        assert entry["rows_already_there"] == 1
        same = ("first_row", "rows", "sequence", "chunks", "created")
        assert {k: entry[k] for k in same} == {k: opened[k] for k in same}
    if labels:
        assert known[-1]["first_label"] == "2000-10-02"
        assert known[-1]["last_label"] == "2000-10-02"


@pytest.mark.parametrize("label", ["text", "date", "number"])
def test_labels_that_were_given(tmp_path, label):
    labels = {
        "text": lambda i: f"station {7 * i % 20}",
        "date": lambda i: f"2020-01-{1 + i:02}",
        "number": str,
    }[label]
    files = slices(tmp_path / "in", 20, flat=True)
    store = tmp_path / "cube.zarr"
    lines = [
        json.dumps({"slice": str(file), "label": labels(i)})
        for i, file in enumerate(files)
    ]
    # Along time only dates and numbers are labels.
    words = ["--append-dim", "station" if label == "text" else "time"]
    append(store, lines, *words)
    with cubes.unchanged(store):
        done = append(store, lines, *words)
    assert outcomes(done) == ["already there"] * 20
    # The same files under other labels are other steps.
    other = {"text": "station 99", "date": "2021-01-01", "number": "99"}[label]
    lines[5] = json.dumps({"slice": str(files[5]), "label": other})
    done = append(store, [*lines[:5], *lines[6:], lines[5]], *words)
    assert outcomes(done) == ["already there"] * 19 + ["appended"]
    assert values(store).tolist() == [*range(20), 5]


def test_labels_from_names(tmp_path):
    files = [
        tiny(tmp_path / f"a_2020{1 + i // 28:02}{1 + i % 28:02}.nc", i, flat=True)
        for i in range(40)
    ]
    words = ["--append-dim", "time", "--label-from", "name:a_%Y%m%d.nc"]
    store = tmp_path / "cube.zarr"
    append(store, files, *words)
    with cubes.unchanged(store):
        done = append(store, files, *words)
    assert outcomes(done) == ["already there"] * 40
    # The same names read otherwise.
    words[-1] = "name:a_%Y%d%m.nc"
    done = append(store, files[:2], *words, status=5)
    assert outcomes(done) == ["already there", "failed"]


def test_new_slices_between_are_appended(rerun):
    store, names, words, labels = rerun
    folder = names[0].parent
    new = [tiny(folder / f"n{i}.nc", 5000 + i, labels=labels) for i in range(3)]
    order = [*names[:50], new[0], *names[50:200], new[1], *names[200:], new[2]]
    done = append(store, order, *words)
    expected = ["appended" if name in new else "already there" for name in order]
    assert outcomes(done) == expected
    assert values(store).tolist() == [*range(len(names)), 5000, 5001, 5002]


def test_in_any_order(rerun):
    store, names, words, _ = rerun
    with cubes.unchanged(store):
        done = append(store, names[::-1], *words)
    assert outcomes(done) == ["already there"] * len(names)


# What is noticed.


@pytest.mark.parametrize("how", ["written again", "replaced", "link"])
def test_a_file_that_changed_is_read(tmp_path, how):
    names = slices(tmp_path / "in", 30)
    store = tmp_path / "cube.zarr"
    append(store, names)
    before = os.stat(names[20])
    other = tiny(tmp_path / "other.nc", 20, 777)
    if how == "written again":
        names[20].write_bytes(other.read_bytes())
    elif how == "replaced":
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.rename(names[20])
    else:
        names[20].unlink()
        names[20].symlink_to(other)
    with cubes.unchanged(store):
        done = append(store, names, status=5)
    assert outcomes(done) == ["already there"] * 20 + ["failed"]
    assert "with different values in array 'v'" in done.message


def test_a_file_that_was_touched_is_compared(tmp_path):
    names = slices(tmp_path / "in", 30)
    store = tmp_path / "cube.zarr"
    append(store, names)
    os.utime(names[20], (1, 1))
    with cubes.unchanged(store):
        assert outcomes(append(store, names)) == ["already there"] * 30


def test_a_file_that_is_gone_is_missing(tmp_path):
    names = slices(tmp_path / "in", 30)
    store = tmp_path / "cube.zarr"
    append(store, names)
    names[20].unlink()
    done = append(store, names, status=4)
    assert outcomes(done) == ["already there"] * 20 + ["failed"]


def test_labels_that_somebody_changed(tmp_path):
    names = slices(tmp_path / "in", 30)
    store = tmp_path / "cube.zarr"
    append(store, names)
    # The same day once more in the target, under the label of day 20.
    zarr.open_group(str(store), mode="r+")["time"][20] = 19.5
    done = append(store, names, status=5)
    assert outcomes(done) == ["already there"] * 20 + ["failed"]


def test_a_target_that_was_put_back(tmp_path):
    """An older copy of the store, and the log of today."""
    names = slices(tmp_path / "in", 30)
    store = tmp_path / "cube.zarr"
    append(store, names[:20])
    shutil.copytree(store, tmp_path / "old.zarr")
    append(store, names[20:])
    shutil.rmtree(store)
    (tmp_path / "old.zarr").rename(store)
    done = append(store, names)
    assert outcomes(done) == ["already there"] * 20 + ["appended"] * 10
    assert values(store).tolist() == list(range(30))


def test_a_target_that_was_overwritten(rerun):
    store, names, words, labels = rerun
    append(store, names, *words)  # makes the index
    other = slices(names[0].parent, 3, name="o", value=-1, labels=labels)
    cubes.append(*words, "--overwrite", *other, store)
    with cubes.unchanged(store):
        append(store, other, *words)
    if labels:
        done = append(store, [other[0], *names[:3]], *words, status=5)
        assert outcomes(done) == ["already there", "failed"]
    else:
        done = append(store, [*other, *names[:3]], *words)
        assert outcomes(done) == ["already there"] * 3 + ["appended"] * 3


@pytest.mark.parametrize("option", ["error", "replace"])
def test_who_wants_no_duplicates_or_other_values_gets_that(tmp_path, option):
    names = slices(tmp_path / "in", 10)
    store = tmp_path / "cube.zarr"
    append(store, names, "--on-duplicate", option)
    zarr.open_group(str(store), mode="r+")["v"][5] = -1
    status = 5 if option == "error" else 0
    done = append(store, names, "--on-duplicate", option, status=status)
    if option == "error":
        assert outcomes(done) == ["failed"]
    else:
        assert outcomes(done).count("appended") == 1
        assert values(store).tolist() == list(range(10))


def test_records_without_a_hash_have_slices_opened(rerun):
    """Those of a version that did not write it."""
    store, names, words, _ = rerun
    for path in (cubes.sidecar(store) / "log").glob("*.json"):
        record = json.loads(path.read_text())
        for entry in record["slices"]:
            entry.pop("read_as")
            entry.pop("labels", None)
        path.write_text(json.dumps(record))
    with cubes.unchanged(store):
        done = append(store, names, *words)
    assert outcomes(done) == ["already there"] * len(names)


def test_two_groups_of_one_store(tmp_path):
    names = slices(tmp_path / "in", 10)
    store = tmp_path / "cube.zarr"
    append(store, names, "--group", "a")
    append(store, names[:5], "--group", "b")
    done = append(store, names, "--group", "b")
    assert outcomes(done) == ["already there"] * 5 + ["appended"] * 5
    done = append(store, names, "--group", "a")
    assert outcomes(done) == ["already there"] * 10


def test_a_dry_run_knows_them_too_and_writes_nothing(rerun):
    store, names, words, labels = rerun
    new = tiny(names[0].parent / "dry.nc", 8000, labels=labels)
    before = cubes.tree(cubes.sidecar(store))
    done = append(store, [*names, new], *words, "--dry-run")
    assert outcomes(done) == ["already there"] * len(names) + ["would append"]
    assert cubes.tree(cubes.sidecar(store)) == before


# An index that is not the log's.


def forged(text, change):
    """With another body, and a first line that says so."""
    import hashlib

    body = json.loads(text.split(b"\n", 1)[1])
    change(body)
    bytes_ = (json.dumps(body) + "\n").encode()
    digest = hashlib.sha256(bytes_).hexdigest()
    return f"mdimappend index 1 {len(bytes_)} sha256:{digest}\n".encode() + bytes_


def other_record(body):
    body["checksum"] = "sha256:" + 64 * "0"


def no_slices(body):
    body["slices"] = [[7, "x"], None, {"a": 1}]


DAMAGE = {
    "empty": lambda text: b"",
    "torn": lambda text: text[: len(text) // 2],
    "flipped": lambda text: text[:-200] + bytes([text[-200] ^ 1]) + text[-199:],
    "nonsense": lambda text: b"\0" * 100,
    "another record's": lambda text: forged(text, other_record),
    "malformed": lambda text: forged(text, no_slices),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_an_index_that_is_damaged_is_made_again(rerun, damage):
    store, names, words, _ = rerun
    append(store, names, *words)
    (name,) = index(store)
    path = cubes.sidecar(store) / "log/index" / name
    good = path.read_bytes()
    path.write_bytes(DAMAGE[damage](good))
    with cubes.unchanged(store):
        done = append(store, names, *words)
    assert outcomes(done) == ["already there"] * len(names)
    assert path.read_bytes() == good


def without_labels(folder, name, count=BLOCK + 5):
    """A target of which the log alone knows what is in."""
    files = slices(folder / name, count, name=name, labels=False)
    store = folder / f"{name}.zarr"
    words = ["--append-dim", "time", "--durability", "process"]
    append(store, files, *words)
    append(store, files, *words)
    assert index(store) == [f"{BLOCK:012}"]
    return store, files, words


def test_the_index_of_another_store_is_not_believed(tmp_path):
    store, files, words = without_labels(tmp_path, "a")
    other, others, _ = without_labels(tmp_path, "b")
    ours, theirs = (
        cubes.sidecar(path) / "log/index" / f"{BLOCK:012}" for path in (store, other)
    )
    shutil.copy(theirs, ours)
    done = append(store, [files[0], files[1], *others[:4]], *words)
    assert outcomes(done) == ["already there"] * 2 + ["appended"] * 4


def test_the_index_of_a_log_that_was_begun_anew_is_not_believed(tmp_path):
    store, files, words = without_labels(tmp_path, "a")
    kept = tmp_path / "kept"
    (cubes.sidecar(store) / "log/index").rename(kept)
    shutil.rmtree(cubes.sidecar(store))
    shutil.rmtree(store)
    others = slices(tmp_path / "b", BLOCK + 5, name="b", labels=False)
    append(store, others, *words)
    kept.rename(cubes.sidecar(store) / "log/index")
    done = append(store, [*others[:2], *files[:3]], *words)
    assert outcomes(done) == ["already there"] * 2 + ["appended"] * 3
    assert np.array_equal(values(store)[-3:], [0, 1, 2])


def test_the_index_cannot_be_written(tmp_path, rerun):
    """A file is in its folder's place."""
    store, names, words, _ = rerun
    (cubes.sidecar(store) / "log/index").write_text("")
    with cubes.unchanged(store):
        done = append(store, names, *words)
    assert outcomes(done) == ["already there"] * len(names)
