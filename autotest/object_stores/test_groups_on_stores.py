"""A group is added to a store that is there: the documents are those of the same
appends on a disk."""

import json

import cubes
import pytest
import xarray as xr

KEY = "x/cube.zarr"
FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
CONSOLIDATED = pytest.mark.parametrize("consolidated", ["yes", "no"])


@pytest.fixture
def slices(tmp_path):
    return cubes.weather_slices(tmp_path, (2, 1))


def append(store, *arguments, **more):
    return cubes.append(*arguments, store.path(KEY), env=store.environment(), **more)


def contents(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def of_store(store, tmp_path):
    return contents(store.download(f"{KEY}/", tmp_path / "downloaded"))


@FORMATS
@CONSOLIDATED
@pytest.mark.parametrize(
    "groups",
    [("", "south"), ("north", "south"), ("north", "north/sea"), ("a/b", "a/c/d", "e")],
    ids="-".join,
)
def test_groups_are_added_as_on_a_disk(
    s3, tmp_path, slices, zarr_format, consolidated, groups
):
    words = ("--zarr-format", zarr_format, "--consolidated", consolidated)
    local = tmp_path / "local.zarr"
    for path in slices:
        for group in groups:
            where = ("--group", group) if group else ()
            cubes.append(*words, *where, path, local)
            append(s3, *words, *where, path)
    assert of_store(s3, tmp_path) == contents(local)
    folder = tmp_path / "downloaded"
    for group in groups:
        with xr.open_zarr(
            folder, group=group or None, consolidated=consolidated == "yes"
        ) as there:
            assert there.sizes["time"] == 3


def test_a_copy_without_the_root_s_own_document_is_no_obstacle(s3, tmp_path, slices):
    """Not all who consolidate V2 put it there."""
    append(s3, "--zarr-format", 2, slices[0])
    copy = json.loads(s3.server.objects("bucket")[f"{KEY}/.zmetadata"])
    del copy["metadata"][".zgroup"]
    s3.server.put_object("bucket", f"{KEY}/.zmetadata", json.dumps(copy).encode())
    append(s3, "--group", "south", slices[0])
    append(s3, "--group", "south", slices[1])
    append(s3, slices[1])
    folder = s3.download(f"{KEY}/", tmp_path / "downloaded")
    for group in (None, "south"):
        with xr.open_zarr(folder, group=group, consolidated=True) as there:
            assert there.sizes["time"] == 3


def test_a_copy_of_nothing_is_no_group(s3, slices):
    s3.server.put_object(
        "bucket", f"{KEY}/.zmetadata", b'{"zarr_consolidated_format": 1'
    )
    done = append(s3, "--group", "south", slices[0], status=1)
    assert "'.zmetadata'" in done.message or ".zgroup" in done.message
    assert set(s3.server.objects("bucket")) == {f"{KEY}/.zmetadata"}
