"""What counts as missing: what xarray and netCDF4 read of each file is what xarray
reads of the cube, or the file is refused."""

import json

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr
from osgeo import gdal

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def file(path, label, codes, dtype, fill=None, **attributes):
    """A NetCDF file with one row of `data`, written by netCDF4 as it is told."""
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("time", None)
        dataset.createDimension("x", len(codes))
        dataset.createVariable("time", "i4", ("time",))[:] = [label]
        data = dataset.createVariable("data", dtype, ("time", "x"), fill_value=fill)
        data.set_auto_maskandscale(False)
        data.setncatts(attributes)
        data[:] = np.array([codes], dtype)
    return path


def by_xarray(paths):
    rows = []
    for path in paths:
        with xr.open_dataset(path) as dataset:
            rows.append(dataset["data"].values.astype("float64"))
    return np.concatenate(rows)


def by_netcdf4(paths):
    rows = []
    for path in paths:
        with netCDF4.Dataset(path) as dataset:
            row = np.ma.masked_array(dataset["data"][:]).astype("float64")
        rows.append(row.filled(np.nan))
    return np.concatenate(rows)


def decoded(store):
    return cubes.open_xarray(store)["data"].values.astype("float64")


def assert_reads_as_the_files(store, paths, step=0.0):
    found = decoded(store)
    for expected in (by_xarray(paths), by_netcdf4(paths)):
        assert (np.isnan(found) == np.isnan(expected)).all()
        valid = ~np.isnan(expected)
        np.testing.assert_allclose(
            found[valid], expected[valid], rtol=1e-6, atol=step / 2
        )


KINDS = {
    "another than the fill": {
        "codes": [-19000, 32766, -32767, 0],
        "dtype": "i2",
        "fill": -32767,
        "missing_value": np.int16(32766),
        "scale_factor": 0.01,
        "add_offset": 477.65,
    },
    "several": {
        "codes": [270, -999, -888, 271.5],
        "dtype": "f4",
        "missing_value": np.array([-999, -888], "f4"),
    },
    "several, and a fill": {
        "codes": [27, -999, -888, -1],
        "dtype": "i4",
        "fill": -1,
        "missing_value": np.array([-999, -888], "i4"),
    },
    "one, and no fill": {
        "codes": [27, -999, 5, 0],
        "dtype": "i2",
        "missing_value": np.int16(-999),
    },
    "of another type": {
        "codes": [27, -999, 5, 0],
        "dtype": "i2",
        "missing_value": np.float64(-999),
    },
    "beside NaN": {
        "codes": [27, -999, np.nan, 0],
        "dtype": "f8",
        "fill": np.nan,
        "missing_value": -999.0,
    },
    "one that never occurs": {
        "codes": [1e20, 1, 2, 3],
        "dtype": "f4",
        "missing_value": np.float64(1e20),
    },
    "NaN of integers": {
        "codes": [1, 2, 3, 4],
        "dtype": "i2",
        "missing_value": np.float32(np.nan),
    },
}
ENCODINGS = {
    "as it is": (None, 0.0),
    "unpacked": ("data:dtype=float64", 0.0),
    "packed": ("data:dtype=int32,scale=0.001,offset=100", 0.001),
    "with another fill": ("data:nodata=-1234", 0.0),
}


@FORMATS
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("kind", KINDS)
def test_all_that_is_missing_to_readers_stays_so(
    tmp_path, store, kind, encoding, zarr_format
):
    if (kind, encoding) == ("one that never occurs", "packed"):
        pytest.skip("1e20 does not fit")
    paths = [
        file(tmp_path / "0.nc", 0, **KINDS[kind]),
        file(tmp_path / "1.nc", 1, **KINDS[kind]),
    ]
    words, step = ENCODINGS[encoding]
    asked = ["--encoding", words] if words else []
    cubes.append("--zarr-format", zarr_format, *asked, *paths, store)
    assert_reads_as_the_files(store, paths, step)


