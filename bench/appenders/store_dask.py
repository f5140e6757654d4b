"""Stores what dask computes, in one call: store_dask.py WHO TARGET STEPS SIDE SCHEDULER.

WHO is `xarray` (to_zarr) or `gdalmdimappend` (gdalmdimappend.dask.store), with a
durability after a colon. Prints the seconds of the call alone: making the graph of the
values is left out, and so are imports.
"""

import json
import sys
import time
import warnings

import dask
import dask.array
import numpy as np
import xarray as xr

warnings.simplefilter("ignore")


def computed(steps, side):
    """Each step is a chunk: a field, and the number of the step added to it."""
    field = np.random.default_rng(7).normal(280, 10, (1, side, side)).round(2)
    numbers = dask.array.arange(steps, chunks=1, dtype="f4")[:, None, None]
    values = dask.array.from_array(field.astype("f4"), chunks=-1) + numbers
    times = np.arange(steps, dtype="f8")
    return xr.Dataset(
        {"v0": (("time", "y", "x"), values)},
        {"time": ("time", times, {"units": "hours since 2000-01-01"})},
    )


def store_by_xarray(dataset, target, chunk):
    import zarr.codecs

    codec = zarr.codecs.BloscCodec(cname="lz4", clevel=5, shuffle="shuffle")
    encoding = {"v0": {"chunks": chunk, "compressors": [codec]}}
    return lambda: dataset.to_zarr(target, encoding=encoding, consolidated=True)


def store_by_ours(dataset, target, chunk, durability):
    import gdalmdimappend.dask

    encoding = "v0:chunk={},compress=blosc:lz4,level=5".format(
        "x".join(map(str, chunk))
    )
    return lambda: gdalmdimappend.dask.store(
        dataset, target, encoding=[encoding, "time:units=keep"], durability=durability
    )


def main():
    who, target, steps, side, scheduler = sys.argv[1:]
    steps, side = int(steps), int(side)
    chunk = (1, side, side)
    name, _, durability = who.partition(":")
    dataset = computed(steps, side)
    if name == "xarray":
        store = store_by_xarray(dataset, target, chunk)
    else:
        store = store_by_ours(dataset, target, chunk, durability)
    with dask.config.set(scheduler=scheduler, num_workers=2):
        started = time.perf_counter()
        store()
        print(json.dumps(time.perf_counter() - started))


if __name__ == "__main__":
    main()
