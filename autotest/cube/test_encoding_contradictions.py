"""What the settings say of encoding shapes a new target; for an existing one it has
to be so already: the same settings run again, others are an error and no silence."""

import json

import cubes
import numpy as np
import pytest
import xarray as xr
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])


def part(folder, first):
    """Two days of two arrays, and texts."""
    time = np.arange(first, first + 2)
    values = time[:, None, None] + np.arange(12).reshape(1, 3, 4)
    dataset = xr.Dataset(
        {
            "air": (("time", "y", "x"), values.astype("float64"), {"units": "K"}),
            "sea": (("time", "y", "x"), values.astype("float32"), {"units": "K"}),
            "height": (("y", "x"), np.arange(12, dtype="float32").reshape(3, 4)),
        },
        {
            "time": (
                "time",
                time.astype("float64"),
                {"units": "days since 2000-01-01"},
            ),
            "y": ("y", [1.0, 2, 3]),
            "x": ("x", [1.0, 2, 3, 4]),
        },
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, folder / f"{first}.nc")


def array_of(store, name="air"):
    return zarr.open_group(str(store), mode="r")[name]


def decoded(store):
    return cubes.open_xarray(store)


BOTH = (2, 3)
V2 = (2,)
V3 = (3,)

# Settings, the formats they are for, contradictions and what these are told.
KEYS = [
    ("dtype=float32", BOTH, "dtype=int16", "the type Int16", "Float32"),
    ("dtype=i4", BOTH, "dtype=<i2", "the type Int16", "Int32"),
    ("dtype=int16,scale=0.5", BOTH, "scale=0.25", "the scale 0.25", "0.5"),
    ("dtype=int16,scale=0.5", BOTH, "scale=1", "the scale 1.0", "0.5"),
    ("dtype=int16,offset=2", BOTH, "offset=3", "the offset 3.0", "2.0"),
    ("nodata=-1", BOTH, "nodata=-2", "the missing value -2", "another"),
    ("nodata=NaN", BOTH, "nodata=-2", "the missing value -2", "another"),
    ("units=degC", BOTH, "units=K", "the units 'K'", "'degC'"),
    ("chunk=1x2x2", BOTH, "chunk=2x2x2", "chunks of 2x2x2", "1x2x2"),
    ("chunk=0x2x0", BOTH, "chunk=1x2x0", "chunks of 1x2x0", "2x2x4"),
    ("chunk=null", BOTH, "chunk=1x3x4", "chunks of 1x3x4", "2x3x4"),
    ("chunk=8x9x9", BOTH, "chunk=8x3x4", "chunks of 8x3x4", "8x9x9"),
    ("chunk=1x1x2,shard=2x3x4", V3, "shard=4x3x4", "shards of 4x3x4", "2x3x4"),
    ("chunk=1x1x2,shard=2x3x4", V3, "chunk=1x1x1", "chunks of 1x1x1", "1x1x2"),
    ("chunk=1x2x2,shard=2x3x4", V3, "shard=2x2x4", "shards of 2x2x4", "2x4x4"),
    ("compress=zstd,level=5", BOTH, "level=6", "the level 6", "5"),
    ("compress=zstd", BOTH, "compress=gzip", "the compressor 'gzip'", "'zstd'"),
    ("compress=gzip,level=9", BOTH, "level=1", "the level 1", "9"),
    ("compress=none", BOTH, "compress=zstd", "the compressor 'zstd'", "'none'"),
    (
        "compress=blosc:lz4,level=3,shuffle=bit",
        BOTH,
        "shuffle=byte",
        "the shuffle 'byte'",
        "'bit'",
    ),
    (
        "compress=blosc:lz4hc,shuffle=none",
        BOTH,
        "compress=blosc:zstd",
        "the compressor 'blosc:zstd'",
        "'blosc:lz4hc'",
    ),
    (
        "compress=blosc:blosclz",
        BOTH,
        "compress=blosc:zlib",
        "the compressor 'blosc:zlib'",
        "'blosc:blosclz'",
    ),
    ("compress=zlib,level=4", V2, "level=5", "the level 5", "4"),
    ("compress=lz4", V2, "compress=zlib", "the compressor 'zlib'", "'lz4'"),
    ("compress=lzma", V2, "compress=zlib", "the compressor 'zlib'", "'lzma'"),
    ("dtype=int32,filters=delta", V2, "filters=none", "the filters", "delta"),
    ("separator=dot", BOTH, "separator=slash", "the separator /", "."),
    ("separator=slash", BOTH, "separator=dot", "the separator .", "/"),
]
CASES = [
    pytest.param(zarr_format, *case[:1], *case[2:], id=f"{case[0]}-{zarr_format}")
    for case in KEYS
    for zarr_format in case[1]
]


