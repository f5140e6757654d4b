"""Stores of strangers: documents that lie, and links that lead elsewhere."""

import json
import os

import cubes
import hostile
import pytest

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


@pytest.fixture
def next_slice(tmp_path):
    return cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")


@pytest.fixture
def victim(tmp_path):
    return hostile.victim(tmp_path)


def consolidated_with(store, name, array="air"):
    """Lists an array under another name, in the consolidated metadata."""
    if (store / "zarr.json").exists():

        def change(root):
            nodes = root["consolidated_metadata"]["metadata"]
            nodes[name] = dict(nodes[array])

        hostile.edit(store / "zarr.json", change)
    else:

        def change(root):
            nodes = root["metadata"]
            for kind in (".zarray", ".zattrs"):
                nodes[f"{name}/{kind}"] = dict(nodes[f"{array}/{kind}"])

        hostile.edit(store / ".zmetadata", change)


# Names in consolidated metadata


@pytest.mark.parametrize(
    "name",
    [
        "..",
        ".",
        "../victim",
        "../../x",
        "air/..",
        "air/../..",
        "/etc",
        "/",
        "",
        "air//x",
        "./air",
        "air/.",
        "..\0",
        "air\0x",
        "a\nb",
        "\x1b[2J",
        "x" * 300,
        "x/" * 3000,
        "é" * 200,
    ],
)
def test_names_in_consolidated_metadata(target, tmp_path, next_slice, victim, name):
    consolidated_with(target, name)
    with hostile.untouched(tmp_path / "victim", target):
        done = hostile.survived(next_slice, target)
        assert done.status != 0 or name.count("/"), done
    assert "\x1b" not in done.message


@pytest.mark.parametrize("name", ["..", "../victim", "/victim"])
def test_an_array_outside_that_is_just_as_described(target, tmp_path, next_slice, name):
    """Its documents are there, and agree with the copy."""
    outside = tmp_path if name == ".." else tmp_path / "victim"
    outside.mkdir(exist_ok=True)
    source = hostile.document(target, "air")
    (outside / source.name).write_bytes(source.read_bytes())
    if source.name == ".zarray":
        attributes = target / "air" / ".zattrs"
        (outside / ".zattrs").write_bytes(attributes.read_bytes())
    consolidated_with(target, name if name != "/victim" else str(outside))
    before = (outside / source.name).read_bytes()
    done = hostile.survived(next_slice, target)
    assert (outside / source.name).read_bytes() == before, done
    allowed = {source.name, ".zattrs", "next.nc", "first.nc", "cube.zarr", "victim"}
    assert set(os.listdir(outside)) <= allowed | {"cube.zarr.mdimappend"}, done


@pytest.mark.parametrize("dimension", ["..", "../x", "", "a/b", "\0", "x" * 100000])
@FORMATS
def test_names_of_dimensions(tmp_path, next_slice, zarr_format, dimension):
    store = tmp_path / "cube.zarr"
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--zarr-format", zarr_format, first, store)

    def change(node):
        node["dimension_names"] = ["time", "lat", dimension]

    if zarr_format == "3":
        hostile.edit_array(store, "air", change)
    else:
        names = {"_ARRAY_DIMENSIONS": ["time", "lat", dimension]}
        hostile.edit(store / "air" / ".zattrs", lambda node: node.update(names))
        hostile.edit(
            store / ".zmetadata",
            lambda root: root["metadata"]["air/.zattrs"].update(names),
        )
    with hostile.untouched(store):
        hostile.refused(next_slice, store)


# Links


def into_victim(target, victim, *parts):
    """A part of the store becomes a link to what a victim has."""
    path = target.joinpath(*parts)
    moved = victim / "moved"
    if path.exists():
        path.rename(moved)
    else:
        moved.mkdir()
    path.symlink_to(moved)
    return path


def test_an_array_that_is_a_link(target, next_slice, victim):
    link = into_victim(target, victim, "air")
    with hostile.untouched(victim):
        hostile.refused(next_slice, target, words=[link, "link"])
    assert link.is_symlink()


