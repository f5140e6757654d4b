"""Shards that are made without GDAL's driver, and those that are copied from Zarr
slices: zarr-python and GDAL read what was appended, wherever the index is."""

import cubes
import numpy as np
import pytest
import zarr
from numcodecs.checksum32 import CRC32C
from test_copied_chunks import assert_days, slice_store
from zarr.codecs import BloscCodec, Crc32cCodec, ZstdCodec
from zarr.codecs.bytes import BytesCodec
from zarr.codecs.sharding import ShardingCodec

BLOSC = {"compressors": [BloscCodec(cname="lz4", clevel=5)]}
ZSTD = {"compressors": [ZstdCodec(level=1)]}
SHARDS = {"shards": (2, 6, 8)}
KEY = "c/{}/0/0"

INDEXES = {
    "end": {"index_location": "end"},
    "start": {"index_location": "start"},
    "no checksum": {"index_codecs": [BytesCodec()]},
    "big-endian": {"index_codecs": [BytesCodec(endian="big"), Crc32cCodec()]},
}


def sharded_cube(folder, index, codec, rows=3):
    """Shards of (2, 6, 8) in a cube of 7 x 9: the last ones are not full."""
    store = slice_store(folder / "cube.zarr", 0, rows)
    values = cubes.read_zarr(store)["air"]
    group = zarr.open_group(store)
    attributes = dict(group["air"].attrs)
    del group["air"]
    sharding = ShardingCodec(chunk_shape=(1, 3, 4), codecs=codec, **index)
    array = group.create_array(
        "air",
        shape=values.shape,
        dtype=values.dtype,
        chunks=(2, 6, 8),
        serializer=sharding,
        compressors=None,
        fill_value=np.nan,
        dimension_names=("time", "lat", "lon"),
        attributes=attributes,
    )
    array[...] = values
    zarr.consolidate_metadata(store)
    return store


@pytest.mark.parametrize("index", INDEXES)
@pytest.mark.parametrize("codec", ["lz4", "zstd"])
def test_wherever_the_index_is(tmp_path, index, codec):
    codecs = [BytesCodec(), BloscCodec(cname=codec, clevel=5, typesize=4)]
    store = sharded_cube(tmp_path, INDEXES[index], codecs)
    new = cubes.weather(3, 5, lat=7, lon=9).drop_vars("elevation")
    # An inner chunk of nothing but fill, and a shard of it.
    new["air"][1, :3, :4] = np.nan
    new["air"][3:5, 6:, 8:] = np.nan
    path = tmp_path / "s.nc"
    new.to_netcdf(path)
    cubes.append("--merge-shards", path, store)
    found = cubes.read_zarr(store)["air"]
    old = cubes.weather(0, 3, lat=7, lon=9)["air"].values
    np.testing.assert_array_equal(found, np.concatenate([old, new["air"].values]))
    with cubes.open_gdal(store) as dataset:
        array = dataset.GetRootGroup().OpenMDArray("air")
        np.testing.assert_array_equal(array.ReadAsArray(), found)


def test_inner_chunks_of_fill_are_left_out(tmp_path):
    """As GDAL's driver and zarr-python do."""
    codecs = [BytesCodec(), BloscCodec(cname="lz4", clevel=5, typesize=4)]
    store = sharded_cube(tmp_path, INDEXES["no checksum"], codecs, rows=2)
    new = cubes.weather(2, 2, lat=7, lon=9).drop_vars("elevation")
    new["air"][0, :3, :4] = np.nan
    new.to_netcdf(tmp_path / "s.nc")
    cubes.append(tmp_path / "s.nc", store)
    shard = (store / "air" / KEY.format(1)).read_bytes()
    index = np.frombuffer(shard[-8 * 16 :], "<u8").reshape(8, 2)
    missing = (index == np.iinfo("u8").max).all(axis=1)
    assert missing.tolist() == [True] + [False] * 7


@pytest.mark.parametrize("codec", [BLOSC, ZSTD], ids=["blosc", "zstd"])
def test_whole_shards_are_copied(tmp_path, codec):
    """As they are: with room between the inner chunks that a writer would not leave."""
    store = slice_store(tmp_path / "cube.zarr", 0, 2, **codec, **SHARDS)
    part = slice_store(tmp_path / "s.zarr", 2, 4, **codec, **SHARDS)
    paths = [part / "air" / KEY.format(row) for row in range(2)]
    for path in paths:
        path.write_bytes(with_gap(path.read_bytes(), count=4))
    cubes.append(part, store)
    written = cubes.objects(store)
    for row, path in enumerate(paths):
        assert written[KEY.format(row + 1)] == path.read_bytes()
    assert_days(store, 6)


def with_gap(shard, count):
    """The same shard, with 100 bytes before its first chunk."""
    size = 16 * count
    index = np.frombuffer(shard[-size - 4 : -4], "<u8").reshape(count, 2).copy()
    index[index[:, 0] != np.iinfo("u8").max, 0] += 100
    checked = CRC32C(location="end").encode(index.tobytes())
    return b"\0" * 100 + shard[: -size - 4] + bytes(checked)


@pytest.mark.parametrize("damage", ["index", "place", "chunk", "cut"])
def test_damaged_shards_are_not_copied(tmp_path, damage):
    store = slice_store(tmp_path / "cube.zarr", 0, 2, **BLOSC, **SHARDS)
    part = slice_store(tmp_path / "s.zarr", 2, 2, **BLOSC, **SHARDS)
    path = part / "air" / KEY.format(0)
    shard = bytearray(path.read_bytes())
    if damage == "index":
        shard[-10] ^= 1
    elif damage == "place":
        shard[-4 * 16 - 4 + 8] ^= 1
    elif damage == "chunk":
        shard[12:16] = b"\xff\xff\xff\x7f"
    else:
        del shard[5:40]
    path.write_bytes(shard)
    with cubes.unchanged(store):
        done = cubes.append(part, store, status=None)
    assert done.status != 0
    assert "array 'air'" in done.message
