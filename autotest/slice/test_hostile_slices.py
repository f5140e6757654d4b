"""Slices of strangers: names, sizes and values that lie, objects that are no
files, and references to files that are none of their business."""

import json
import os

import cubes
import hostile
import netCDF4
import pytest

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


@pytest.fixture
def victim(tmp_path):
    return hostile.victim(tmp_path)


def netcdf(path, names, dimension="x"):
    """A slice of one step with arrays of these names."""
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 1)
        file.createDimension(dimension, 3)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [0]
        for name in names:
            file.createVariable(name, "f4", ("time", dimension))[:] = [[1, 2, 3]]
    return path


def zarr_slice(path, name, zarr_format):
    """The same as a Zarr store, its documents written by hand."""
    arrays = {"time": (["time"], "float64"), name: (["time", "x"], "float32")}
    nodes = {}
    for each, (dimensions, kind) in arrays.items():
        shape = [1, 3][: len(dimensions)]
        attributes = {"units": "days since 2000-01-01"} if each == "time" else {}
        if zarr_format == "3":
            nodes[each] = {
                "zarr_format": 3,
                "node_type": "array",
                "shape": shape,
                "data_type": kind,
                "chunk_grid": {
                    "name": "regular",
                    "configuration": {"chunk_shape": shape},
                },
                "chunk_key_encoding": {"name": "default"},
                "fill_value": 0,
                "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
                "attributes": attributes,
                "dimension_names": dimensions,
            }
        else:
            nodes[f"{each}/.zarray"] = {
                "zarr_format": 2,
                "shape": shape,
                "chunks": shape,
                "dtype": "<f8" if kind == "float64" else "<f4",
                "fill_value": 0,
                "order": "C",
                "compressor": None,
                "filters": None,
            }
            nodes[f"{each}/.zattrs"] = {
                "_ARRAY_DIMENSIONS": dimensions,
                **attributes,
            }
    path.mkdir()
    if zarr_format == "3":
        root = {
            "zarr_format": 3,
            "node_type": "group",
            "attributes": {},
            "consolidated_metadata": {
                "kind": "inline",
                "must_understand": False,
                "metadata": nodes,
            },
        }
        (path / "zarr.json").write_text(json.dumps(root))
    else:
        nodes[".zgroup"] = {"zarr_format": 2}
        (path / ".zgroup").write_text('{"zarr_format": 2}')
        (path / ".zmetadata").write_text(
            json.dumps({"zarr_consolidated_format": 1, "metadata": nodes})
        )
    return path


# Names

NAMES = [
    "..",
    ".",
    "../../x",
    "/abs",
    "a/b",
    ".zgroup",
    ".zarray",
    "zarr.json",
    "c",
    "0",
    "\\",
    "a\\..\\b",
    "a\nb",
    "\x7f",
    "~",
    "$HOME",
    "%s%n",
    "con",
    "x" * 250,
    "é" * 120,
    " ",
    "-",
    "--overwrite",
]


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:20])
@FORMATS
def test_names_of_arrays_in_netcdf(tmp_path, store, victim, zarr_format, name):
    path = tmp_path / "slice.nc"
    try:
        netcdf(path, [name])
    except (RuntimeError, ValueError, OSError) as failure:
        pytest.skip(f"the library has no such name: {failure}")
    with hostile.untouched(victim):
        hostile.survived("--zarr-format", zarr_format, path, store)
    expected = {"victim", "slice.nc", "cube.zarr", "cube.zarr.mdimappend"}
    assert set(os.listdir(tmp_path)) <= expected
    if store.exists():
        cubes.open_gdal(store)
        assert ".." not in os.listdir(store)


@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name)[:20])
@pytest.mark.parametrize("zarr_format", ["2", "3"])
def test_names_of_arrays_in_zarr(tmp_path, store, victim, zarr_format, name):
    path = zarr_slice(tmp_path / "slice.zarr", name, zarr_format)
    with hostile.untouched(victim, path):
        hostile.survived(path, store)
    expected = {"victim", "slice.zarr", "cube.zarr", "cube.zarr.mdimappend"}
    assert set(os.listdir(tmp_path)) <= expected


@pytest.mark.parametrize("name", ["../x", "..", "a/b", "", "x" * 300, "\x1b[2J"])
def test_names_of_dimensions(tmp_path, store, victim, name):
    path = tmp_path / "slice.nc"
    try:
        netcdf(path, ["air"], dimension=name)
    except (RuntimeError, ValueError, OSError) as failure:
        pytest.skip(f"the library has no such name: {failure}")
    with hostile.untouched(victim):
        done = hostile.survived(path, store)
    assert "\x1b" not in done.stdout + done.stderr