def test_a_folder_of_chunks_that_is_a_link(tmp_path, store, next_slice, victim):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--encoding", "air:chunk=1x4x5", first, store)
    # Where the next chunks go: what the victim calls `0` is not theirs.
    for number in ("3", "4"):
        folder = store / "air" / "c" / number
        folder.symlink_to(victim)
    with hostile.untouched(victim):
        hostile.refused(next_slice, store, words=["link"])


def test_all_chunks_of_an_array_in_a_link(store, tmp_path, next_slice, victim):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(first, store)
    into_victim(store, victim, "air", "c")
    with hostile.untouched(victim):
        hostile.refused(next_slice, store, words=["link"])


def test_chunks_that_are_links(tmp_path, store, next_slice, victim):
    """A chunk that is replaced takes the link's place, and not that of what it
    leads to; so does one that is new."""
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--encoding", "air:chunk=2x4x5", first, store)
    chunk = store / "air" / "c" / "1" / "0" / "0"
    chunk.rename(victim / "chunk")
    chunk.symlink_to(victim / "chunk")
    fresh = store / "air" / "c" / "2" / "0" / "0"
    fresh.parent.mkdir(parents=True)
    fresh.symlink_to(victim / "letter.txt")
    with hostile.untouched(victim):
        hostile.survived(next_slice, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    assert not chunk.is_symlink()
    assert not fresh.is_symlink()


def test_documents_that_are_links(target, next_slice, victim):
    document = hostile.document(target, "air")
    document.rename(victim / "document")
    document.symlink_to(victim / "document")
    with hostile.untouched(victim):
        hostile.survived(next_slice, target)


@pytest.mark.parametrize("document", ["root", "array"])
@pytest.mark.parametrize(
    "elsewhere", ["/etc/passwd", "/dev/zero", "/dev/stdin", "/proc/self/environ", "/"]
)
def test_a_document_that_is_a_link_to_something_else(
    target, next_slice, document, elsewhere
):
    path = hostile.document(target, "air")
    if document == "root":
        path = target / ("zarr.json" if path.name == "zarr.json" else ".zmetadata")
    path.unlink()
    path.symlink_to(elsewhere)
    with hostile.untouched(target):
        done = hostile.refused(next_slice, target)
    assert "root:" not in done.message


def test_links_in_a_circle(target, next_slice):
    path = hostile.document(target, "air")
    path.unlink()
    path.symlink_to(path.name)
    hostile.refused(next_slice, target, words=["air"])


# Objects that are no files


@pytest.mark.parametrize("kind", ["fifo", "folder"])
@pytest.mark.parametrize("which", ["root", "array", "chunk", "new chunk"])
def test_objects_that_are_no_files(tmp_path, store, next_slice, kind, which):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--encoding", "air:chunk=2x4x5", first, store)
    path = {
        "root": store / "zarr.json",
        "array": store / "air" / "zarr.json",
        "chunk": store / "air" / "c" / "1" / "0" / "0",
        "new chunk": store / "air" / "c" / "2" / "0" / "0",
    }[which]
    path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    if kind == "fifo":
        os.mkfifo(path)
    else:
        path.mkdir()
    done = hostile.survived(next_slice, store)
    if which != "new chunk" or kind == "folder":
        assert done.status == 1, done
        assert str(path) in done.message
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("target", ["fifo", "/dev/zero", "/dev/null", "/proc/self/mem"])
def test_targets_that_are_no_stores(tmp_path, next_slice, target):
    if target == "fifo":
        target = tmp_path / "fifo"
        os.mkfifo(target)
    hostile.refused(next_slice, target, words=[target])


# Documents that lie


ABSURD = [
    2**31,
    2**40,
    2**62,
    2**63 - 1,
    2**63,
    2**64,
    10**30,
    0,
    -1,
    1.5,
    True,
    "3",
    None,
    [],
    {},
]


@pytest.mark.parametrize("size", ABSURD)
@pytest.mark.parametrize("which", ["time", "air"])
def test_absurd_sizes(target, next_slice, which, size):
    def change(node):
        node["shape"] = [size, *node["shape"][1:]]

    hostile.edit_array(target, which, change)
    with hostile.untouched(target):
        hostile.refused(next_slice, target)


@pytest.mark.parametrize("size", [2**31, 2**40, 2**62, 2**63 - 1])
def test_an_absurd_size_of_all_arrays(target, next_slice, size):
    """The same along a dimension everywhere: nothing disagrees."""
    for name in ("time", "air"):
        hostile.edit_array(
            target, name, lambda node: node.update(shape=[size, *node["shape"][1:]])
        )
    with hostile.untouched(target):
        hostile.refused(next_slice, target)
    for name in ("status", "recover"):
        hostile.verb(name, target)


def set_chunk(node, chunk):
    if "chunks" in node:
        node["chunks"] = chunk
    else:
        node["chunk_grid"]["configuration"]["chunk_shape"] = chunk


@pytest.mark.parametrize("size", [*ABSURD, 2**28])
@pytest.mark.parametrize("which", ["time", "air"])
def test_absurd_chunks(target, next_slice, which, size):
    def change(node):
        set_chunk(node, [size, *node["shape"][1:]])

    hostile.edit_array(target, which, change)
    # 2^28 labels of 8 bytes are 2 GiB: too large for this test's limit only.
    done = hostile.survived(next_slice, target)
    if size != 2**28:
        assert done.status in (1, 5), done
    assert cubes.leftovers(target) == []


@pytest.mark.parametrize("rank", [33, 1000, 100000])
def test_an_absurd_rank(target, next_slice, rank):
    def change(node):
        node["shape"] = [1] * rank
        set_chunk(node, [1] * rank)

    hostile.edit_array(target, "air", change)
    with hostile.untouched(target):
        hostile.refused(next_slice, target, words=["air"])


def test_one_byte_in_each_chunk(target, next_slice):
    """A plan of 2^40 chunks would be no plan."""
    for name in ("air", "lat", "lon", "elevation"):

        def change(node):
            grown = [2**20 if s in (4, 5) else s for s in node["shape"]]
            node["shape"] = grown
            set_chunk(node, [1] * len(grown))

        hostile.edit_array(target, name, change)
    with hostile.untouched(target):
        hostile.refused("--on-coordinate", "ignore", next_slice, target)


@pytest.mark.parametrize(
    "fill", ["x", 1e308, 1e39, -(2**70), {}, [], [1, 2, 3], "0xZZ", "9" * 100000, True]
)
def test_absurd_fill_values(target, next_slice, fill):
    hostile.edit_array(target, "air", lambda node: node.update(fill_value=fill))
    hostile.survived(next_slice, target)
    assert cubes.leftovers(target) == []


@pytest.mark.parametrize("separator", ["..", "", "/../", "\0", 5, None, "-", "//"])
def test_absurd_separators(target, next_slice, separator):
    def change(node):
        if "chunks" in node:
            node["dimension_separator"] = separator
        else:
            encoding = {"name": "default", "configuration": {"separator": separator}}
            node["chunk_key_encoding"] = encoding

    hostile.edit_array(target, "air", change)
    done = hostile.survived(next_slice, target)
    if separator is not None:
        assert done.status == 1, done
        assert "separator" in done.message


BYTES = {"name": "bytes", "configuration": {"endian": "little"}}


@FORMATS
@pytest.mark.parametrize(
    "codec",
    [
        {"blosc": {"blocksize": 2**31 - 1}},
        {"blosc": {"blocksize": -1}},
        {"blosc": {"blocksize": 2**62}},
        {"blosc": {"clevel": 99}},
        {"blosc": {"typesize": 0}},
        {"blosc": {"typesize": 2**40}},
        {"blosc": {"cname": "../../x"}},
        {"blosc": {"shuffle": 77}},
        {"zstd": {"level": 2**40}},
        {"zstd": {"level": "x"}},
        {"gzip": {"level": -77}},
        {"gzip": {}},
        {"gzip": None},
        {"gzip": []},
        {"crc32c": {"x": 1}},
        {"lzma": {"preset": 2**40}},
        {"no" * 10000: {}},
    ],
)
def test_absurd_codecs(tmp_path, next_slice, zarr_format, codec):
    ((name, configuration),) = codec.items()
    store = tmp_path / "cube.zarr"
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(
        "--zarr-format", zarr_format, "--encoding", "*:compress=none", first, store
    )

    def change(node):
        if zarr_format == "2":
            node["compressor"] = {
                "id": name,
                **(configuration if isinstance(configuration, dict) else {}),
            }
        else:
            node["codecs"] = [BYTES, {"name": name, "configuration": configuration}]

    hostile.edit_array(store, "air", change)
    hostile.survived(next_slice, store)
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize(
    "codecs",
    [
        [],
        [BYTES] * 1000,
        [{"name": "transpose", "configuration": {"order": [0, 0, 0]}}, BYTES],
        [{"name": "transpose", "configuration": {"order": [2**60, -1, 5]}}, BYTES],
        [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": [1, 1, 0],
                    "codecs": [BYTES],
                    "index_codecs": [BYTES],
                },
            }
        ],
        [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": [1, 1, 2**63],
                    "codecs": [BYTES],
                    "index_codecs": [BYTES, {"name": "crc32c"}],
                    "index_location": "../x",
                },
            }
        ],
    ],
)
def test_absurd_chains_of_codecs(tmp_path, store, next_slice, codecs):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(first, store)
    hostile.edit_array(store, "air", lambda node: node.update(codecs=codecs))
    with hostile.untouched(store):
        hostile.refused(next_slice, store, words=["air"])


