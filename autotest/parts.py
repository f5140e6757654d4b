"""Appends of many processes: begin, write, commit, abort, renew. And slices cut into
parts."""

import contextlib
import json
import os
import time

import cubes
import numpy as np
from osgeo import gdal

CHUNKS = ("--encoding", "air:chunk=2x2x3", "--encoding", "orbit:chunk=4")
# Longer than a test, and its end is found out by looking at the claim's age.
LEASE = ("--lease", "1h")


def verb(name, *words, **options):
    return cubes.run("driver", "mdimappend", name, *words, command="gdal", **options)


def call(*words):
    """A verb that succeeds, in this process: quicker. What it prints."""
    algorithm = gdal.Algorithm("driver", "mdimappend", words[0])
    assert algorithm.ParseCommandLineArguments([str(word) for word in words[1:]])
    assert algorithm.Run()
    return algorithm["output-string"]


def call_append(*words):
    algorithm = gdal.Algorithm("mdim", "append")
    assert algorithm.ParseCommandLineArguments([str(word) for word in words])
    assert algorithm.Run()


def at_words(at):
    """`at`: an offset along the append dimension, or a dict."""
    offsets = at if isinstance(at, dict) else {} if at is None else {"": at}
    return [
        word
        for name, offset in offsets.items()
        for word in ("--at", f"{name}={offset}" if name else offset)
    ]


def begin(store, like, *options, **more):
    """The token, as text."""
    return verb("begin", "--like", like, *options, store, **more).stdout


def write(token, part, *options, at=None, **more):
    """The receipt, as text."""
    return verb("write", *at_words(at), *options, token, part, **more).stdout


def commit(token, *receipts, **more):
    """The report."""
    return verb("commit", "--json", token, *receipts, **more)


def refused_write(token, part, *options, status=5, at=None):
    """The message."""
    words = (*at_words(at), *options, token, part)
    return verb("write", *words, status=status).message


def weather(first=0, days=3, **options):
    """With arrays along time that have small rows."""
    dataset = cubes.weather(first, days, **options)
    time_ = np.arange(first, first + days)
    dataset["orbit"] = ("time", (time_ * 7 + 1).astype("int32"))
    dataset["orbit"].encoding["_FillValue"] = None
    return dataset


def weather_files(folder, sizes, first=0, prefix="day", **options):
    paths = []
    for days in sizes:
        path = folder / f"{prefix}{first:04}.nc"
        paths.append(cubes.write(weather(first, days, **options), path))
        first += days
    return paths


def age_lease(store, seconds=7200):
    """Nobody has renewed the lease for so long."""
    for path in (cubes.sidecar(store) / "lease").glob("*"):
        then = time.time() - seconds
        os.utime(path, (then, then))


def is_leased(store):
    folder = cubes.sidecar(store) / "lease"
    names = sorted(p.name for p in folder.glob("*") if p.name.isdigit())
    return bool(names) and json.loads((folder / names[-1]).read_text())["state"] == (
        "held"
    )


def assert_nothing_left(store):
    assert cubes.leftovers(store) == []
    stage = cubes.sidecar(store) / "stage"
    assert not stage.exists() or sorted(stage.iterdir()) == []


def log(store):
    """Oldest first."""
    records = cubes.sidecar(store) / "log"
    return [json.loads(p.read_text()) for p in sorted(records.glob("0*.json"))]


def plain(folder, *slices, options=CHUNKS):
    """The tree that a plain append of the same slices makes."""
    store = folder / "plain" / "cube.zarr"
    store.parent.mkdir(exist_ok=True)
    call_append(*options, *slices, store)
    return cubes.tree(store)


@contextlib.contextmanager
def untouched(store):
    """The store is the same byte for byte afterwards; its sidecar may not be."""
    before = cubes.tree(store)
    yield
    assert cubes.tree(store) == before
