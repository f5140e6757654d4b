"""Characters of netCDF files (NC_CHAR) are texts, in the dimensions that xarray sees.
xarray is the witness: of the cube it reads texts where of the file it reads bytes."""

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr

FILES = pytest.mark.parametrize(
    "file_format",
    ["NETCDF3_CLASSIC", "NETCDF3_64BIT_OFFSET"] + ["NETCDF4_CLASSIC", "NETCDF4"],
)
FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def chars(text, shape, encoding="utf-8"):
    """The bytes of `text`, one by one, filled up with NULs."""
    size = int(np.prod(shape))
    return np.frombuffer(text.encode(encoding).ljust(size, b"\0"), "S1").reshape(shape)


def write(path, first, arrays, file_format="NETCDF3_CLASSIC", empty=False):
    """Two steps of `time`; name: (dimensions, characters, attributes)."""
    with netCDF4.Dataset(path, "w", format=file_format) as file:
        for name, size in {"n": 3, "m": 2, "s8": 8, "s3": 3, "s0": 3}.items():
            file.createDimension(name, size)
        if empty:
            file.createDimension("none", None if file_format == "NETCDF4" else 0)
        file.createDimension("time", 2 if empty else None)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [first, first + 1]
        # So n is no length of texts.
        file.createVariable("x", "f4", ("time", "n"))[:] = np.ones((2, 3))
        for name, (dimensions, values, attributes) in arrays.items():
            fill = attributes.pop("_FillValue", None)
            variable = file.createVariable(name, "S1", dimensions, fill_value=fill)
            variable.set_auto_chartostring(False)
            variable.setncatts(attributes)
            if values is not None:
                variable[...] = values
    return path


def every(first, **options):
    return {
        "scalar": ((), chars("R", ()), {}),
        "mode": (("time",), chars("RD", (2,)), {}),
        "flag": (("n",), chars("14 ", (3,)), {"_FillValue": b" "}),
        "title": (("s8",), chars("abcdefg ", (8,)), {}),
        "platform": (("time", "s8"), chars("5904000 59", (2, 8)), {}),
        "quality": (("time", "n"), chars("14 123", (2, 3)), {}),
        "parameter": (("time", "n", "s8"), chars("PRES    TEMP", (2, 3, 8)), {}),
        "grade": (("time", "m", "n"), chars("123456789abc", (2, 2, 3)), {}),
        **options,
    }


def text(value):
    """As xarray has it of a file: bytes, or NaN where a character is the fill."""
    if isinstance(value, float):
        return " "
    return value.decode() if isinstance(value, bytes) else str(value)


def texts(array):
    return np.vectorize(text, otypes=[object])(array.values)


def assert_texts_of(store, paths):
    """Dimensions and texts of the cube are those of the files."""
    files = [xr.open_dataset(path, engine="netcdf4").load() for path in paths]
    for consolidated in (True, False):
        cube = cubes.open_xarray(store, consolidated=consolidated)
        for name, first in files[0].variables.items():
            if first.dtype.kind in "fM":
                continue
            assert cube[name].dims == first.dims, name
            parts = [texts(file[name]) for file in files]
            expected = (
                np.concatenate(parts, first.dims.index("time"))
                if "time" in first.dims
                else parts[0]
            )
            assert texts(cube[name]).tolist() == expected.tolist(), name
            assert "_Encoding" not in cube[name].attrs


@FILES
@FORMATS
def test_characters_are_texts(tmp_path, store, zarr_format, file_format):
    paths = [
        write(tmp_path / f"{first}.nc", first, every(first), file_format)
        for first in (0, 2)
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    assert_texts_of(store, paths)
    # GDAL's own reader, beside zarr-python.
    found = cubes.read_gdal(store)
    assert found["mode"].tolist() == ["R", "D", "R", "D"]
    assert found["parameter"][1, 0] == ""


@FILES
def test_numbers_of_one_byte_stay_numbers(tmp_path, store, file_format):
    path = write(
        tmp_path / "0.nc", 0, {"mode": (("time",), chars("RD", (2,)), {})}, file_format
    )
    with netCDF4.Dataset(path, "a") as file:
        if file_format == "NETCDF4":
            file.createVariable("number", "u1", ("time",))[:] = [82, 68]
        else:
            number = file.createVariable("number", "i1", ("time",))
            number.setncattr("_Unsigned", "true")
            number[:] = [82, 68]
    cubes.append(path, store)
    found = cubes.read_zarr(store)
    assert found["number"].dtype == "uint8"
    assert found["number"].tolist() == [82, 68]
    assert found["mode"].tolist() == ["R", "D"]


@FILES
@FORMATS
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("utf-8", ["żółw ", "ab"]),
        ("iso-8859-1", ["Köln ", "ab"]),
        ("latin-1", ["Köln ", "ab"]),
        ("iso-8859-15", ["5 €", "ab"]),
        ("ascii", ["Koeln", "ab"]),
    ],
)
def test_encodings(tmp_path, store, zarr_format, file_format, name, words):
    rows = np.stack([chars(word, (8,), name) for word in words])
    arrays = {
        "two": (("time", "s8"), rows, {"_Encoding": name}),
        "three": (
            ("time", "n", "s8"),
            np.stack([rows[[0, 1, 0]]] * 2),
            {"_Encoding": name},
        ),
    }
    path = write(tmp_path / "0.nc", 0, arrays, file_format)
    cubes.append("--zarr-format", zarr_format, path, store)
    assert_texts_of(store, [path])
    assert cubes.open_xarray(store)["two"].values.tolist() == words


