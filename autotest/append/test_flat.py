"""What an append costs does not grow with what is there already: not with the steps
of the cube, and not with the appends that made it."""

import json
import re
import shutil
import subprocess
import warnings

import cubes
import numpy as np
import pytest
import xarray as xr
import zarr

# Of one that is interrupted by another thread's, the end has no such line.
CALL = re.compile(r"^\d+ +\w+\(")

traced = pytest.mark.skipif(
    not shutil.which("strace"), reason="strace is not installed"
)


def cube(folder, steps, commits=1, **options):
    """A cube whose labels have chunks of 16 steps."""
    store = folder / f"cube{steps}.zarr"
    size = steps // commits
    slices = [
        cubes.write(
            cubes.weather(first, size, **options), folder / f"{steps}-{first}.nc"
        )
        for first in range(0, steps, size)
    ]
    chunks = ["--encoding", "time:chunk=16", "--encoding", "air:chunk=1x4x5"]
    cubes.append(*chunks, *slices, store)
    return store


def remember_more_commits(store, count):
    """As if each of the store's steps had been a commit, and many more before them."""
    log = cubes.sidecar(store) / "log"
    last = max(int(path.stem) for path in log.glob("*.json"))
    record = json.loads((log / f"{last:012}.json").read_text())
    for sequence in range(last + 1, last + count + 1):
        record.update(sequence=sequence, transaction=f"{sequence:012}-0123456789abcdef")
        record.update(first_row=record["first_row"] + record["rows"], rows=0)
        (log / f"{sequence:012}.json").write_text(json.dumps(record, indent=2) + "\n")
    (log / "head").write_text(json.dumps({"sequence": last + count}))


def calls(folder, store, *arguments):
    """The system calls that an append makes on the store and its sidecar."""
    log = folder / "trace"
    words = ["strace", "-f", "-s", "9999", "-y", "-o", str(log), cubes.COMMAND]
    subprocess.run([*words, *map(str, arguments), str(store)], check=True)
    return sum(
        str(store) in line and bool(CALL.match(line))
        for line in log.read_text().splitlines()
    )


@traced
def test_an_append_to_a_long_cube_makes_as_many_calls_as_to_a_short_one(tmp_path):
    counts = {}
    for steps in (32, 1600):
        store = cube(tmp_path, steps)
        remember_more_commits(store, steps)
        day = cubes.write(cubes.weather(steps, 1), tmp_path / f"next{steps}.nc")
        counts[steps] = calls(tmp_path, store, "--quiet", day)
    assert counts[32] == counts[1600]


def variables(count, first, days):
    """Slices of many arrays of 10 x 10."""
    values = np.arange(first, first + days, dtype="f4")
    values = np.broadcast_to(values[:, None, None], (days, 10, 10))
    arrays = {f"v{number:03}": (("time", "y", "x"), values) for number in range(count)}
    time = cubes.weather(first, days)["time"]
    return xr.Dataset(arrays, {"time": time, "y": np.arange(10), "x": np.arange(10)})


def lengthen(store, arrays, days):
    """As others would, and as if the log knew of it. Days without values have no
    chunks, which nobody can know who does not look."""
    group = zarr.open_group(store, use_consolidated=False)
    for name in [f"v{number:03}" for number in range(arrays)]:
        group[name].resize((days, 10, 10))
    group["time"].resize((days,))
    group["time"][:] = cubes.weather(0, days)["time"].values
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(store)
    path = cubes.sidecar(store) / "log" / f"{1:012}.json"
    record = {**json.loads(path.read_text()), "rows": days}
    # It is not to notice that others did it.
    del record["documents"]
    path.write_text(json.dumps(record))


@traced
def test_ten_million_chunks_of_200_arrays_are_neither_listed_nor_looked_at(tmp_path):
    arrays, counts = 200, {}
    for days in (50, 5050):
        store = tmp_path / f"cube{days}.zarr"
        first = cubes.write(variables(arrays, 0, 1), tmp_path / "first.nc")
        chunks = ["--encoding", "*:chunk=1x1x10", "--encoding", "time:chunk=1000"]
        cubes.append(*chunks, first, store)
        lengthen(store, arrays, days)
        day = cubes.write(variables(arrays, days, 1), tmp_path / f"{days}.nc")
        counts[days] = calls(tmp_path, store, "--quiet", day)
        group = zarr.open_group(store, mode="r")
        found = [group[f"v{number:03}"] for number in range(arrays)]
        assert {array.shape for array in found} == {(days + 1, 10, 10)}
        assert all((array[-1] == days).all() for array in found)
    assert counts[50] == counts[5050]


