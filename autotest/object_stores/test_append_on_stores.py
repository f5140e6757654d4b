"""Cubes in object stores: the same command with another target makes the same cube.

The stores: S3 and Google's in memory, moto, Azurite. What is in them is fetched
past GDAL, and read by xarray, zarr-python and GDAL.
"""

import json

import cubes
import numpy as np
import pytest
from osgeo import gdal

LAYOUTS = {
    "V3": [],
    "V2": ["--zarr-format", "2"],
    "V3 in shards": ["--encoding", "air:chunk=1x2x5,shard=2x4x5", "--merge-shards"],
    "V3 not consolidated": ["--consolidated", "no"],
    "V2 not consolidated": ["--zarr-format", "2", "--consolidated", "no"],
    "V3 in a group": ["--group", "north/sea"],
}
CHUNKS = ["--encoding", "air:chunk=2x2x5"]
# All layouts in one store, and those that differ in their objects in the others.
IN_STORES = pytest.mark.parametrize(
    ("any_store", "layout"),
    [("s3", layout) for layout in LAYOUTS]
    + [
        (store, layout)
        for store in ("gcs", "s3_moto", "az")
        for layout in ("V3", "V2", "V3 in shards")
    ],
    indirect=["any_store"],
)
KEY = "x/cube.zarr"


@pytest.fixture(params=["s3", "gcs", "s3_moto", "az"])
def any_store(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["s3", "gcs"])
def memory(request):
    """For what makes no other requests than those tests in all stores."""
    return request.getfixturevalue(request.param)


def options(layout):
    """Of a new target, whose chunks are of two days."""
    words = LAYOUTS[layout]
    return words if "--encoding" in words else [*words, *CHUNKS]


def where(layout):
    """Its group, and whether it has consolidated metadata."""
    group = "north/sea" if "group" in layout else None
    return group, "not consolidated" not in layout


def append(store, *arguments, **more):
    return cubes.append(*arguments, env=store.environment(), **more)


def chunk(zarr_format, *index):
    name = "/".join(map(str, index))
    return f"air/c/{name}" if zarr_format == 3 else f"air/{name.replace('/', '.')}"


def objects(store, folder, prefix=f"{KEY}/"):
    """SHA-256 of the objects below a prefix, past GDAL."""
    found = cubes.tree(store.download(prefix, folder))
    return {key: digest for key, digest in found.items() if digest != "folder"}


def written(store):
    """What was written but for the lock: (method, key) of each request."""
    return [
        (request.method, request.key)
        for request in store.server.requests
        if request.method not in ("GET", "HEAD")
        and not request.key.endswith(".mdimappend/lock")
    ]


def commits(store, key=KEY):
    """How many slices each commit has."""
    words = ("driver", "mdimappend", "log", "--json", "--last", 0, store.path(key))
    done = cubes.run(*words, command="gdal", env=store.environment())
    return [len(record["slices"]) for record in reversed(json.loads(done.stdout))]


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


@IN_STORES
def test_a_cube_grows_by_one_command_after_another(any_store, tmp_path, layout):
    """The third slice goes into a chunk, or a shard, that is filled in part."""
    for path in cubes.weather_slices(tmp_path, (2, 3, 2)):
        append(any_store, *options(layout), path, any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 7), *where(layout))