@FILES
@pytest.mark.parametrize("dimensions", [("time", "s8"), ("time", "n", "s8")])
def test_what_is_not_in_its_encoding_is_refused(
    tmp_path, store, file_format, dimensions
):
    shape = (2, 8) if len(dimensions) == 2 else (2, 3, 8)
    values = chars("Köln", shape, "latin-1")
    arrays = {"name": (dimensions, values, {"_Encoding": "utf-8"})}
    path = write(tmp_path / "0.nc", 0, arrays, file_format)
    done = cubes.append(path, store, status=5)
    assert "array 'name': a text is not in the encoding 'utf-8'" in done.message
    assert not store.exists()


@FILES
def test_what_a_nul_would_cut_is_refused(tmp_path, store, file_format):
    """GDAL's driver ends rows of characters there."""
    arrays = {"quality": (("time", "n"), chars("1\0003", (2, 3)), {})}
    path = write(tmp_path / "0.nc", 0, arrays, file_format)
    done = cubes.append(path, store, status=5)
    assert "array 'quality': a row of its characters has a NUL" in done.message
    arrays = {"name": (("time", "n", "s8"), chars("ab\0cd", (2, 3, 8)), {})}
    path = write(tmp_path / "1.nc", 0, arrays, file_format)
    done = cubes.append(path, store, status=5)
    assert "array 'name': a text has a NUL inside" in done.message


@FILES
def test_excluded_arrays_count(tmp_path, store, file_format):
    """What `n` is does not change because its other arrays are not wanted."""
    arrays = {"quality": (("time", "n"), chars("14 123", (2, 3)), {})}
    arrays["v"] = (("time",), chars("ab", (2,)), {})
    path = write(tmp_path / "0.nc", 0, arrays, file_format)
    cubes.append("--exclude-array", "x", path, store)
    assert cubes.open_xarray(store)["quality"].dims == ("time", "n")


@FILES
def test_lengths_of_equal_size_are_told_apart(tmp_path, store, file_format):
    """n, s3 and s0 have the same size; s3 alone is a length of texts."""
    arrays = {
        "code": (("time", "s3"), chars("abcdef", (2, 3)), {}),
        "quality": (("time", "n"), chars("14 123", (2, 3)), {}),
        "table": (("s0", "s8"), chars("abcdefghijklmnop", (3, 8)), {}),
        "other": (("time", "s0"), chars("xyzxyz", (2, 3)), {}),
    }
    path = write(tmp_path / "0.nc", 0, arrays, file_format)
    cubes.append(path, store)
    assert_texts_of(store, [path])


@FILES
def test_the_append_dimension_is_no_length_of_texts(tmp_path, store, file_format):
    """Also where nothing but characters is along it."""
    with netCDF4.Dataset(tmp_path / "0.nc", "w", format=file_format) as file:
        file.createDimension("profile", 3)
        mode = file.createVariable("mode", "S1", ("profile",))
        mode[:] = chars("RDA", (3,))
    cubes.append("--append-dim", "profile", tmp_path / "0.nc", store)
    assert cubes.read_zarr(store)["mode"].tolist() == ["R", "D", "A"]


@FILES
def test_one_append_or_two_make_the_same(tmp_path, store, file_format):
    """And a slice that comes again is found equal."""
    paths = [
        write(tmp_path / f"{first}.nc", first, every(first), file_format)
        for first in (0, 2)
    ]
    cubes.append(paths[0], store)
    cubes.append(paths[1], store)
    report = cubes.append(paths[1], store).report
    assert report["slices"][0]["rows_already_there"] == 2
    assert_texts_of(store, paths)


# Arrays without values


@pytest.mark.parametrize("file_format", ["NETCDF4"])
def test_arrays_without_values_are_left_out(tmp_path, store, file_format):
    """Argo's HISTORY_* along an unlimited dimension of no records: said once."""
    arrays = {"history": (("none", "s8"), None, {})}
    paths = [
        write(tmp_path / f"{first}.nc", first, dict(arrays), file_format, empty=True)
        for first in (0, 2)
    ]
    report = cubes.append(*paths, store).report
    assert report["warnings"] == [
        "array 'history' has no values (dimension 'none' has size 0) and was left out"
    ]
    assert "history" not in cubes.read_zarr(store)
    wanted = ("--array", "history", "--array", "x")
    other = store.parent / "other.zarr"
    done = cubes.append(*wanted, paths[0], other, status=5)
    assert "array 'history': dimension 'none' has size 0" in done.message


def test_no_steps_are_refused(tmp_path, store):
    with netCDF4.Dataset(tmp_path / "0.nc", "w") as file:
        file.createDimension("time", None)
        file.createVariable("time", "f8", ("time",)).units = "days since 2000-01-01"
        file.createVariable("x", "f4", ("time",))
    done = cubes.append(tmp_path / "0.nc", store, status=5)
    assert "dimension 'time' has size 0" in done.message