def test_codecs_nested_in_each_other(tmp_path, store, next_slice):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(first, store)
    inner = [BYTES]
    for _ in range(80):
        inner = [
            {
                "name": "sharding_indexed",
                "configuration": {
                    "chunk_shape": [1, 1, 1],
                    "codecs": inner,
                    "index_codecs": [BYTES],
                },
            }
        ]
    hostile.edit_array(store, "air", lambda node: node.update(codecs=inner))
    with hostile.untouched(store):
        hostile.refused(next_slice, store, words=["shards within shards"])


# Documents that are too much


@pytest.mark.parametrize("which", ["root", "array", "attributes"])
def test_deep_documents(target, next_slice, which):
    path = hostile.document(target, "air")
    isV3 = path.name == "zarr.json"
    if which == "root":
        path = target / ("zarr.json" if isV3 else ".zmetadata")
    if which == "attributes":
        path = target / "air" / ("zarr.json" if isV3 else ".zattrs")
    text = path.read_text().rstrip()
    assert text.endswith("}")
    path.write_text(text[:-1] + ', "deep": ' + hostile.deep(100_000) + "}")
    with hostile.untouched(target):
        hostile.refused(next_slice, target, words=["nested too deeply"])


@pytest.mark.parametrize("which", ["root", "array"])
def test_a_document_of_2_gigabytes(target, next_slice, which):
    """A sparse file, which takes no space and would take all memory."""
    path = hostile.document(target, "air")
    if which == "root":
        path = target / ("zarr.json" if path.name == "zarr.json" else ".zmetadata")
    os.truncate(path, 2 << 30)
    hostile.refused(next_slice, target, words=[path, "bytes"])


