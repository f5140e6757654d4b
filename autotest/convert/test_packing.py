"""Floating point numbers packed into integers, and back: the codes are those that
the CF conventions give, half to even, and what has no code is refused."""

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
INTEGERS = pytest.mark.parametrize(
    "dtype", ["int8", "int16", "int32", "uint8", "uint16"]
)
FLOATS = pytest.mark.parametrize("source", ["float32", "float64"])


def part(path, values, label=0, *, units=None, attrs=None, **encoding):
    """A NetCDF slice with one row of `data`, encoded by xarray."""
    values = np.asarray(values)
    dataset = xr.Dataset(
        {"data": (("time", "x"), values[None, :], dict(attrs or {}))},
        {"time": ("time", np.array([label], "int32"))},
    )
    if units:
        dataset["data"].attrs["units"] = units
    dataset["data"].encoding.update({"_FillValue": None, **encoding})
    return cubes.write(dataset, path)


def raw_part(path, codes, label=0, **attributes):
    """A NetCDF slice with these codes and attributes as they are."""
    return part(path, codes, label, attrs=attributes)


def made_by_xarray(store, values, zarr_format, **encoding):
    """A target with one row of `data` that xarray packed."""
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.asarray(values)[None, :])},
        {"time": ("time", np.array([0], "int32"))},
    )
    dataset.to_zarr(
        store,
        zarr_format=zarr_format,
        consolidated=True,
        encoding={"data": {"_FillValue": None, **encoding}},
    )


def codes_of(store):
    """As stored, agreed upon by all readers."""
    found = cubes.read_zarr(store)["data"]
    for other in (
        cubes.read_gdal(store)["data"],
        cubes.open_xarray(store, raw=True)["data"].values,
    ):
        assert other.dtype == found.dtype
        assert cubes.same(other, found)
    return found


def decoded(store):
    return cubes.open_xarray(store)["data"].values


def pack(values, dtype, scale, offset, fill):
    """The formula, by numpy's own hand."""
    values = np.asarray(values, "float64")
    codes = np.rint((values - offset) / scale)
    codes[np.isnan(values)] = fill
    info = np.iinfo(dtype)
    assert ((codes >= info.min) & (codes <= info.max)).all()
    return codes.astype(dtype)


def lowest_is_missing(dtype):
    """The fill value, the lowest and the highest code beside it."""
    info = np.iinfo(dtype)
    if info.min < 0:
        return info.min, info.min + 1, info.max
    return info.max, info.min, info.max - 1


@FORMATS
@INTEGERS
@FLOATS
def test_a_new_target_packs_as_it_is_told(tmp_path, store, dtype, source, zarr_format):
    """The edges, halves, a NaN; the second slice is packed as the first."""
    fill, low, high = lowest_is_missing(dtype)
    if (source, dtype) == ("float32", "int32"):
        low, high = -(2**23), 2**23  # what the source holds at this offset
    scale, offset = 0.5, 10.0
    halves = [0.25, 0.75, 1.25, -0.25, -0.75] if low < 0 else [10.25, 10.75, 11.25]
    values = [low * scale + offset, high * scale + offset, np.nan, *halves]
    rows = [np.array(values, source), np.array(values[::-1], source)]
    paths = [part(tmp_path / f"{n}.nc", row, n) for n, row in enumerate(rows)]
    cubes.append(
        *("--zarr-format", zarr_format, "--encoding"),
        f"data:dtype={dtype},scale={scale},offset={offset},nodata={fill}",
        *paths,
        store,
    )
    expected = [pack(row, dtype, scale, offset, fill) for row in rows]
    found = codes_of(store)
    assert found.dtype == np.dtype(dtype)
    assert (found == np.array(expected)).all()
    mask = np.isnan(rows)
    assert (np.isnan(decoded(store)) == mask).all()
    assert (decoded(store)[~mask] == (found * scale + offset)[~mask]).all()


