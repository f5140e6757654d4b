"""A settings file with zappend's names, and slices: the cube is the one that xarray
makes of the same slices and the same encoding by itself."""

import json
from datetime import datetime

import cftime
import cubes
import numcodecs
import numpy as np
import pytest
import xarray as xr
import zarr

DAY = cftime.datetime(2001, 1, 2) - cftime.datetime(2001, 1, 1)


def part(first, size, calendar="standard", dtype="float32", seed=0):
    """Days of an archive: two fields with gaps, a mask, bounds, a grid mapping."""
    rng = np.random.default_rng((first, size, seed))
    lat, lon = 6, 9
    shape = (size, lat, lon)
    sst = rng.uniform(271, 305, shape).round(3).astype(dtype)
    sst[rng.uniform(size=shape) < 0.2] = np.nan
    wind = rng.normal(0, 8, shape).astype("float64")
    dates = [
        cftime.datetime(2001, 2, 25, calendar=calendar) + number * DAY
        for number in range(first, first + size)
    ]
    if calendar == "standard":
        dates = np.array([datetime(*d.timetuple()[:6]) for d in dates], "M8[ns]")
    dataset = xr.Dataset(
        {
            "sst": (
                ("time", "lat", "lon"),
                sst,
                {"units": "K", "long_name": "temperature"},
            ),
            "wind": (("time", "lat", "lon"), wind, {"units": "m s-1"}),
            "mask": (("time", "lat", "lon"), (wind > 0).astype("uint8")),
            "depth": (("lat", "lon"), np.full(shape[1:], 7.25)),
            "crs": ((), np.int32(0), {"grid_mapping_name": "latitude_longitude"}),
        },
        {
            "time": ("time", dates, {"standard_name": "time", "axis": "T"}),
            "lat": (
                "lat",
                np.linspace(50, 45, lat),
                {"units": "degrees_north", "standard_name": "latitude"},
            ),
            "lon": (
                "lon",
                np.linspace(0, 4, lon),
                {"units": "degrees_east", "standard_name": "longitude"},
            ),
        },
        {"title": "sea surface", "version": 3, "history": f"made from {first}"},
    )
    for name in ("lat", "lon", "depth", "crs", "mask", "time"):
        dataset[name].encoding["_FillValue"] = None
    dataset.time.encoding.update(
        units="hours since 2001-01-01", calendar=calendar, dtype="float64"
    )
    return dataset


def slices(folder, sizes=(2, 1, 3), encodings=({},), **options):
    """One file each; the n-th is encoded in the n-th way."""
    paths = []
    first = 0
    for number, size in enumerate(sizes):
        paths.append(
            cubes.write(
                part(first, size, **options),
                folder / f"slice{number}.nc",
                encoding=encodings[number % len(encodings)],
            )
        )
        first += size
    return paths


def compressors(asked, zarr_format):
    """numcodecs' configuration as xarray wants it."""
    if asked is None:
        return None
    if zarr_format == 2:
        return numcodecs.get_codec(asked)
    if asked["id"] == "zstd":
        return zarr.codecs.ZstdCodec(level=asked["level"])
    return zarr.codecs.BloscCodec(
        cname=asked["cname"], clevel=asked["clevel"], shuffle="shuffle", typesize=2
    )


def by_xarray(paths, settings, store):
    """The same with xarray's own means: to_zarr with the encoding of the settings."""
    cube = xr.open_mfdataset(
        paths,
        combine="nested",
        concat_dim="time",
        data_vars="minimal",
        coords="minimal",
        compat="override",
        join="override",
        combine_attrs="override",
        chunks={},
    )
    if "included_variables" in settings:
        cube = cube[settings["included_variables"]]
    cube = cube.drop_vars(settings.get("excluded_variables", [])).load()
    cube.attrs |= settings.get("attrs", {})
    # How the slices were encoded is no wish for the cube.
    chosen = {"sst": {"_FillValue": np.float32("nan")}}
    if "sst" not in cube:
        chosen = {}
    zarr_format = settings.get("zarr_version", 3)
    for name in cube.variables:
        cube[name].encoding = {
            key: value
            for key, value in cube[name].encoding.items()
            if key in ("_FillValue", "calendar") and key not in chosen.get(name, {})
        }
        chosen.setdefault(name, {})
        cube[name].encoding.setdefault("_FillValue", None)
    renamed = {"fill_value": "_FillValue"}
    for name, wishes in settings.get("variables", {}).items():
        cube[name].attrs |= wishes.get("attrs", {})
        for key, value in wishes.get("encoding", {}).items():
            if key == "compressor":
                codec = compressors(value, zarr_format)
                chosen[name]["compressors"] = codec and (codec,)
            elif key == "chunks":
                shape = cube[name].shape
                sizes = zip(value or shape, shape, strict=True)
                chosen[name]["chunks"] = [c or whole for c, whole in sizes]
            else:
                chosen[name][renamed.get(key, key)] = value
    for name, encoding in chosen.items():
        # What is said is over what the slices had.
        for key in encoding:
            cube[name].encoding.pop(key, None)
    cube.to_zarr(store, encoding=chosen, zarr_format=zarr_format, consolidated=True)
    return store