def damage_first_labels(store):
    """Who reads these, fails."""
    chunk = store / "time/c/0"
    assert chunk.exists()
    chunk.write_bytes(b"\xff" * 7)


def test_labels_that_were_in_order_are_not_read_again(tmp_path):
    store = cube(tmp_path, 64, commits=2)
    damage_first_labels(store)
    day = cubes.write(cubes.weather(64, 1), tmp_path / "next.nc")
    (entry,) = cubes.append(day, store).report["slices"]
    assert entry["outcome"] == "appended"


def runs(folder, names):
    """Slices of one step each that has a text for a label."""
    parts = []
    for number, name in enumerate(names):
        dataset = cubes.weather(number, 1).drop_vars(["time", "elevation"])
        dataset = dataset.rename(time="run").assign_coords(run=[name])
        parts.append(cubes.write(dataset, folder / f"{name}.nc"))
    return parts


def test_texts_that_were_in_order_are_not_read_again(tmp_path):
    store = tmp_path / "runs.zarr"
    names = [f"run{number:02}" for number in range(20)]
    parts = runs(tmp_path, [*names, "run07x", "Run21"])
    cubes.append("--append-dim=run", "--encoding=run:chunk=4", *parts[:18], store)
    (store / "run/c/0").write_bytes(b"\xff" * 7)
    assert outcome(store, parts[18]) == "appended"
    with cubes.unchanged(store):
        for part in (parts[3], parts[-2], parts[-1]):
            assert "run" in cubes.append(part, store, status=1).message


def test_texts_in_any_order(tmp_path):
    store = tmp_path / "runs.zarr"
    names = ["b", "a", "c", "d", "cc", "e", "B"]
    parts = runs(tmp_path, names)
    cubes.append("--append-dim=run", *parts, store)
    for part in parts:
        assert outcome(store, part) == "already there"
    assert outcome(store, *runs(tmp_path, ["f"])) == "appended"
    assert list(cubes.read_zarr(store)["run"]) == [*names, "f"]


@pytest.mark.parametrize("first", [0, 40, 63])
def test_all_labels_are_read_for_one_that_is_not_new(tmp_path, first):
    store = cube(tmp_path, 64)
    day = cubes.write(cubes.weather(first, 1), tmp_path / "again.nc")
    (entry,) = cubes.append(day, store).report["slices"]
    assert entry["outcome"] == "already there"
    damage_first_labels(store)
    with cubes.unchanged(store):
        done = cubes.append(day, store, status=1)
    assert "time" in done.message


def test_all_labels_are_read_if_others_wrote_meanwhile(tmp_path):
    """And what they brought out of order is found."""
    store = cube(tmp_path, 64)
    for day in (70, 65):
        dataset = xr.decode_cf(cubes.weather(day, 1)).drop_vars("elevation")
        dataset.to_zarr(store, append_dim="time")
    day = cubes.write(cubes.weather(70, 1), tmp_path / "again.nc")
    (entry,) = cubes.append(day, store).report["slices"]
    assert entry["outcome"] == "already there"


def test_all_labels_are_read_for_a_batch_that_repeats_one(tmp_path):
    """The last ones known are then the batch's own."""
    store = cube(tmp_path, 64)
    days = [
        cubes.write(cubes.weather(first, 1), tmp_path / f"{number}.nc")
        for number, first in enumerate([64, 65, 20, 66])
    ]
    done = cubes.append("--slices-per-commit", 4, *days, store)
    outcomes = [entry["outcome"] for entry in done.report["slices"]]
    assert outcomes == ["appended", "appended", "already there", "appended"]
    cubes.assert_reads_as(store, cubes.weather(0, 67))