@FORMATS
@pytest.mark.parametrize("kind", KINDS)
def test_what_is_missing_becomes_so_in_a_cube_of_another_kind(
    tmp_path, store, kind, zarr_format
):
    first = file(tmp_path / "0.nc", 0, [1, 2, 3, np.nan], "f8", fill=np.nan)
    second = file(tmp_path / "1.nc", 1, **KINDS[kind])
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert_reads_as_the_files(store, [first, second])


@FORMATS
@pytest.mark.parametrize("value", [-999, -888])
def test_a_value_that_the_cube_calls_missing_is_refused(
    tmp_path, store, value, zarr_format
):
    told = KINDS["several, and a fill"]
    cubes.append(
        "--zarr-format", zarr_format, file(tmp_path / "0.nc", 0, **told), store
    )
    with cubes.unchanged(store):
        other = file(tmp_path / "1.nc", 1, [5, 6, 7, value], "i4", fill=-1)
        done = cubes.append(other, store, status=5)
    assert f"the value {value} would read as missing" in done.message
    assert "--on-overflow" not in done.message
    third = file(tmp_path / "2.nc", 2, [5, 6, 7, -1], "i4", fill=-1)
    cubes.append(third, store)
    assert_reads_as_the_files(store, [tmp_path / "0.nc", third])


@pytest.mark.parametrize("dtype", ["i1", "u1", "i4", "i8", "f4", "f8"])
def test_a_zero_is_refused_where_the_cube_says_that_it_is_missing(
    tmp_path, store, dtype
):
    """As zarr-python makes V2 arrays, and xarray reads them."""
    group = zarr.open_group(store, mode="w", zarr_format=2)
    for name, form, fill in (("data", dtype, 0), ("time", "i4", None)):
        array = group.create_array(
            name, shape=(1,), chunks=(4,), dtype=form, fill_value=fill
        )
        array[:] = 5
        array.attrs["_ARRAY_DIMENSIONS"] = ["time"]
    zarr.consolidate_metadata(store)

    def part(label, value):
        values = np.array([value], dtype)
        dataset = xr.Dataset({"data": ("time", values)}, {"time": [label]})
        dataset["data"].encoding["_FillValue"] = None
        return cubes.write(dataset, tmp_path / f"{label}.nc")

    with cubes.unchanged(store):
        done = cubes.append(part(6, 0), store, status=5)
    assert "the value 0 would read as missing" in done.message
    cubes.append(part(7, 1), store)
    assert decoded(store).tolist() == [5, 1]


def padded(store, label, values, dtype, fill):
    """A Zarr V3 store by zarr-python, with a fill value and no `_FillValue`."""
    group = zarr.open_group(store, mode="w", zarr_format=3)
    group.create_array(
        "data",
        data=np.array([values], dtype),
        chunks=(1, len(values)),
        fill_value=fill,
        dimension_names=("time", "x"),
    )
    labels = np.array([label], "i4")
    group.create_array("time", data=labels, chunks=(8,), dimension_names=("time",))
    zarr.consolidate_metadata(store)
    return store


PADDINGS = [("u1", 255), ("i2", -32768), ("u2", 65535), ("i4", 7), ("f4", -1)]


@pytest.mark.parametrize(("dtype", "fill"), PADDINGS)
def test_padding_of_a_slice_is_a_value(tmp_path, store, dtype, fill):
    part = padded(tmp_path / "part.zarr", 1, [1, fill, 3], dtype, fill)
    cubes.append(part, store)
    assert decoded(store).tolist() == [[1, fill, 3]]
    first = file(tmp_path / "0.nc", 0, [1, 2, np.nan], "f8", fill=np.nan)
    cube = tmp_path / "float.zarr"
    cubes.append(first, part, cube)
    assert decoded(cube)[1].tolist() == [1, fill, 3]