@IN_STORES
def test_the_objects_are_those_of_a_local_cube(any_store, tmp_path, layout):
    slices = cubes.weather_slices(tmp_path, (2, 3, 2))
    cubes.append(*options(layout), *slices, tmp_path / "local.zarr")
    append(any_store, *options(layout), *slices, any_store.path(KEY))
    found = objects(any_store, tmp_path / "out")
    expected = cubes.tree(tmp_path / "local.zarr")
    assert found == {k: v for k, v in expected.items() if v != "folder"}


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_gdal_reads_the_cube_where_it_is(any_store, tmp_path, zarr_format):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    words = ["--zarr-format", zarr_format, *CHUNKS]
    append(any_store, *words, *slices, any_store.path(KEY))
    with any_store.configured():
        found = cubes.read_gdal(any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    expected = cubes.stored(raw(cubes.weather(0, 5), folder))
    cubes.assert_same_arrays(found, expected, "GDAL in the store")


@IN_STORES
def test_the_same_command_again_writes_nothing(any_store, tmp_path, layout):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    command = [*options(layout), *slices, any_store.path(KEY)]
    append(any_store, *command)
    before = objects(any_store, tmp_path / "before", "")
    any_store.server.clear()
    done = append(any_store, *command)
    assert outcomes(done) == ["already there"] * 2
    assert written(any_store) == []
    after = objects(any_store, tmp_path / "after", "")
    changed = {k for k in before | after if before.get(k) != after.get(k)}
    assert changed <= {f"{KEY}.mdimappend/lock"}


def with_gaps(first, days, missing):
    """Without values in the rows of latitude [0, missing)."""
    dataset = cubes.weather(first, days)
    dataset["air"].values[:, :missing] = np.nan
    dataset["air"].encoding["_FillValue"] = np.float32("nan")
    return dataset


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_of_nothing_but_missing_values_are_written(
    any_store, tmp_path, zarr_format
):
    """Locally they are left out. Here nobody could tell one that was left out from
    one that a late writer may still put."""
    words = ["--zarr-format", zarr_format, *CHUNKS]
    parts = [with_gaps(0, 2, missing=2), with_gaps(2, 2, missing=2)]
    for number, part in enumerate(parts):
        path = cubes.write(part, tmp_path / f"{number}.nc")
        append(any_store, *words, path, any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    for row in (0, 1):
        assert (folder / chunk(zarr_format, row, 0, 0)).is_file()
    cubes.assert_reads_as(folder, cubes.stored(raw(cubes.concat(parts), folder)))


def raw(dataset, like):
    """With its times as they are in the cube."""
    return cubes.with_times_of(dataset, cubes.open_xarray(like, raw=True))


def test_shards_of_nothing_but_missing_values_are_written(any_store, tmp_path):
    """GDAL's driver leaves them out, whatever it is told."""
    parts = [cubes.weather(0, 2), with_gaps(2, 2, missing=4)]
    parts[0]["air"].encoding["_FillValue"] = np.float32("nan")
    for number, part in enumerate(parts):
        path = cubes.write(part, tmp_path / f"{number}.nc")
        append(any_store, *LAYOUTS["V3 in shards"], path, any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    assert (folder / chunk(3, 1, 0, 0)).is_file()
    cubes.assert_reads_as(folder, cubes.stored(raw(cubes.concat(parts), folder)))


@IN_STORES
def test_days_that_are_there_are_replaced(any_store, tmp_path, layout):
    first = cubes.write(cubes.weather(0, 5), tmp_path / "first.nc")
    again = cubes.weather(1, 2)
    again["air"] = again.air + np.float32(1000)
    second = cubes.write(again, tmp_path / "again.nc")
    append(any_store, *options(layout), first, any_store.path(KEY))
    words = ["--merge-shards", "--on-duplicate", "replace"]
    words += LAYOUTS[layout] if "group" in layout else []
    append(any_store, *words, second, any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    expected = cubes.weather(0, 5)
    expected["air"].values[1:3] += np.float32(1000)
    cubes.assert_reads_as(folder, expected, *where(layout))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_several_slices_make_one_commit(memory, tmp_path, zarr_format):
    slices = cubes.weather_slices(tmp_path, (2, 1, 2, 1, 1))
    words = ["--zarr-format", zarr_format, *CHUNKS, "--slices-per-commit", 3]
    append(memory, *words, *slices, memory.path(KEY))
    assert commits(memory) == [3, 2]
    folder = memory.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 7))


def test_a_second_group_joins_a_store(memory, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    append(memory, "--group", "north", first, memory.path(KEY))
    append(memory, "--group", "south", first, second, memory.path(KEY))
    append(memory, "--group", "north", second, memory.path(KEY))
    folder = memory.download(f"{KEY}/", tmp_path / "out")
    for group in ("north", "south"):
        cubes.assert_reads_as(folder, cubes.weather(0, 5), group)


def test_a_group_is_named_by_its_path(any_store, tmp_path):
    """The lock and the log are those of the whole store, as are the documents."""
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    append(any_store, "--group", "north", first, any_store.path(KEY))
    append(any_store, second, any_store.path(f"{KEY}/north"))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    assert sorted(path.name for path in folder.iterdir()) == ["north", "zarr.json"]
    assert commits(any_store) == [1, 1]
    cubes.assert_reads_as(folder, cubes.weather(0, 5), "north")


def test_slices_without_labels_are_known_by_the_log(memory, tmp_path):
    days = [cubes.weather(day, 1).drop_vars("time") for day in range(3)]
    slices = [
        cubes.write(day, tmp_path / f"{number}.nc") for number, day in enumerate(days)
    ]
    append(memory, *slices[:2], memory.path(KEY))
    done = append(memory, *slices, memory.path(KEY))
    assert outcomes(done) == ["already there", "already there", "appended"]
    folder = memory.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.concat(days))


def test_spaces_and_letters_of_all_kinds_in_keys(any_store, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    key = "größe 1/sea + level=50% ☂.zarr"
    words = ["--group", "nørd/a b", "--rename", "air=luft ü+1"]
    append(any_store, *words, first, any_store.path(key))
    append(any_store, *words, second, any_store.path(key))
    folder = any_store.download(f"{key}/", tmp_path / "out")
    expected = cubes.weather(0, 5).rename(air="luft ü+1")
    cubes.assert_reads_as(folder, expected, "nørd/a b")


def test_all_spellings_name_the_same_target(any_store, tmp_path):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    spellings = [any_store.path(KEY), any_store.uri(KEY), any_store.uri(KEY) + "/"]
    for path, spelling in zip(slices, spellings, strict=True):
        append(any_store, *CHUNKS, path, spelling)
    assert commits(any_store) == [1, 1, 1]
    folder = any_store.download("", tmp_path / "out")
    cubes.assert_reads_as(folder / KEY, cubes.weather(0, 6))
    assert sorted(path.name for path in (folder / "x").iterdir()) == [
        "cube.zarr",
        "cube.zarr.mdimappend",
    ]


def test_under_gdals_own_command(memory, tmp_path):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    words = ("mdim", "append", *CHUNKS, *slices, memory.path(KEY))
    cubes.run(*words, command="gdal", env=memory.environment())
    folder = memory.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5))


def test_a_dry_run_writes_nothing(memory, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    append(memory, first, memory.path(KEY))
    memory.server.clear()
    done = append(memory, "--dry-run", second, memory.path(KEY))
    assert done.report["slices"][0]["first_row"] == 3
    methods = {request.method for request in memory.server.requests}
    assert methods <= {"GET", "HEAD"}


# Slices that lie in a store, or on a web server.


def put(store, key, data):
    """Into the store, by GDAL."""
    with store.configured():
        file = gdal.VSIFOpenL(store.path(key), "wb")
        gdal.VSIFWriteL(data, 1, len(data), file)
        assert gdal.VSIFCloseL(file) == 0


def put_folder(store, key, folder):
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            put(store, f"{key}/{path.relative_to(folder)}", path.read_bytes())


def put_slices(store, folder, sizes=(3, 2)):
    """Slices in the store; their names for GDAL."""
    names = []
    for path in cubes.weather_slices(folder, sizes):
        put(store, f"in/{path.name}", path.read_bytes())
        names.append(store.path(f"in/{path.name}"))
    return names


def test_netcdf_slices_in_the_targets_store(any_store, tmp_path):
    names = put_slices(any_store, tmp_path)
    append(any_store, *CHUNKS, *names, any_store.path(KEY))
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5))