@FORMATS
@INTEGERS
@FLOATS
def test_a_target_that_xarray_packed(tmp_path, store, dtype, source, zarr_format):
    """The slice's codes are those that xarray gives the same values."""
    fill, low, high = lowest_is_missing(dtype)
    span = min(high - low, 20_000)
    if (source, dtype) == ("float32", "int32"):
        low = -10_000  # xarray packs float32 in float32
    random = np.random.default_rng(7)
    values = (low + random.integers(0, span, 200)) * 0.25 + 3
    values = (values + random.uniform(-0.12, 0.12, 200)).astype(source)
    values[::17] = np.nan
    form = {"dtype": dtype, "scale_factor": 0.25, "add_offset": 3.0, "_FillValue": fill}
    made_by_xarray(store, values, zarr_format, **form)
    cubes.append(part(tmp_path / "1.nc", values, 1), store)
    found = codes_of(store)
    assert found.dtype == np.dtype(dtype)
    assert (found[1] == found[0]).all()
    assert cubes.same(decoded(store)[1], decoded(store)[0])


@FORMATS
def test_half_to_even(tmp_path, store, zarr_format):
    values = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5])
    form = "data:dtype=int16,scale=1,offset=0,nodata=-1000"
    path = part(tmp_path / "0.nc", values)
    cubes.append("--zarr-format", zarr_format, "--encoding", form, path, store)
    assert codes_of(store)[0].tolist() == [-2, -2, 0, 0, 2, 2, 4]


@FORMATS
@FLOATS
@pytest.mark.parametrize("asked", [True, False])
def test_halves_of_floats_as_integers(tmp_path, store, source, zarr_format, asked):
    """Asked for, a float is rounded; in a target that is integer, it is refused."""
    values = np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5], source)
    paths = [part(tmp_path / f"{n}.nc", values, n) for n in range(2)]
    arguments = ["--encoding", "data:dtype=int16"] if asked else []
    if asked:
        cubes.append("--zarr-format", zarr_format, *arguments, *paths, store)
        assert codes_of(store).tolist() == [[-2, -2, 0, 0, 2, 2, 4]] * 2
        return
    made_by_xarray(store, values.astype("int16"), zarr_format)
    with cubes.unchanged(store):
        done = cubes.append(paths[1], store, status=5)
    assert "array 'data': the value -2.5 cannot be held exactly" in done.message
    assert "type Int16; the nearest is -2. A new cube can hold it" in done.message


@FORMATS
@INTEGERS
@pytest.mark.parametrize("side", ["above", "below"])
@pytest.mark.parametrize("policy", ["error", "clamp", "fill"])
def test_overflow(tmp_path, store, dtype, zarr_format, side, policy):
    """One step beyond the edge; the halfway value just inside is rounded in."""
    fill, low, high = lowest_is_missing(dtype)
    info = np.iinfo(dtype)
    code = info.max + 1 if side == "above" else info.min - 1
    edge = high if side == "above" else low
    made_by_xarray(
        store,
        np.array([0.0, 1.0, 2.0]),
        zarr_format,
        dtype=dtype,
        scale_factor=0.5,
        add_offset=0.0,
        _FillValue=fill,
    )
    path = part(tmp_path / "1.nc", np.array([1.0, code * 0.5, np.nan]), 1)
    arguments = [] if policy == "error" else ["--on-overflow", policy]
    if policy == "error":
        with cubes.unchanged(store):
            done = cubes.append(*arguments, path, store, status=5)
        assert done.message == (
            f"slice '{path}', array 'data': the value {code * 0.5:.15g} (packed: "
            f"{code}) does not fit the target's type "
            f"{cubes.gdal.GetDataTypeName(cubes.gdal.GetDataTypeByName(dtype))}, which "
            f"holds {info.min} to {info.max} with scale 0.5 and offset 0. "
            "A new cube can have a type or a scale that holds it (--encoding "
            "data:dtype=...); --on-overflow fill would store a missing value. "
            "Nothing was appended."
        )
        return
    (entry,) = cubes.append(*arguments, path, store).report["slices"]
    assert entry["altered_values"] == 1
    stored = edge if policy == "clamp" else fill
    assert codes_of(store)[1].tolist() == [2, stored, fill]
    assert np.isnan(decoded(store)[1]).tolist() == [False, policy == "fill", True]


@FORMATS
@pytest.mark.parametrize("policy", ["error", "clamp", "fill"])
def test_a_value_whose_code_is_the_missing_value(tmp_path, store, zarr_format, policy):
    """It would silently become missing."""
    form = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -10}
    made_by_xarray(store, np.array([0.0, 1.0]), zarr_format, **form)
    path = part(tmp_path / "1.nc", np.array([1.0, -5.0]), 1)
    if policy == "error":
        with cubes.unchanged(store):
            done = cubes.append(path, store, status=5)
        assert "the value -5 (packed: -10) would read as missing" in done.message
        return
    (entry,) = cubes.append("--on-overflow", policy, path, store).report["slices"]
    assert entry["altered_values"] == 1
    code = codes_of(store)[1][1]
    assert code in ((-9, -11) if policy == "clamp" else (-10,))