@pytest.mark.parametrize(("dtype", "fill"), PADDINGS)
def test_padding_of_a_target_is_a_value(tmp_path, store, dtype, fill):
    padded(store, 0, [1, 2, 3], dtype, fill)
    cubes.append(file(tmp_path / "1.nc", 1, [4, fill, 6], dtype), store)
    assert decoded(store)[1].tolist() == [4, fill, 6]
    missing = file(tmp_path / "2.nc", 2, [7, fill, 9], dtype, fill=fill)
    if dtype == "f4":
        cubes.append(missing, store)
        assert np.isnan(decoded(store)[2]).tolist() == [False, True, False]
        return
    with cubes.unchanged(store):
        done = cubes.append(missing, store, status=5)
    assert "no missing value in the target" in done.message


@FORMATS
def test_missing_times_in_other_units_stay_missing(tmp_path, store, zarr_format):
    def part(label, codes, units, dtype="i4", **attributes):
        return file(
            tmp_path / f"{label}.nc", label, codes, dtype, units=units, **attributes
        )

    paths = [
        part(0, [24, -1, 48, -1], "hours since 2000-01-01", fill=-1),
        part(
            *(1, [3, -9, -8, -7], "days since 2000-01-01"),
            fill=-9,
            missing_value=np.array([-8, -7], "i4"),
        ),
    ]
    cubes.append(
        "--zarr-format", zarr_format, "--encoding", "data:units=keep", *paths, store
    )
    expected = np.concatenate([xr.open_dataset(path)["data"].values for path in paths])
    found = cubes.open_xarray(store)["data"].values
    assert np.isnat(expected).sum() == 5
    np.testing.assert_array_equal(found, expected)
    with cubes.unchanged(store):
        before = part(2, [-1, 1, 2, 3], "minutes since 1999-12-31T23:59:00", fill=-99)
        late = part(3, [-60, 1, 2, 3], "minutes since 2000-01-01", fill=-99)
        cubes.append(before, store, status=5)
        done = cubes.append(late, store, status=5)
    assert "would read as missing" in done.message


NUMBERS = {
    "valid_min": np.float32(10),
    "valid_max": np.float32(90),
    "actual_range": np.array([0, 20], "f4"),
    "flag_values": np.array([1, 2], "f4"),
    "flag_meanings": "few many",
}


@FORMATS
@pytest.mark.parametrize(
    ("encoding", "stay"),
    [
        ("data:dtype=int16,scale=0.01", []),
        ("data:units=K", []),
        ("data:dtype=float64", ["actual_range", "flag_values", "flag_meanings"]),
        ("data:chunk=1x4", list(NUMBERS)),
    ],
)
def test_attributes_in_terms_of_other_numbers_are_left_out(
    tmp_path, store, encoding, stay, zarr_format
):
    numbers = {**NUMBERS, "units": "degC", "missing_value": np.float32(99)}
    part = file(tmp_path / "0.nc", 0, [12, 99, 50, 89], "f4", fill=99, **numbers)
    done = cubes.append(
        "--zarr-format", zarr_format, "--encoding", encoding, part, store
    )
    attributes = cubes.open_xarray(store, raw=True)["data"].attrs
    assert sorted(set(NUMBERS) & set(attributes)) == sorted(stay)
    assert ("'valid_min', 'valid_max' is left out" in done.stderr) == (
        "valid_min" not in stay
    )
    # xarray does not go by ranges, GDAL does.
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("data")
    assert array.GetMask().ReadAsArray().tolist() == [[1, 0, 1, 1]]
    assert np.isnan(decoded(store)).tolist() == [[False, True, False, False]]


@FORMATS
@pytest.mark.parametrize("dtype", ["S1", str])
def test_the_encoding_of_netcdf_texts_is_left_out(tmp_path, store, dtype, zarr_format):
    """xarray decodes bytes by it, and fails where there are none."""
    names = xr.DataArray([["one", "zwölf"]], dims=("time", "x")).astype(object)
    dataset = xr.Dataset({"name": names}, {"time": [0]})
    dataset["name"].encoding["dtype"] = dtype
    path = cubes.write(dataset, tmp_path / "0.nc")
    with netCDF4.Dataset(path, "a") as opened:
        opened["name"]._Encoding = "utf-8"
    cubes.append("--zarr-format", zarr_format, path, store)
    found = cubes.open_xarray(store)["name"]
    assert found.shape[:2] == names.shape
    assert "_Encoding" not in cubes.open_xarray(store, raw=True)["name"].attrs