def assert_same_cube(ours, theirs, said):
    """Decoded: values, dtypes, coordinates, attributes. And what was said of the
    encoding, as stored."""
    with xr.open_zarr(ours) as found, xr.open_zarr(theirs) as expected:
        xr.testing.assert_identical(found.load(), expected.load())
        for name in expected.variables:
            assert found[name].dtype == expected[name].dtype, name
    mine, other = zarr.open_group(str(ours), mode="r"), zarr.open_group(str(theirs))
    for name, wishes in said.get("variables", {}).items():
        keys = wishes.get("encoding", {})
        if {"dtype", "units"} & set(keys):
            assert mine[name].dtype == other[name].dtype, name
            assert cubes.same(mine[name][...], other[name][...]), name
        if "chunks" in keys:
            assert mine[name].chunks == other[name].chunks, name


@pytest.fixture
def both(tmp_path, store):
    """Makes the cube in both ways, slice by slice and at once, and compares."""

    def make(paths, settings, per_commit=1):
        file = tmp_path / "settings.yaml"
        # JSON is YAML.
        file.write_text(json.dumps({"target_dir": str(store), **settings}))
        words = ["--settings", file, "--slices-per-commit", per_commit]
        cubes.append(*words, *paths)
        theirs = by_xarray(paths, settings, tmp_path / "theirs.zarr")
        assert_same_cube(store, theirs, settings)
        with cubes.unchanged(store):
            cubes.append(*words, *paths)

    return make


every_format = pytest.mark.parametrize("zarr_version", [2, 3])
PACKED = {"dtype": "int16", "scale_factor": 0.005, "add_offset": 273.15}


@every_format
@pytest.mark.parametrize("per_commit", [1, 2])
def test_as_it_is(tmp_path, both, zarr_version, per_commit):
    both(slices(tmp_path), {"zarr_version": zarr_version}, per_commit)


@every_format
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.alternates("zarr_version")
def test_packed(tmp_path, both, zarr_version, dtype):
    wishes = {"sst": {"encoding": {**PACKED, "fill_value": -32768}}}
    both(
        slices(tmp_path, dtype=dtype),
        {"zarr_version": zarr_version, "variables": wishes},
    )


@every_format
def test_slices_that_are_packed_each_in_its_way(tmp_path, both, zarr_version):
    """As archives are: float files, then packed ones, then packed otherwise."""
    ways = (
        {},
        {"sst": {**PACKED, "_FillValue": -1}},
        {"sst": {"dtype": "int32", "scale_factor": 0.001, "_FillValue": 2**31 - 1}},
    )
    wishes = {
        "sst": {
            "encoding": {
                "dtype": "int16",
                "scale_factor": 0.01,
                "add_offset": 280.0,
                "fill_value": -999,
            }
        }
    }
    both(
        slices(tmp_path, encodings=ways, dtype="float64"),
        {"zarr_version": zarr_version, "variables": wishes},
    )


@every_format
@pytest.mark.parametrize(
    "chunks", [[1, 6, 9], [2, 4, 5], [5, None, 4], [None, 1, 1], [16, 16, 16]]
)
@pytest.mark.alternates("zarr_version")
def test_chunks(tmp_path, both, zarr_version, chunks):
    if chunks[0] is None:
        # A whole dimension that grows is the first slice's.
        chunks = [2, *chunks[1:]]
    both(
        slices(tmp_path),
        {
            "zarr_version": zarr_version,
            "variables": {
                "sst": {"encoding": {"chunks": chunks}},
                "mask": {"encoding": {"chunks": chunks[:1] + [3, 3]}},
            },
        },
    )


@every_format
@pytest.mark.parametrize(
    "compressor",
    [
        None,
        {"id": "blosc", "cname": "zstd", "clevel": 5, "shuffle": 1},
        {"id": "blosc", "cname": "lz4", "clevel": 1, "shuffle": 1},
        {"id": "zstd", "level": 7},
    ],
)
@pytest.mark.alternates("zarr_version")
def test_compressors(tmp_path, both, zarr_version, compressor):
    wishes = {"sst": {"encoding": {**PACKED, "fill_value": -1}}}
    wishes["sst"]["encoding"]["compressor"] = compressor
    both(slices(tmp_path), {"zarr_version": zarr_version, "variables": wishes})


@every_format
def test_included_variables(tmp_path, both, zarr_version):
    both(
        slices(tmp_path),
        {"zarr_version": zarr_version, "included_variables": ["sst", "depth"]},
    )


@every_format
def test_excluded_variables(tmp_path, both, zarr_version):
    both(
        slices(tmp_path),
        {"zarr_version": zarr_version, "excluded_variables": ["wind", "crs"]},
    )