@pytest.mark.parametrize(("zarr_format", "asked", "other", "says", "found"), CASES)
def test_the_same_settings_again_and_others(
    tmp_path, store, zarr_format, asked, other, says, found
):
    settings = ["--zarr-format", zarr_format, "--encoding", f"air:{asked}"]
    cubes.append(*settings, part(tmp_path, 0), store)
    following = part(tmp_path, 2)
    # Sharded or not, no partly filled shard is replaced here.
    if "shard" not in asked or "shard=2" in asked:
        cubes.append(*settings, following, store)
    before = decoded(store)["air"].values
    with cubes.unchanged(store):
        done = cubes.append(
            "--encoding", f"air:{other}", part(tmp_path, 4), store, status=2
        )
    assert done.message.startswith(f"array 'air': the settings ask for {says}")
    assert f", the target has {found}" in done.message or found == "delta"
    assert done.message.endswith(
        "An existing target keeps its encoding. Nothing was written."
    )
    offset = 273.15 if "degC" in asked else 0
    expected = np.arange(4)[:, None, None] + np.arange(12).reshape(1, 3, 4) - offset
    tolerance = 0.25 if "scale" in asked else 1e-12
    assert np.nanmax(np.abs(before - expected[: len(before)])) <= tolerance


@FORMATS
@pytest.mark.parametrize(
    ("asked", "shape"),
    [
        ("chunk=1x2x3", (1, 2, 3)),
        ("chunk=0x0x2", (2, 3, 2)),
        ("chunk=null", (2, 3, 4)),
        ("chunk=5x3x4", (5, 3, 4)),
    ],
)
@pytest.mark.parametrize("name", ["air", "*"])
def test_chunks_for_one_or_for_all(tmp_path, store, zarr_format, asked, shape, name):
    """Those of three dimensions; the others have their own."""
    settings = ["--zarr-format", zarr_format, "--encoding", f"{name}:{asked}"]
    for first in (0, 2):
        cubes.append(*settings, part(tmp_path, first), store)
    assert array_of(store, "air").chunks == shape
    assert array_of(store, "sea").chunks == (shape if name == "*" else (2, 3, 4))
    assert array_of(store, "height").chunks == (3, 4)
    found = decoded(store)
    assert (found["air"].values == found["sea"].values).all()


@FORMATS
def test_for_all_but_one(tmp_path, store, zarr_format):
    """What is said of a name is over what is said of `*`; coordinates stay."""
    settings = [
        *("--zarr-format", zarr_format),
        *("--encoding", "*:dtype=int16,scale=0.5,nodata=-1,compress=zstd,level=2"),
        *("--encoding", "sea:dtype=float64,scale=1,nodata=NaN,compress=gzip"),
    ]
    for first in (0, 2):
        cubes.append(*settings, part(tmp_path, first), store)
    raw = cubes.open_xarray(store, raw=True)
    assert raw["air"].dtype == np.int16
    assert raw["air"].attrs["scale_factor"] == 0.5
    assert raw["height"].dtype == np.int16
    assert raw["sea"].dtype == np.float64
    assert raw["x"].dtype == np.float64
    assert raw["time"].dtype == np.int64
    assert "scale_factor" not in raw["x"].attrs
    found = decoded(store)
    assert (found["air"].values == found["sea"].values).all()