@pytest.mark.parametrize("size", [2 << 20, 1 << 30, 8 << 30])
def test_a_chunk_of_gigabytes(tmp_path, store, next_slice, size):
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--encoding", "air:chunk=2x4x5", first, store)
    chunk = store / "air" / "c" / "1" / "0" / "0"
    os.truncate(chunk, size)
    hostile.refused(next_slice, store, words=["air", "bytes"])
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("count", [20_000, 200_000])
def test_very_many_attributes(target, next_slice, count):
    attributes = {f"attribute {i}": i for i in range(count)}
    if (target / "zarr.json").exists():

        def change(node):
            node["attributes"].update(attributes)

        hostile.edit_array(target, "air", change)
    else:
        hostile.edit(target / "air" / ".zattrs", lambda node: node.update(attributes))
        hostile.edit(
            target / ".zmetadata",
            lambda root: root["metadata"]["air/.zattrs"].update(attributes),
        )
    hostile.survived(next_slice, target)
    assert cubes.leftovers(target) == []


def test_very_many_nodes(target, next_slice):
    """All listed, none of them there."""
    isV3 = (target / "zarr.json").exists()

    def change(root):
        nodes = (root["consolidated_metadata"] if isV3 else root)["metadata"]
        for i in range(100_000):
            nodes[f"group{i}" if isV3 else f"group{i}/.zgroup"] = {"zarr_format": 3}

    hostile.edit(target / ("zarr.json" if isV3 else ".zmetadata"), change)
    hostile.survived(next_slice, target)
    assert cubes.leftovers(target) == []