@FORMATS
@INTEGERS
def test_nan_needs_a_missing_value(tmp_path, store, dtype, zarr_format):
    form = f"data:dtype={dtype},scale=0.5,offset=0"
    paths = [
        part(tmp_path / "0.nc", np.array([1.0, 2.0]), 0),
        part(tmp_path / "1.nc", np.array([1.0, np.nan]), 1),
    ]
    cubes.append("--zarr-format", zarr_format, "--encoding", form, paths[0], store)
    with cubes.unchanged(store):
        done = cubes.append("--encoding", form, paths[1], store, status=5)
    assert done.message == (
        f"slice '{paths[1]}', array 'data': NaN, as a missing value, and no missing "
        "value in the target to hold it; give the array one with --encoding "
        "data:nodata=... when the target is made. Nothing was appended."
    )
    for policy in ("clamp", "fill"):
        with cubes.unchanged(store):
            cubes.append("--on-overflow", policy, paths[1], store, status=5)


def test_nan_in_the_first_slice_needs_a_missing_value(tmp_path, store):
    path = part(tmp_path / "0.nc", np.array([1.0, np.nan]))
    done = cubes.append(
        "--encoding", "data:dtype=int16,scale=0.5", path, store, status=5
    )
    assert "NaN, as a missing value, and no missing value" in done.message
    assert not store.exists()
    assert cubes.leftovers(store) == []


@FORMATS
def test_a_missing_value_of_the_slice_gets_a_code(tmp_path, store, zarr_format):
    """Packed anew without a nodata asked for: one is chosen, and all readers know."""
    path = part(tmp_path / "0.nc", np.array([1.0, np.nan, 3.0]), _FillValue=-999.0)
    form = "data:dtype=int16,scale=0.5"
    cubes.append("--zarr-format", zarr_format, "--encoding", form, path, store)
    assert codes_of(store)[0].tolist() == [2, -32768, 6]
    for consolidated in (True, False):
        values = cubes.open_xarray(store, consolidated=consolidated)["data"].values
        assert cubes.same(values, np.array([[1, np.nan, 3]]))


# A slice that is packed otherwise than the target


SOURCES = {
    "other scale": {"dtype": "int16", "scale_factor": 0.25, "_FillValue": -1},
    "other offset": {
        "dtype": "int16",
        "scale_factor": 0.5,
        "add_offset": 100.0,
        "_FillValue": -32768,
    },
    "other type": {"dtype": "int32", "scale_factor": 0.5, "_FillValue": -32768},
    "unsigned": {"dtype": "uint8", "scale_factor": 0.5, "_FillValue": 255},
    "other missing value": {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -1},
    "not packed": {"dtype": "float64", "_FillValue": -999.0},
    "not packed, NaN": {"dtype": "float32", "_FillValue": np.float32(np.nan)},
}


@FORMATS
@pytest.mark.parametrize("how", SOURCES)
@pytest.mark.parametrize("kind", ["netcdf", "zarr2", "zarr3"])
def test_a_slice_packed_otherwise(tmp_path, store, zarr_format, how, kind):
    values = np.array([0.5, 1.0, np.nan, 100.0, 127.0])
    form = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -32768}
    made_by_xarray(store, values, zarr_format, **form)
    dataset = xr.Dataset(
        {"data": (("time", "x"), values[None, :])},
        {"time": ("time", np.array([1], "int32"))},
    )
    if kind == "netcdf":
        dataset["data"].encoding.update(SOURCES[how])
        path = cubes.write(dataset, tmp_path / "1.nc")
    else:
        path = tmp_path / "1.zarr"
        dataset.to_zarr(
            path, zarr_format=int(kind[-1]), encoding={"data": SOURCES[how]}
        )
    cubes.append(path, store)
    assert codes_of(store).tolist() == [[1, 2, -32768, 200, 254]] * 2
    assert cubes.same(decoded(store), np.stack([values, values]))


