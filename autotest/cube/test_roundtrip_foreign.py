"""Stores first written by xarray and zarr-python, grown by turns by us and them."""

import re

import cubes
import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def nan_field(first, days):
    """`weather` with NaN as the missing value and one missing cell a day."""
    dataset = cubes.weather(first, days)
    dataset["air"][:, 1, 2] = np.nan
    dataset["air"].encoding["_FillValue"] = np.float32("nan")
    return dataset


def packed(first, days):
    """`weather` packed as int16, one missing cell a day."""
    dataset = nan_field(first, days)
    dataset["air"].encoding.update(
        dtype="int16", scale_factor=0.5, add_offset=300.0, _FillValue=np.int16(-999)
    )
    return dataset


def by_us(slices, store, folder, *arguments):
    paths = []
    for dataset in slices:
        first = int(dataset["time"].values[0])
        paths.append(cubes.write(dataset, folder / f"us{first:04}.nc"))
    cubes.append(*arguments, *paths, store)


@FORMATS
@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("make", [cubes.weather, nan_field, packed])
def test_xarray_and_we_append_by_turns(
    tmp_path, store, make, consolidated, zarr_format
):
    parts = [make(first, 2) for first in (0, 2, 4, 6, 8)]
    options = {"zarr_format": zarr_format, "consolidated": consolidated}
    parts[0].to_zarr(store, mode="w", **options)
    by_us([parts[1]], store, tmp_path)
    parts[2].drop_vars("elevation").to_zarr(store, append_dim="time", **options)
    by_us([parts[3]], store, tmp_path)
    parts[4].drop_vars("elevation").to_zarr(store, append_dim="time", **options)

    expected = cubes.concat(parts)
    for use in {consolidated, False}:
        found = cubes.open_xarray(store, consolidated=use, decode_times=False)
        xr.testing.assert_identical(found, expected)
    # The same appended by xarray alone.
    reference = tmp_path / "reference.zarr"
    parts[0].to_zarr(reference, mode="w", **options)
    for part in parts[1:]:
        part.drop_vars("elevation").to_zarr(reference, append_dim="time", **options)
    cubes.assert_reads_as(
        store,
        cubes.open_xarray(reference, consolidated=False, raw=True),
        consolidated=consolidated,
    )


@FORMATS
def test_documents_of_others_change_in_their_numbers_only(tmp_path, store, zarr_format):
    """xarray's base64 `_FillValue`, NaN tokens and key order survive."""
    nan_field(0, 2).to_zarr(store, zarr_format=zarr_format, consolidated=True)
    before = {p: p.read_text() for p in documents(store)}
    by_us([nan_field(2, 3)], store, tmp_path)
    for path, text in before.items():
        assert path.read_text() == regrown(text), path
    assert sorted(documents(store)) == sorted(before)


def documents(store):
    names = ("zarr.json", ".zarray", ".zattrs", ".zgroup", ".zmetadata")
    return [p for name in names for p in store.rglob(name)]


def regrown(text):
    """The shapes (2,...) of what has `time` grown to (5,...), textually."""
    return re.sub(r'("shape": \[\s*)2(?=[,\s\]])', r"\g<1>5", text)


@FORMATS
@pytest.mark.parametrize("at_group", [True, False])
def test_groups_that_xarray_wrote(tmp_path, store, zarr_format, at_group):
    """to_zarr(group=) consolidates in the group; consolidating the root as well
    makes two copies."""
    part = cubes.weather(0, 2)
    part.to_zarr(store, group="a/b", zarr_format=zarr_format, consolidated=True)
    if not at_group:
        zarr.consolidate_metadata(str(store), zarr_format=zarr_format)
    by_us([cubes.weather(2, 2)], store, tmp_path, "--group", "a/b")
    for use in (True, False):
        found = cubes.open_xarray(store, "a/b", consolidated=use, raw=True)
        cubes.assert_same_arrays(
            cubes.stored(found), cubes.stored(cubes.weather(0, 4)), f"xarray {use}"
        )
    found = cubes.read_zarr(store, "a/b")
    cubes.assert_same_arrays(found, cubes.stored(cubes.weather(0, 4)), "zarr")
    cubes.weather(4, 2).drop_vars("elevation").to_zarr(
        store,
        group="a/b",
        append_dim="time",
        zarr_format=zarr_format,
        consolidated=True,
    )
    if not at_group:
        zarr.consolidate_metadata(str(store), zarr_format=zarr_format)
    by_us([cubes.weather(6, 2)], store, tmp_path, "--group", "a/b")
    found = cubes.open_xarray(store, "a/b", consolidated=True, raw=True)
    cubes.assert_same_arrays(
        cubes.stored(found), cubes.stored(cubes.weather(0, 8)), "xarray"
    )


