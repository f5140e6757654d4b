"""Appends with tensorstore: resize and write each array. Slices are read with
netCDF4; there is no consolidated metadata."""

import json
import pathlib

import netCDF4
import tensorstore as ts
from common import append_all, read_task


def codecs(task, item_size):
    codec, level = task["codec"], task["level"]
    if codec["name"] == "blosc":
        encoder = {
            "name": "blosc",
            "configuration": {
                "cname": codec["cname"],
                "clevel": level,
                "shuffle": "shuffle",
                "typesize": item_size,
                "blocksize": 0,
            },
        }
    else:
        encoder = {"name": "zstd", "configuration": {"level": level}}
    inner = [{"name": "bytes", "configuration": {"endian": "little"}}, encoder]
    if not task["shard"]:
        return inner
    sharding = {"chunk_shape": task["chunk"], "codecs": inner}
    return [{"name": "sharding_indexed", "configuration": sharding}]


def metadata_v3(task, variable, chunk, data):
    bytes_only = [{"name": "bytes", "configuration": {"endian": "little"}}]
    return {
        "shape": variable.shape,
        "data_type": variable.dtype.name,
        "chunk_grid": {
            "name": "regular",
            "configuration": {"chunk_shape": task["shard"] or chunk if data else chunk},
        },
        "codecs": codecs(task, variable.dtype.itemsize) if data else bytes_only,
        "fill_value": "NaN",
        "dimension_names": variable.dimensions,
        "attributes": {"units": variable.units}
        if "units" in variable.ncattrs()
        else {},
    }


def store(task, name):
    path = f"{task['target']}/{name}/"
    return {"driver": "zarr3", "kvstore": {"driver": "file", "path": path}}


def create(task, dataset):
    root = {"zarr_format": 3, "node_type": "group", "attributes": {}}
    folder = pathlib.Path(task["target"])
    folder.mkdir()
    (folder / "zarr.json").write_text(json.dumps(root))
    opened = {}
    for name, variable in dataset.variables.items():
        data = variable.ndim == len(task["chunk"])
        chunk = list(variable.shape)
        if data:
            chunk = task["chunk"]
        elif variable.dimensions == (task["append_dim"],):
            chunk = [task["label_chunk"]]
        array = ts.open(
            {**store(task, name), "metadata": metadata_v3(task, variable, chunk, data)},
            create=True,
        ).result()
        array.write(variable[...]).result()
        if task["append_dim"] in variable.dimensions:
            opened[name] = array
    return opened


def main():
    task = read_task()
    arrays = {}

    def append(number, name):
        with netCDF4.Dataset(name) as dataset:
            dataset.set_auto_maskandscale(False)
            if not number:
                arrays.update(create(task, dataset))
                return
            writes = []
            for path, array in arrays.items():
                values = dataset[path][...]
                first = array.shape[0]
                end = first + values.shape[0]
                array = array.resize(exclusive_max=(end, *array.shape[1:])).result()
                arrays[path] = array
                writes.append(array[first:end].write(values))
            for write in writes:
                write.result()

    append_all(task, append)


main()
