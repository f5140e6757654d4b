"""Appends side by side with xarray: same data, codec, level and machine.

Runs are interleaved (A B A B ...), whole processes are timed, medians and
ratios are reported, and both cubes are compared value for value by GDAL's plain
Zarr driver, which wrote neither of them on its own.
"""

import argparse
import json
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np
import xarray as xr
from osgeo import gdal

gdal.UseExceptions()

XARRAY_SCRIPT = """
import sys, warnings
import xarray as xr
from zarr.codecs import BloscCodec
warnings.simplefilter("ignore")
target, chunks, codec, level, *slices = sys.argv[1:]
chunks = tuple(int(n) for n in chunks.split("x"))
codec = BloscCodec(cname=codec, clevel=int(level), shuffle="shuffle")
for number, name in enumerate(slices):
    ds = xr.open_dataset(name, decode_times=False)
    if number:
        ds.to_zarr(target, append_dim="time")
    else:
        data = [name for name, v in ds.data_vars.items() if v.ndim == len(chunks)]
        ds.to_zarr(target, encoding={
            name: {"chunks": chunks, "compressors": [codec]} for name in data})
"""


class Workload:
    def __init__(self, name, count, shape, arrays, chunk, codec, level, source):
        self.name = name
        self.count = count
        self.shape = shape
        self.arrays = arrays
        self.chunk = chunk
        self.codec = codec
        self.level = level
        self.source = source  # encoding of the NetCDF slices

    def make_slices(self, folder):
        rng = np.random.default_rng(1)
        rows, columns = np.mgrid[0 : self.shape[1], 0 : self.shape[2]]
        smooth = np.sin(rows / 100) + np.cos(columns / 130)
        names = []
        for number in range(self.count):
            data = {}
            for array in range(self.arrays):
                noise = rng.normal(0, 0.01, self.shape)
                values = (smooth * (1 + number / 50) + noise).astype("f4")
                data[f"v{array}"] = (("time", "y", "x"), values)
            start = number * self.shape[0]
            ds = xr.Dataset(
                data,
                coords={
                    "time": (
                        "time",
                        np.arange(start, start + self.shape[0], dtype="f8"),
                        {"units": "days since 2000-01-01"},
                    ),
                    "y": np.arange(self.shape[1], dtype="f8"),
                    "x": np.arange(self.shape[2], dtype="f8"),
                },
            )
            name = str(folder / f"slice{number:05d}.nc")
            encoding = {k: {"_FillValue": None, **self.source} for k in data}
            ds.to_netcdf(name, encoding=encoding)
            names.append(name)
        return names

    def ours(self, target, slices):
        chunk = "x".join(map(str, self.chunk))
        encoding = f"*:chunk={chunk},compress=blosc:{self.codec},level={self.level}"
        return [
            "gdalmdimappend",
            "--quiet",
            "--durability=process",
            "--encoding",
            encoding,
            "--encoding",
            "time:units=keep",
            *slices,
            target,
        ]

    def xarray(self, target, slices):
        chunk = "x".join(map(str, self.chunk))
        arguments = [target, chunk, self.codec, str(self.level), *slices]
        return [sys.executable, "-c", XARRAY_SCRIPT, *arguments]


def workloads(quick):
    size = 500 if quick else 2000
    chunk = (1, size // 4, size // 4)
    deflate = {"zlib": True, "complevel": 1, "shuffle": True}
    few, many = (5, 50) if quick else (20, 200)
    return [
        Workload("plain to lz4", few, (1, size, size), 2, chunk, "lz4", 5, {}),
        Workload("deflate to zstd", few, (1, size, size), 2, chunk, "zstd", 3, deflate),
        Workload("tiny slices", many, (1, 10, 10), 1, (1, 10, 10), "zstd", 3, {}),
        Workload("merging", few, (1, size, size), 1, (20, *chunk[1:]), "lz4", 5, {}),
    ]


def read_all(target):
    dataset = gdal.OpenEx(target, gdal.OF_MULTIDIM_RASTER)
    root = dataset.GetRootGroup()
    names = sorted(root.GetMDArrayNames())
    return {name: root.OpenMDArray(name).ReadAsArray() for name in names}


def check_equal(first, second):
    ours, theirs = read_all(first), read_all(second)
    assert ours.keys() == theirs.keys(), (ours.keys(), theirs.keys())
    for name, values in ours.items():
        assert np.array_equal(values, theirs[name]), f"{name} differs"


def measure(workload, folder, repeats):
    slices = workload.make_slices(folder)
    tools = {"gdalmdimappend": workload.ours, "xarray": workload.xarray}
    seconds = {tool: [] for tool in tools}
    for _ in range(repeats):
        for tool, command in tools.items():
            target = folder / f"{tool}.zarr"
            shutil.rmtree(target, ignore_errors=True)
            shutil.rmtree(f"{target}.mdimappend", ignore_errors=True)
            started = time.perf_counter()
            subprocess.run(command(str(target), slices), check=True)
            seconds[tool].append(time.perf_counter() - started)
    check_equal(str(folder / "gdalmdimappend.zarr"), str(folder / "xarray.zarr"))
    medians = {tool: statistics.median(values) for tool, values in seconds.items()}
    return {
        "workload": workload.name,
        "slices": workload.count,
        "shape": workload.shape,
        "arrays": workload.arrays,
        "chunk": workload.chunk,
        "seconds": seconds,
        "medians": medians,
        "ratio": medians["xarray"] / medians["gdalmdimappend"],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small data, two runs")
    parser.add_argument("--results", default=None, help="file for the figures (JSON)")
    options = parser.parse_args()
    results = []
    print(f"{'workload':18} {'gdalmdimappend':>15} {'xarray':>10} {'ratio':>7}")
    for workload in workloads(options.quick):
        with tempfile.TemporaryDirectory() as folder:
            repeats = 2 if options.quick else 5
            result = measure(workload, pathlib.Path(folder), repeats)
        results.append(result)
        medians = result["medians"]
        print(
            f"{workload.name:18} {medians['gdalmdimappend']:13.2f} s "
            f"{medians['xarray']:8.2f} s {result['ratio']:6.1f}x",
            flush=True,
        )
    if options.results:
        pathlib.Path(options.results).write_text(json.dumps(results, indent=2))


if __name__ == "__main__":
    main()
