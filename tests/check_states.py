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
    """What a group holds in a committed state."""

    def __init__(self, held):
        self.rows = held["rows"]
        self.consolidated = held["consolidated"]
        self.group = held["group"]
        first, height, width = held["first"], held["height"], held["width"]
        row = np.arange(first, first + self.rows)[:, None, None]
        y = np.arange(height)[None, :, None]
        x = np.arange(width)[None, None, :]
        usual = held["part"] * 10000 + row * 100 + y * 10 + x
        air = usual.astype("float64")
        right = (x >= held["chunk_width"]) & (row // held["chunk_rows"] % 2 == 1)
        air[np.broadcast_to(right, air.shape)] = FILL
        if "anew_from" in held:
            air = np.where(row >= held["anew_from"], 1000.0 + usual, air)
        self.air = air
        self.time = np.arange(first, first + self.rows) * 24.0
        self.y = np.arange(50.0, 50 + height)
        self.x = np.arange(7.0, 7 + width)


NAMES = ("time", "y", "x", "air")


def by_zarr(store, groups, consolidated):
    """All groups through one root; None: it is not there."""
    root = zarr.open_group(store, mode="r", use_consolidated=consolidated)
    read = {}
    for group in groups:
        is_there = group in root if group else "air" in root
        cube = root[group] if group and is_there else root
        read[group] = {n: cube[n][...] for n in NAMES} if is_there else None
    return read


def by_xarray(store, groups, consolidated):
    if not consolidated or groups == [""]:
        return {
            group: one_by_xarray(store, group, consolidated, len(groups) > 1)
            for group in groups
        }
    with xr.open_datatree(
        store, engine="zarr", consolidated=True, decode_times=False
    ) as tree:
        found = {node.path.strip("/"): node for node in tree.subtree if node.data_vars}
        return {
            group: arrays_of(found[group].to_dataset()) if group in found else None
            for group in groups
        }


def one_by_xarray(store, group, consolidated, may_be_missing):
    try:
        with xr.open_zarr(
            store,
            group=group or None,
            consolidated=consolidated,
            chunks=None,
            decode_times=False,
        ) as cube:
            return arrays_of(cube) if "air" in cube or not may_be_missing else None
    except FileNotFoundError:
        if not may_be_missing:
            raise
        return None


def arrays_of(cube):
    arrays = {name: cube[name].values for name in NAMES}
    return {**arrays, "air": np.where(np.isnan(arrays["air"]), FILL, arrays["air"])}


READERS = {
    "zarr, consolidated": (by_zarr, True),
    "zarr": (by_zarr, False),
    "xarray, consolidated": (by_xarray, True),
    "xarray": (by_xarray, False),
}


def fits(read, cube, cubes, replaces):
    """Whether the labels that were read are those of a cube, and their data too.
    `cubes`: what the same group held in other states."""
    if cube is None or read is None:
        return cube is read
    rows = cube.rows
    labels = ("time", "y", "x")
    if not all(np.array_equal(read[name], getattr(cube, name)) for name in labels):
        return False
    air = read["air"][:rows]
    if len(air) < rows or not replaces:
        return np.array_equal(air, cube.air)
    # Replacing is whole chunks, but not one instant.
    known = [
        np.concatenate([other.air[:rows], cube.air[other.rows :]]) for other in cubes
    ]
    return bool(np.any([air == values for values in known], axis=0).all())


def is_committed(read, states, groups, replaces):
    """Whether these groups are all as in one state."""
    held = {g: [state[g] for state in states if g in state] for g in groups}
    return any(
        all(fits(read[g], state.get(g), held[g], replaces) for g in groups)
        for state in states
    )


def check(folder, entry):
    """Yields, for each reader, whether it could read, and what is wrong."""
    states = [[Cube(held) for held in state] for state in entry["states"]]
    groups = list(dict.fromkeys(cube.group for state in states for cube in state))
    states = [{cube.group: cube for cube in s if cube.rows} for s in states]
    consolidates = [held["consolidated"] for s in entry["states"] for held in s]
    in_group = any(held["group"].startswith("region/") for held in entry["states"][-1])
    for name, (reader, consolidated) in READERS.items():
        # xarray looks for consolidated metadata in the group itself.
        if consolidated and (
            not any(consolidates) or (in_group and reader is by_xarray)
        ):
            continue
        may_fail = not all(states) or (
            not all(consolidates) if consolidated else entry["left"] != "settled"
        )
        try:
            read = reader(folder / entry["store"], groups, consolidated)
        except Exception as error:  # whatever a reader may raise
            yield False, "" if may_fail else f"{name} failed: {error!r}"
            continue
        if (
            not consolidated
            and entry["left"] == "power-cut"
            and any(
                cube and len(cube["air"]) < len(cube["time"]) for cube in read.values()
            )
        ):
            yield False, ""
            continue
        # While a replacing is interrupted, chunks are old or new.
        mixes = entry["replaces"] and entry["left"] != "settled"
        # In one instant only through consolidated metadata.
        at_once = [groups] if consolidated or not may_fail else [[g] for g in groups]
        good = all(is_committed(read, states, some, mixes) for some in at_once)
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
