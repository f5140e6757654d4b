"""Peak memory of one slice that is larger than memory should ever be.

The slice is a NetCDF-4 file with a hole: it takes no room on the disk, and all
its values are 0. The cube has no missing value of 0, so all chunks are encoded
and written.
"""

import pathlib

import measure
import netCDF4
import numpy as np
from tools import OURS
from workloads import Goal, Workload, figure

NAME = "memory"
THREADS = 2


def workload(quick):
    side = 500 if quick else 2000
    return Workload(
        NAME,
        "peak memory, one slice of 8 GB, 2 threads",
        1,
        (1, side, side),
        1,
        (1, side // 4, side // 4),
        tools=(OURS,),
        goals=(
            Goal("peak MB", figure("peak_mb"), 256, at_most=True),
            Goal(
                "peak of the large slice to a small one's",
                figure("large_to_small"),
                1.1,
                at_most=True,
            ),
        ),
    )


def run(tools, settings, folder):
    work = workload(settings.quick)
    folder = pathlib.Path(folder)
    tool = tools[OURS]
    sizes = (2**26, 2**28) if settings.quick else (2**30, 2**33)
    peaks = {}
    seconds = {}
    for size in sizes:
        path = make_slice(work, folder / f"sparse{size}.nc", size)
        target = folder / f"cube{size}.zarr"
        words = tool.command(work, target, [path], THREADS)
        measured = measure.run(words, THREADS)
        peaks[size] = measured["peak_bytes"]
        seconds[size] = measured["seconds"]
        check(target, size, work)
        measure.put_away(target)
    result = {
        "name": NAME,
        "title": work.title,
        "parameters": {**work.describe(), "slice_bytes": sizes, "threads": THREADS},
        "tools": {},
        "left_out": {},
        "figures": {
            "peak_mb": peaks[sizes[-1]] / 1e6,
            "large_to_small": peaks[sizes[-1]] / peaks[sizes[0]],
            "peak_bytes": peaks,
            "seconds": seconds,
        },
    }
    result["goals"] = [goal.judge(result) for goal in work.goals]
    return result


def steps_of(work, size):
    return size // (4 * int(np.prod(work.shape)))


def make_slice(work, path, size):
    steps = steps_of(work, size)
    with netCDF4.Dataset(path, "w") as file:
        for name, length in zip(
            ("time", "y", "x"), (steps, *work.shape[1:]), strict=True
        ):
            file.createDimension(name, length)
            file.createVariable(name, "f8", (name,))[:] = np.arange(length)
        file["time"].units = "days since 2000-01-01"
        file["time"].calendar = "standard"
        data = file.createVariable(
            "v0", "f4", ("time", "y", "x"), contiguous=True, fill_value=False
        )
        data[-1, -1, -1] = 0
    assert path.stat().st_blocks * 512 < size // 100, "the file system has no holes"
    return path


def check(target, size, work):
    """All chunks were written."""
    chunks = sum(path.is_file() for path in (target / "v0" / "c").rglob("*"))
    assert chunks == 16 * steps_of(work, size), chunks
