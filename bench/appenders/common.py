"""What the scripts of the peers share.

Each is called with the path of a JSON file: `target`, `slices`, `append_dim`,
`chunk` and `shard` of the arrays with as many dimensions, `codec` (`name`; for
blosc also `cname`), `level`, `zarr_format`, `label_chunk`. It prints the seconds
of each append as a JSON list.
"""

import json
import sys
import time
import warnings

import xarray as xr

warnings.simplefilter("ignore")


def read_task():
    with open(sys.argv[1]) as file:
        return json.load(file)


def append_all(task, append):
    """Calls append(number, slice's name) for each slice."""
    seconds = []
    for number, name in enumerate(task["slices"]):
        started = time.perf_counter()
        append(number, name)
        seconds.append(time.perf_counter() - started)
    print(json.dumps(seconds))


def open_slice(name, **options):
    if name.endswith(".zarr"):
        dataset = xr.open_zarr(name, decode_times=False, **{"chunks": None, **options})
    else:
        dataset = xr.open_dataset(name, decode_times=False, **options)
    for variable in dataset.variables.values():
        variable.encoding.clear()
    return dataset


def data_arrays(task, dataset):
    """The names of those that are stored in the chunks of the workload."""
    rank = len(task["chunk"])
    return [name for name, array in dataset.data_vars.items() if array.ndim == rank]


def zarr_codec(task):
    """The workload's codec for zarr-python 3; its blosc takes the type's size."""
    import numcodecs
    import zarr.codecs

    codec, level = task["codec"], task["level"]
    if task["zarr_format"] == 2:
        if codec["name"] == "blosc":
            return numcodecs.Blosc(codec["cname"], level, numcodecs.Blosc.SHUFFLE)
        return numcodecs.Zstd(level)
    if codec["name"] == "blosc":
        return zarr.codecs.BloscCodec(
            cname=codec["cname"], clevel=level, shuffle="shuffle"
        )
    return zarr.codecs.ZstdCodec(level=level)
