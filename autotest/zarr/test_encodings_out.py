"""Each encoding of new arrays is written by GDAL's driver and read alike by
zarr-python, xarray and GDAL; the command grows arrays of every encoding."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cubes
import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr

pytestmark = pytest.mark.filterwarnings(
    "ignore::zarr.errors.UnstableSpecificationWarning"
)

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
INNER = ["zstd", "lz4", "lz4hc", "blosclz", "zlib", "snappy"]
SHUFFLES = {"": 1, "none": 0, "byte": 1, "bit": 2}
DTYPES = ["uint8", "int16", "float16", "float32", "float64", "complex64"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """One store for each format, made by tests/zarr/encodings_test.cpp."""
    folder = tmp_path_factory.mktemp("stores")
    build = Path(shutil.which(cubes.COMMAND)).parent.parent
    subprocess.run(
        [
            build / "tests" / "mdimappend_tests",
            "--gtest_brief=1",
            "--gtest_filter=*Encodings.areWrittenAndReadByTheDriver*",
        ],
        env={**os.environ, "MDIMAPPEND_TEST_STORES": str(folder)},
        check=True,
        timeout=120,
    )
    return folder


def expected(dtype):
    """valueAt() of the C++ side."""
    i = np.arange(300, dtype=np.uint64).reshape(6, 50)
    values = (i * 2654435761 % 2**32) >> 25
    return values.astype(dtype)


def names(zarr_format):
    others = ["none", "zstd", "gzip"]
    if zarr_format == 2:
        others += ["zlib", "lzma", "lz4"]
        others += ["zlib-filter-delta", "zlib-filter-shuffle", "none-filter-three"]
    blosc = [f"blosc-{inner}-{shuffle}" for inner in INNER for shuffle in SHUFFLES]
    return [f"{dtype}-{name}" for dtype in DTYPES for name in blosc + others]


@FORMATS
def test_every_encoding_of_new_arrays(stores, zarr_format):
    store = stores / f"v{zarr_format}.zarr"
    cubes.assert_reads_as(
        store, {name: expected(name.split("-")[0]) for name in names(zarr_format)}
    )


@FORMATS
def test_blosc_does_what_the_document_says(stores, zarr_format):
    """The header of each chunk says which compressor and which shuffle."""
    numbers = {"blosclz": 0, "lz4": 1, "lz4hc": 1, "snappy": 2, "zlib": 3, "zstd": 4}
    checked = 0
    for name in names(zarr_format):
        if "-blosc-" not in name:
            continue
        _, _, inner, shuffle = name.split("-")
        array = stores / f"v{zarr_format}.zarr" / name
        chunk = array / ("0.0" if zarr_format == 2 else "c/0/0")
        flags = chunk.read_bytes()[2]
        assert flags >> 5 == numbers[inner], name
        assert (flags & 1) + ((flags & 4) >> 1) == SHUFFLES[shuffle], name
        document = json.loads(
            (array / (".zarray" if zarr_format == 2 else "zarr.json")).read_text()
        )
        if zarr_format == 2:
            assert document["compressor"]["shuffle"] == SHUFFLES[shuffle]
        else:
            word = ["noshuffle", "shuffle", "bitshuffle"][SHUFFLES[shuffle]]
            assert document["codecs"][1]["configuration"]["shuffle"] == word
        checked += 1
    assert checked == len(INNER) * len(SHUFFLES) * len(DTYPES)


def test_filters_do_what_the_document_says(stores):
    """numcodecs itself, from the bytes."""
    store = stores / "v2.zarr"
    for dtype in DTYPES:
        array = store / f"{dtype}-none-filter-three"
        filters = json.loads((array / ".zarray").read_text())["filters"]
        assert [f["id"] for f in filters] == ["delta", "delta", "shuffle"]
        data = (array / "0.0").read_bytes()
        for configuration in reversed(filters):
            data = numcodecs.get_codec(configuration).decode(data)
        values = expected(dtype)[:4, :25]
        assert np.asarray(data).tobytes() == values.tobytes(), dtype


TYPES = ("uint8", "int16", "float32", "float64")


def many_arrays(first, days, encodings, types=lambda _: TYPES):
    """A slice whose arrays are named as the encodings, of several types. `types`: of
    the n-th encoding."""
    field = cubes.field(np.arange(first, first + days), 4, 6) % 113
    dataset = xr.Dataset(
        {
            f"{key}-{dtype}": (("time", "y", "x"), field.astype(dtype))
            for number, key in enumerate(encodings)
            for dtype in types(number)
        },
        {"time": ("time", np.arange(first, first + days, dtype="int32"))},
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return dataset


LEVELS = {
    "none": [None],
    "blosc": [None, 0, 9],
    "zstd": [None, 0, 1, 19],
    "gzip": [None, 0, 1, 9],
    "zlib": [None, 0, 9],
    "lzma": [None, 0, 9],
    "lz4": [None, 1, 22],
    **{f"blosc:{inner}": [None, 1, 9] for inner in INNER[:-1]},
}


@FORMATS
def test_every_level_the_command_takes(tmp_path, store, zarr_format):
    """With one type each, in turn: test_every_encoding_of_new_arrays has them all."""

    def types(number):
        return TYPES if cubes.ALL else [TYPES[number % len(TYPES)]]

    encodings = {
        f"{name.replace(':', '.')}-{level}": (name, level)
        for name, levels in LEVELS.items()
        for level in levels
        if zarr_format == 2 or name not in ("zlib", "lzma", "lz4")
    }
    arguments = []
    for array in many_arrays(0, 1, encodings, types).data_vars:
        name, level = encodings[array.rsplit("-", 1)[0]]
        spec = f"{array}:chunk=2x3x4,compress={name}"
        arguments += ["--encoding", spec + (f",level={level}" if level else "")]
    slices = []
    for first, days in ((0, 3), (3, 2)):
        part = many_arrays(first, days, encodings, types)
        slices.append(cubes.write(part, tmp_path / f"{first}.nc"))
    cubes.append("--zarr-format", zarr_format, *arguments, *slices, store)
    cubes.assert_reads_as(store, many_arrays(0, 5, encodings, types))


def make_by_zarr_python(store, zarr_format, encodings):
    """Three days, as zarr-python encodes them."""
    part = many_arrays(0, 3, encodings)
    group = zarr.open_group(str(store), mode="w", zarr_format=zarr_format)
    for name, variable in part.variables.items():
        options = {}
        if name != "time":
            key, dtype = name.rsplit("-", 1)
            options = encodings[key](np.dtype(dtype))
        dimensions = list(variable.dims)
        array = group.create_array(
            name,
            shape=variable.shape,
            dtype=variable.dtype,
            chunks=(2, 3, 4) if name != "time" else (1024,),
            dimension_names=dimensions if zarr_format == 3 else None,
            fill_value=0,
            **options,
        )
        if zarr_format == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = dimensions
        array[...] = variable.values
    zarr.consolidate_metadata(str(store))


def blosc_v2(inner, shuffle):
    return lambda dtype: {"compressors": numcodecs.Blosc(inner, 5, shuffle)}


def blosc_v3(inner, shuffle):
    return lambda dtype: {
        "compressors": zarr.codecs.BloscCodec(cname=inner, clevel=5, shuffle=shuffle)
    }


def filters(*made):
    return lambda dtype: {
        "filters": [make(dtype) for make in made],
        "compressors": numcodecs.Zlib(1),
    }


def delta(dtype):
    return numcodecs.Delta(f"i{dtype.itemsize}")


def unsigned_delta(dtype):
    return numcodecs.Delta(f"u{dtype.itemsize}")


def shuffle(dtype):
    return numcodecs.Shuffle(dtype.itemsize)


FOREIGN = {
    2: {
        **{
            f"{inner}{number}": blosc_v2(inner, number)
            for inner in INNER
            for number in (-1, 0, 1, 2)
        },
        "delta": filters(delta),
        "unsigned": filters(unsigned_delta),
        "shuffle": filters(shuffle),
        "both": filters(delta, shuffle),
    },
    3: {
        f"{inner}{word}": blosc_v3(inner, word)
        for inner in INNER
        for word in ("noshuffle", "shuffle", "bitshuffle")
    },
}


@FORMATS
def test_encodings_of_zarr_python_grow(tmp_path, store, zarr_format):
    encodings = FOREIGN[zarr_format]
    make_by_zarr_python(store, zarr_format, encodings)
    part = many_arrays(3, 2, encodings)
    cubes.append(cubes.write(part, tmp_path / "next.nc"), store)
    grown = cubes.stored(many_arrays(0, 5, encodings))
    for use in (True, False):
        found = cubes.stored(cubes.open_xarray(store, consolidated=use, raw=True))
        cubes.assert_same_arrays(found, grown, f"xarray, consolidated={use}")
        found = cubes.read_zarr(store, consolidated=use)
        cubes.assert_same_arrays(found, grown, f"zarr, consolidated={use}")
    opened = cubes.open_gdal(store).GetRootGroup()
    for name, values in grown.items():
        # NumPy's name of one byte, "|u1", is one that GDAL's delta does not know.
        if "uint8" in name and name.startswith(("delta", "unsigned", "both")):
            continue
        assert cubes.same(opened.OpenMDArray(name).ReadAsArray(), values), name


@pytest.mark.parametrize(
    ("codec", "reason"),
    [
        (
            {"filters": [numcodecs.FixedScaleOffset(0, 10, "<f4", "<u2")]},
            "pack the values instead",
        ),
        ({"filters": [numcodecs.Quantize(2, "<f4")]}, "it cannot round values"),
        ({"filters": [numcodecs.BitRound(5)]}, "it cannot round values"),
        ({"filters": [numcodecs.Delta("<f4", "<i4")]}, "its astype is not its dtype"),
        ({"filters": [numcodecs.Zlib(1)]}, "do not shrink"),
        ({"compressors": numcodecs.LZMA(format=2)}, "format 1"),
        ({"compressors": numcodecs.BZ2()}, "bz2"),
        (
            {"filters": [numcodecs.Delta("<f4")], "fill_value": np.nan},
            "spoil what is stored after",
        ),
    ],
)
def test_what_gdal_cannot_encode_is_refused_by_name(tmp_path, store, codec, reason):
    path = cubes.write(cubes.weather(3, 1), tmp_path / "next.nc")
    group = zarr.open_group(str(store), mode="w", zarr_format=2)
    for name, variable in cubes.weather(0, 3).variables.items():
        array = group.create_array(
            name,
            shape=variable.shape,
            dtype=variable.dtype,
            chunks=variable.shape,
            **{"fill_value": 0, **(codec if name == "air" else {})},
        )
        array.attrs.update({**variable.attrs, "_ARRAY_DIMENSIONS": list(variable.dims)})
        array[...] = variable.values
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=None)
        assert done.status in (1, 5), done
    assert "array 'air'" in done.message
    assert reason in done.message


@pytest.mark.parametrize(
    ("dtype", "missing", "maker"),
    [
        ("float16", np.nan, "us"),
        ("float16", -np.inf, "us"),
        ("float16", np.nan, "xarray"),
        ("complex64", complex(np.nan, 0), "xarray"),
        ("complex128", complex(-1, 0), "xarray"),
    ],
)
def test_v2_missing_values_that_gdal_does_not_open(
    tmp_path, store, dtype, missing, maker
):
    """GDAL leaves such arrays out; zarr-python and xarray read them, and they grow."""
    values = cubes.field(np.arange(7), 4, 6).astype(dtype)
    values[1] = values[4:6] = values[6, 1:3] = missing

    def cube(low, high, fill=None):
        part = xr.Dataset(
            {"data": (("time", "y", "x"), values[low:high])},
            {"time": ("time", np.arange(low, high, dtype="int32"))},
        )
        part["data"].encoding["_FillValue"] = fill
        return part

    def slice_of(low, high, name="part"):
        path = tmp_path / f"{name}{low}.zarr"
        fill = np.dtype(dtype).type(missing) if dtype == "float16" else None
        cube(low, high, fill).to_zarr(path, zarr_format=3, consolidated=False)
        return path

    if maker == "us":
        chunks = ["--encoding", "data:chunk=2x4x3"]
        cubes.append("--zarr-format", 2, *chunks, slice_of(0, 3), store)
    else:
        part = cube(0, 3, np.dtype(dtype).type(missing))
        part["data"].encoding["chunks"] = (2, 4, 3)
        part.to_zarr(store, zarr_format=2)
    for low, high in ((3, 4), (4, 6), (6, 7)):
        cubes.append(slice_of(low, high), store)

    # A chunk of missing values only is not written.
    assert not (store / "data" / "2.0.0").exists()
    assert (store / "data" / "3.0.0").exists()
    expected = {"data": values, "time": np.arange(7, dtype="int32")}
    for use in (True, False):
        found = cubes.stored(cubes.open_xarray(store, consolidated=use, raw=True))
        cubes.assert_same_arrays(found, expected, f"xarray, consolidated={use}")
        found = cubes.read_zarr(store, consolidated=use)
        cubes.assert_same_arrays(found, expected, f"zarr, consolidated={use}")
        assert np.isnan(cubes.open_xarray(store, consolidated=use)["data"][1]).all()
    # GDAL's driver, behind the private document, reads it as missing, not as 0.
    values[4:6] = 0
    zeros = slice_of(4, 6, "zeros")
    with cubes.unchanged(store):
        cubes.append(tmp_path / "part4.zarr", store)
        done = cubes.append(zeros, store, status=5)
    assert "with different values in array 'data'" in done.message