@pytest.mark.parametrize(
    "text", ["", "\0" * 100, "[]", "null", "5", '"x"', "{", "\ufeff{}", "{}" * 1000]
)
@pytest.mark.parametrize("which", ["root", "array"])
def test_documents_that_are_none(target, next_slice, text, which):
    path = hostile.document(target, "air")
    if which == "root":
        path = target / ("zarr.json" if path.name == "zarr.json" else ".zmetadata")
    path.write_text(text)
    with hostile.untouched(target):
        hostile.refused(next_slice, target, words=["air" if which == "array" else ""])


# Chunks that expand


@pytest.mark.parametrize("codec", ["gzip", "zstd", "blosc", "zlib", "lzma", "lz4"])
def test_a_chunk_that_expands_to_gigabytes(tmp_path, next_slice, codec):
    """It has to be merged with, so it is decoded."""
    bomb = hostile.gigabyte_of_zeros(codec)
    assert len(bomb) < 20 << 20
    first = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    encoding = f"air:chunk=2x4x5,compress={codec}"
    # The others are codecs of Zarr V2.
    formats = ("2", "3") if codec in ("gzip", "zstd", "blosc") else ("2",)
    for zarr_format in formats:
        store = tmp_path / f"v{zarr_format}" / "cube.zarr"
        store.parent.mkdir()
        cubes.append("--zarr-format", zarr_format, "--encoding", encoding, first, store)
        chunk = store / "air" / ("1.0.0" if zarr_format == "2" else "c/1/0/0")
        chunk.write_bytes(bomb)
        hostile.refused(next_slice, store, words=["air"])
        assert cubes.leftovers(store) == []
        assert chunk.read_bytes() == bomb


def test_a_label_that_expands(target, next_slice):
    """The labels are read before anything else."""
    numcodecs = pytest.importorskip("numcodecs")
    time = target / "time" / ("c/0" if (target / "zarr.json").exists() else "0")
    time.write_bytes(numcodecs.Blosc(cname="zstd").encode(bytes(1 << 30)))
    with hostile.untouched(target):
        hostile.refused(next_slice, target, words=["time"])


# Texts of attributes


@pytest.mark.parametrize(
    "units",
    [
        "(0" + " " * 500_000 + "- 1)",
        "[" * 200_000 + "c" + "]" * 200_000,
        "(" * 200_000 + "m" + ")" * 200_000,
        "m^999999999",
        "m" * 1_000_000,
        "m-" * 200_000 + "1",
        "days since " + "9" * 500_000,
        " since " * 100_000,
        "lg(" * 50_000,
    ],
    ids=lambda text: text[:12],
)
@pytest.mark.parametrize("which", ["air", "time"])
def test_absurd_units(target, next_slice, which, units):
    if (target / "zarr.json").exists():
        hostile.edit_array(
            target, which, lambda node: node["attributes"].update(units=units)
        )
    else:
        hostile.edit(target / which / ".zattrs", lambda node: node.update(units=units))
        hostile.edit(
            target / ".zmetadata",
            lambda root: root["metadata"][f"{which}/.zattrs"].update(units=units),
        )
    with hostile.untouched(target):
        done = hostile.refused(next_slice, target)
    assert len(done.message) < 10_000


def test_a_message_has_no_escape_sequences(target, next_slice):
    """They would reach the terminal of whoever runs the command."""
    text = json.dumps("\x1b]0;owned\x07")[1:-1]
    path = hostile.document(target, "air")
    path.write_text(path.read_text().replace("float32", text).replace("<f4", text))
    done = hostile.refused(next_slice, target)
    assert "\x1b" not in done.stderr
