"""Appends with zarr-python alone: resize, write, consolidate.

The first slice makes the cube through xarray, as in append_xarray.py.
"""

import netCDF4
import zarr
from append_xarray import encodings
from common import append_all, data_arrays, open_slice, read_task


def main():
    task = read_task()
    grown = []

    def create(name):
        with open_slice(name) as dataset:
            grown[:] = [*data_arrays(task, dataset), task["append_dim"]]
            dataset.to_zarr(
                task["target"],
                encoding=encodings(task, dataset),
                zarr_format=task["zarr_format"],
                consolidated=True,
            )

    def append(number, name):
        if not number:
            create(name)
            return
        group = zarr.open_group(task["target"], mode="r+", use_consolidated=False)
        with netCDF4.Dataset(name) as dataset:
            dataset.set_auto_maskandscale(False)
            for path in grown:
                array = group[path]
                values = dataset[path][...]
                first = array.shape[0]
                array.resize((first + values.shape[0], *array.shape[1:]))
                array[first:] = values
        zarr.consolidate_metadata(task["target"])

    append_all(task, append)


if __name__ == "__main__":
    main()
