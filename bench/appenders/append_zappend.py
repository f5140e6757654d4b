"""Appends with zappend's own function.

Its settings have no form for a compressor that its schema accepts (0.8.0), so
the codec is set where zarr-python 2 has its default.
"""

import numcodecs
import zarr.storage
from common import data_arrays, open_slice, read_task
from zappend.api import zappend


def main():
    task = read_task()
    codec, level = task["codec"], task["level"]
    zarr.storage.default_compressor = (
        numcodecs.Blosc(codec["cname"], level, numcodecs.Blosc.SHUFFLE)
        if codec["name"] == "blosc"
        else numcodecs.Zstd(level)
    )
    with open_slice(task["slices"][0]) as dataset:
        names = data_arrays(task, dataset)
    variables = {name: {"encoding": {"chunks": task["chunk"]}} for name in names}
    label = {"encoding": {"chunks": [task["label_chunk"]]}}
    zappend(
        task["slices"],
        config={
            "target_dir": task["target"],
            "append_dim": task["append_dim"],
            "variables": {**variables, task["append_dim"]: label},
        },
    )


main()