@FORMATS
def test_names_that_become_the_same(tmp_path, store, zarr_format):
    """`a_b`, and one that would be stored under that name."""
    path = zarr_slice(tmp_path / "slice.zarr", "a\\b", zarr_format)
    if zarr_format == "3":

        def change(root):
            nodes = root["consolidated_metadata"]["metadata"]
            nodes["a_b"] = nodes["a\\b"]

        hostile.edit(path / "zarr.json", change)
    else:

        def change(root):
            for kind in (".zarray", ".zattrs"):
                root["metadata"][f"a_b/{kind}"] = root["metadata"][f"a\\b/{kind}"]

        hostile.edit(path / ".zmetadata", change)
    done = hostile.refused(path, store)
    assert "a_b" in done.message
    assert not store.exists()


def test_names_that_normalise_alike(tmp_path, store):
    """To Unicode they may be the same, to a file system of Linux they are not."""
    path = netcdf(tmp_path / "slice.nc", ["caf\u00e9", "x"])
    hostile.survived(path, store)
    again = netcdf(tmp_path / "again.nc", ["cafe\u0301", "x"])
    hostile.survived(again, store)


@pytest.mark.parametrize(
    "rename", ["air=../x", "air=..", "air=/x", "air=zarr.json", "air=", "air=a/b"]
)
def test_new_names_lead_nowhere(tmp_path, store, rename):
    path = cubes.write(cubes.weather(0, 1), tmp_path / "slice.nc")
    done = cubes.append("--rename", rename, path, store, status=None)
    assert done.status in (0, 1, 2, 5), done
    expected = {"slice.nc", "cube.zarr", "cube.zarr.mdimappend"}
    assert set(os.listdir(tmp_path)) <= expected
    if store.exists():
        assert done.status == 0
        cubes.open_gdal(store)


@pytest.mark.parametrize("group", ["..", "../x", "a/../..", "/etc", "a/..", "."])
def test_groups_lead_nowhere(tmp_path, target, group):
    path = cubes.write(cubes.weather(3, 1), tmp_path / "slice.nc")
    done = cubes.append("--group", group, path, target, status=None)
    assert done.status in (0, 1, 2, 5), done
    expected = {"slice.nc", "first.nc", "cube.zarr", "cube.zarr.mdimappend"}
    assert set(os.listdir(tmp_path)) <= expected


# Objects that are no files


@pytest.mark.parametrize(
    "name",
    [
        "/dev/zero",
        "/dev/null",
        "/dev/full",
        "/dev/random",
        "/dev/tty",
        "/proc/self/mem",
        "/proc/self/environ",
        "/proc/cpuinfo",
        "/proc",
        "/sys",
        "/",
        "fifo",
        "socket",
    ],
)
def test_slices_that_are_no_files(target, tmp_path, name):
    if name == "fifo":
        name = tmp_path / "fifo"
        os.mkfifo(name)
    if name == "socket":
        name = tmp_path / "socket"
        os.mknod(name, 0o140644)
    with hostile.untouched(target):
        hostile.refused(name, target, statuses=(4, 5), words=[name])


@pytest.mark.parametrize("options", [["--wait", "0.3s"], ["--poll-interval", "0.1s"]])
def test_waiting_for_a_fifo(target, tmp_path, options):
    path = tmp_path / "fifo"
    os.mkfifo(path)
    with hostile.untouched(target):
        hostile.refused(*options, path, target, words=[path])


def test_a_sparse_file_of_terabytes(target, tmp_path):
    """What follows the first bytes are zeros without end, also as entries of lists
    that have as many as they claim."""
    path = tmp_path / "slice.nc"
    dimensions = b"CDF\1" + bytes(4) + b"\0\0\0\x0a" + b"\xff" * 4
    variables = (
        (b"CDF\1" + bytes(4) + b"\0\0\0\x0a\0\0\0\1\0\0\0\1x\0\0\0\0\0\0\1")
        + bytes(8)
        + b"\0\0\0\x0b\xff\xff\xff\xff"
    )
    for start in (
        b"CDF\1" + b"\xff" * 100,
        dimensions,
        variables,
        variables + b"\0\0\0\1v\0\0\0" + b"\xff" * 4,
        b"CDF\5" + b"\0" * 100,
        b"\x89HDF\r\n\x1a\n",
    ):
        path.write_bytes(start)
        os.truncate(path, 4 << 40)
        with hostile.untouched(target):
            hostile.refused(path, target, words=[path])


# Sizes


