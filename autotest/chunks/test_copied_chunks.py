"""Chunks of Zarr slices that are stored as the cube stores them are copied as they
are. Whatever differs, the cube is right all the same."""

import shutil

import cubes
import numpy as np
import pytest
import xarray as xr
import zarr
from numcodecs import Blosc, Delta, GZip, Zlib, Zstd
from zarr.codecs import BloscCodec, GzipCodec, ZstdCodec

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def slice_store(
    path, first, days, zarr_format=3, dtype="float32", fill=None, **encoding
):
    """Days in chunks of (2, 3, 4), on a grid of 7 x 9."""
    dataset = cubes.weather(first, days, lat=7, lon=9, dtype=dtype)
    dataset = dataset.drop_vars("elevation")
    dataset["air"].encoding.clear()
    air = {"chunks": (2, 3, 4), **encoding}
    if fill is not None:
        air["_FillValue"] = fill
    dataset.to_zarr(path, zarr_format=zarr_format, encoding={"air": air})
    return path


def marked(store, key):
    """A chunk's object in another form with the same values, so that a copy shows."""
    path = store / "air" / key
    values = Zstd().decode(path.read_bytes())
    other = Zstd(level=19).encode(values)
    assert other != path.read_bytes()
    path.write_bytes(other)
    return other


def first_key(zarr_format, row=0):
    return f"c/{row}/0/0" if zarr_format == 3 else f"{row}.0.0"


def zstd(zarr_format):
    if zarr_format == 3:
        return {"compressors": [ZstdCodec(level=1)]}
    return {"compressor": Zstd(level=1)}


def cube_of(folder, zarr_format=3, days=2, **encoding):
    """A cube that is encoded as such slices: a slice of them itself."""
    return slice_store(folder / "cube.zarr", 0, days, zarr_format, **encoding)


def assert_days(store, days, **options):
    found = cubes.read_zarr(store)["air"]
    expected = cubes.weather(0, days, lat=7, lon=9, **options)["air"].values
    np.testing.assert_array_equal(found, expected)
    with cubes.open_gdal(store) as dataset:
        array = dataset.GetRootGroup().OpenMDArray("air")
        np.testing.assert_array_equal(array.ReadAsArray(), expected)


@FORMATS
@pytest.mark.parametrize("days", [2, 4], ids=["new", "some are there already"])
def test_whole_chunks_are_copied(tmp_path, zarr_format, days):
    """The slice's new days begin with a chunk of its own, perhaps not its first."""
    store = cube_of(tmp_path, zarr_format, days=days, **zstd(zarr_format))
    part = slice_store(tmp_path / "s.zarr", 2, 4, zarr_format, **zstd(zarr_format))
    copied = marked(part, first_key(zarr_format, 1))
    cubes.append(part, store)
    assert cubes.objects(store)[first_key(zarr_format, 2)] == copied
    assert_days(store, 6)


@FORMATS
def test_others_of_the_same_slice_are_merged(tmp_path, zarr_format):
    """The last one is not full."""
    store = cube_of(tmp_path, zarr_format, **zstd(zarr_format))
    part = slice_store(tmp_path / "s.zarr", 2, 3, zarr_format, **zstd(zarr_format))
    copied = marked(part, first_key(zarr_format, 0))
    other = marked(part, first_key(zarr_format, 1))
    cubes.append(part, store)
    assert cubes.objects(store)[first_key(zarr_format, 1)] == copied
    assert cubes.objects(store)[first_key(zarr_format, 2)] != other
    assert_days(store, 5)


def test_rows_beyond_the_end_of_a_slice_are_not_copied(tmp_path):
    """A store that was longer once has them in its last chunk."""
    store = cube_of(tmp_path, **zstd(3))
    part = slice_store(tmp_path / "s.zarr", 2, 4, **zstd(3))
    for name in ("air", "time"):
        array = zarr.open_array(part / name)
        array.resize((3, *array.shape[1:]))
    zarr.consolidate_metadata(part)
    cubes.append(part, store)
    assert_days(store, 5)
    grown = zarr.open_array(store / "air")
    grown.resize((6, 7, 9))
    np.testing.assert_array_equal(grown[5], np.full((7, 9), grown.fill_value))


def test_slices_that_begin_inside_a_chunk(tmp_path):
    store = cube_of(tmp_path, days=3, **zstd(3))
    part = slice_store(tmp_path / "s.zarr", 3, 4, **zstd(3))
    marked(part, first_key(3, 0))
    cubes.append(part, store)
    assert_days(store, 7)


@FORMATS
def test_replaced_chunks_are_copied(tmp_path, zarr_format):
    store = cube_of(tmp_path, zarr_format, days=4, **zstd(zarr_format))
    wrong = zarr.open_array(store / "air")
    wrong[2:4] = -1
    part = slice_store(tmp_path / "s.zarr", 2, 2, zarr_format, **zstd(zarr_format))
    copied = marked(part, first_key(zarr_format, 0))
    cubes.append("--on-duplicate", "replace", part, store)
    assert cubes.objects(store)[first_key(zarr_format, 1)] == copied
    assert_days(store, 4)


SAME = {
    "none": ({"compressor": None}, {"compressors": None}),
    "blosc": (
        {"compressor": Blosc(cname="lz4", clevel=5)},
        {"compressors": [BloscCodec(cname="lz4", clevel=5)]},
    ),
    "gzip": ({"compressor": GZip(1)}, {"compressors": [GzipCodec(level=1)]}),
    "zlib": ({"compressor": Zlib(1)}, None),
    "zstd": (zstd(2), zstd(3)),
    "delta": ({"compressor": Zstd(1), "filters": [Delta(dtype="<i4")]}, None),
}


