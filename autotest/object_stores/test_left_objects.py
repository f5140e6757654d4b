"""`status --objects` lists what no reader looks at, and deletes nothing."""

import json

import campaign
import cubes
import pytest
from campaign import Cube

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])
NOTHING = {"beyond_shape": [], "of_no_array": [], "staged": [], "decisions": []}


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    return campaign.make_slices(tmp_path_factory.mktemp("slices"))


@pytest.fixture
def cube(s3, slices, zarr_format):
    return Cube(s3, slices, (*campaign.LAYOUT, "--zarr-format", zarr_format))


def objects(cube):
    before = cube.contents()
    told = json.loads(cube.driver("status", "--objects", "--json").stdout)["objects"]
    assert cube.contents() == before
    return told


def keys(listed):
    return {entry["key"] for entry in listed}


@FORMATS
def test_a_cube_in_order_has_none(cube):
    cube.append("first", "a", status=0)
    assert objects(cube) == NOTHING
    text = cube.driver("status", "--objects").stdout
    assert text.endswith("no objects are left over\n")


@FORMATS
@pytest.mark.parametrize("how", ["planned", "orphans"])
def test_what_an_append_left_is_listed(cube, how):
    cube.append("first", status=0)
    campaign.leave_behind(cube, "a", how)
    state = cube.state()
    left = objects(cube)
    assert state.orphans
    assert keys(left["beyond_shape"]) == set(state.orphans)
    sizes = {entry["key"]: entry["size"] for entry in left["beyond_shape"]}
    assert sizes == {key: len(chunk) for key, chunk in state.orphans.items()}
    staged = {k[len("stage/") :] for k in state.sidecar if k.startswith("stage/")}
    assert keys(left["staged"]) == staged
    assert bool(staged) == (how == "planned")
    assert len(left["decisions"]) == (how == "orphans")
    assert left["of_no_array"] == []
    cube.append("a", status=0)
    assert objects(cube)["beyond_shape"] == []


@FORMATS
def test_what_an_undone_creation_left_belongs_to_no_array(cube):
    campaign.leave_behind(cube, "first", "planned")
    left = objects(cube)
    assert left["beyond_shape"] == []
    assert keys(left["of_no_array"]) == set(cube.state().orphans)


@FORMATS
def test_somebody_s_file_belongs_to_no_array(cube):
    cube.append("first", status=0)
    cube.server.put_object("bucket", f"{cube.key}/air/README", b"mine")
    assert objects(cube)["of_no_array"] == [{"key": "air/README", "size": 4}]


@FORMATS
def test_a_cache_of_tiles_that_was_copied_there_is_nobody_s(cube, zarr_format):
    """GDAL does not read it there, and an append does not remove it."""
    cube.append("first", status=0)
    name = "air/zarr.json.gmac" if zarr_format == "3" else "air/.zarray.gmac"
    cube.server.put_object("bucket", f"{cube.key}/{name}", b"old")
    cube.append("a", status=0)
    assert objects(cube)["of_no_array"] == [{"key": name, "size": 3}]


@FORMATS
def test_the_cost_is_three_listings_and_a_request_for_each_array(cube):
    cube.append("first", status=0)
    cube.driver("status")
    cube.server.clear()
    cube.driver("status")
    without = len(cube.server.requests)
    cube.server.clear()
    cube.driver("status", "--objects")
    arrays = len(campaign.arrays_of(cube.state().documents))
    # The root of Zarr V3 is looked at, too.
    assert len(cube.server.requests) - without <= 3 + arrays + 1


def test_on_a_disk_too(tmp_path):
    first, second = cubes.weather_slices(tmp_path, (2, 1))
    target = tmp_path / "cube.zarr"
    cubes.append(first, target)
    cubes.append(second, target)
    (target / "air" / "c" / "9" / "0").mkdir(parents=True)
    (target / "air" / "c" / "9" / "0" / "0").write_bytes(b"123")
    words = ("driver", "mdimappend", "status", "--objects", target)
    told = cubes.run(*words, command="gdal").stdout
    assert "beyond the shape: air/c/9/0/0 (3 bytes)\n" in told
    assert "no array" not in told
    assert (target / "air" / "c" / "9" / "0" / "0").read_bytes() == b"123"