@pytest.mark.parametrize("by", ["descending", "ascending"])
def test_direction_of_a_long_cube(tmp_path, by):
    """Two labels are known of it."""
    store = tmp_path / "cube.zarr"
    order = slice(None, None, -1 if by == "descending" else 1)
    whole = cubes.weather(100, 40).isel(time=order)
    first = cubes.write(whole, tmp_path / "first.nc")
    cubes.append("--encoding", "time:chunk=4", first, store)
    following, contrary = (99, 140) if by == "descending" else (140, 99)
    wrong = cubes.write(cubes.weather(contrary, 1), tmp_path / "wrong.nc")
    done = cubes.append(wrong, store, status=5)
    side = "before" if by == "descending" else "after"
    assert f"does not come {side}" in done.message
    day = cubes.weather(following, 1)
    cubes.append(cubes.write(day, tmp_path / "day.nc"), store)
    cubes.assert_reads_as(store, cubes.concat([whole, day]))


def test_templates_name_the_first_label_of_a_long_cube(tmp_path):
    store = cube(tmp_path, 64)
    settings = tmp_path / "settings.json"
    settings.write_text(
        json.dumps(
            {"attrs": {"from": "{{ first_label }}"}, "attrs_update_mode": "update"}
        )
    )
    day = cubes.write(cubes.weather(64, 1), tmp_path / "next.nc")
    cubes.append("--settings", settings, day, store)
    assert xr.open_zarr(store).attrs["from"].startswith("2000-01-01")


def nameless(folder, number):
    """A slice without labels."""
    dataset = cubes.weather(number, 1).drop_vars(["time", "elevation"])
    return cubes.write(dataset, folder / f"nameless{number}.nc")


def nameless_cube(folder, steps):
    store = folder / f"nameless{steps}.zarr"
    cubes.append(*(nameless(folder, number) for number in range(steps)), store)
    return store


def outcome(store, part):
    (entry,) = cubes.append(part, store).report["slices"]
    return entry["outcome"]


@traced
def test_without_labels_as_many_records_are_read_of_a_long_log(tmp_path):
    counts = {}
    for steps in (4, 40):
        store = nameless_cube(tmp_path, steps)
        part = nameless(tmp_path, 100 + steps)
        counts[steps] = calls(tmp_path, store, "--quiet", part)
    assert counts[4] == counts[40]


def forget_entries(store, how):
    """The log as it was before there were any, in part or as a whole; or damaged."""
    entries = cubes.sidecar(store) / "log/slices"
    if how == "damaged":
        for entry in entries.iterdir():
            entry.write_bytes(b"\0" * 9)
    elif how == "wrong":
        for entry in entries.iterdir():
            entry.write_text('{"sequence": 2}')
    elif how == "lost":
        shutil.rmtree(entries)
    elif how == "old":
        shutil.rmtree(entries)
        for path in (cubes.sidecar(store) / "log").glob("0*.json"):
            record = json.loads(path.read_text())
            del record["entries_from"]
            path.write_text(json.dumps(record))


@pytest.mark.parametrize("how", ["whole", "damaged", "wrong", "lost", "old"])
def test_without_labels_no_slice_is_appended_twice(tmp_path, how):
    store = nameless_cube(tmp_path, 5)
    forget_entries(store, how)
    parts = [tmp_path / f"nameless{number}.nc" for number in range(5)]
    assert [outcome(store, part) for part in parts] == ["already there"] * 5
    assert outcome(store, nameless(tmp_path, 5)) == "appended"
    parts.append(tmp_path / "nameless5.nc")
    assert [outcome(store, part) for part in parts] == ["already there"] * 6
    assert outcome(store, nameless(tmp_path, 0)) == "appended", "it has another state"
    assert cubes.read_zarr(store)["air"].shape[0] == 7


def test_without_labels_slices_of_one_commit_have_entries(tmp_path):
    parts = [nameless(tmp_path, number) for number in range(4)]
    store = tmp_path / "cube.zarr"
    cubes.append("--slices-per-commit", 4, *parts, store)
    assert len(list((cubes.sidecar(store) / "log/slices").iterdir())) == 4
    assert [outcome(store, part) for part in parts] == ["already there"] * 4


def test_without_labels_a_store_that_is_made_again_knows_nothing(tmp_path):
    store = nameless_cube(tmp_path, 3)
    part = tmp_path / "nameless1.nc"
    (entry,) = cubes.append("--overwrite", part, store).report["slices"]
    assert entry["outcome"] == "appended"
    assert outcome(store, part) == "already there"
    assert outcome(store, tmp_path / "nameless0.nc") == "appended"


def test_with_labels_there_are_no_entries(tmp_path):
    store = cube(tmp_path, 32)
    assert not (cubes.sidecar(store) / "log/slices").exists()
