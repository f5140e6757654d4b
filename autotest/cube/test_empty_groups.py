"""Groups that are there, and have no arrays, become cubes."""

import json

import cubes
import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
SLICES = (2, 2)


@pytest.fixture
def slices(tmp_path):
    return cubes.weather_slices(tmp_path, SLICES)


@FORMATS
@pytest.mark.parametrize("consolidated", [False, True])
def test_a_root_without_arrays(slices, store, zarr_format, consolidated):
    zarr.create_group(store, zarr_format=zarr_format)
    if consolidated:
        zarr.consolidate_metadata(store, zarr_format=zarr_format)
    for path in slices:
        cubes.append(path, store)
    for looks in {False, consolidated}:
        cubes.assert_reads_as(store, cubes.weather(0, 4), consolidated=looks)


@FORMATS
def test_a_group_around_a_cube(slices, store, zarr_format):
    cubes.append("--zarr-format", zarr_format, "--group", "b/c", slices[0], store)
    for group in ("b", "b/c"):
        cubes.append("--group", group, *slices, store)
    cubes.append(*slices, store)
    for group in (None, "b", "b/c"):
        cubes.assert_reads_as(store, cubes.weather(0, 4), group=group)
    assert sorted(zarr.open_group(store, mode="r").group_keys()) == ["b"]


@FORMATS
def test_a_group_in_a_store_without_consolidated_metadata(slices, store, zarr_format):
    root = zarr.create_group(store, zarr_format=zarr_format)
    root.create_group("a/b", attributes={"owner": "me"})
    cubes.append("--group", "a/b", *slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4), group="a/b", consolidated=False)
    found = zarr.open_group(store, mode="r")["a/b"]
    assert found.attrs["owner"] == "me"
    assert found.attrs["title"] == "a test"


@FORMATS
@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("keep", {"title": "mine", "owner": "me", "source": "slice"}),
        ("update", {"title": "a test", "owner": "me", "source": "slice"}),
        ("replace", {"title": "a test", "source": "slice"}),
        ("ignore", {"title": "mine", "owner": "me"}),
    ],
)
def test_its_attributes_are_those_of_a_target(
    store, tmp_path, zarr_format, mode, expected
):
    zarr.create_group(
        store, zarr_format=zarr_format, attributes={"title": "mine", "owner": "me"}
    )
    day = cubes.weather(0, 1).assign_attrs(source="slice")
    cubes.append("--attributes", mode, cubes.write(day, tmp_path / "a.nc"), store)
    assert dict(zarr.open_group(store, mode="r").attrs) == expected


@FORMATS
@pytest.mark.parametrize("consolidated", [False, True])
def test_what_is_in_it_is_not_replaced(
    slices, store, tmp_path, zarr_format, consolidated
):
    root = zarr.create_group(store, zarr_format=zarr_format)
    root.create_group("air")
    if consolidated:
        zarr.consolidate_metadata(store, zarr_format=zarr_format)
    with cubes.unchanged(store):
        done = cubes.append(slices[0], store, status=None)
    assert done.status in (1, 5)
    assert "air" in done.message
    cubes.append("--rename", "air=t2m", slices[0], store)
    assert "t2m" in xr.open_zarr(store, consolidated=False)


def test_an_append_that_fails_leaves_it_empty(slices, store, tmp_path):
    zarr.create_group(store)
    before = cubes.tree(store)
    values = cubes.weather(0, 2)
    values.air[1, 1, 1] = 1e9
    packed = "air:dtype=int16,scale=0.01,nodata=-1"
    path = cubes.write(values, tmp_path / "hot.nc")
    cubes.append("--encoding", packed, path, store, status=5)
    assert cubes.tree(store) == before
    cubes.append(*slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4), consolidated=False)


def test_a_copy_of_the_groups_own_is_in_the_way(slices, store):
    root = zarr.create_group(store)
    root.create_group("a")
    zarr.consolidate_metadata(store, path="a")
    with cubes.unchanged(store):
        done = cubes.append("--group", "a", slices[0], store, status=1)
    assert "consolidated metadata of its own" in done.message
    path = store / "a" / "zarr.json"
    document = json.loads(path.read_text())
    del document["consolidated_metadata"]
    path.write_text(json.dumps(document))
    cubes.append("--group", "a", slices[0], store)


def test_python_stores_as_in_any_new_target(store):
    """With the dataset's own encoding."""
    zarr.create_group(store)
    day = xr.Dataset({"v": ("time", np.array([1.5]))}, {"time": [0]})
    day.v.encoding = {"dtype": "i2", "scale_factor": 0.5, "_FillValue": -1}
    mda.append(day, store)
    assert zarr.open_group(store, mode="r")["v"].dtype == "i2"
