"""What one does every day: create, append, ask, and read with what others have made."""

import importlib.util
import json
import os

import campaign
import cubes
import pytest
import xarray as xr

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


def together(slices, *names):
    """What slices have, one after another, as they are stored."""
    opened = [xr.open_dataset(slices[name], decode_cf=False) for name in names]
    return cubes.concat(opened)


@FORMATS
def test_a_cube_is_made_and_grows(make_cube, slices, zarr_format, tmp_path):
    shape = ("--zarr-format", zarr_format)
    histories = campaign.histories_of(tuple(slices.items()), *shape)
    cube = make_cube(options=(*campaign.LAYOUT, *shape))
    for name in ("a", "b", "a"):
        cube.append(name, status=0)
    assert histories.check(cube.state()) == ("first", "a", "b")
    folder = cube.store.download(f"{cube.key}/", tmp_path / "cube.zarr")
    cubes.assert_reads_as(folder, together(slices, "first", "a", "b"))


def test_what_its_verbs_say(make_cube):
    cube = make_cube("first", "a")
    log = json.loads(cube.driver("log", "--json").stdout)
    assert [record["sequence"] for record in log] == [2, 1]
    status = cube.driver("status", "--objects").stdout
    assert "2 appends logged" in status
    assert "not locked" in status
    assert status.endswith("no objects are left over\n")
    before = cube.contents()
    for _ in range(2):
        assert cube.driver("recover").stdout == "nothing to recover\n"
    unlocked = {k: v for k, v in before.items() if not k.endswith("/lock")}
    after = cube.contents()
    assert {k: v for k, v in after.items() if not k.endswith("/lock")} == unlocked


@FORMATS
def test_others_read_it_where_it_is(make_cube, server, slices, zarr_format):
    """GDAL's own driver, and xarray with fsspec, where that knows such stores."""
    shape = ("--zarr-format", zarr_format)
    cube = make_cube("first", "a", options=(*campaign.LAYOUT, *shape))
    expected = together(slices, "first", "a")
    with cube.store.configured():
        found = cubes.read_gdal(cube.store.path(cube.key))
    assert cubes.same(found["air"], expected["air"])
    if server.scheme != "s3" or importlib.util.find_spec("s3fs") is None:
        return
    options = {
        "key": server.access_key,
        "secret": server.secret_key,
        "client_kwargs": {"endpoint_url": server.url},
    }
    where = f"s3://{cube.store.bucket}/{cube.key}"
    for consolidated in (True, False):
        with xr.open_zarr(
            where, storage_options=options, consolidated=consolidated
        ) as opened:
            xr.testing.assert_equal(opened.load(), xr.decode_cf(expected).load())


@FORMATS
def test_what_xarray_has_made_is_appended_to(
    make_cube, server, slices, zarr_format, tmp_path
):
    made = tmp_path / "made.zarr"
    first = xr.open_dataset(slices["first"])
    first.to_zarr(made, zarr_format=int(zarr_format), consolidated=True)
    cube = make_cube("first")
    cube.key = "foreign/cube.zarr"
    for root, _, names in os.walk(made):
        for name in names:
            path = os.path.join(root, name)
            key = f"{cube.key}/{os.path.relpath(path, made)}"
            with open(path, "rb") as file:
                server.put(cube.store.bucket, key, file.read())
    cube.options = ()
    cube.append("a", status=0)
    folder = cube.store.download(f"{cube.key}/", tmp_path / "cube.zarr")
    cubes.assert_reads_as(folder, together(slices, "first", "a"))
