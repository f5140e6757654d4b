"""One append by many: what its commit takes, and a dataset of dask's in one call.

The commit is that of the command, in a process of its own, with as many chunks as a
year of a cluster's work may have. What dask computes is stored by
`gdalmdimappend.dask.store` and by xarray's `to_zarr`, with the same scheduler, chunks
and codec; the two cubes must have the same values.
"""

import json
import pathlib
import statistics
import sys

import measure
import numpy as np
import zarr
from osgeo import gdal
from tools import APPENDERS, OURS
from workloads import Goal, Workload, figure

NAME = "parts"
SIDE = 8
SCHEDULERS = ("threads", "processes")


def counts(quick):
    """Chunks of the commit, and chunks that dask computes."""
    return (2000, 200) if quick else (100_000, 20_000)


def workload(quick):
    chunks, stored = counts(quick)
    return Workload(
        NAME,
        f"one commit of {chunks:,} chunks; {stored:,} chunks that dask computes",
        stored,
        (1, 64, 64),
        1,
        (1, 64, 64),
        tools=(OURS, "xarray-dask"),
        goals=(
            Goal("seconds of the commit", figure("commit_seconds"), 20, at_most=True),
            Goal("peak MB of the commit", figure("commit_mb"), 500, at_most=True),
            Goal("to_zarr to dask.store", figure("store_threads"), 1.8),
        ),
    )


def run(tools, settings, folder):
    work = workload(settings.quick)
    folder = pathlib.Path(folder)
    figures = {}
    chunks, _ = counts(settings.quick)
    repeats = min(settings.repeats, 3)
    # Parts that are synced one by one take long to write.
    for key, written, size in (
        ("commit", chunks, 100),
        ("commit_one_a_part", chunks // 10, 1),
    ):
        taken = [
            commit(folder / f"{key}{turn}.zarr", written, written // size)
            for turn in range(repeats)
        ]
        figures[f"{key}_seconds"] = statistics.median(one["seconds"] for one in taken)
        figures[f"{key}_mb"] = max(one["peak_bytes"] for one in taken) / 1e6
    for scheduler in SCHEDULERS:
        figures |= stored(work, settings, folder, scheduler)
    result = {
        "name": NAME,
        "title": work.title,
        "parameters": {**work.describe(), "chunks": chunks},
        "tools": {},
        "left_out": {},
        "figures": figures,
    }
    result["goals"] = [goal.judge(result) for goal in work.goals]
    return result


def call(name, *words):
    """A verb, in this process: what it prints."""
    algorithm = gdal.Algorithm("driver", "mdimappend", name)
    assert algorithm.ParseCommandLineArguments([str(word) for word in words])
    assert algorithm.Run()
    return algorithm["output-string"]


def part_dataset(rows):
    """Rows of ones and more, along time."""
    dataset = gdal.GetDriverByName("MEM").CreateMultiDimensional("part")
    root = dataset.GetRootGroup()
    time = root.CreateDimension("time", "TEMPORAL", "", rows)
    others = [root.CreateDimension(name, "", "", SIDE) for name in "yx"]
    made = root.CreateMDArray(
        "v0", [time, *others], gdal.ExtendedDataType.Create(gdal.GDT_Float32)
    )
    values = 1 + np.arange(rows * SIDE * SIDE, dtype="f4") % 1000
    made.Write(values.reshape(rows, SIDE, SIDE))
    return dataset


def commit(target, chunks, parts):
    """Of so many chunks, a row each, in so many parts; what it took."""
    rows = chunks // parts
    like = target.with_suffix(".nc")
    gdal.GetDriverByName("netCDF").CreateCopy(str(like), part_dataset(rows))
    encoding = f"v0:chunk=1x{SIDE}x{SIDE},compress=none"
    token = call(
        "begin",
        "--like",
        like,
        "--size",
        chunks,
        "--durability=process",
        "--encoding",
        encoding,
        target,
    )
    receipts = target.with_suffix(".receipts")
    dataset = part_dataset(rows)
    with receipts.open("w") as lines:
        for part in range(parts):
            lines.write(write(token, dataset, part * rows))
    words = ["gdal", "driver", "mdimappend", "commit", token, receipts]
    taken = measure.run(words, 2)
    values = zarr.open_array(str(target / "v0"), mode="r")
    assert values.shape == (chunks, SIDE, SIDE), values.shape
    expected = dataset.GetRootGroup().OpenMDArray("v0").ReadAsArray()
    for part in (0, parts // 2, parts - 1):
        assert np.array_equal(values[part * rows : (part + 1) * rows], expected)
    measure.put_away(target)
    return taken


def write(token, dataset, at):
    algorithm = gdal.Algorithm("driver", "mdimappend", "write")
    algorithm["token"] = token
    algorithm["input"] = dataset
    algorithm["at"] = [str(at)]
    algorithm["num-threads"] = 1
    assert algorithm.Run()
    return algorithm["output-string"]


def stored(work, settings, folder, scheduler):
    """Seconds of each, and how many times longer xarray takes."""
    script = APPENDERS / "store_dask.py"
    side = work.shape[1]
    who = {"xarray": "xarray", "ours": f"{OURS}:process", "ours_full": f"{OURS}:full"}
    seconds = {name: [] for name in who}
    for turn in range(min(settings.repeats, 3)):
        targets = {}
        for name, words in who.items():
            target = targets[name] = folder / f"{name}-{scheduler}{turn}.zarr"
            done = measure.run(
                [sys.executable, script, words, target, work.count, side, scheduler], 2
            )
            seconds[name].append(json.loads(done["stdout"].splitlines()[-1]))
        compare(targets)
        for target in targets.values():
            measure.put_away(target)
    medians = {name: statistics.median(all_) for name, all_ in seconds.items()}
    return {
        f"store_{scheduler}": medians["xarray"] / medians["ours"],
        f"store_{scheduler}_full": medians["xarray"] / medians["ours_full"],
        **{f"{name}_{scheduler}_seconds": one for name, one in medians.items()},
    }


def compare(targets):
    """The same values, by zarr-python."""
    theirs = values_of(targets["xarray"])
    for name in ("ours", "ours_full"):
        assert np.array_equal(values_of(targets[name]), theirs), name


def values_of(target):
    return zarr.open_array(str(target / "v0"), mode="r")[:]