@pytest.mark.parametrize(
    ("said", "warns"),
    [
        ({"valid_range": np.array([0, 200], "i2")}, True),
        ({"valid_max": np.int16(90)}, True),
        ({"valid_min": np.int16(0), "valid_max": np.int16(100)}, False),
        ({}, False),
    ],
)
def test_another_range_of_valid_values_is_told(tmp_path, store, said, warns):
    """Values are stored as they are: xarray reads what it reads of the files."""
    limits = {"valid_range": np.array([0, 100], "i2")}
    paths = [
        file(tmp_path / "0.nc", 0, [7, 50], "i2", **limits),
        file(tmp_path / "1.nc", 1, [7, 150], "i2", **said),
    ]
    cubes.append(paths[0], store)
    done = cubes.append(paths[1], store)
    assert ("readers that go by valid_range" in done.stderr) == warns
    assert (decoded(store) == by_xarray(paths)).all()


def test_ranges_are_compared_unpacked(tmp_path, store):
    first = {"scale_factor": 0.5, "valid_range": np.array([0, 200], "i2")}
    cubes.append(file(tmp_path / "0.nc", 0, [7, 50], "i2", **first), store)
    same = {"valid_range": np.array([0, 100], "f4")}
    done = cubes.append(file(tmp_path / "1.nc", 1, [7, 50], "f4", **same), store)
    assert "valid" not in done.stderr


def strict(store):
    """All documents, by a reader of JSON that takes nothing else."""

    def refuse(word):
        raise ValueError(word)

    for pattern in ("zarr.json", ".z*"):
        for path in store.rglob(pattern):
            json.loads(path.read_text(), parse_constant=refuse)