def make_by_zarr(store, zarr_format, **options):
    """A store of zarr-python with the arrays of `weather(0, 3)`."""
    group = zarr.open_group(str(store), mode="w", zarr_format=zarr_format)
    part = cubes.weather(0, 3)
    for name in part.variables:
        variable = part[name]
        settings = options if name == "air" else {}
        if zarr_format == 3:
            settings = {**settings, "dimension_names": variable.dims}
        array = group.create_array(
            name,
            shape=variable.shape,
            dtype=variable.dtype,
            **{"chunks": variable.shape, **settings},
        )
        array[...] = variable.values
        array.attrs.update(
            {
                k: getattr(v, "tolist", lambda v=v: v)()
                for k, v in variable.attrs.items()
            }
        )
        if zarr_format == 2:
            array.attrs["_ARRAY_DIMENSIONS"] = list(variable.dims)
    return group


V3_CODECS = {
    "plain": {"compressors": None},
    "zstd": {"compressors": zarr.codecs.ZstdCodec(level=3)},
    "gzip": {"compressors": zarr.codecs.GzipCodec(level=2)},
    "blosc": {"compressors": zarr.codecs.BloscCodec(cname="lz4", clevel=2)},
    "big endian": {"serializer": zarr.codecs.BytesCodec(endian="big")},
    "transposed": {"filters": [zarr.codecs.TransposeCodec(order=(2, 1, 0))]},
    "checksums": {
        "compressors": [zarr.codecs.ZstdCodec(level=1), zarr.codecs.Crc32cCodec()]
    },
    "shards": {"chunks": (1, 2, 5), "shards": (3, 4, 5)},
    "v2 keys": {"chunk_key_encoding": {"name": "v2", "separator": "."}},
    "dots": {"chunk_key_encoding": {"name": "default", "separator": "."}},
}


@pytest.mark.parametrize("codecs", V3_CODECS)
@pytest.mark.parametrize("size", [3, 2])
def test_v3_codecs_of_zarr_python(tmp_path, store, codecs, size):
    options = {"chunks": (2, 3, 4), **V3_CODECS[codecs]}
    make_by_zarr(store, 3, **options)
    path = cubes.write(cubes.weather(3, size), tmp_path / "next.nc")
    cubes.append(path, store)
    cubes.assert_reads_as(store, cubes.weather(0, 3 + size), consolidated=False)


def test_a_transposition_that_gdal_inverts_is_refused(tmp_path, store):
    """GDAL's driver takes an order for its inverse; for most they are the same."""
    rotated = {"filters": [zarr.codecs.TransposeCodec(order=(2, 0, 1))]}
    make_by_zarr(store, 3, **rotated)
    path = cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=None)
        assert done.status in (1, 5), done
    assert "array 'air'" in done.message
    assert "transpose" in done.message


def test_a_slice_whose_transposition_gdal_inverts_is_refused(tmp_path, store):
    part = tmp_path / "slice.zarr"
    make_by_zarr(part, 3, filters=[zarr.codecs.TransposeCodec(order=(2, 0, 1))])
    done = cubes.append(part, store, status=5)
    assert f"slice '{part}', array 'air'" in done.message
    assert "transpose" in done.message
    assert not store.exists()


V2_CODECS = {
    "plain": {"compressors": None},
    "zlib": {"compressors": numcodecs.Zlib(3)},
    "gzip": {"compressors": numcodecs.GZip(3)},
    "lzma": {"compressors": numcodecs.LZMA()},
    "lz4": {"compressors": numcodecs.LZ4()},
    "zstd": {"compressors": numcodecs.Zstd(3)},
    "blosc": {"compressors": numcodecs.Blosc("zstd", 3)},
    "shuffle": {"filters": [numcodecs.Shuffle(4)], "compressors": numcodecs.Zstd(1)},
    "delta": {
        "filters": [numcodecs.Delta("<f4")],
        "compressors": numcodecs.Zlib(1),
    },
    "Fortran order": {"order": "F"},
    "slashes": {"chunk_key_encoding": {"name": "v2", "separator": "/"}},
}