@pytest.mark.parametrize("size", [2**28, 2**31, 2**40, 2**62])
@pytest.mark.parametrize("which", ["time", "x"])
def test_dimensions_that_nobody_has(tmp_path, target, size, which):
    """HDF5 and Zarr hold any size in a few bytes."""
    path = zarr_slice(tmp_path / "slice.zarr", "air", "3")

    def change(root):
        nodes = root["consolidated_metadata"]["metadata"]
        for node in nodes.values():
            axis = (
                node["dimension_names"].index(which)
                if which in node["dimension_names"]
                else None
            )
            if axis is not None:
                node["shape"][axis] = size

    hostile.edit(path / "zarr.json", change)
    with hostile.untouched(target):
        hostile.refused(path, target)
    # Arrays of terabytes are read, for hours: they may be what they say.
    if which == "time" or size == 2**62:
        hostile.refused(path, tmp_path / "new.zarr")
        assert not (tmp_path / "new.zarr").exists()


def test_a_sparse_netcdf_of_exabytes(tmp_path, target, store):
    path = tmp_path / "slice.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 1)
        file.createDimension("x", 2**31)
        file.createDimension("y", 2**29)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [0]
        file.createVariable(
            "air", "f4", ("time", "y", "x"), chunksizes=(1, 1, 1024), fill_value=False
        )
        file.createVariable("x", "f8", ("x",), chunksizes=(1024,), fill_value=False)
    with hostile.untouched(target):
        hostile.refused(path, target)


def test_texts_that_nobody_has(tmp_path, store):
    """An array of texts is read to find the longest one."""
    path = zarr_slice(tmp_path / "slice.zarr", "air", "3")

    def change(root):
        node = root["consolidated_metadata"]["metadata"]["air"]
        node["shape"] = [1, 2**40]
        node["chunk_grid"]["configuration"]["chunk_shape"] = [1, 2**20]
        node["data_type"] = "string"
        node["fill_value"] = ""
        node["codecs"] = [{"name": "vlen-utf8"}]

    hostile.edit(path / "zarr.json", change)
    hostile.refused(path, store, words=["air"])


# Values


@pytest.mark.parametrize("codec", ["gzip", "zstd", "blosc"])
def test_a_chunk_that_expands_to_gigabytes(tmp_path, store, codec):
    bomb = hostile.gigabyte_of_zeros(codec)

    def change_v2(node):
        node["compressor"] = {"id": codec, "level": 1}

    def change_v3(node):
        node["codecs"] = [node["codecs"][0], {"name": codec, "configuration": {}}]

    for zarr_format, change, key in (
        (2, change_v2, "0.0.0"),
        (3, change_v3, "c/0/0/0"),
    ):
        path = tmp_path / f"slice{zarr_format}.zarr"
        cubes.weather(0, 2).to_zarr(path, zarr_format=zarr_format)
        hostile.edit_array(path, "air", change)
        (path / "air" / key).write_bytes(bomb)
        hostile.refused(path, store)
        assert not store.exists()


@FORMATS
def test_deep_attributes(tmp_path, store, zarr_format):
    path = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(path, zarr_format=int(zarr_format))
    document = path / ("zarr.json" if zarr_format == "3" else ".zmetadata")
    text = document.read_text().rstrip()
    document.write_text(text[:-1] + ', "deep": ' + hostile.deep(100_000) + "}")
    hostile.survived(path, store)


def test_a_document_of_gigabytes(tmp_path, store):
    path = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(path, zarr_format=3)
    os.truncate(path / "zarr.json", 2 << 30)
    hostile.refused(path, store, words=[path])


@pytest.mark.parametrize(
    "units",
    [
        "(0" + " " * 100_000 + "- 1)",
        "[" * 50_000 + "c" + "]" * 50_000,
        "(" * 50_000 + "m" + ")" * 50_000,
        "m^2147483647",
        "K^-99999999999999999999",
        "lg(" * 20_000 + "re 1 m" + ")" * 20_000,
        "K since " * 10_000,
    ],
    ids=lambda text: text[:12],
)
def test_absurd_units(target, tmp_path, units):
    dataset = cubes.weather(3, 2)
    dataset["air"].attrs["units"] = units
    path = cubes.write(dataset, tmp_path / "slice.nc")
    with hostile.untouched(target):
        done = hostile.refused(path, target, statuses=(5,), words=["air"])
    assert len(done.message) < 10_000


@pytest.mark.parametrize(
    "attribute",
    ["coordinates", "bounds", "grid_mapping", "cell_measures", "ancillary_variables"],
)
def test_absurd_references(store, tmp_path, attribute):
    dataset = cubes.weather(0, 2)
    dataset["elevation"].attrs[attribute] = "../../x " * 10_000 + "air: " * 10_000
    dataset["lat"].attrs[attribute] = "lat"
    dataset["lon"].attrs[attribute] = "/etc/passwd"
    path = cubes.write(dataset, tmp_path / "slice.nc")
    hostile.survived(path, store)
    expected = {"slice.nc", "cube.zarr", "cube.zarr.mdimappend"}
    assert set(os.listdir(tmp_path)) <= expected


