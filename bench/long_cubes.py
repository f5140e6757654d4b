"""Appends to cubes of 10, 1,000 and 100,000 steps, with as many log records.

Such a cube takes hours to append. So one slice is appended, and then the cube is
made longer by hand: documents, labels, chunks (copies of the first), records of
the log (docs/format.md, section 4). For the next append nothing tells it from
one that was appended step by step.
"""

import json
import pathlib
import statistics
import warnings

import measure
import numpy as np
import zarr
from tools import OURS
from workloads import Goal, Workload, figure

NAME = "long"


def workload():
    return Workload(
        NAME,
        "one slice into a cube of 10, 10^3, 10^5 steps",
        1,
        (1, 10, 10),
        1,
        (1, 10, 10),
        codec="blosc:zstd",
        level=3,
        tools=(OURS,),
        goals=(Goal("longest cube to shortest", figure("ratio"), 1.2, at_most=True),),
    )


def run(tools, settings, folder):
    work = workload()
    folder = pathlib.Path(folder)
    tool = tools[OURS]
    sizes = (10, 100, 1000) if settings.quick else (10, 1000, 100_000)
    cubes = {}
    for size in sizes:
        cubes[size] = make_cube(work, tool, folder / f"cube{size}.zarr", size)
    runs = {size: [] for size in sizes}
    # One more, which is not counted: it may have to read from the disk.
    for turn in range(settings.repeats + 1):
        for size in sizes:
            path = work.make_slice(folder, size + turn)
            words = tool.command(work, cubes[size], [path], settings.threads)
            runs[size].append(measure.run(words, settings.threads))
    for size in sizes:
        check(work, cubes[size], size, size + settings.repeats + 1)
    medians = {}
    appends = {}
    for size in sizes:
        counted = runs[size][1:]
        medians[size] = statistics.median(one["seconds"] for one in counted)
        appends[size] = statistics.median(
            json.loads(one["stdout"])["slices"][0]["seconds"] for one in counted
        )
    result = {
        "name": NAME,
        "title": work.title,
        "parameters": {**work.describe(), "steps": sizes, "threads": settings.threads},
        "tools": {},
        "left_out": {},
        "figures": {
            "ratio": medians[sizes[-1]] / medians[sizes[0]],
            "append_ratio": appends[sizes[-1]] / appends[sizes[0]],
            "process_seconds": medians,
            "append_seconds": appends,
            "seconds": {s: [one["seconds"] for one in runs[s][1:]] for s in sizes},
        },
    }
    result["goals"] = [goal.judge(result) for goal in work.goals]
    return result


def make_cube(work, tool, target, steps):
    """A cube of so many steps, and as many log records."""
    first = work.make_slice(target.parent, 0)
    measure.run(tool.command(work, target, [first], 1), 1)
    group = zarr.open_group(str(target), mode="r+", use_consolidated=False)
    shape = group["v0"].shape
    group["v0"].resize((steps, *shape[1:]))
    group["time"].resize((steps,))
    group["time"][...] = np.arange(steps, dtype="f8")
    with warnings.catch_warnings():
        # It is not in the specification of Zarr V3 yet.
        warnings.simplefilter("ignore")
        zarr.consolidate_metadata(str(target))
    chunks = target / "v0" / "c"
    bytes_of_chunk = (chunks / "0" / "0" / "0").read_bytes()
    for step in range(1, steps):
        folder = chunks / str(step) / "0"
        folder.mkdir(parents=True)
        (folder / "0").write_bytes(bytes_of_chunk)
    multiply_log(pathlib.Path(f"{target}.mdimappend") / "log", steps)
    return target


def multiply_log(log, count):
    record = json.loads((log / f"{1:012}.json").read_text())
    dates = np.datetime64("2000-01-01") + np.arange(count)
    for sequence in range(2, count + 1):
        row = sequence - 1
        label = str(dates[row])
        grown = {
            "sequence": sequence,
            "transaction": f"{sequence:012}-{sequence:016x}",
            "first_row": row,
        }
        labels = {"first_label": label, "last_label": label}
        one = record["slices"][0]
        name = one["name"].replace("000000", f"{row:06}")
        path = one["path"].replace("000000", f"{row:06}")
        state = f"{one['state'].rsplit(':', 1)[0]}:{row}"
        one = {**one, "name": name, "path": path, "state": state, "first_row": row}
        record_of_row = {**record, **grown, **labels, "slices": [{**one, **labels}]}
        text = json.dumps(record_of_row, indent=2) + "\n"
        (log / f"{sequence:012}.json").write_text(text)
    (log / "head").write_text(json.dumps({"sequence": count}))


def check(work, target, first, end):
    """What was appended is there, by zarr-python."""
    group = zarr.open_group(str(target), mode="r")
    assert group["v0"].shape[0] == end, group["v0"].shape
    for row in range(first, end):
        expected = work.slice_dataset(row)
        assert np.array_equal(group["v0"][row], expected["v0"].values[0]), row
        assert group["time"][row] == row