@every_format
@pytest.mark.parametrize("mode", ["keep", "ignore"])
@pytest.mark.alternates("zarr_version")
def test_attributes(tmp_path, both, zarr_version, mode):
    settings = {
        "zarr_version": zarr_version,
        "attrs_update_mode": mode,
        "attrs": {"title": "ours", "numbers": [1, 2.5], "owner": {"name": "me"}},
        "variables": {
            "sst": {"attrs": {"long_name": "SST", "valid_min": 250.0}},
            "lat": {"attrs": {"comment": "from the north"}},
        },
    }
    if mode == "ignore":
        settings["attrs"] |= {"version": 3, "history": "made from 0"}
    both(slices(tmp_path), settings)


@every_format
@pytest.mark.parametrize(
    ("units", "dtype"),
    [
        ("days since 2001-01-01", "int64"),
        ("hours since 1900-01-01 00:00:00", "int32"),
        ("seconds since 1970-01-01T00:00:00", "int64"),
        ("days since 2001-02-25 12:00", "float64"),
    ],
)
@pytest.mark.alternates("zarr_version")
def test_time_in_other_units(tmp_path, both, zarr_version, units, dtype):
    encoding = {"units": units, "calendar": "standard", "dtype": dtype}
    both(
        slices(tmp_path),
        {"zarr_version": zarr_version, "variables": {"time": {"encoding": encoding}}},
    )


@pytest.mark.parametrize("calendar", ["noleap", "360_day", "julian", "all_leap"])
def test_other_calendars(tmp_path, both, calendar):
    encoding = {"units": "days since 2000-01-01", "calendar": calendar}
    both(
        slices(tmp_path, (3, 4), calendar=calendar),
        {"variables": {"time": {"encoding": {**encoding, "dtype": "int64"}}}},
    )


def test_a_file_of_zappend_as_a_whole(tmp_path, both):
    """Every kind of key at once."""
    both(
        slices(tmp_path, (1, 1, 1, 1, 1)),
        {
            "version": 1,
            "zarr_version": 2,
            "append_dim": "time",
            "append_step": "1D",
            "fixed_dims": {"lat": 6, "lon": 9},
            "included_variables": ["sst", "mask", "crs"],
            "variables": {
                "time": {
                    "dims": ["time"],
                    "encoding": {
                        "dtype": "int32",
                        "units": "hours since 2000-01-01",
                        "calendar": "standard",
                        "chunks": [128],
                    },
                },
                "lat": {"dims": ["lat"], "encoding": {"chunks": None}},
                "sst": {
                    "dims": ["time", "lat", "lon"],
                    "attrs": {"comment": "packed"},
                    "encoding": {
                        "dtype": "uint16",
                        "scale_factor": 0.001,
                        "add_offset": 265.0,
                        "fill_value": 65535,
                        "chunks": [2, None, 5],
                        "compressor": {
                            "id": "blosc",
                            "cname": "zstd",
                            "clevel": 3,
                            "shuffle": 1,
                        },
                    },
                },
            },
            "attrs": {"Conventions": "CF-1.10"},
        },
        per_commit=2,
    )


@pytest.mark.parametrize(
    ("step", "status"),
    [
        ("1D", 0),
        ("24h", 0),
        ("+", 0),
        ("constant", 0),
        (None, 0),
        ("2D", 5),
        ("6h", 5),
        ("-", 5),
        ("1mo", 5),
    ],
)
def test_append_step(tmp_path, store, step, status):
    settings = tmp_path / "x.yaml"
    settings.write_text(json.dumps({"append_step": step}))
    paths = slices(tmp_path, (1, 1, 2))
    done = cubes.append("--settings", settings, *paths, store, status=status)
    expected = ["appended"] * 3 if status == 0 else ["appended", "failed"]
    assert [entry["outcome"] for entry in done.report["slices"]] == expected


@pytest.mark.parametrize(
    ("sizes", "status"),
    [({"lat": 6, "lon": 9}, 0), ({"lat": 6, "lon": 10}, 5), ({"depth": 3}, 5)],
)
def test_fixed_dims(tmp_path, store, sizes, status):
    settings = tmp_path / "x.yaml"
    settings.write_text(json.dumps({"fixed_dims": sizes}))
    paths = slices(tmp_path, (1, 1))
    done = cubes.append("--settings", settings, *paths, store, status=status)
    if status:
        assert "fixed_dims" in done.message
        assert not store.exists()


def test_dims(tmp_path, store):
    settings = tmp_path / "x.yaml"
    paths = slices(tmp_path, (1, 1))
    for dims, status in ((["time", "lon", "lat"], 5), (["time", "lat", "lon"], 0)):
        settings.write_text(json.dumps({"variables": {"sst": {"dims": dims}}}))
        cubes.append("--settings", settings, *paths, store, status=status)
        assert store.exists() == (status == 0)
