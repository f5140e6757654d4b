"""--dry-run: settings and plan are shown, nothing is changed, no lock is needed."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import cubes
import pytest


def dry(*arguments, **options):
    return cubes.append("--dry-run", *arguments, **options)


def text_of(*arguments, **options):
    """Without the progress bar: the settings, and what follows them."""
    text = cubes.run("--dry-run", *arguments, **options).stdout
    shown, end = json.JSONDecoder().raw_decode(text.split("settings: ", 1)[1])
    return shown, text.split("settings: ", 1)[1][end:].strip("\n")


def planned(entry):
    """Chunks added and replaced, by array."""
    return {
        array["path"]: (array["chunks_added"], array["chunks_replaced"])
        for array in entry["plan"]["arrays"]
    }


def objects(store):
    """The keys of chunks that are in a store."""
    names = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
    return {
        str(path.relative_to(store)): path.stat().st_ino
        for path in store.rglob("*")
        if path.is_file() and path.name not in names
    }


@pytest.fixture
def nobodys():
    """A folder in which somebody else may read and nobody write; a user for it."""
    folder = Path(tempfile.mkdtemp())
    yield folder
    os.chmod(folder, 0o755)
    shutil.rmtree(folder)


LAYOUTS = {
    "V2": ["--zarr-format", "2", "--encoding", "air:chunk=2x2x5"],
    "V3": ["--encoding", "air:chunk=2x2x5"],
    "merging": ["--encoding", "air:chunk=4x3x2", "--encoding", "time:chunk=3"],
    "shards": ["--encoding", "air:chunk=1x2x5,shard=4x4x5", "--merge-shards"],
    "in a group": ["--group", "a/b"],
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_plan_is_what_the_append_does(tmp_path, store, layout):
    words = LAYOUTS[layout]
    for number, path in enumerate(cubes.weather_slices(tmp_path, (3, 2, 5))):
        before = cubes.tree(tmp_path)
        (entry,) = dry(*words, path, store).report["slices"]
        assert cubes.tree(tmp_path) == before
        assert entry["outcome"] == "would append"
        assert entry["created"] is (number == 0)
        old = objects(store) if store.exists() else {}
        (done,) = cubes.append(*words, path, store).report["slices"]
        for key in ("first_row", "rows", "first_label", "last_label", "created"):
            assert entry[key] == done[key]
        new = objects(store)
        written = {key for key in new if old.get(key) != new[key]}
        for name, (added, replaced) in planned(entry).items():
            mine = {key for key in written if key.startswith(f"{name}/")}
            assert len(mine - set(old)) == added, name
            assert len(mine & set(old)) == replaced, name
            written -= mine
        assert not written


def test_documents_of_the_plan(tmp_path, target):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    before = cubes.tree(target)
    (entry,) = dry(path, target).report["slices"]
    cubes.append(path, target)
    after = cubes.tree(target)
    names = ("zarr.json", ".zgroup", ".zarray", ".zattrs", ".zmetadata")
    changed = {
        key
        for key in after
        if before.get(key) != after[key] and Path(key).name in names
    }
    assert changed <= set(entry["plan"]["documents"])
    assert "air" in planned(entry)


def test_slice_after_slice(tmp_path, target):
    """Each is planned as if those before it were in."""
    slices = cubes.weather_slices(tmp_path, (3, 2, 1, 4))
    with cubes.unchanged(target):
        report = dry(*slices, target).report
    outcomes = [entry["outcome"] for entry in report["slices"]]
    assert outcomes == ["already there"] + ["would append"] * 3
    assert [entry["first_row"] for entry in report["slices"]][1:] == [3, 5, 6]


def test_what_is_there_has_no_plan(tmp_path, target):
    (path,) = cubes.weather_slices(tmp_path, (3,))
    (entry,) = dry(path, target).report["slices"]
    assert entry["outcome"] == "already there"
    assert "plan" not in entry


def test_the_text_has_settings_and_plan_of_a_new_target(tmp_path, store):
    a, b = cubes.weather_slices(tmp_path, (3, 2))
    words = ["--encoding", "air:chunk=2x2x5", "--step", "1D"]
    shown, text = text_of(*words, a, b, store)
    assert shown["target_dir"] == str(store)
    assert shown["append_step"] == "1D"
    assert shown["variables"] == {"air": {"encoding": {"chunks": [2, 2, 5]}}}
    assert text.splitlines() == [
        f"{a}: would append 3 steps of time, 2000-01-01 to 2000-01-03, to a new target",
        "  air: 4 new chunks of 2x2x5, 320 B",
        "  elevation: 1 new chunk of 4x5, 40 B",
        "  time: 1 new chunk of 1024, 8.0 KiB",
        "  lat: 1 new chunk of 4, 32 B",
        "  lon: 1 new chunk of 5, 40 B",
        "  6 documents; 14 objects in all, 8.4 KiB uncompressed",
        f"{b}: would append 2 steps of time, 2000-01-04 to 2000-01-05",
        "  time: 0 new chunks of 1024, 1 replaced, 8.0 KiB",
        "  air: 2 new chunks of 2x2x5, 2 replaced, 320 B",
        "  3 documents; 8 objects in all, 8.3 KiB uncompressed",
        "2 slices: 2 would append (5 steps of time)",
    ]
    assert not store.exists()


def test_the_text_of_an_existing_target(tmp_path, target):
    path = cubes.write(cubes.weather(2, 2), tmp_path / "x.nc")
    _, text = text_of(path, target)
    first, *plan, _ = text.splitlines()
    assert first == f"{path}: would append 1 step of time, 2000-01-04"
    assert plan == [
        "  time: 0 new chunks of 1024, 1 replaced, 8.0 KiB",
        "  air: 1 new chunk of 3x4x5, 240 B",
    ]


def test_quiet_checks_and_says_nothing(tmp_path, target):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    done = cubes.run("--dry-run", "--quiet", path, target)
    assert (done.stdout, done.stderr) == ("", "")
    wrong = cubes.write(cubes.weather(5, 2, lat=9), tmp_path / "wrong.nc")
    done = cubes.run("--dry-run", "--quiet", wrong, target, status=5)
    assert "Nothing was written" in done.message


def test_under_gdal_too(tmp_path, store):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    words = ["mdim", "append", "--dry-run", "--report", "json", path, store]
    before = cubes.tree(tmp_path)
    report = cubes.run(*words, command="gdal").report
    assert report["slices"][0]["outcome"] == "would append"
    assert report["settings"]["dry_run"] is True
    assert cubes.tree(tmp_path) == before


def test_dry_run_of_a_settings_file(tmp_path, store):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    settings = tmp_path / "x.yaml"
    settings.write_text(f"dry_run: true\ntarget_dir: {store}\nslices: [{path}]\n")
    report = cubes.append("--settings", settings).report
    assert report["slices"][0]["outcome"] == "would append"
    assert not store.exists()


@pytest.mark.parametrize(
    ("kind", "status"),
    [("missing", 4), ("no dataset", 4), ("refused", 5), ("wrong usage", 2)],
)
def test_the_exit_status_is_that_of_the_append(tmp_path, target, kind, status):
    path = tmp_path / "x.nc"
    words = []
    if kind == "no dataset":
        path.write_text("hello")
    elif kind == "refused":
        cubes.write(cubes.weather(3, 2, lat=9), path)
    elif kind == "wrong usage":
        cubes.write(cubes.weather(3, 2), path)
        words = ["--encoding", "air:level=99"]
    before = cubes.tree(tmp_path)
    with cubes.unchanged(target):
        dry(*words, path, target, status=status)
        dry("--keep-going", *words, path, target, status=status)
    assert cubes.tree(tmp_path) == before


def test_a_new_target_needs_its_parent(tmp_path):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    target = tmp_path / "nowhere" / "cube.zarr"
    status = cubes.run(path, target, status=None).status
    assert status != 0
    assert not target.parent.exists()
    dry(path, target, status=status)


def test_what_is_no_store_is_refused_as_by_an_append(tmp_path, store):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    store.mkdir()
    (store / "thesis.txt").write_text("years of work")
    with cubes.unchanged(store):
        expected = cubes.append(path, store, status=1).message
        assert dry(path, store, status=1).message == expected


def test_a_locked_target_can_be_planned_for(tmp_path, target):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "x.nc")
    before = cubes.tree(cubes.sidecar(target))
    with cubes.locked(target), cubes.unchanged(target):
        dry("--lock-timeout", 0, path, target)
    assert cubes.tree(cubes.sidecar(target)) == before


def test_without_leave_to_write(nobodys, is_root):
    """A dry run says what the append would: that nothing can be written."""
    path = cubes.write(cubes.weather(0, 2), nobodys / "0.nc")
    next_ = cubes.write(cubes.weather(2, 2), nobodys / "1.nc")
    new, old = nobodys / "new.zarr", nobodys / "old.zarr"
    cubes.append(path, old)
    folders = [nobodys, old, cubes.sidecar(old), *old.rglob("*")]
    for folder in [*folders, *cubes.sidecar(old).rglob("*")]:
        folder.chmod(0o555 if folder.is_dir() else 0o444)
    user = {"user": 65534, "group": 65534, "extra_groups": []} if is_root else {}
    before = cubes.tree(nobodys)
    cubes.append(next_, new, status=1, **user)
    for target, place in ((new, nobodys), (old, cubes.sidecar(old))):
        done = dry(next_, target, status=1, **user)
        assert f"cannot write to '{place}': Permission denied" in done.message
        assert done.message.endswith("Nothing was written.")
    cubes.sidecar(old).chmod(0o777)
    for path in (cubes.sidecar(old) / "lock", old):
        path.chmod(0o777)
    before = cubes.tree(nobodys)
    done = dry(next_, old, status=1, **user)
    assert f"cannot write to '{old}/" in done.message
    for folder in old.rglob("*"):
        folder.chmod(0o777)
    before = cubes.tree(nobodys)
    report = dry(next_, old, **user).report
    assert report["slices"][0]["outcome"] == "would append"
    assert report["slices"][0]["first_row"] == 2
    assert cubes.tree(nobodys) == before
    for folder in folders:
        folder.chmod(0o755)


def test_what_is_pending_stays_pending(tmp_path):
    """It recovers nothing; the next append does."""
    store, slice_ = cubes.interrupted(tmp_path)
    before = cubes.tree(tmp_path)
    dry(slice_, store)
    assert cubes.tree(tmp_path) == before
    cubes.append(slice_, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4, lat=60, lon=400))


def test_secrets_of_settings_files_are_not_shown(tmp_path, store):
    (path,) = cubes.weather_slices(tmp_path, (2,))
    settings = tmp_path / "x.yaml"
    settings.write_text(
        "slice_storage_options: {key: public-name, secret: p4ssw0rd, token: t0k3n}\n"
        "config: {GDAL_HTTP_USERPWD: 'me:p4ssw0rd'}\n"
    )
    done = dry("--settings", settings, path, store)
    text = cubes.run("--dry-run", "--settings", settings, path, store).stdout
    for shown in (done.stdout, text):
        assert "p4ssw0rd" not in shown
        assert "t0k3n" not in shown
