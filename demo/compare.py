"""Compare a cube with its source, value for value, with xarray and with GDAL.

usage: compare.py --steps N CUBE SOURCE

The cube must hold exactly the first N steps of the source. Bit patterns are
compared, so that missing values count too. Exit status 1 if anything differs.
"""

import argparse
import sys

import numpy as np
import xarray as xr
from osgeo import gdal

gdal.UseExceptions()
APPEND_DIM = "TIME"
WINDS = ("UWND", "VWND")


def same(found: np.ndarray, expected: np.ndarray) -> bool:
    return (
        found.shape == expected.shape
        and found.dtype == expected.dtype
        and found.tobytes() == expected.tobytes()
    )


def by_xarray(cube_name: str, source_name: str, steps: int) -> bool:
    """Decoded: dates, and missing values as NaN."""
    cube = xr.open_zarr(cube_name)
    source = xr.open_dataset(source_name).isel({APPEND_DIM: slice(steps)})
    times = cube[APPEND_DIM].values
    print(f"xarray sees {times.size} steps, the last is {str(times[-1])[:16]}")
    equal = list(cube.data_vars) == list(WINDS)
    for name in (*WINDS, *source.coords):
        found, expected = cube[name].values, source[name].values
        equal &= same(found, expected)
    print(f"xarray: {describe(equal, steps)}")
    return equal


def read(name: str, array: str) -> np.ndarray:
    group = gdal.OpenEx(name, gdal.OF_MULTIDIM_RASTER).GetRootGroup()
    return group.OpenMDArray(array).ReadAsArray()


def by_gdal(cube_name: str, source_name: str, steps: int) -> bool:
    """As stored: packed numbers and fill values."""
    equal = all(
        same(read(cube_name, name), read(source_name, name)[:steps]) for name in WINDS
    )
    print(f"GDAL:   {describe(equal, steps)}")
    return equal


def describe(equal: bool, steps: int) -> str:
    if equal:
        return f"equal to the first {steps} steps of the source, value for value"
    return f"DIFFERENT from the first {steps} steps of the source"


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("cube")
    parser.add_argument("source")
    arguments = parser.parse_args()
    what = (arguments.cube, arguments.source, arguments.steps)
    return 0 if by_xarray(*what) & by_gdal(*what) else 1


if __name__ == "__main__":
    sys.exit(main())