@pytest.mark.parametrize("codecs", V2_CODECS)
@pytest.mark.parametrize("fill", [None, 0, -5.5, "NaN"])
def test_v2_codecs_of_zarr_python(tmp_path, store, codecs, fill):
    if codecs == "delta" and fill == "NaN":
        pytest.skip(
            "NaN padding and differences of floats spoil each other in "
            "zarr-python's own stores too"
        )
    options = {"chunks": (2, 3, 4), **V2_CODECS[codecs]}
    options["fill_value"] = np.nan if fill == "NaN" else fill
    make_by_zarr(store, 2, **options)
    path = cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")
    cubes.append(path, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5), consolidated=False)


def test_a_store_that_zarr_python_consolidated(tmp_path, store):
    make_by_zarr(store, 3)
    zarr.consolidate_metadata(str(store))
    cubes.append(cubes.write(cubes.weather(3, 2), tmp_path / "next.nc"), store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@FORMATS
def test_appended_by_xarray_after_us_first(tmp_path, store, zarr_format):
    """A store that we made grows by xarray's hand, then by ours."""
    # xarray writes undecoded times as they are.
    keep = ("--encoding", "time:units=keep")
    by_us([packed(0, 3)], store, tmp_path, "--zarr-format", zarr_format, *keep)
    packed(3, 2).drop_vars("elevation").to_zarr(store, append_dim="time")
    by_us([packed(5, 3)], store, tmp_path)
    found = cubes.open_xarray(store, decode_times=False)
    expected = cubes.concat([packed(0, 3), packed(3, 2), packed(5, 3)])
    xr.testing.assert_equal(found, expected)


@FORMATS
def test_dates_of_xarray_in_other_units(tmp_path, store, zarr_format):
    """xarray stores dates as int64 days; slices count hours."""
    first = xr.Dataset(
        {"t2m": (("time", "x"), np.arange(6.0).reshape(2, 3))},
        {"time": np.array(["2000-01-01", "2000-01-02"], "M8[ns]")},
    )
    first.to_zarr(store, zarr_format=zarr_format)
    second = xr.Dataset(
        {"t2m": (("time", "x"), np.arange(6.0, 9.0).reshape(1, 3))},
        {"time": np.array(["2000-01-03"], "M8[ns]")},
    )
    second["time"].encoding.update(units="hours since 1970-01-01", dtype="float64")
    path = cubes.write(second, tmp_path / "next.nc")
    cubes.append(path, store)
    xr.testing.assert_equal(
        cubes.open_xarray(store), xr.concat([first, second], dim="time")
    )


@FORMATS
def test_a_missing_chunk_of_others_stays_missing_values(tmp_path, store, zarr_format):
    """xarray leaves all-NaN chunks out; merging into one restores what it means."""
    parts = [nan_field(0, 3), nan_field(3, 2), nan_field(5, 4)]
    parts[0]["air"][:] = np.nan
    parts[1]["air"][:] = np.nan
    parts[0].to_zarr(
        store,
        zarr_format=zarr_format,
        encoding={"air": {"chunks": (4, 4, 5)}},
        write_empty_chunks=False,
    )
    by_us(parts[1:], store, tmp_path)
    found = cubes.open_xarray(store, decode_times=False)
    xr.testing.assert_equal(found, cubes.concat(parts))


@FORMATS
def test_a_target_with_missing_value_attribute_survives(tmp_path, store, zarr_format):
    """Nested groups beside the arrays are not touched."""
    cubes.weather(0, 2).to_zarr(store, zarr_format=zarr_format)
    cubes.weather(0, 1).to_zarr(store, group="other", zarr_format=zarr_format, mode="a")
    zarr.consolidate_metadata(str(store), zarr_format=zarr_format)
    other = cubes.tree(store / "other")
    by_us([cubes.weather(2, 2)], store, tmp_path)
    assert cubes.tree(store / "other") == other
    found = cubes.open_xarray(store, raw=True)
    cubes.assert_same_arrays(
        cubes.stored(found), cubes.stored(cubes.weather(0, 4)), "xarray"
    )
    cubes.open_xarray(store, "other", consolidated=True)


@pytest.mark.parametrize("fill", [np.nan, -5.5])
def test_zarr_python_pads_with_0_and_means_nothing_by_it(tmp_path, store, fill):
    """V3: without `_FillValue` a fill value of 0 is no missing value, and NaN needs
    none: another missing value becomes NaN."""
    make_by_zarr(store, 3, fill_value=0)
    part = cubes.weather(3, 2)
    part["air"][0, 0, 0] = fill
    part["air"].encoding["_FillValue"] = np.float32(fill)
    path = cubes.write(part, tmp_path / "next.nc")
    part["air"][0, 0, 0] = np.nan
    cubes.append(path, store)
    expected = cubes.concat([cubes.weather(0, 3), part])
    cubes.assert_reads_as(store, expected, consolidated=False)
