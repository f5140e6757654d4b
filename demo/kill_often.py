"""Kill the same append many times, at moments spread evenly over its duration.

usage: kill_often.py SLICE CUBE SOURCE

Works on copies of the cube and its sidecar; the cube itself is only read. After
each kill a reader must see the cube as it was or with the whole slice in it; and
so it must be after `recover`. Exit status 1 if it ever was anything else.
"""

import collections
import json
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import xarray as xr

KILLS = 30


def append(slice_name: str, target: Path) -> subprocess.Popen:
    return subprocess.Popen(["gdalmdimappend", "--quiet", slice_name, str(target)])


def copy(cube: Path) -> Path:
    target = cube.with_name("scratch.zarr")
    remove(target)
    shutil.copytree(cube, target)
    shutil.copytree(f"{cube}.mdimappend", f"{target}.mdimappend")
    return target


def remove(target: Path) -> None:
    for folder in (str(target), f"{target}.mdimappend"):
        shutil.rmtree(folder, ignore_errors=True)


def verb(name: str, target: Path) -> dict:
    command = ["gdal", "driver", "mdimappend", name, "--json", str(target)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)


def steps_of(target: Path, source: xr.Dataset) -> int:
    """How many steps the cube has; -1 if their values are not the source's."""
    with xr.open_zarr(target) as cube:
        steps = cube.sizes["TIME"]
        for name in ("TIME", "UWND", "VWND"):
            expected = source[name].isel(TIME=slice(steps)).values
            if not np.array_equal(
                cube[name].values, expected, equal_nan=name != "TIME"
            ):
                return -1
    return steps


def main() -> int:
    slice_name, cube, source = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    source = xr.open_dataset(source).load()
    old = steps_of(cube, source)
    started = time.perf_counter()
    append(slice_name, target := copy(cube)).wait()
    duration = time.perf_counter() - started
    new = steps_of(target, source)
    if not 0 < old < new:
        print(f"WRONG: {old} steps before the append, {new} after it")
        return 1
    found = collections.Counter()
    for kill in range(KILLS):
        process = append(slice_name, target := copy(cube))
        time.sleep(duration * kill / KILLS)
        process.send_signal(signal.SIGKILL)
        if process.wait() == 0:
            found["was over before the kill"] += 1
            continue
        read = steps_of(target, source)
        pending = [each["state"] for each in verb("status", target)["pending"]]
        verb("recover", target)
        recovered = steps_of(target, source)
        if read not in (old, new) or recovered not in (old, new) or recovered < read:
            print(f"WRONG: {read} steps after the kill, {recovered} after recovery")
            return 1
        left = pending[0].split(";")[0] if pending else "left nothing to do"
        found[f"{left}: {recovered} steps after recovery"] += 1
    remove(target)
    print(f"{KILLS} kills of an append that takes {duration * 1000:.0f} ms:")
    for what, count in found.most_common():
        print(f"{count:4} {what}")
    print("every time a reader saw the old cube or the new one, never a mixture")
    return 0


if __name__ == "__main__":
    sys.exit(main())