@FORMATS
def test_attributes_of_settings(tmp_path, store, zarr_format):
    """Over those of the slice; null removes; kept when run again."""
    settings = tmp_path / "settings.json"
    attrs = {"units": None, "long_name": "temperature ü", "levels": [1, 2.5]}
    settings.write_text(json.dumps({"variables": {"air": {"attrs": attrs}}}))
    for first in (0, 2):
        cubes.append(
            *("--zarr-format", zarr_format, "--settings", settings),
            part(tmp_path, first),
            store,
        )
    found = cubes.open_xarray(store, raw=True)
    assert "units" not in found["air"].attrs
    assert found["air"].attrs["long_name"] == "temperature ü"
    assert found["air"].attrs["levels"] == [1, 2.5]
    assert found["sea"].attrs["units"] == "K"
    assert found.sizes["time"] == 4


@pytest.mark.parametrize(
    "name", ["scale_factor", "add_offset", "_FillValue", "calendar"]
)
def test_attributes_that_are_encoding(tmp_path, store, name):
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"variables": {"air": {"attrs": {name: 1}}}}))
    done = cubes.append("--settings", settings, part(tmp_path, 0), store, status=2)
    assert f"'{name}'" in done.message
    assert "encoding" in done.message
    assert not store.exists()


@FORMATS
def test_a_settings_file_of_encodings(tmp_path, store, zarr_format):
    """As xarray has them in its own encodings."""
    encoding = {
        "dtype": "int16",
        "scale_factor": 0.5,
        "add_offset": 1.0,
        "_FillValue": -32768,
        "chunks": [1, None, 2],
        "compressor": {"id": "zstd", "level": 7},
    }
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({"variables": {"air": {"encoding": encoding}}}))
    for first in (0, 2):
        cubes.append(
            *("--zarr-format", zarr_format, "--settings", settings),
            part(tmp_path, first),
            store,
        )
    assert array_of(store).chunks == (1, 3, 2)
    assert array_of(store).dtype == np.int16
    found = decoded(store)
    assert (found["air"].values == found["sea"].values).all()


@FORMATS
def test_encoding_of_an_array_that_nobody_has(tmp_path, store, zarr_format):
    settings = ["--zarr-format", zarr_format]
    done = cubes.append(
        *settings, "--encoding", "ari:level=3", part(tmp_path, 0), store, status=5
    )
    assert "'ari'" in done.message
    assert not store.exists()
    cubes.append(*settings, part(tmp_path, 0), store)
    with cubes.unchanged(store):
        done = cubes.append(
            "--encoding", "ari:level=3", part(tmp_path, 2), store, status=5
        )
    assert "'ari'" in done.message


@FORMATS
@pytest.mark.parametrize(
    ("name", "asked", "other", "says"),
    [
        (
            "time",
            "units=hours since 2000-01-01",
            "units=days since 2000-01-01",
            "the units 'days since 2000-01-01'",
        ),
        ("time", "dtype=float64", "dtype=int32", "the type Int32"),
        (
            "time",
            "calendar=proleptic_gregorian",
            "calendar=standard",
            "the calendar 'standard'",
        ),
        ("time", "chunk=7", "chunk=8", "chunks of 8"),
        ("x", "dtype=float32", "dtype=int16", "the type Int16"),
        ("x", "chunk=0", "chunk=2", "chunks of 2"),
        ("height", "chunk=2x0", "chunk=1x0", "chunks of 1x0"),
    ],
)
def test_coordinates(tmp_path, store, zarr_format, name, asked, other, says):
    settings = ["--zarr-format", zarr_format, "--encoding", f"{name}:{asked}"]
    for first in (0, 2):
        cubes.append(*settings, part(tmp_path, first), store)
    assert decoded(store).sizes["time"] == 4
    with cubes.unchanged(store):
        done = cubes.append(
            "--encoding", f"{name}:{other}", part(tmp_path, 4), store, status=2
        )
    assert done.message.startswith(f"array '{name}': the settings ask for {says}")


