"""Chunks that Blosc alone encodes are encoded without GDAL's Zarr driver: what comes
out is what the driver would have made, byte for byte. Or shorter: what becomes no
smaller is kept as it is, where the driver lets it become larger."""

import shutil

import cubes
import numpy as np
import pytest
import zarr
from osgeo import gdal


def written_by_the_driver(store, other):
    """The same values in the same array, written by GDAL's driver."""
    values = zarr.open_group(store, mode="r")["air"][:]
    shutil.copytree(store, other)
    for key in cubes.objects(other):
        (other / "air" / key).unlink()
    dataset = gdal.OpenEx(str(other), gdal.OF_MULTIDIM_RASTER | gdal.OF_UPDATE)
    array = dataset.GetRootGroup().OpenMDArray("air")
    assert array.WriteArray(np.ascontiguousarray(values)) == gdal.CE_None
    del array, dataset
    return cubes.objects(other)


COPIED = 0x02  # a flag: kept as it is


def assert_as_by_the_driver(store, other):
    ours, theirs = cubes.objects(store), written_by_the_driver(store, other)
    assert ours.keys() == theirs.keys()
    for key, encoded in ours.items():
        if encoded[2] & COPIED:
            assert len(encoded) <= len(theirs[key]), key
        else:
            assert encoded == theirs[key], key


def append(folder, encoding, zarr_format, dtype="float32", days=3):
    part = cubes.write(
        cubes.weather(0, days, lat=30, lon=41, dtype=dtype), folder / "a.nc"
    )
    store = folder / "cube.zarr"
    cubes.append(
        f"--zarr-format={zarr_format}", "--encoding", f"air:{encoding}", part, store
    )
    return store


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("shuffle", ["none", "byte", "bit"])
@pytest.mark.parametrize("cname", ["lz4", "lz4hc", "zstd", "zlib", "blosclz"])
def test_same_as_the_driver(tmp_path, zarr_format, shuffle, cname):
    """With chunks that end beyond the array."""
    encoding = f"chunk=2x16x16,compress=blosc:{cname},level=4,shuffle={shuffle}"
    store = append(tmp_path, encoding, zarr_format)
    assert len(cubes.objects(store)) == 2 * 2 * 3
    assert_as_by_the_driver(store, tmp_path / "other.zarr")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("dtype", cubes.NUMERIC)
def test_same_as_the_driver_of_every_type(tmp_path, zarr_format, dtype):
    encoding = "chunk=1x30x41,compress=blosc:lz4,level=5"
    store = append(tmp_path, encoding, zarr_format, dtype=dtype)
    assert_as_by_the_driver(store, tmp_path / "other.zarr")


def test_chunks_of_nothing_but_fill_are_left_out(tmp_path):
    dataset = cubes.weather(0, 3, lat=30, lon=41)
    dataset["air"].values[1] = np.nan
    part = cubes.write(dataset, tmp_path / "a.nc")
    store = tmp_path / "cube.zarr"
    cubes.append("--encoding", "air:chunk=1x30x41,compress=blosc:zstd", part, store)
    assert sorted(cubes.objects(store)) == ["c/0/0/0", "c/2/0/0"]
    cubes.assert_reads_as(store, dataset)
