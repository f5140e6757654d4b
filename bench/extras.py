"""Figures that take more than the time of whole runs; named in Workload.extras.

Each is given the SideBySide that has just run.
"""

import json
import statistics

import measure
from tools import OURS


def last_to_first(side):
    """Time of the last tenth of the appends to that of the first tenth, in the
    mean of the runs.

    The very first append makes the cube, and is left out.
    """
    seconds = side.result["tools"][OURS]["append_seconds"][1:]
    tenth = max(1, len(seconds) // 10)
    return statistics.mean(seconds[-tenth:]) / statistics.mean(seconds[:tenth])


def one_commit_to_many(side):
    """Time of one commit that brings all slices, to that of a commit for each."""
    tool = next(tool for tool in side.tools if tool.name == OURS)
    target = side.target(tool, "_batch")
    program, *words = side.command(tool, target, side.slices)
    batch = [program, "--slices-per-commit", len(side.slices), *words]
    seconds = []
    for _ in range(3):
        measure.put_away(target)
        seconds.append(measure.run(batch, side.threads)["seconds"])
    measure.put_away(target)
    return statistics.median(seconds) / side.result["tools"][OURS]["median"]


def rerun_seconds(side):
    """Time of a run over all slices when they are in, in the median."""
    tool = next(tool for tool in side.tools if tool.name == OURS)
    target = side.target(tool, "_again")
    words = side.command(tool, target, side.slices)
    measure.put_away(target)
    measure.run(words, side.threads)
    seconds = [measure.run(words, side.threads)["seconds"] for _ in range(3)]
    measure.put_away(target)
    return statistics.median(seconds)


def staged_to_row(side):
    """Bytes that one append writes into the stage, to those of all objects that
    it replaces, as they are afterwards: one row of chunks, and documents.

    Of the append that fills half of the row. None without strace.
    """
    tool = next(tool for tool in side.tools if tool.name == OURS)
    half = min(10, len(side.slices) - 1)
    target = side.target(tool, "_staged")
    measure.put_away(target)
    measure.run(side.command(tool, target, side.slices[:half]), side.threads)
    words = side.command(tool, target, side.slices[half : half + 1])
    staged = measure.written_below(f"{target}.mdimappend/stage", words)
    if staged is None:
        return None
    replaced = 0
    for array in target.iterdir():
        if not array.is_dir():
            replaced += array.stat().st_size
            continue
        document = array / "zarr.json"
        if (
            side.workload.append_dim
            in json.loads(document.read_text())["dimension_names"]
        ):
            replaced += measure.contents(array)["bytes"]
    measure.put_away(target)
    return staged / replaced