def test_attributes_with_escape_sequences(target, tmp_path):
    dataset = cubes.weather(3, 2)
    dataset["air"].attrs["units"] = "\x1b]0;owned\x07"
    path = cubes.write(dataset, tmp_path / "slice.nc")
    done = hostile.refused(path, target)
    assert "\x1b" not in done.stderr


# Links


@FORMATS
def test_a_slice_made_of_links(tmp_path, store, victim, zarr_format):
    """What GDAL reads through them is read, and nothing is changed there."""
    path = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(path, zarr_format=int(zarr_format))
    (path / "air").rename(victim / "air")
    (path / "air").symlink_to(victim / "air")
    (path / "up").symlink_to("..")
    with hostile.untouched(victim, path):
        hostile.survived(path, store)


def test_a_slice_that_holds_itself(tmp_path, store):
    path = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(path, zarr_format=3)
    for name in ("a", "b", "air/c/x"):
        (path / name).symlink_to(path)
    hostile.survived("--wait", "1s", "--poll-interval", "0.1s", path, store)


# References to other files


def references(path, uri, offset=0, size=20):
    """A reference file (Kerchunk) whose one chunk is bytes of another file."""

    def array(shape, dtype):
        return json.dumps(
            {
                "zarr_format": 2,
                "shape": shape,
                "chunks": shape,
                "dtype": dtype,
                "fill_value": 0,
                "order": "C",
                "compressor": None,
                "filters": None,
            }
        )

    refs = {
        ".zgroup": '{"zarr_format": 2}',
        "time/.zarray": array([1], "<f8"),
        "time/.zattrs": json.dumps(
            {"_ARRAY_DIMENSIONS": ["time"], "units": "days since 2000-01-01"}
        ),
        "time/0": "base64:AAAAAAAAAAA=",
        "air/.zarray": array([1, size], "|u1"),
        "air/.zattrs": json.dumps({"_ARRAY_DIMENSIONS": ["time", "x"]}),
        "air/0.0": [str(uri), offset, size],
    }
    path.write_text(json.dumps({"version": 1, "refs": refs}))
    return path


@pytest.mark.parametrize(
    "uri",
    [
        "/etc/passwd",
        "file:///etc/passwd",
        "../secret.txt",
        "link",
        "link/../secret.txt",
        "/vsicurl/file:///etc/passwd",
        "/vsisubfile/0_20,/etc/passwd",
        "/vsimem/x",
        "/proc/self/environ",
    ],
)
@pytest.mark.parametrize("form", ["{}", 'ZARR:"{}"', "/vsikerchunk_json_ref/{{{}}}"])
def test_references_to_files_elsewhere(tmp_path, store, uri, form):
    """They would become data, in a cube that others read."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("x" * 100)
    (folder / "link").symlink_to(tmp_path / "secret.txt")
    path = references(folder / "slice.json", uri)
    done = hostile.refused(form.format(path), store, statuses=(4, 5))
    assert not store.exists()
    if done.status == 5:
        assert "is a reference file: it refers to" in done.message
        assert "MDIMAPPEND_REFERENCES=ANYWHERE" in done.message


@pytest.mark.parametrize("uri", ["data.bin", "below/data.bin", "{}/data.bin"])
def test_references_to_files_beside(tmp_path, store, uri):
    data = bytes(range(1, 21))
    for place in (tmp_path, tmp_path / "below"):
        place.mkdir(exist_ok=True)
        (place / "data.bin").write_bytes(data)
    path = references(tmp_path / "slice.json", uri.format(tmp_path))
    cubes.append(path, store)
    assert bytes(cubes.read_zarr(store)["air"].ravel()) == data


def test_references_to_files_elsewhere_can_be_allowed(tmp_path, store):
    data = bytes(range(1, 21))
    (tmp_path / "data.bin").write_bytes(data)
    (tmp_path / "folder").mkdir()
    path = references(tmp_path / "folder" / "slice.json", tmp_path / "data.bin")
    hostile.refused(path, store, statuses=(5,))
    cubes.append("--slice-config", "MDIMAPPEND_REFERENCES=ANYWHERE", path, store)
    assert bytes(cubes.read_zarr(store)["air"].ravel()) == data


def test_references_in_parquet_files(tmp_path, store):
    """They are not looked into."""
    path = zarr_slice(tmp_path / "slice.zarr", "air", "2")
    hostile.edit(path / ".zmetadata", lambda root: root.update(record_size=10))
    hostile.refused(path, store, statuses=(4, 5))
    assert not store.exists()
