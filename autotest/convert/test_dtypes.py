"""Each data type, as data, as coordinate and as label; what cannot be stored is
refused by name."""

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def extremes(dtype):
    """Values at which conversions through double or signed types go wrong."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([info.min, info.max, 0, 1, info.max - 1, 3], dtype)
    info = np.finfo(dtype)
    values = [info.min, info.max, info.tiny, np.nan, np.inf, -np.inf]
    if dtype.kind == "c":
        values[2] = complex(1.5, -2.5)
        values[3] = complex(np.nan, 1)
    return np.array(values, dtype)


def zarr_slice(path, values, labels, zarr_format=3, **options):
    """A Zarr slice with an array `data` (time, x), written by zarr-python."""
    group = zarr.open_group(str(path), mode="w", zarr_format=zarr_format)
    for name, array, dims in (
        ("data", values, ("time", "x")),
        ("time", labels, ("time",)),
    ):
        settings = {"dimension_names": dims} if zarr_format == 3 else {}
        if name == "data":
            settings.update(options)
        created = group.create_array(
            name, shape=array.shape, dtype=array.dtype, chunks=array.shape, **settings
        )
        created[...] = array
        if zarr_format == 2:
            created.attrs["_ARRAY_DIMENSIONS"] = list(dims)
    return path


@FORMATS
@pytest.mark.parametrize("dtype", cubes.NUMERIC)
def test_numbers_from_netcdf_are_exact(tmp_path, store, dtype, zarr_format):
    values = extremes(dtype).reshape(2, 3)
    paths = []
    for number in range(3):
        path = tmp_path / f"{number}.nc"
        part = xr.Dataset(
            {"data": (("time", "x"), np.roll(values, number))},
            {"time": ("time", np.array([2 * number, 2 * number + 1], "int32"))},
        )
        for name in part.variables:
            part[name].encoding["_FillValue"] = None
        paths.append(cubes.write(part, path))
    cubes.append("--zarr-format", zarr_format, *paths, store)
    expected = np.concatenate([np.roll(values, n) for n in range(3)])
    found = cubes.read_zarr(store)["data"]
    assert found.dtype == np.dtype(dtype)
    cubes.assert_reads_as(
        store, {"data": expected, "time": np.arange(6, dtype="int32")}
    )


@FORMATS
@pytest.mark.parametrize(
    "dtype", ["float16", "complex64", "complex128", *cubes.NUMERIC]
)
def test_numbers_from_zarr_are_exact(tmp_path, store, dtype, zarr_format):
    values = extremes(dtype).reshape(2, 3)
    paths = [
        zarr_slice(
            tmp_path / f"{n}.zarr",
            np.roll(values, n),
            np.array([2 * n, 2 * n + 1], "int32"),
        )
        for n in range(2)
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    expected = np.concatenate([np.roll(values, n) for n in range(2)])
    found = cubes.read_zarr(store)["data"]
    assert found.dtype == np.dtype(dtype)
    assert cubes.same(found, expected), (found, expected)
    assert cubes.same(cubes.read_gdal(store)["data"], expected)
    assert cubes.same(cubes.open_xarray(store, raw=True)["data"].values, expected)


@FORMATS
def test_a_boolean_target_grows_with_ones_and_zeros(tmp_path, store, zarr_format):
    """GDAL reads booleans as uint8."""
    values = np.array([[True, False, True], [False, False, True]])
    zarr_slice(store, values, np.array([0, 1], "int32"), zarr_format)
    part = zarr_slice(
        tmp_path / "next.zarr", ~values, np.array([2, 3], "int32"), zarr_format
    )
    cubes.append(part, store)
    found = cubes.read_zarr(store)["data"]
    assert found.dtype == bool
    assert (found == np.concatenate([values, ~values])).all()


@FORMATS
def test_other_numbers_than_0_and_1_are_no_booleans(tmp_path, store, zarr_format):
    values = np.array([[True, False, True]])
    zarr_slice(store, values, np.array([0], "int32"), zarr_format)
    part = zarr_slice(
        tmp_path / "next.zarr",
        np.array([[0, 2, 1]], "uint8"),
        np.array([1], "int32"),
        zarr_format,
    )
    with cubes.unchanged(store):
        done = cubes.append(part, store, status=5)
    assert "array 'data'" in done.message
    assert "bool" in done.message


@FORMATS
@pytest.mark.parametrize("labels", [["a", "bb"], ["ä", "日本"], ["x" * 60, ""]])
def test_texts_as_labels_and_coordinates(tmp_path, store, zarr_format, labels):
    def part(name, label):
        dataset = xr.Dataset(
            {"count": (("station", "kind"), np.full((1, 2), len(label), "int32"))},
            {"station": [label], "kind": ["warm", "kalt ü"]},
        )
        return cubes.write(dataset, tmp_path / name)

    paths = [part(f"{i}.nc", label) for i, label in enumerate(labels)]
    cubes.append("--append-dim", "station", "--zarr-format", zarr_format, *paths, store)
    for use in (True, False):
        found = cubes.open_xarray(store, consolidated=use)
        assert list(found["station"].values) == labels
        assert list(found["kind"].values) == ["warm", "kalt ü"]
        assert found["count"].values[:, 0].tolist() == [len(x) for x in labels]
    assert cubes.read_zarr(store)["station"].tolist() == labels
    assert cubes.read_gdal(store)["station"].tolist() == labels


@FORMATS
def test_texts_as_data(tmp_path, store, zarr_format):
    paths = []
    for number, words in enumerate((["one", "two"], ["three ü", ""])):
        dataset = xr.Dataset(
            {"word": (("time", "x"), np.array([words], object))}, {"time": [number]}
        )
        paths.append(cubes.write(dataset, tmp_path / f"{number}.nc"))
    cubes.append("--zarr-format", zarr_format, *paths, store)
    expected = [["one", "two"], ["three ü", ""]]
    assert cubes.read_zarr(store)["word"].tolist() == expected
    assert cubes.open_xarray(store)["word"].values.tolist() == expected
    assert cubes.read_gdal(store)["word"].tolist() == expected


def test_a_text_too_long_for_the_target_is_refused(tmp_path, store):
    paths = []
    for number, word in enumerate(("short", "l" * 65)):
        dataset = xr.Dataset(
            {"word": (("time",), np.array([word], object))}, {"time": [number]}
        )
        paths.append(cubes.write(dataset, tmp_path / f"{number}.nc"))
    cubes.append("--zarr-format", "2", paths[0], store)
    with cubes.unchanged(store):
        done = cubes.append(paths[1], store, status=5)
    assert done.message == (
        f"slice '{paths[1]}', array 'word': it has strings of 65 characters, the target "
        "holds 64. Nothing was written."
    )


def zarr_texts(path, day, *texts):
    dataset = xr.Dataset(
        {"word": (("time", "x"), np.array([texts], object))}, {"time": [day]}
    )
    dataset.to_zarr(path, zarr_format=3)
    return path


@pytest.mark.parametrize("length", [256, 257, 4096])
def test_long_texts_of_a_zarr_slice_are_whole(tmp_path, store, length):
    """GDAL's Zarr driver cuts at 256 bytes by itself, also inside a character."""
    texts = ["x" * (length % 2) + "é" * (length // 2), "short"]
    chunks = ["--encoding", "word:chunk=4x2"]
    cubes.append(*chunks, zarr_texts(tmp_path / "a.zarr", 0, *texts), store)
    # The first chunk is read and written again.
    cubes.append(zarr_texts(tmp_path / "b.zarr", 1, *texts), store)
    assert cubes.open_xarray(store)["word"].values.tolist() == [texts, texts]


@pytest.mark.parametrize(
    ("length", "status", "said"),
    [(4097, 5, "texts of 4097 bytes or more"), (100_000, 4, "are too long for it")],
)
def test_longer_texts_are_not_cut_but_refused(tmp_path, store, length, status, said):
    path = zarr_texts(tmp_path / "a.zarr", 0, "é" * (length // 2) + "!", "short")
    done = cubes.append(path, store, status=status)
    assert "array 'word': " in done.message
    assert said in done.message
    assert not store.exists()


@pytest.mark.parametrize("dtype", ["U5", "S5"])
@FORMATS
@pytest.mark.filterwarnings("ignore:The data type")
def test_fixed_length_texts_of_zarr_python(tmp_path, store, dtype, zarr_format):
    first = np.array([["ab", "cde", ""]], dtype)
    second = np.array([["x", "abcde", "f"]], dtype)
    zarr_slice(store, first, np.array([0], "int32"), zarr_format)
    part = zarr_slice(
        tmp_path / "next.zarr", second, np.array([1], "int32"), zarr_format
    )
    cubes.append(part, store)
    found = cubes.read_zarr(store)["data"]
    assert found.dtype == np.dtype(dtype)
    assert (found == np.concatenate([first, second])).all()


@pytest.mark.filterwarnings("ignore:The data type")
@pytest.mark.parametrize(
    ("values", "zarr_format", "name"),
    [
        (np.array([["2000-01-01"]], "M8[ns]"), 2, "<M8[ns]"),
        (np.array([["2000-01-01"]], "M8[ns]"), 3, "numpy.datetime64"),
        (np.array([[1]], "m8[s]"), 2, "<m8[s]"),
        (np.array([[1]], "m8[s]"), 3, "numpy.timedelta64"),
        (np.array([["word"]], object), 2, "|O"),
        (np.array([[(1, 2.0)]], "i4,f4"), 2, "structured"),
    ],
)
def test_what_the_driver_cannot_write_is_refused_by_name(
    tmp_path, store, values, zarr_format, name
):
    if values.dtype == object:
        group = zarr.open_group(str(store), mode="w", zarr_format=2)
        created = group.create_array("data", shape=(1, 1), dtype=str, chunks=(1, 1))
        created[...] = values
        created.attrs["_ARRAY_DIMENSIONS"] = ["time", "x"]
        time = group.create_array("time", shape=(1,), dtype="int32", chunks=(1,))
        time.attrs["_ARRAY_DIMENSIONS"] = ["time"]
    else:
        zarr_slice(store, values, np.array([0], "int32"), zarr_format)
    part = zarr_slice(
        tmp_path / "next.zarr", np.array([[1]], "int32"), np.array([1], "int32")
    )
    with cubes.unchanged(store):
        done = cubes.append(part, store, status=None)
        assert done.status in (1, 5), done
    assert "array 'data'" in done.message
    assert name in done.message


@pytest.mark.filterwarnings("ignore:The data type")
def test_a_type_of_a_slice_that_cannot_be_stored_is_refused_by_name(tmp_path, store):
    path = tmp_path / "compound.nc"
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("time", 1)
        kind = dataset.createCompoundType(np.dtype("i4,f8"), "pair")
        dataset.createVariable("data", kind, ("time",))[:] = np.zeros(1, "i4,f8")
        dataset.createVariable("time", "i4", ("time",))[:] = 0
        dataset.createVariable("good", "i4", ("time",))[:] = 5
    done = cubes.append(path, store, status=5)
    assert f"slice '{path}', array 'data'" in done.message
    assert "--exclude-array" in done.message
    assert not store.exists()
    cubes.append("--exclude-array", "data", path, store)
    assert cubes.read_zarr(store)["good"].tolist() == [5]


def typed_slice(path, values, label):
    """A NetCDF slice with one row of numbers and no missing value."""
    dataset = xr.Dataset(
        {"data": (("time", "x"), values[None, :])},
        {"time": ("time", np.array([label], "int32"))},
    )
    dataset["data"].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


def typed_target(store, tmp_path, dtype, zarr_format):
    first = typed_slice(tmp_path / "0.nc", np.array([1, 2, 3], dtype), 0)
    cubes.append("--zarr-format", zarr_format, first, store)


def largest_power(*dtypes):
    """The largest power of two that all of these types hold."""
    if all(np.dtype(dtype).kind == "f" for dtype in dtypes):
        return 2.0 ** (min(np.finfo(dtype).maxexp for dtype in dtypes) - 1)
    whole = [np.iinfo(x).max for x in dtypes if np.dtype(x).kind != "f"]
    return 2 ** (int(min(whole)).bit_length() - 1)


@FORMATS
@pytest.mark.parametrize("target", cubes.NUMERIC)
def test_values_that_another_type_holds_are_exact(tmp_path, store, target, zarr_format):
    """Slices of every type, with the largest power of two that both types have."""
    typed_target(store, tmp_path, target, zarr_format)
    expected = [[1, 2, 3]]
    paths = []
    for label, source in enumerate(cubes.NUMERIC, 1):
        values = np.array([0, 3, largest_power(source, target)], source)
        paths.append(typed_slice(tmp_path / f"{label}.nc", values, label))
        expected.append([int(value) for value in values])
    cubes.append(*paths, store)
    for found in (cubes.read_zarr(store)["data"], cubes.read_gdal(store)["data"]):
        assert found.dtype == np.dtype(target)
        assert [[int(value) for value in row] for row in found] == expected


@FORMATS
@pytest.mark.parametrize(
    ("source", "target", "value", "says"),
    [
        ("int32", "float32", 2**24 + 1, "16777217 cannot be held exactly by"),
        ("int64", "float64", 2**53 + 1, "9007199254740993 cannot be held exactly by"),
        ("uint64", "float64", 2**64 - 1, "18446744073709551615 cannot be held"),
        ("float64", "float32", 0.1, "0.1 cannot be held exactly by"),
        ("float64", "float32", 1e39, "1e+39 does not fit"),
        ("float32", "int32", 0.5, "0.5 cannot be held exactly by"),
        ("float64", "int64", 2.0**63, "9223372036854775808 does not fit"),
        ("int8", "uint8", -1, "-1 does not fit"),
        ("int16", "uint16", -1, "-1 does not fit"),
        ("int64", "uint64", -(2**63), "-9223372036854775808 does not fit"),
        ("uint16", "int16", 2**15, "32768 does not fit"),
        ("uint64", "int64", 2**63, "9223372036854775808 does not fit"),
        ("int32", "int8", 128, "128 does not fit"),
    ],
)
def test_a_value_that_another_type_does_not_hold_is_refused(
    tmp_path, store, source, target, value, says, zarr_format
):
    typed_target(store, tmp_path, target, zarr_format)
    path = typed_slice(tmp_path / "1.nc", np.array([1, value, 3], source), 1)
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert done.message.startswith(f"slice '{path}', array 'data': the value {says}"), (
        done.message
    )
    kind = {"int8": "Int8", "uint8": "Byte"}.get(
        target, target.replace("u", "U").replace("i", "I", 1).replace("f", "F")
    )
    assert f"the target's type {kind}".lower() in done.message.lower()
    assert "--encoding" in done.message or "--on-overflow" in done.message
    assert done.message.endswith(" Nothing was appended.")


@pytest.mark.parametrize("target", [x for x in cubes.NUMERIC if "int" in x])
@pytest.mark.parametrize("source", ["float32", "float64"])
def test_nan_has_no_place_among_integers_without_a_missing_value(
    tmp_path, store, source, target
):
    typed_target(store, tmp_path, target, 3)
    path = typed_slice(tmp_path / "1.nc", np.array([1, np.nan, 3], source), 1)
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert done.message == (
        f"slice '{path}', array 'data': NaN, as a missing value, and no missing value "
        "in the target to hold it; give the array one with --encoding data:nodata=... "
        "when the target is made. Nothing was appended."
    )


@pytest.mark.parametrize("source_format", [2, 3])
def test_a_fill_value_that_gdal_misreads_is_refused(tmp_path, store, source_format):
    part = zarr_slice(
        tmp_path / "slice.zarr",
        np.array([[1, 2, 3]], "uint64"),
        np.array([0], "int32"),
        source_format,
        fill_value=2**63,
    )
    done = cubes.append(part, store, status=5)
    assert done.message == (
        f"slice '{part}', array 'data': GDAL's Zarr driver misreads the fill value "
        "9223372036854775808. Exclude it with --exclude-array. Nothing was written."
    )
    assert not store.exists()
