"""Steps that go into a chunk that is there: of what Blosc has made, only the blocks
that change are decoded. Whatever the chunk is like, the cube is right."""

import struct

import cubes
import numpy as np
import pytest
import zarr
from numcodecs import Blosc
from zarr.codecs import BloscCodec

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
STEPS = 8


def smooth(first, days, lat=128, lon=128, dtype="float32"):
    """Large enough that each day has a block of its own; not all days alike."""
    dataset = cubes.weather(first, days, lat=lat, lon=lon, dtype=dtype)
    day = np.arange(first, first + days)[:, None, None]
    values = np.add.outer(np.arange(lat) * 10, np.arange(lon) % 7) + day
    noise = np.random.default_rng(first).integers(0, 3, values.shape)
    dataset["air"].values[...] = (values + noise).astype(dtype)
    return dataset.drop_vars("elevation")


def compressor(zarr_format, cname="lz4", level=5, shuffle="shuffle"):
    """With blocks so small that each chunk has many."""
    options = {"cname": cname, "clevel": level, "blocksize": 1 << 12}
    if zarr_format == 3:
        return {"compressors": [BloscCodec(shuffle=shuffle, **options)]}
    number = {"noshuffle": 0, "shuffle": 1, "bitshuffle": 2}[shuffle]
    return {"compressor": Blosc(shuffle=number, **options)}


def cube_of(path, days, zarr_format=3, chunk=(STEPS, 128, 128), **options):
    """Days that xarray has written, in time chunks of 8."""
    dtype = options.pop("dtype", "float32")
    shape = options.pop("shape", (128, 128))
    dataset = smooth(0, days, *shape, dtype=dtype)
    dataset["air"].encoding.clear()
    air = {"chunks": chunk, **compressor(zarr_format, **options)}
    dataset.to_zarr(path, zarr_format=zarr_format, encoding={"air": air})
    return path


def append(store, first, days, *arguments, **options):
    part = store.parent / f"slice{first}.nc"
    cubes.write(smooth(first, days, **options), part)
    cubes.append(part, store, *arguments)


def assert_days(store, days, **options):
    expected = np.concatenate(
        [smooth(first, count, **options)["air"].values for first, count in days]
    )
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], expected)
    with cubes.open_gdal(store) as dataset:
        array = dataset.GetRootGroup().OpenMDArray("air")
        np.testing.assert_array_equal(array.ReadAsArray(), expected)


def chunk_object(store, zarr_format, row=0):
    key = f"c/{row}/0/0" if zarr_format == 3 else f"{row}.0.0"
    return store / "air" / key