@FORMATS
@pytest.mark.parametrize("dtype", [">i2", ">f4", ">f8", ">u4"])
def test_a_big_endian_slice(tmp_path, store, zarr_format, dtype):
    """Zarr V2 keeps the byte order in its documents, and GDAL swaps."""
    form = {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -32768}
    made_by_xarray(store, np.array([1.0, 2.0, 300.0]), zarr_format, **form)
    group = zarr.open_group(str(tmp_path / "1.zarr"), mode="w", zarr_format=2)
    for name, values, dims in (
        ("data", np.array([[1, 2, 300]], dtype), ["time", "x"]),
        ("time", np.array([1], "int32"), ["time"]),
    ):
        array = group.create_array(
            name, shape=values.shape, dtype=values.dtype, chunks=values.shape
        )
        array[...] = values
        array.attrs["_ARRAY_DIMENSIONS"] = dims
    cubes.append(tmp_path / "1.zarr", store)
    assert codes_of(store).tolist() == [[2, 4, 600]] * 2


@FORMATS
@pytest.mark.parametrize("target", ["float32", "float64"])
def test_a_packed_slice_for_floats(tmp_path, store, zarr_format, target):
    """Unpacked as xarray does it, and missing ones are NaN."""
    values = np.array([0.25, 1.5, np.nan, -70.0])
    made_by_xarray(store, values.astype(target), zarr_format)
    form = {"dtype": "int16", "scale_factor": 0.25, "add_offset": 5.0, "_FillValue": -9}
    path = part(tmp_path / "1.nc", values, 1, **form)
    cubes.append(path, store)
    found = codes_of(store)
    assert found.dtype == np.dtype(target)
    assert cubes.same(found, np.stack([values, values]).astype(target))
    assert cubes.same(decoded(store)[1], xr.open_dataset(path)["data"].values[0])


@FORMATS
def test_floats_for_a_target_that_kept_the_slices_packing(tmp_path, store, zarr_format):
    form = {"dtype": "int16", "scale_factor": 0.01, "add_offset": 20.0}
    values = np.array([0.25, 1.51, np.nan, -70.0])
    packed = part(tmp_path / "0.nc", values, 0, **form, _FillValue=-9999)
    floats = part(tmp_path / "1.nc", values, 1)
    cubes.append("--zarr-format", zarr_format, packed, floats, store)
    assert codes_of(store).tolist() == [[-1975, -1849, -9999, -9000]] * 2
    first = xr.open_dataset(packed)["data"].values
    assert cubes.same(decoded(store), np.concatenate([first, first]))


@FORMATS
@pytest.mark.parametrize("target", ["float32", "float64"])
def test_a_new_target_unpacks_when_told(tmp_path, store, zarr_format, target):
    values = np.array([0.25, 1.5, np.nan, -70.0])
    form = {"dtype": "int16", "scale_factor": 0.25, "add_offset": 5.0, "_FillValue": -9}
    paths = [part(tmp_path / f"{n}.nc", values, n, **form) for n in range(2)]
    cubes.append(
        *("--zarr-format", zarr_format, "--encoding", f"data:dtype={target}"),
        *paths,
        store,
    )
    found = cubes.open_xarray(store, raw=True)["data"]
    assert found.dtype == np.dtype(target)
    assert "scale_factor" not in found.attrs
    assert "add_offset" not in found.attrs
    assert cubes.same(decoded(store), np.stack([values, values]).astype(target))


# Numbers too long for floats, floats too long for floats


@FORMATS
@pytest.mark.parametrize("sign", [1, -1])
def test_whole_numbers_beyond_2_to_the_53(tmp_path, store, zarr_format, sign):
    """Carried exactly from one 64 bit type to the other, with a missing value."""
    numbers = [sign * (2**53 + 1), sign * (2**62 + 1), 5]
    made_by_xarray(store, np.array(numbers, "int64"), zarr_format, _FillValue=-7)
    kind = "uint64" if sign > 0 else "int64"
    missing = np.array(2**64 - 1 if sign > 0 else -(2**63)).astype(kind)
    codes = np.array([*numbers[:2], missing], kind)
    path = raw_part(tmp_path / "1.nc", codes, 1, _FillValue=missing)
    cubes.append(path, store)
    assert codes_of(store).tolist() == [numbers, [*numbers[:2], -7]]