def test_netcdf_slices_of_a_store_are_read_without_a_word(memory, tmp_path):
    """Libraries below GDAL print what they try in vain."""
    names = put_slices(memory, tmp_path)
    done = append(memory, *CHUNKS, *names, memory.path(KEY))
    said = [line for line in done.stderr.splitlines() if "built against" not in line]
    assert said == []


def test_netcdf_slices_in_a_store_for_a_local_target(memory, tmp_path):
    names = put_slices(memory, tmp_path)
    append(memory, *CHUNKS, *names, tmp_path / "local.zarr")
    cubes.assert_reads_as(tmp_path / "local.zarr", cubes.weather(0, 5))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_zarr_slices_in_the_targets_store(memory, tmp_path, zarr_format):
    names = []
    for first, days in ((0, 3), (3, 2)):
        path = tmp_path / f"in{first}.zarr"
        part = cubes.weather(first, days)
        part.to_zarr(path, zarr_format=zarr_format, consolidated=True)
        put_folder(memory, f"in/{path.name}", path)
        names.append(memory.path(f"in/{path.name}"))
    words = ["--zarr-format", zarr_format, *CHUNKS]
    append(memory, *words, *names, memory.path(KEY))
    folder = memory.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5))


def test_a_cube_in_a_store_is_a_slice_of_another(memory, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    append(memory, *CHUNKS, first, memory.path("x/a.zarr"))
    append(memory, *CHUNKS, second, memory.path("x/b.zarr"))
    words = (memory.path("x/b.zarr"), memory.path("x/a.zarr"))
    append(memory, *words)
    folder = memory.download("x/a.zarr/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5))


def test_a_slice_in_a_store_is_known_again_by_the_log(memory, tmp_path):
    """Its values are not compared, so they are not read."""
    names = put_slices(memory, tmp_path)
    append(memory, *names, memory.path(KEY))
    done = append(memory, *names, memory.path(KEY))
    assert outcomes(done) == ["already there"] * 2
    assert commits(memory) == [1, 1]


@pytest.mark.parametrize("target", ["remote", "local"])
def test_slices_of_a_web_server(s3, tmp_path, target):
    for path in cubes.weather_slices(tmp_path, (3, 2)):
        s3.server.put_object("web", f"in/{path.name}", path.read_bytes())
    names = [f"/vsicurl/{s3.server.url}/web/in/day{day:04}.nc" for day in (0, 3)]
    where = s3.path(KEY) if target == "remote" else tmp_path / "local.zarr"
    # A web server has no lists of what it serves.
    words = ["--slice-config", "GDAL_DISABLE_READDIR_ON_OPEN=EMPTY_DIR"]
    append(s3, *words, *CHUNKS, *names, where)
    if target == "remote":
        where = s3.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(where, cubes.weather(0, 5))


@pytest.fixture(autouse=True)
def _web(request):
    """A bucket that anybody may read."""
    if "s3" in request.fixturenames:
        request.getfixturevalue("s3").server.create_bucket("web")


def test_rasters_of_a_store(any_store, tmp_path):
    words = ["--label-from", "name:band_%Y%m%d.tif"]
    names = []
    for day in (1, 2, 3):
        path = f"/vsimem/band_2024010{day}.tif"
        raster = gdal.GetDriverByName("GTiff").Create(path, 6, 5)
        raster.SetGeoTransform([0, 1, 0, 5, 0, -1])
        raster.GetRasterBand(1).WriteArray(np.full((5, 6), day, "u1"))
        raster.Close()
        with gdal.VSIFile(path, "rb") as file:
            put(any_store, f"in/band_2024010{day}.tif", file.read())
        gdal.Unlink(path)
        names.append(any_store.path(f"in/band_2024010{day}.tif"))
    append(any_store, *words, *names, any_store.path(KEY))
    opened = cubes.open_xarray(any_store.download(f"{KEY}/", tmp_path / "out"))
    (name,) = [name for name in opened.data_vars if opened[name].ndim == 3]
    assert opened[name].values[:, 0, 0].tolist() == [1, 2, 3]
    assert str(opened.time.values[-1])[:10] == "2024-01-03"
