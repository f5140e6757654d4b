"""Each layout of a new target is read alike by all readers, while it grows."""

import json

import cubes
import numpy as np
import pytest


@pytest.mark.parametrize("separator", [".", "/"])
@pytest.mark.parametrize("group", [None, "north", "a/b c/d"])
@pytest.mark.parametrize("consolidated", ["yes", "no"])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_every_layout_is_read_alike(
    tmp_path, store, zarr_format, consolidated, group, separator
):
    slices = cubes.weather_slices(tmp_path, (3, 2, 4))
    arguments = ["--zarr-format", zarr_format, "--consolidated", consolidated]
    arguments += ["--group", group] if group else []
    arguments += ["--encoding", "air:chunk=2x3x4"]
    cubes.append(*arguments, slices[0], store)
    if separator != default_separator(zarr_format):
        change_separator(store, separator)
    cubes.append(*(["--group", group] if group else []), slices[1], store)
    cubes.append(*(["--group", group] if group else []), slices[2], store)
    cubes.assert_reads_as(
        store, cubes.weather(0, 9), group, consolidated=consolidated == "yes"
    )


def default_separator(zarr_format):
    return "." if zarr_format == 2 else "/"


def change_separator(store, separator):
    """Rewrites a store with other chunk keys, as other software writes it."""
    for document in [*store.rglob(".zarray"), *store.rglob("zarr.json")]:
        text = json.loads(document.read_text())
        if "shape" not in text:
            continue
        array = document.parent
        chunks = {
            p.relative_to(array): p.read_bytes()
            for p in array.rglob("*")
            if p.is_file() and not p.name.startswith(".z") and p.name != "zarr.json"
        }
        for path in chunks:
            (array / path).unlink()
        for path, data in chunks.items():
            old = "." if separator == "/" else "/"
            key = str(path).replace(old, separator)
            if text["zarr_format"] == 3 and separator == "/" and key[0] == "c":
                key = key.replace(".", "/")
            (array / key).parent.mkdir(parents=True, exist_ok=True)
            (array / key).write_bytes(data)
    for document in [
        *store.rglob(".zarray"),
        *store.rglob("zarr.json"),
        *store.rglob(".zmetadata"),
    ]:
        text = json.loads(document.read_text())
        set_separator(text, separator)
        document.write_text(json.dumps(text, indent=2))


def set_separator(node, separator):
    if isinstance(node, dict):
        if "dimension_separator" in node:
            node["dimension_separator"] = separator
        if "chunk_key_encoding" in node:
            node["chunk_key_encoding"]["configuration"] = {"separator": separator}
        for value in node.values():
            set_separator(value, separator)


@pytest.mark.parametrize("consolidated", ["yes", "no"])
@pytest.mark.parametrize("group", [None, "north"])
def test_sharded_targets_grow_by_whole_shards(tmp_path, store, consolidated, group):
    slices = cubes.weather_slices(tmp_path, (4, 4, 4))
    arguments = ["--group", group] if group else []
    cubes.append(
        *arguments,
        "--consolidated",
        consolidated,
        "--encoding",
        "air:chunk=2x2x3,shard=4x4x6",
        *slices,
        store,
    )
    cubes.assert_reads_as(
        store, cubes.weather(0, 12), group, consolidated=consolidated == "yes"
    )
    document = json.loads((store / (group or "") / "air" / "zarr.json").read_text())
    assert document["chunk_grid"]["configuration"]["chunk_shape"] == [4, 4, 6]
    (codec,) = document["codecs"]
    assert codec["name"] == "sharding_indexed"
    assert codec["configuration"]["chunk_shape"] == [2, 2, 3]


def test_a_partly_filled_shard_is_replaced_only_when_allowed(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (3, 3))
    cubes.append("--encoding", "air:chunk=1x4x5,shard=4x4x5", slices[0], store)
    with cubes.unchanged(store):
        refused = cubes.append(slices[1], store, status=5)
        assert refused.message == (
            f"slice '{slices[1]}', array 'air': the append would replace a partly "
            "filled shard (3 of 4 rows), and a reader could fail at that moment. "
            "--merge-shards allows it. Nothing was written."
        )
    cubes.append("--merge-shards", slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_a_second_group_joins_a_store(tmp_path, store):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    cubes.append("--group", "north", first, store)
    cubes.append("--group", "south", first, second, store)
    cubes.append("--group", "north", second, store)
    for group in ("north", "south"):
        cubes.assert_reads_as(store, cubes.weather(0, 5), group)


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize(
    "compress", ["none", "zstd", "gzip", "blosc", "blosc:lz4", "zlib", "lzma", "lz4"]
)
def test_compressors(tmp_path, store, zarr_format, compress):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    only_v2 = compress in ("zlib", "lzma", "lz4")
    done = cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        f"*:compress={compress}",
        *slices,
        store,
        status=None,
    )
    if only_v2 and zarr_format == 3:
        assert done.status != 0
        assert compress in done.message
        assert not store.exists()
        return
    assert done.status == 0, done
    # lz4 of numcodecs has a header that GDAL reads and writes too.
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_default_compression_is_zstd_with_shuffle_through_blosc(two_slices, store):
    cubes.append(two_slices[0], store)
    document = json.loads((store / "air" / "zarr.json").read_text())
    (blosc,) = [c for c in document["codecs"] if c["name"] == "blosc"]
    assert blosc["configuration"]["cname"] == "zstd"
    assert blosc["configuration"]["clevel"] == 3
    assert blosc["configuration"]["shuffle"] == "shuffle"


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_big_chunks_are_split_and_labels_share_one(tmp_path, store, zarr_format):
    path = cubes.write(cubes.weather(0, 8, lat=1000, lon=1000), tmp_path / "big.nc")
    cubes.append("--zarr-format", zarr_format, path, store)
    arrays = cubes.zarr.open_group(str(store), mode="r")
    chunks = arrays["air"].chunks
    assert chunks[0] == 8
    assert 1 << 20 <= np.prod(chunks) * 4 <= 16 << 20
    assert arrays["time"].chunks == (1024,)
    cubes.assert_reads_as(store, cubes.weather(0, 8, lat=1000, lon=1000))


def test_the_append_dimension_may_be_any_axis(tmp_path, store):
    slices = []
    whole = cubes.weather(0, 7).transpose("lat", "lon", "time")
    for number, (low, high) in enumerate([(0, 3), (3, 4), (4, 7)]):
        part = whole.isel(time=slice(low, high))
        slices.append(cubes.write(part, tmp_path / f"{number}.nc"))
    cubes.append("--encoding", "air:chunk=3x2x2", *slices, store)
    cubes.assert_reads_as(store, whole)


def test_gdal_remembers_a_shard_by_its_path(tmp_path):
    """Pins a fact of GDAL's driver: a process that reads a shard, and reads it again
    after it was replaced, takes the old index for the new shard's."""
    path = tmp_path / "shard.zarr"

    def make(bits):
        values = np.random.default_rng(bits).integers(0, 2**bits, 9)
        group = cubes.zarr.open_group(str(path), mode="w")
        array = group.create_array(
            "data", shape=(9,), dtype="int64", chunks=(3,), shards=(9,), fill_value=0
        )
        array[...] = values
        return values

    values = make(3)
    assert cubes.same(cubes.read_gdal(path, consolidated=False)["data"], values)
    make(40)
    with pytest.raises(RuntimeError, match="cannot decode chunk"):
        cubes.read_gdal(path, consolidated=False)