def test_a_contradiction_in_a_run(tmp_path, store):
    """A mistake of the command is no slice's: --keep-going does not pass over it."""
    cubes.append("--encoding", "air:chunk=1x3x4", part(tmp_path, 0), store)
    with cubes.unchanged(store):
        cubes.append(
            *("--keep-going", "--encoding", "air:chunk=2x3x4"),
            *(part(tmp_path, 2), part(tmp_path, 4)),
            store,
            status=2,
        )


def test_a_contradiction_in_a_dry_run(tmp_path, store):
    cubes.append("--encoding", "air:chunk=1x3x4", part(tmp_path, 0), store)
    with cubes.unchanged(store):
        cubes.append(
            *("--dry-run", "--encoding", "air:chunk=2x3x4"),
            part(tmp_path, 2),
            store,
            status=2,
        )


@FORMATS
def test_what_another_made(tmp_path, store, zarr_format):
    """xarray's own encoding is told from what the settings ask for."""
    dataset = xr.open_dataset(part(tmp_path, 0), decode_times=False)
    dataset = dataset.drop_encoding()
    dataset.to_zarr(
        store,
        zarr_format=zarr_format,
        consolidated=True,
        encoding={"air": {"dtype": "int16", "scale_factor": 0.5, "_FillValue": -1}},
    )
    same = "air:dtype=int16,scale=0.5,offset=0,nodata=-1,chunk=2x3x4"
    cubes.append("--encoding", same, part(tmp_path, 2), store)
    with cubes.unchanged(store):
        done = cubes.append(
            "--encoding", "air:nodata=none", part(tmp_path, 4), store, status=2
        )
    assert "the missing value null" in done.message


def with_bounds(folder, first):
    dataset = xr.open_dataset(part(folder, first), decode_times=False).load()
    dataset["time"].attrs["bounds"] = "time_bnds"
    bounds = first + np.array([[0.0, 1], [1, 2]])
    dataset["time_bnds"] = (("time", "nv"), bounds)
    dataset["time_bnds"].encoding["_FillValue"] = None
    return cubes.write(dataset, folder / f"bounds{first}.nc")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ("time_bnds:dtype=float64", "array 'time_bnds' holds the bounds of 'time'"),
        (
            "time_bnds:units=hours since 2000-01-01",
            "array 'time_bnds' holds the bounds",
        ),
        ("time_bnds:calendar=julian", "array 'time_bnds' holds the bounds of 'time'"),
        (
            "time_bnds:scale=2",
            "array 'time_bnds' holds times: the settings cannot give it a scale",
        ),
        (
            "time:scale=2",
            "array 'time' holds times: the settings cannot give it a scale",
        ),
        (
            "time:units=keep,offset=2",
            "array 'time' holds times: the settings cannot give it a scale",
        ),
        ("time:nodata=-1", "array 'time' holds labels, none of which is missing"),
        ("time_bnds:nodata=0.5", "the missing value 0.5 is not a value of"),
    ],
)
def test_what_cannot_be_asked_of_times(tmp_path, store, asked, says):
    path = with_bounds(tmp_path, 0)
    done = cubes.append("--encoding", asked, path, store, status=5)
    assert says in done.message
    assert not store.exists()


@FORMATS
@pytest.mark.parametrize(
    "asked",
    ["time_bnds:dtype=int64", "time_bnds:nodata=-1", "time:dtype=f8"],
)
def test_what_can_be_asked_of_times(tmp_path, store, zarr_format, asked):
    """And asked again."""
    settings = ["--zarr-format", zarr_format, "--encoding", asked]
    for first in (0, 2):
        cubes.append(*settings, with_bounds(tmp_path, first), store)
    found = decoded(store)
    days = np.arange("2000-01-01", "2000-01-06", dtype="M8[D]")
    assert (found["time"].values == days[:4]).all()
    assert (found["time_bnds"].values == np.stack([days[:4], days[1:]], 1)).all()


def test_shards_asked_of_a_target_without(tmp_path, store):
    cubes.append("--encoding", "air:chunk=2x3x4", part(tmp_path, 0), store)
    with cubes.unchanged(store):
        done = cubes.append(
            "--encoding", "air:shard=2x3x4", part(tmp_path, 2), store, status=2
        )
    assert "the settings ask for shards of 2x3x4, the target has none" in done.message
