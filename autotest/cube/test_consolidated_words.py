"""Consolidated copies that say the same in other words, and those that do not."""

import json

import cubes
import pytest
import zarr


@pytest.fixture
def later(tmp_path):
    return cubes.write(cubes.weather(3, 2), tmp_path / "later.nc")


def reworded(store, change, array="air"):
    """Another writer's own document, and zarr-python's copy of it."""
    path = store / array / "zarr.json"
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))
    zarr.consolidate_metadata(store)


def zstd(**more):
    return {"name": "zstd", "configuration": {"level": 3, **more}}


def codecs_of(document, *codecs):
    little = {"name": "bytes", "configuration": {"endian": "little"}}
    document["codecs"] = [little, *codecs]


CHANGES = {
    "no separator": lambda d: d.update(chunk_key_encoding={"name": "default"}),
    "no empty members": lambda d: d.pop("storage_transformers", None),
    "fill value in bits": lambda d: d.update(fill_value="0x7fc00000"),
    "a fill value that is whole": lambda d: d.update(fill_value=0),
    "empty attributes": lambda d: d.update(attributes={}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_zarr_python_makes_of_a_document_is_the_same(
    tmp_path, store, later, change
):
    first = cubes.weather(0, 3)
    cubes.append(cubes.write(first, tmp_path / "first.nc"), store)
    name = "elevation" if change is CHANGES["empty attributes"] else "air"
    reworded(store, change, name)
    cubes.append(later, store)
    for consolidated in (False, True):
        found = zarr.open_group(store, mode="r", use_consolidated=consolidated)["air"]
        assert found.shape[0] == 5
        assert (found[3:] == cubes.weather(3, 2).air.values).all()


def test_codecs_with_their_defaults_left_out(tmp_path, store, later):
    words = ("--encoding", "*:compress=zstd,level=3,nodata=none")
    cubes.append(*words, cubes.write(cubes.weather(0, 3), tmp_path / "first.nc"), store)
    reworded(store, lambda document: codecs_of(document, zstd()))
    copy = json.loads((store / "zarr.json").read_text())["consolidated_metadata"]
    assert copy["metadata"]["air"]["codecs"][1] == zstd(checksum=False)
    cubes.append(later, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_the_advice_for_copies_that_differ_works(tmp_path, store, later, zarr_format):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--zarr-format", zarr_format, first, store)
    v3 = zarr_format == "3"
    path = store / ("zarr.json" if v3 else ".zmetadata")
    document = json.loads(path.read_text())
    nodes = (document["consolidated_metadata"] if v3 else document)["metadata"]
    nodes["air" if v3 else "air/.zarray"]["shape"][0] = 2
    path.write_text(json.dumps(document))
    with cubes.unchanged(store):
        done = cubes.append(later, store, status=1)
    assert "'shape' is [3, 4, 5] in air/" in done.message
    assert "zarr.consolidate_metadata" in done.message
    assert ("the member 'consolidated_metadata' of zarr.json" in done.message) == v3
    zarr.consolidate_metadata(store, zarr_format=int(zarr_format))
    cubes.append(later, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_a_copy_can_be_removed_as_well(tmp_path, store, later, zarr_format):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--zarr-format", zarr_format, first, store)
    if zarr_format == "3":
        document = json.loads((store / "zarr.json").read_text())
        document["consolidated_metadata"]["metadata"].pop("air")
        document.pop("consolidated_metadata")
        (store / "zarr.json").write_text(json.dumps(document))
    else:
        (store / ".zmetadata").unlink()
    cubes.append(later, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5), consolidated=False)
