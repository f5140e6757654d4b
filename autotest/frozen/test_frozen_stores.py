"""Stores and sidecars of a build of the past, in each state that a kill, a power cut or
another program can leave: today's build makes of them what their notes say.

tests/data/sidecars has them, and how they were made.
"""

import contextlib
import json
import os
import shutil
import tarfile
from pathlib import Path

import cubes
import pytest

SIDECARS = Path(__file__).parents[2] / "tests" / "data" / "sidecars"
NOTES = json.loads((SIDECARS / "notes.json").read_text())
GRID = {"lat": 2, "lon": 3}


@pytest.fixture(scope="session")
def stores(tmp_path_factory):
    folder = tmp_path_factory.mktemp("frozen")
    with tarfile.open(SIDECARS / "stores.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="session")
def slices(tmp_path_factory):
    """The file of days [first, first + days)."""
    folder = tmp_path_factory.mktemp("slices")

    def get(first, days):
        path = folder / f"days{first}-{days}.nc"
        if not path.exists():
            cubes.write(cubes.weather(first, days, **GRID), path)
        return path

    return get


class Frozen:
    def __init__(self, note, store, slices):
        self.note = note
        self.store = store
        self.options = [*note.get("options", []), "--lock-timeout", note.get("wait", 0)]
        self.slices = [slices(*days) for days in note["offered"]]

    def recover(self, *words, **options):
        words = ("recover", *self.options, *words, self.store)
        return cubes.run("driver", "mdimappend", *words, command="gdal", **options)

    def append(self, **options):
        words = ["--num-threads", "1", *self.slices, self.store]
        return cubes.append(*self.options, *words, **options)

    def assert_has(self, days):
        if days is None:
            assert not self.store.exists() or cubes.tree(self.store) == {}
        else:
            cubes.assert_reads_as(self.store, cubes.weather(*days, **GRID))

    def end(self):
        """The first day, and how many days when all that is offered is in."""
        first = self.note["days"][0] if self.note["days"] else 0
        last, days = self.note["offered"][-1]
        return first, last + days - first

    @contextlib.contextmanager
    def unchanged(self):
        """What is not decided may have been decided: to be undone, not how."""
        before = self.tree()
        yield
        after = self.tree()
        for name in after.keys() - before.keys():
            assert name.endswith("/decision"), name
            del after[name]
        assert after == before

    def tree(self):
        """Of store and sidecar, but for who holds or held the lock."""
        entries = cubes.tree(self.store.parent)
        return {
            name: content
            for name, content in entries.items()
            if "mdimappend/lock" not in name and "mdimappend/lease" not in name
        }


@pytest.fixture(params=NOTES, ids=lambda note: note["name"])
def frozen(request, stores, slices, tmp_path):
    folder = tmp_path / "frozen"
    shutil.copytree(stores / request.param["name"], folder, symlinks=True)
    if request.param.get("claims") == "now":
        for claim in (folder / "cube.zarr.mdimappend" / "lease").iterdir():
            os.utime(claim)
    return Frozen(request.param, folder / "cube.zarr", slices)


def test_frozen_stores(frozen):
    expected = frozen.note["recover"]
    if "did" in expected:
        recovered(frozen, expected["did"])
    else:
        refused(frozen, expected["status"], expected["words"])


def recovered(frozen, did):
    report = json.loads(frozen.recover("--json").stdout)
    assert {key for key, names in report.items() if names} == {did} - {"nothing"}
    assert cubes.leftovers(frozen.store) == []
    frozen.assert_has(frozen.note["days"])
    status, *words = frozen.note.get("append", [0])
    done = frozen.append(status=status)
    for word in words:
        assert word in done.message
    if status == 0:
        frozen.assert_has(frozen.end())


def refused(frozen, status, words):
    with frozen.unchanged():
        messages = [frozen.recover(status=status).message]
        messages.append(frozen.append(status=status).message)
    for message in messages:
        for word in words:
            assert word in message, message
    if frozen.note.get("set_aside"):
        assert "set aside" in frozen.recover("--set-aside").stdout
        frozen.append()
        frozen.assert_has(frozen.end())


def test_each_store_has_a_note():
    with tarfile.open(SIDECARS / "stores.tar.xz") as archive:
        names = {name.split("/")[0] for name in archive.getnames()}
    assert names == {note["name"] for note in NOTES}
    size = sum(path.stat().st_size for path in SIDECARS.iterdir())
    assert size < 300_000