@FORMATS
@pytest.mark.parametrize("missing", [np.nan, [np.nan, -999]])
def test_a_missing_value_of_nan_is_not_written(tmp_path, store, missing, zarr_format):
    paths = [
        file(
            *(tmp_path / f"{n}.nc", n, [1, np.nan, -999], "f4"),
            fill=np.nan,
            missing_value=np.array(missing, "f4"),
        )
        for n in (0, 1)
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    strict(store)
    assert_reads_as_the_files(store, paths)


@FORMATS
def test_other_nans_in_attributes_are_told(tmp_path, store, zarr_format):
    part = file(tmp_path / "0.nc", 0, [1, 2], "f4", limits=np.array([0, np.inf]))
    with netCDF4.Dataset(part, "a") as dataset:
        dataset.quality = np.nan
    done = cubes.append("--zarr-format", zarr_format, part, store)
    assert "array 'data' has NaN or an infinity in 'limits'" in done.stderr
    assert "the group has NaN or an infinity in 'quality'" in done.stderr
    with pytest.raises(ValueError, match="Infinity|NaN"):
        strict(store)
    assert np.isnan(cubes.open_xarray(store).attrs["quality"])
    plain = file(tmp_path / "1.nc", 1, [1, 2], "f4")
    assert "NaN" not in cubes.append(plain, tmp_path / "plain.zarr").stderr


@FORMATS
def test_black_and_white_are_data_to_all_readers(tmp_path, store, zarr_format):
    """GDAL takes what pads Zarr V3 for nodata, so it is neither of them."""
    image = tmp_path / "image.tif"
    pixels = np.array([[0, 1], [128, 255]], "uint8")
    dataset = gdal.GetDriverByName("GTiff").Create(str(image), 2, 2, 1)
    dataset.GetRasterBand(1).WriteArray(pixels)
    dataset.Close()
    cubes.append("--zarr-format", zarr_format, "--label", "2024-01-01", image, store)
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("band1")
    assert array.GetMask().ReadAsArray().tolist() == [[[1, 1], [1, 1]]]
    assert (cubes.open_xarray(store)["band1"].values == pixels).all()
    assert (cubes.read_zarr(store)["band1"] == pixels).all()


@FORMATS
@pytest.mark.parametrize("made_as", [2, 3])
def test_bool_stays_bool(tmp_path, store, zarr_format, made_as):
    values = np.array([[True, False, True]])
    for label in (0, 1):
        group = zarr.open_group(
            tmp_path / f"{label}.zarr", mode="w", zarr_format=made_as
        )
        for name, array, names in (
            ("data", values, ["time", "x"]),
            ("time", np.array([label], "i4"), ["time"]),
        ):
            more = {"dimension_names": names} if made_as == 3 else {"fill_value": None}
            made = group.create_array(name, data=array, chunks=array.shape, **more)
            if made_as == 2:
                made.attrs["_ARRAY_DIMENSIONS"] = names
        zarr.consolidate_metadata(group.store)
    parts = [tmp_path / f"{label}.zarr" for label in (0, 1)]
    cubes.append("--zarr-format", zarr_format, *parts, store)
    found = cubes.open_xarray(store)["data"]
    assert found.dtype == bool
    assert (found.values == np.concatenate([values, values])).all()
    assert cubes.read_zarr(store)["data"].dtype == bool
    with cubes.unchanged(store):
        two = file(tmp_path / "2.nc", 2, [0, 1, 2], "i1")
        cubes.append(two, store, status=5)


@FORMATS
@pytest.mark.parametrize("form", ["nc", "zarr"])
def test_bool_as_xarray_keeps_it_stays_bool(tmp_path, store, form, zarr_format):
    parts = []
    for label in (0, 1):
        dataset = xr.Dataset(
            {"data": (("time", "x"), np.array([[True, False]]))}, {"time": [label]}
        )
        parts.append(tmp_path / f"{label}.{form}")
        write = dataset.to_netcdf if form == "nc" else dataset.to_zarr
        write(parts[-1])
    cubes.append("--zarr-format", zarr_format, *parts, store)
    found = cubes.open_xarray(store)["data"]
    assert found.dtype == bool
    assert found.values.tolist() == [[True, False]] * 2
    with cubes.unchanged(store):
        two = file(tmp_path / "2.nc", 2, [1, 2], "i1")
        done = cubes.append(two, store, status=5)
    assert "the value 2" in done.message


def test_a_colour_table_is_told_to_be_left_out(tmp_path, store):
    colours = gdal.ColorTable()
    colours.SetColorEntry(1, (255, 0, 0))
    images = []
    for day in (1, 2):
        images.append(tmp_path / f"2024-01-0{day}.tif")
        dataset = gdal.GetDriverByName("GTiff").Create(str(images[-1]), 2, 2, 1)
        dataset.GetRasterBand(1).SetColorTable(colours)
        dataset.GetRasterBand(1).WriteArray(np.full((2, 2), day, "uint8"))
        dataset.Close()
    label = ("--label-from", "name:%Y-%m-%d.tif")
    done = cubes.append(*label, images[0], store)
    assert "array 'band1': its colour table is left out" in done.stderr
    assert "colour" not in cubes.append(*label, images[1], store).stderr


@FORMATS
def test_integers_read_as_unsigned_are_taken_as_they_are_or_not(
    tmp_path, store, zarr_format
):
    said = {"_Unsigned": "true", "fill": -1}
    paths = [file(tmp_path / f"{n}.nc", n, [-2, 5, -1], "i4", **said) for n in (0, 1)]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    found = decoded(store)
    np.testing.assert_array_equal(found, by_xarray(paths))
    assert found[0, 0] == 2**32 - 2
    with cubes.unchanged(store):
        cubes.append(
            file(tmp_path / "2.nc", 2, [-2, 5, 6], "i4", fill=-1), store, status=5
        )
    wide = tmp_path / "wide.zarr"
    done = cubes.append("--encoding", "data:dtype=float64", paths[0], wide, status=5)
    assert "_Unsigned" in done.message
    assert not wide.exists()