@FORMATS
@pytest.mark.parametrize("codec", SAME)
@pytest.mark.parametrize("threads", [1, 4])
def test_codecs(tmp_path, zarr_format, codec, threads):
    encoding = SAME[codec][zarr_format - 2]
    if encoding is None:
        pytest.skip("not in Zarr 3")
    store = cube_of(tmp_path, zarr_format, dtype="int32", **encoding)
    part = slice_store(tmp_path / "s.zarr", 2, 5, zarr_format, "int32", **encoding)
    cubes.append("--num-threads", threads, part, store)
    if codec != "delta":
        assert (
            cubes.objects(store)[first_key(zarr_format, 1)]
            == cubes.objects(part)[first_key(zarr_format, 0)]
        )
    assert_days(store, 7, dtype="int32")


DIFFERENT = {
    "dtype": {"dtype": "float64"},
    "chunks": {"chunks": (1, 3, 4)},
    "level": {"compressors": [ZstdCodec(level=5)]},
    "codec": {"compressors": [GzipCodec(level=1)]},
    "shards": {"shards": (2, 6, 8)},
    "padding": {"fill_value": 7.0},
}


@pytest.mark.parametrize("difference", DIFFERENT)
def test_what_is_stored_otherwise_is_converted(tmp_path, difference):
    store = cube_of(tmp_path, **zstd(3))
    options = {**zstd(3), **DIFFERENT[difference]}
    if "fill_value" in options:
        part = slice_store(tmp_path / "s.zarr", 2, 4, **zstd(3))
        for path in (part / "air/zarr.json", part / "zarr.json"):
            text = path.read_text()
            path.write_text(text.replace('"fill_value": 0.0', '"fill_value": 7.0'))
    else:
        part = slice_store(tmp_path / "s.zarr", 2, 4, **options)
    cubes.append(part, store)
    assert_days(store, 6)


def test_units_are_converted(tmp_path):
    store = cube_of(tmp_path, **zstd(3))
    part = tmp_path / "s.zarr"
    dataset = cubes.weather(2, 2, lat=7, lon=9).drop_vars("elevation")
    dataset["air"] = (dataset["air"] - 273.15).astype("f4").assign_attrs(units="degC")
    dataset.to_zarr(part, encoding={"air": {"chunks": (2, 3, 4), **zstd(3)}})
    cubes.append(part, store)
    expected = cubes.weather(0, 4, lat=7, lon=9)["air"].values
    np.testing.assert_allclose(cubes.read_zarr(store)["air"], expected, rtol=1e-5)


@FORMATS
def test_chunks_that_the_slice_does_not_have(tmp_path, zarr_format):
    """They are all fill."""
    store = cube_of(tmp_path, zarr_format, **zstd(zarr_format))
    part = slice_store(tmp_path / "s.zarr", 2, 2, zarr_format, **zstd(zarr_format))
    (part / "air" / first_key(zarr_format, 0)).unlink()
    cubes.append(part, store)
    assert first_key(zarr_format, 1) not in cubes.objects(store)
    expected = cubes.read_zarr(part)["air"]
    np.testing.assert_array_equal(cubes.read_zarr(store)["air"][2:], expected)


@FORMATS
@pytest.mark.parametrize("codec", ["none", "blosc", "gzip", "zstd"])
@pytest.mark.parametrize("damage", ["cut", "longer", "empty", "zeros"])
def test_damaged_chunks_are_not_copied(tmp_path, zarr_format, codec, damage):
    encoding = SAME[codec][zarr_format - 2]
    store = cube_of(tmp_path, zarr_format, dtype="int32", **encoding)
    part = slice_store(tmp_path / "s.zarr", 2, 2, zarr_format, "int32", **encoding)
    path = part / "air" / first_key(zarr_format, 0)
    whole = path.read_bytes()
    wrong = {
        "cut": whole[:-3],
        "longer": whole + whole,
        "empty": b"",
        "zeros": b"\0" * len(whole),
    }[damage]
    path.write_bytes(wrong)
    if (codec, damage) == ("none", "zeros"):
        return  # As good as any values.
    with cubes.unchanged(store):
        done = cubes.append(part, store, status=None)
        if done.status == 0:  # GDAL reads what follows, or does not look.
            pytest.skip(f"GDAL reads a chunk that is {damage}")
    assert "array 'air'" in done.message


def test_a_slice_that_cannot_be_read(tmp_path):
    """Not there and not readable are different things."""
    store = cube_of(tmp_path, **zstd(3))
    part = slice_store(tmp_path / "s.zarr", 2, 2, **zstd(3))
    path = part / "air" / first_key(3, 0)
    path.unlink()
    path.mkdir()
    with cubes.unchanged(store):
        done = cubes.append(part, store, status=4)
    assert "array 'air'" in done.message


def test_slices_in_archives_and_under_other_names(tmp_path):
    store = cube_of(tmp_path, **zstd(3))
    part = slice_store(tmp_path / "s.zarr", 2, 2, **zstd(3))
    copied = marked(part, first_key(3, 0))
    shutil.make_archive(tmp_path / "s", "zip", tmp_path, "s.zarr")
    cubes.append(f"/vsizip/{tmp_path}/s.zip/s.zarr", store)
    assert cubes.objects(store)["c/1/0/0"] == copied
    later = slice_store(tmp_path / "later.zarr", 4, 2, **zstd(3))
    copied = marked(later, first_key(3, 0))
    renamed = xr.open_zarr(later, decode_times=False).rename(air="luft")
    assert "luft" in renamed
    (later / "air").rename(later / "luft")
    zarr.consolidate_metadata(later)
    cubes.append("--rename", "luft=air", later, store)
    assert cubes.objects(store)["c/2/0/0"] == copied
    assert_days(store, 6)
