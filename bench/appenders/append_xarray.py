"""Appends with xarray's to_zarr(append_dim=...), with dask if the task says so.

`pipeline` in the task: a codec pipeline for zarr-python (that of zarrs).
"""

import zarr
from common import append_all, data_arrays, open_slice, read_task, zarr_codec


def encodings(task, dataset):
    format2 = task["zarr_format"] == 2
    codec = zarr_codec(task)
    one = {"compressor": codec} if format2 else {"compressors": [codec]}
    one["chunks"] = tuple(task["chunk"])
    if task["shard"]:
        one["shards"] = tuple(task["shard"])
    found = {name: one for name in data_arrays(task, dataset)}
    found[task["append_dim"]] = {"chunks": (task["label_chunk"],)}
    return found


def main():
    task = read_task()
    if task.get("pipeline"):
        zarr.config.set({"codec_pipeline.path": task["pipeline"]})
    dask = {"chunks": {}} if task.get("dask") else {}

    def append(number, name):
        with open_slice(name, **dask) as dataset:
            if number:
                dataset.to_zarr(
                    task["target"], append_dim=task["append_dim"], consolidated=True
                )
            else:
                dataset.to_zarr(
                    task["target"],
                    encoding=encodings(task, dataset),
                    zarr_format=task["zarr_format"],
                    consolidated=True,
                )

    append_all(task, append)


if __name__ == "__main__":
    main()
