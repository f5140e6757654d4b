#!/usr/bin/env python3
"""Reads the states of stores that campaigns left (tests/support/state_collection.h)
with zarr-python and xarray, with consolidated metadata and without.

usage: check_states.py FOLDER

A state that was settled is the committed one that it should be. Of one that a kill
or a power cut left, a reader through consolidated metadata sees a committed state;
any other reader may fail to open it, but what it reads is committed. Only a power
cut may leave more labels than data, in documents of their own: they do not make one
cube then.
"""

import json
import sys
import warnings
from pathlib import Path

import numpy as np
import xarray as xr
import zarr

FILL = -999.0


class Cube:
    """What a committed state holds."""

    def __init__(self, state):
        self.rows = state["rows"]
        self.consolidated = state["consolidated"]
        self.group = state["group"]
        first, height, width = state["first"], state["height"], state["width"]
        row = np.arange(first, first + self.rows)[:, None, None]
        y = np.arange(height)[None, :, None]
        x = np.arange(width)[None, None, :]
        air = (row * 100 + y * 10 + x).astype("float64")
        right = (x >= state["chunk_width"]) & (row // state["chunk_rows"] % 2 == 1)
        air[np.broadcast_to(right, air.shape)] = FILL
        if "anew_from" in state:
            anew = 1000.0 + row * 100 + y * 10 + x
            air = np.where(row >= state["anew_from"], anew, air)
        self.air = air
        self.time = np.arange(first, first + self.rows) * 24.0
        self.y = np.arange(50.0, 50 + height)
        self.x = np.arange(7.0, 7 + width)


def by_zarr(store, group, consolidated):
    root = zarr.open_group(store, mode="r", use_consolidated=consolidated)
    cube = root[group] if group else root
    return {name: cube[name][...] for name in ("time", "y", "x", "air")}


def by_xarray(store, group, consolidated):
    with xr.open_zarr(
        store,
        group=group or None,
        consolidated=consolidated,
        chunks=None,
        decode_times=False,
    ) as cube:
        read = {name: cube[name].values for name in ("time", "y", "x", "air")}
    return {**read, "air": np.where(np.isnan(read["air"]), FILL, read["air"])}


READERS = {
    "zarr, consolidated": (by_zarr, True),
    "zarr": (by_zarr, False),
    "xarray, consolidated": (by_xarray, True),
    "xarray": (by_xarray, False),
}


def is_committed(read, cubes, replaces):
    """Whether the labels that were read are those of a cube, and their data too."""
    rows = len(read["time"])
    fitting = [
        cube
        for cube in cubes
        if cube.rows == rows
        and all(np.array_equal(read[n], getattr(cube, n)) for n in ("time", "y", "x"))
    ]
    if not fitting or len(read["air"]) < rows:
        return False
    air = read["air"][:rows]
    if not replaces:
        return any(np.array_equal(air, cube.air) for cube in fitting)
    # Replacing is whole chunks, but not one instant.
    known = [cube.air[:rows] for cube in cubes if cube.rows >= rows]
    known += [cube.air for cube in fitting]
    known += [
        np.concatenate([cube.air, fitting[0].air[cube.rows :]])
        for cube in cubes
        if cube.rows < rows
    ]
    return bool(np.any([air == values for values in known], axis=0).all())


def check(folder, entry):
    """Yields, for each reader, whether it could read, and what is wrong."""
    cubes = [Cube(state) for state in entry["states"]]
    there = [cube for cube in cubes if cube.rows]
    group = entry["states"][-1]["group"]
    for name, (reader, consolidated) in READERS.items():
        # xarray looks for consolidated metadata in the group itself.
        if consolidated and (
            not any(cube.consolidated for cube in cubes)
            or (group and reader is by_xarray)
        ):
            continue
        may_fail = len(there) < len(cubes) or (
            any(not cube.consolidated for cube in cubes)
            if consolidated
            else entry["left"] != "settled"
        )
        try:
            read = reader(folder / entry["store"], group, consolidated)
        except Exception as error:  # whatever a reader may raise
            yield False, "" if may_fail else f"{name} failed: {error!r}"
            continue
        if (
            not consolidated
            and entry["left"] == "power-cut"
            and len(read["air"]) < len(read["time"])
        ):
            yield False, ""
            continue
        # While a replacing is interrupted, chunks are old or new.
        mixes = entry["replaces"] and entry["left"] != "settled"
        good = is_committed(read, there, mixes)
        yield True, "" if good else f"{name} read what was never committed: {read}"


def main(folder):
    # A foreign file in a store that is overwritten.
    warnings.filterwarnings("ignore", "Object at notes", zarr.errors.ZarrUserWarning)
    path = folder / "states.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    read = refused = wrong = 0
    for line in lines:
        entry = json.loads(line)
        for opened, problem in check(folder, entry):
            read += opened
            refused += not opened
            if problem:
                wrong += 1
                print(f"{entry['store']}: {problem}")
    print(
        f"{len(lines)} states, read {read} times, {refused} times not there or "
        f"not to be opened without consolidated metadata; {wrong} wrong"
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