@FORMATS
def test_double_precision_into_single(tmp_path, store, zarr_format):
    """Refused where the target is another's, rounded where it was asked for."""
    values = np.array([0.1, 1 / 3, 1e-30])
    paths = [part(tmp_path / f"{n}.nc", values, n) for n in range(2)]
    single = part(tmp_path / "single.nc", values.astype("float32"))
    cubes.append("--zarr-format", zarr_format, single, store)
    with cubes.unchanged(store):
        done = cubes.append(paths[1], store, status=5)
    assert "array 'data': the value 0.1 cannot be held exactly" in done.message
    assert "--encoding data:dtype=float32 would store that" in done.message
    cubes.append("--encoding", "data:dtype=float32", paths[1], store)
    assert cubes.same(codes_of(store), np.stack([values, values]).astype("float32"))


@FORMATS
@pytest.mark.parametrize("name", ["data", "*"])
def test_single_precision_asked_for(tmp_path, store, zarr_format, name):
    values = np.array([0.1, 1 / 3, 1e-30])
    paths = [part(tmp_path / f"{n}.nc", values, n) for n in range(2)]
    settings = ["--encoding", f"{name}:dtype=float32"]
    for path in paths:
        cubes.append("--zarr-format", zarr_format, *settings, path, store)
    assert cubes.same(codes_of(store), np.stack([values, values]).astype("float32"))


def test_too_much_for_single_precision(tmp_path, store):
    path = part(tmp_path / "0.nc", np.array([1.0, 1e39]))
    settings = ["--encoding", "data:dtype=float32"]
    done = cubes.append(*settings, path, store, status=5)
    assert "the value 1e+39 does not fit" in done.message
    assert not store.exists()
    done = cubes.append(*settings, "--on-overflow", "clamp", path, store)
    assert done.report["slices"][0]["altered_values"] == 1
    assert codes_of(store)[0, 1] == np.finfo("float32").max


# Chunks that slices share


@FORMATS
@pytest.mark.parametrize("chunk", ["1x7", "3x4", "4x2", "0x0"])
def test_packing_in_partial_chunks(tmp_path, store, zarr_format, chunk):
    """What is in a chunk already is not packed again."""
    random = np.random.default_rng(3)
    cube = random.uniform(-300, 300, (10, 7))
    cube[random.random(cube.shape) < 0.2] = np.nan
    paths, first = [], 0
    for size in (2, 3, 1, 4):
        dataset = xr.Dataset(
            {"data": (("time", "x"), cube[first : first + size])},
            {"time": ("time", np.arange(first, first + size, dtype="int32"))},
        )
        dataset["data"].encoding["_FillValue"] = None
        paths.append(cubes.write(dataset, tmp_path / f"{first}.nc"))
        first += size
    form = f"data:dtype=int16,scale=0.01,offset=1,nodata=-32768,chunk={chunk}"
    cubes.append("--zarr-format", zarr_format, "--encoding", form, *paths, store)
    assert (codes_of(store) == pack(cube, "int16", 0.01, 1, -32768)).all()
    whole = xr.Dataset({"data": (("time", "x"), cube)})
    whole.to_zarr(
        tmp_path / "whole.zarr",
        encoding={
            "data": {
                "dtype": "int16",
                "scale_factor": 0.01,
                "add_offset": 1.0,
                "_FillValue": -32768,
            }
        },
    )
    assert cubes.same(decoded(store), decoded(tmp_path / "whole.zarr"))


# Runs of slices


@pytest.mark.parametrize("per_commit", [1, 2, 3])
def test_a_value_that_does_not_fit_in_a_run(tmp_path, store, per_commit):
    """The slices before the one that is refused are in."""
    rows = [[1.0, 2.0], [3.0, 4.0], [5.0, 1e9]]
    paths = [part(tmp_path / f"{n}.nc", row, n) for n, row in enumerate(rows)]
    form = "data:dtype=int16,scale=0.5,nodata=-1"
    done = cubes.append(
        *("--slices-per-commit", per_commit, "--encoding", form),
        *paths,
        store,
        status=5,
    )
    assert f"slice '{paths[2]}', array 'data': the value 1000000000" in done.message
    assert codes_of(store).tolist() == [[2, 4], [6, 8]]
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("per_commit", [1, 3])
def test_a_value_that_does_not_fit_is_passed_over(tmp_path, store, per_commit):
    rows = [[1.0, 2.0], [5.0, 1e9], [3.0, 4.0]]
    paths = [part(tmp_path / f"{n}.nc", row, n) for n, row in enumerate(rows)]
    form = "data:dtype=int16,scale=0.5,nodata=-1"
    done = cubes.append(
        *("--keep-going", "--slices-per-commit", per_commit, "--encoding", form),
        *paths,
        store,
        status=5,
    )
    assert [entry["outcome"] for entry in done.report["slices"]] == [
        "appended",
        "failed",
        "appended",
    ]
    assert codes_of(store).tolist() == [[2, 4], [6, 8]]
    assert cubes.read_zarr(store)["time"].tolist() == [0, 2]