def blocks(encoded):
    """The bytes of each block of a Blosc object, in their order."""
    size, block, whole = struct.unpack_from("<III", encoded, 4)
    count = -(-size // block)
    starts = struct.unpack_from(f"<{count}I", encoded, 16)
    ends = sorted(starts)[1:] + [whole]
    end_of = dict(zip(sorted(starts), ends, strict=True))
    return [encoded[start : end_of[start]] for start in starts]


@FORMATS
@pytest.mark.parametrize("shuffle", ["shuffle", "bitshuffle", "noshuffle"])
@pytest.mark.parametrize("cname", ["lz4", "lz4hc", "zstd", "zlib", "blosclz"])
@pytest.mark.alternates("zarr_format")
def test_steps_of_every_encoding(tmp_path, zarr_format, shuffle, cname):
    store = cube_of(
        tmp_path / "cube.zarr", 3, zarr_format, cname=cname, shuffle=shuffle
    )
    assert len(blocks(chunk_object(store, zarr_format).read_bytes())) >= STEPS
    append(store, 3, 1)
    append(store, 4, 2)
    append(store, 6, 3)
    assert_days(store, [(0, 3), (3, 1), (4, 2), (6, 3)])


@FORMATS
@pytest.mark.parametrize("dtype", ["int8", "uint16", "int32", "float64", "int64"])
@pytest.mark.alternates("zarr_format")
def test_steps_of_every_type(tmp_path, zarr_format, dtype):
    store = cube_of(tmp_path / "cube.zarr", 2, zarr_format, dtype=dtype)
    days = [(2, 1), (3, 1), (4, 3), (7, 2), (9, 1)]
    for first, count in days:
        append(store, first, count, dtype=dtype)
    assert_days(store, [(0, 2), *days], dtype=dtype)


@FORMATS
@pytest.mark.parametrize("blocksize", [1 << 16, 3000])
def test_blocks_that_do_not_change_stay_as_they_are(tmp_path, zarr_format, blocksize):
    """Here they are encoded at another level than the document's."""
    store = cube_of(tmp_path / "cube.zarr", 5, zarr_format, cname="zstd", level=1)
    path = chunk_object(store, zarr_format)
    before = path.read_bytes()
    values = np.frombuffer(Blosc().decode(before), "f4")
    other = Blosc(cname="zstd", clevel=9, shuffle=1, blocksize=blocksize).encode(values)
    assert other != before
    path.write_bytes(other)
    append(store, 5, 1)
    assert_days(store, [(0, 5), (5, 1)])
    old, new = blocks(other), blocks(path.read_bytes())
    step = len(old) * 5 // STEPS
    assert new[: step - 1] == old[: step - 1]
    assert new[step:] != old[step:]


def test_blocks_in_any_order(tmp_path):
    """Threads of Blosc write each block when it is ready."""
    store = cube_of(tmp_path / "cube.zarr", 5)
    path = chunk_object(store, 3)
    encoded = path.read_bytes()
    parts = blocks(encoded)
    assert len(parts) >= STEPS
    header = encoded[:16]
    at = 16 + 4 * len(parts)
    starts = [0] * len(parts)
    body = b""
    for number in reversed(range(len(parts))):
        starts[number] = at + len(body)
        body += parts[number]
    path.write_bytes(header + struct.pack(f"<{len(parts)}I", *starts) + body)
    assert_days(store, [(0, 5)])
    append(store, 5, 1)
    assert_days(store, [(0, 5), (5, 1)])


@pytest.mark.parametrize(
    ("chunk", "shape"),
    [((8, 50, 128), (128, 128)), ((8, 37, 41), (111, 90)), ((8, 128, 128), (90, 101))],
    ids=["more chunks than one", "not of powers of two", "the only chunk is cut"],
)
def test_chunks_at_the_edge(tmp_path, chunk, shape):
    store = cube_of(tmp_path / "cube.zarr", 3, chunk=chunk, shape=shape)
    lat, lon = shape
    days = [(3, 1), (4, 1), (5, 2), (7, 2), (9, 1), (10, 2)]
    for first, count in days:
        append(store, first, count, lat=lat, lon=lon)
    assert_days(store, [(0, 3), *days], lat=lat, lon=lon)


def test_incompressible_chunks(tmp_path):
    """Blosc keeps them as they are: no blocks."""
    store = cube_of(tmp_path / "cube.zarr", 4)
    path = chunk_object(store, 3)
    values = np.frombuffer(Blosc().decode(path.read_bytes()), "f4")
    path.write_bytes(Blosc(cname="lz4", clevel=0).encode(values))
    assert path.read_bytes()[2] & 2
    append(store, 4, 1)
    assert_days(store, [(0, 4), (4, 1)])


def test_days_that_are_there_are_replaced(tmp_path):
    store = cube_of(tmp_path / "cube.zarr", 6)
    part = tmp_path / "again.nc"
    again = smooth(2, 2)
    again["air"].values[...] += 1000
    cubes.write(again, part)
    cubes.append(part, store, "--on-duplicate", "replace")
    expected = np.concatenate(
        [smooth(0, 6)["air"].values[:2], again["air"], smooth(0, 6)["air"].values[4:]]
    )
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"], expected)


@pytest.mark.parametrize("slices", [2, 6])
def test_slices_of_one_commit(tmp_path, slices):
    store = cube_of(tmp_path / "cube.zarr", 3)
    parts = []
    for first in range(3, 3 + slices):
        parts.append(tmp_path / f"{first}.nc")
        cubes.write(smooth(first, 1), parts[-1])
    cubes.append(*parts, store, "--slices-per-commit", slices)
    assert_days(store, [(0, 3), *((day, 1) for day in range(3, 3 + slices))])


@pytest.mark.parametrize("at", [0, 1, 2, 3, 4, 8, 12, 16, 20])
def test_damaged_chunks_are_not_appended_to(tmp_path, at):
    """A damaged header; what the blocks hold nobody can tell from here."""
    store = cube_of(tmp_path / "cube.zarr", 4)
    path = chunk_object(store, 3)
    encoded = bytearray(path.read_bytes())
    encoded[at] ^= 0xFF
    path.write_bytes(encoded)
    before = cubes.tree(store)
    part = tmp_path / "part.nc"
    cubes.write(smooth(4, 1), part)
    done = cubes.run(part, store, status=None)
    if done.status == 0:
        # Only a header that decodes all the same: the values say so.
        found = zarr.open_group(store)["air"][:]
        np.testing.assert_array_equal(found[4:], smooth(4, 1)["air"])
    else:
        assert "'air'" in done.stderr, done.stderr
        assert cubes.tree(store) == before