def test_altered_values_are_counted_once(tmp_path, store):
    """Comparing what is there already alters nothing."""
    rows = [[1e9, 2.0], [3.0, -1e9]]
    settings = ["--encoding", "data:dtype=int16,scale=0.5,nodata=-32768"]
    settings += ["--on-overflow", "clamp"]
    cubes.append(*settings, part(tmp_path / "0.nc", rows[0]), store)
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.array(rows))},
        {"time": ("time", np.array([0, 1], "int32"))},
    )
    dataset["data"].encoding["_FillValue"] = None
    path = cubes.write(dataset, tmp_path / "both.nc")
    (entry,) = cubes.append(*settings, path, store).report["slices"]
    assert entry["rows"] == entry["rows_already_there"] == 1
    assert entry["altered_values"] == 1
    assert codes_of(store).tolist() == [[32767, 4], [6, -32767]]
    with cubes.unchanged(store):
        (entry,) = cubes.append(*settings, path, store).report["slices"]
    assert entry["outcome"] == "already there"


def test_altered_values_are_told(tmp_path, store):
    path = part(tmp_path / "0.nc", [1e9, 2.0])
    settings = ["--encoding", "data:dtype=int16,scale=0.5,nodata=-32768"]
    done = cubes.run(*settings, "--on-overflow", "clamp", path, store)
    assert "1 value" in done.stdout


# Packing that makes no sense


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ("scale=0", "scale"),
        ("scale=NaN", "scale"),
        ("dtype=int16,nodata=40000", "the missing value 40000 is not a value of"),
        ("dtype=uint8,nodata=-1", "the missing value -1 is not a value of"),
        ("dtype=int16,nodata=NaN", "the missing value"),
        ("dtype=int16,nodata=0.5", "the missing value 0.5 is not a value of"),
    ],
)
def test_packing_that_makes_no_sense(tmp_path, store, form, says):
    path = part(tmp_path / "0.nc", [1.0])
    done = cubes.run("--encoding", f"data:{form}", path, store, status=2)
    assert says in done.stderr
    assert "data" in done.stderr
    assert not store.exists()


def packed_slice(path, day, scale, **attributes):
    """As some products have it: numbers 200, and attributes that are texts."""
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("time", None), ("x", 3)):
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2024-01-01"
        time[:] = [day]
        wind = file.createVariable("wind", "i2", ("time", "x"))
        wind.set_auto_maskandscale(False)
        wind.setncatts({"scale_factor": scale, "units": "m s-1", **attributes})
        wind[:] = 200
    return path


def test_packing_that_is_written_as_a_text(tmp_path, store):
    texts = packed_slice(tmp_path / "texts.nc", 0, "0.005", add_offset=" 0.0")
    numbers = packed_slice(tmp_path / "numbers.nc", 1, 0.005, add_offset=0.0)
    cubes.append(texts, numbers, store)
    assert np.allclose(cubes.open_xarray(store)["wind"], 1, rtol=1e-12)


@pytest.mark.parametrize(
    ("name", "text"),
    [("scale_factor", "1/200"), ("scale_factor", ""), ("add_offset", "1,5")],
)
def test_packing_that_is_no_number_is_refused(tmp_path, store, name, text):
    attributes = {"scale": 0.005, "add_offset": 0.0}
    attributes["scale" if name == "scale_factor" else name] = text
    path = packed_slice(tmp_path / "a.nc", 0, **attributes)
    done = cubes.append(path, store, status=5)
    assert f"array 'wind': its attribute '{name}' is \"{text}\"" in done.message
    assert not store.exists()


def test_a_target_whose_packing_is_a_text_is_left_alone(tmp_path, store):
    """GDAL takes such a text for no packing, xarray cannot open the cube."""
    path = packed_slice(tmp_path / "a.nc", 0, 0.005)
    cubes.append(path, store)
    wind = zarr.open_array(store / "wind")
    wind.attrs["scale_factor"] = "0.005"
    with cubes.unchanged(store):
        done = cubes.append(packed_slice(tmp_path / "b.nc", 1, 0.005), store, status=1)
    assert "'wind': its attribute 'scale_factor' is \"0.005\"" in done.message
