"""Bad input of every kind: a message that names the object and the reason, the
right exit status, and a target that is the same byte for byte."""

import ctypes
import json
import os
import subprocess
import time

import cubes
import numpy as np
import pytest
import zarr

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


@pytest.fixture
def next_slice(tmp_path):
    return cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")


@pytest.fixture
def refuse(target, next_slice):
    """The slice is not appended, the right one is afterwards."""

    def check(slice_name, status, *words, arguments=()):
        with cubes.unchanged(target):
            done = cubes.append(*arguments, slice_name, target, status=status)
        assert f"slice '{slice_name}'" in done.message
        for word in words:
            assert word in done.message
        assert done.message.endswith("Nothing was written.")
        cubes.append(next_slice, target)
        cubes.assert_reads_as(target, cubes.weather(0, 5))
        return done

    return check


# Slices


def test_a_slice_that_does_not_exist(refuse, tmp_path):
    path = tmp_path / "missing.nc"
    refuse(path, 4, "cannot be opened", "No such file or directory")


def test_an_empty_slice(refuse, tmp_path):
    path = tmp_path / "empty.nc"
    path.touch()
    refuse(path, 4, "cannot be opened", "The file is empty.")


def test_a_slice_that_is_no_dataset(refuse, tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("no numbers here\n")
    refuse(path, 4, "cannot be opened")


def test_a_slice_that_is_a_folder(refuse, tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    refuse(path, 4, "cannot be opened", "It is a folder.")


@pytest.mark.parametrize("file_format", ["NETCDF4", "NETCDF3_CLASSIC", "NETCDF3_64BIT"])
@pytest.mark.parametrize("part", [0.01, 0.5, 0.9, 0.999])
def test_a_truncated_netcdf(refuse, tmp_path, file_format, part):
    path = tmp_path / "whole.nc"
    dataset = cubes.weather(3, 2, lat=40, lon=50)
    dataset.drop_vars("elevation").to_netcdf(path, format=file_format)
    data = path.read_bytes()
    cut = tmp_path / "cut.nc"
    cut.write_bytes(data[: int(len(data) * part)])
    refuse(cut, 4)


def test_a_truncated_geotiff(refuse, tmp_path):
    path = tmp_path / "cut.tif"
    image = cubes.gdal.GetDriverByName("GTiff").Create(str(path), 500, 400)
    image.GetRasterBand(1).WriteArray(np.ones((400, 500), "uint8"))
    image = None
    os.truncate(path, 50_000)
    refuse(path, 5)  # refused before: it has no label


def test_a_truncated_geotiff_with_a_label(tmp_path, store):
    path = tmp_path / "cut.tif"
    image = cubes.gdal.GetDriverByName("GTiff").Create(str(path), 500, 400)
    image.GetRasterBand(1).WriteArray(np.ones((400, 500), "uint8"))
    image = None
    os.truncate(path, 50_000)
    done = cubes.append("--label", "2000-01-01", path, store, status=4)
    assert f"slice '{path}'" in done.message
    assert not store.exists()
    assert cubes.leftovers(store) == []


def test_a_zarr_slice_with_a_damaged_chunk(target, tmp_path):
    part = tmp_path / "slice.zarr"
    cubes.weather(3, 2).to_zarr(part, zarr_format=3)
    chunk = part / "air" / "c" / "0" / "0" / "0"
    chunk.write_bytes(chunk.read_bytes()[:-10])
    with cubes.unchanged(target):
        done = cubes.append(part, target, status=4)
    assert f"slice '{part}', array 'air'" in done.message


def test_a_slice_without_an_append_dimension(refuse, tmp_path):
    path = cubes.write(cubes.weather(3, 1).isel(time=0, drop=True), tmp_path / "map.nc")
    refuse(path, 5, "has no dimension 'time'", "--label")


def test_a_slice_of_size_0(refuse, tmp_path):
    path = cubes.write(cubes.weather(3, 1).isel(time=slice(0, 0)), tmp_path / "no.nc")
    refuse(path, 5, "dimension 'time' has size 0")


def test_a_slice_with_an_empty_name(target):
    with cubes.unchanged(target):
        done = cubes.append("", target, status=None)
    assert done.status in (2, 4)


def test_a_slice_that_nobody_may_read(target, tmp_path, is_root, as_nobody):
    path = cubes.write(cubes.weather(3, 2), tmp_path / "secret.nc")
    path.chmod(0)
    if is_root:
        subprocess.run(["chown", "-R", "65534:65534", target.parent], check=True)
        os.chown(path, 0, 0)
    with cubes.unchanged(target):
        done = cubes.append(path, target, status=5, prefix=as_nobody)
    assert f"slice '{path}'" in done.message
    assert "Permission denied" in done.message
    assert done.message.endswith("Nothing was written.")


def test_a_slice_that_changes_while_it_is_read(target, tmp_path):
    """It grows between its opening and the decision."""
    path = cubes.write(
        cubes.weather(3, 40, lat=4, lon=5).drop_vars("elevation"), tmp_path / "grow.nc"
    )
    with cubes.unchanged(target):
        # A lock held by another keeps the append waiting with the slice open.
        with cubes.locked(target):
            process = cubes.start("--lock-timeout", "20s", path, target)
            wait_until_open(process, path)
            with open(path, "ab") as file:
                file.write(b"more")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 4, (out, err)
    assert f"slice '{path}'" in err
    assert "changed" in err


def wait_until_open(process, path):
    """Until the process has the slice open, and then is at the lock."""
    for _ in range(5000):
        descriptors = f"/proc/{process.pid}/fd"
        try:
            names = [os.readlink(f"{descriptors}/{n}") for n in os.listdir(descriptors)]
        except OSError:
            names = []
        if str(path) in names:
            time.sleep(0.5)
            return
        assert process.poll() is None, process.communicate()
        time.sleep(0.002)
    raise AssertionError("the process never opened the slice")


# Targets


def test_the_target_is_the_slice(target):
    with cubes.unchanged(target):
        done = cubes.append(target, target, status=5)
    assert done.message == (
        f"slice '{target}' is the target itself. Nothing was written."
    )


def test_the_target_is_the_slice_behind_a_link(target, tmp_path):
    link = tmp_path / "link.zarr"
    link.symlink_to(target)
    with cubes.unchanged(target):
        done = cubes.append(link, target, status=5)
    assert done.message == f"slice '{link}' is the target itself. Nothing was written."


def test_a_slice_inside_the_target(target):
    with cubes.unchanged(target):
        done = cubes.append(target / "air", target, status=5)
    assert done.message == (
        f"slice '{target}/air' is inside the target itself. Nothing was written."
    )


def test_a_target_inside_the_slice(tmp_path, next_slice):
    """The slice's file as a target: a file is no store."""
    before = next_slice.read_bytes()
    done = cubes.append(next_slice, next_slice, status=None)
    assert done.status in (1, 5)
    assert next_slice.read_bytes() == before


def test_a_target_that_is_a_file(tmp_path, next_slice):
    path = tmp_path / "notes.txt"
    path.write_text("mine\n")
    done = cubes.append(next_slice, path, status=1)
    assert str(path) in done.message
    assert path.read_text() == "mine\n"


def test_a_folder_that_is_no_store_is_never_cleared(tmp_path, next_slice):
    folder = tmp_path / "thesis"
    (folder / "chapter").mkdir(parents=True)
    (folder / "chapter" / "one.txt").write_text("once upon a time\n")
    with cubes.unchanged(folder):
        done = cubes.append(next_slice, folder, status=1)
    assert str(folder) in done.message
    assert "not a Zarr store" in done.message


def test_an_empty_folder_becomes_the_target(tmp_path, next_slice):
    folder = tmp_path / "empty"
    folder.mkdir()
    cubes.append(next_slice, folder)
    cubes.assert_reads_as(folder, cubes.weather(3, 2))


def test_a_target_whose_parent_does_not_exist(tmp_path, next_slice):
    store = tmp_path / "no" / "such" / "cube.zarr"
    done = cubes.append(next_slice, store, status=None)
    if done.status == 0:
        cubes.assert_reads_as(store, cubes.weather(3, 2))
    else:
        assert done.status == 1
        assert not (tmp_path / "no").exists()
        assert str(tmp_path / "no" / "such") in done.message


def test_a_target_with_an_empty_name(next_slice, tmp_path):
    before = cubes.tree(tmp_path)
    done = cubes.append(next_slice, "", status=None, cwd=tmp_path)
    assert done.status in (1, 2)
    assert cubes.tree(tmp_path) == before


@pytest.mark.parametrize("name", ["..", "../escape", "a/../../b", "a/..", "a\nb/.."])
def test_groups_do_not_leave_the_store(target, next_slice, name, tmp_path):
    outside = sorted(p.name for p in tmp_path.iterdir())
    with cubes.unchanged(target):
        done = cubes.append("--group", name, next_slice, target, status=None)
        assert done.status in (1, 2, 5), done
    assert sorted(p.name for p in tmp_path.iterdir()) == outside


@pytest.mark.parametrize("name", [".", "/", "", "//"])
def test_names_of_the_root_group(target, next_slice, name):
    cubes.append("--group", name, next_slice, target)
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def test_a_group_that_is_an_array(target, next_slice):
    with cubes.unchanged(target):
        done = cubes.append("--group", "air", next_slice, target, status=1)
    assert "group 'air' is a single Zarr array" in done.message


@FORMATS
def test_a_store_that_is_an_array(tmp_path, next_slice, zarr_format):
    store = tmp_path / "array.zarr"
    array = zarr.create_array(
        str(store), shape=(4,), dtype="i4", zarr_format=int(zarr_format)
    )
    array[...] = 1
    with cubes.unchanged(store):
        done = cubes.append(next_slice, store, status=1)
    assert "is a single Zarr array" in done.message


def test_corrupt_json_is_named(target, next_slice):
    for document in cubes_documents(target):
        original = document.read_bytes()
        for damage in (original[: len(original) // 2], b"", b"\0" * 40, b"[]", b"{}"):
            document.write_bytes(damage)
            if damage == b"{}" and document.name == ".zattrs":
                continue
            with cubes.unchanged(target):
                done = cubes.append(next_slice, target, status=None)
                assert done.status in (1, 5), (document, damage, done)
            assert done.message.strip(), (document, damage)
        document.write_bytes(original)
    cubes.append(next_slice, target)
    cubes.assert_reads_as(target, cubes.weather(0, 5))


def cubes_documents(store):
    names = ("zarr.json", ".zarray", ".zgroup", ".zmetadata")
    found = [p for name in names for p in store.rglob(name)]
    assert found
    # Without one of its two, a V2 root is still a store.
    return [p for p in found if p.name != ".zgroup"]


def edit(store, name, change):
    """Changes an array's document, its consolidated copies left out."""
    for document in (store / name / "zarr.json", store / name / ".zarray"):
        if document.exists():
            node = json.loads(document.read_text())
            change(node)
            document.write_text(json.dumps(node))
            return node
    raise AssertionError(name)


def unconsolidated(tmp_path, zarr_format):
    store = tmp_path / "foreign.zarr"
    cubes.weather(0, 3).to_zarr(store, zarr_format=int(zarr_format), consolidated=False)
    return store


@pytest.mark.parametrize(
    ("zarr_format", "change", "words"),
    [
        ("2", {"compressor": {"id": "pcodec"}}, ["array 'air'", "pcodec"]),
        ("2", {"filters": [{"id": "fixedscaleoffset"}]}, ["array 'air'", "fixedscale"]),
        ("2", {"dtype": "<M8[ns]"}, ["array 'air'", "M8"]),
        ("2", {"dtype": "<f3"}, ["array 'air'", "<f3"]),
        ("2", {"zarr_format": 4}, ["air"]),
        ("2", {"chunks": [0, 4, 5]}, ["array 'air'"]),
        ("2", {"chunks": [2, 4]}, ["array 'air'"]),
        ("2", {"shape": [3, 4, -5]}, ["array 'air'"]),
        ("2", {"shape": [3, 4, 2**64]}, ["array 'air'"]),
        ("3", {"codecs": [{"name": "numcodecs.pcodec"}]}, ["array 'air'", "pcodec"]),
        ("3", {"data_type": "bfloat16"}, ["array 'air'", "bfloat16"]),
        ("3", {"zarr_format": 4}, ["air"]),
        ("3", {"storage_transformers": [{"name": "odd"}]}, ["array 'air'"]),
        (
            "3",
            {"chunk_grid": {"name": "rectangular", "configuration": {}}},
            ["array 'air'", "rectangular"],
        ),
        (
            "3",
            {"future": {"must_understand": True}},
            ["array 'air'", "future"],
        ),
        ("3", {"future": {"name": "x"}}, ["array 'air'", "future"]),
    ],
)
def test_a_store_that_needs_what_gdal_lacks(
    tmp_path, next_slice, zarr_format, change, words
):
    store = unconsolidated(tmp_path, zarr_format)
    edit(store, "air", lambda node: node.update(change))
    with cubes.unchanged(store):
        done = cubes.append(next_slice, store, status=None)
        assert done.status in (1, 5), done
    for word in words:
        assert word in done.message


@pytest.mark.parametrize("size", [2**31, 2**40, 2**62, 2**63 - 1, 2**64 - 1])
@FORMATS
def test_absurd_chunk_sizes(tmp_path, next_slice, zarr_format, size):
    """A hostile document must not make us allocate what it says."""
    store = unconsolidated(tmp_path, zarr_format)

    def change(node):
        chunk = [size, size, size]
        if zarr_format == "2":
            node["chunks"] = chunk
        else:
            node["chunk_grid"]["configuration"]["chunk_shape"] = chunk

    edit(store, "air", change)
    with cubes.unchanged(store):
        done = cubes.append(
            next_slice, store, status=None, prefix=cubes.in_gigabytes(8)
        )
        assert done.status in (1, 5), done
    assert "air" in done.message


@pytest.mark.parametrize("size", [2**31, 2**62])
def test_absurd_shapes(tmp_path, next_slice, size):
    store = unconsolidated(tmp_path, "2")
    for name in ("time", "air"):
        edit(store, name, lambda node: node.update(shape=[size, *node["shape"][1:]]))
    with cubes.unchanged(store):
        done = cubes.append(
            next_slice, store, status=None, prefix=cubes.in_gigabytes(8)
        )
        assert done.status in (1, 5), done


def test_unnamed_dimensions(tmp_path, next_slice):
    store = tmp_path / "unnamed.zarr"
    group = zarr.open_group(str(store), mode="w", zarr_format=3)
    group.create_array("air", shape=(3, 4, 5), dtype="f4")[...] = 1
    with cubes.unchanged(store):
        done = cubes.append("--append-dim", "time", next_slice, store, status=5)
    assert "the target has" in done.message


def test_both_formats_at_once(target, next_slice):
    if (target / "zarr.json").exists():
        (target / ".zgroup").write_text('{"zarr_format": 2}')
    else:
        (target / "zarr.json").write_text(
            '{"zarr_format": 3, "node_type": "group", "attributes": {}}'
        )
    with cubes.unchanged(target):
        done = cubes.append(next_slice, target, status=1)
    assert "both Zarr V2 and Zarr V3 documents" in done.message


@FORMATS
def test_a_damaged_chunk_of_the_target_is_not_merged_into(
    tmp_path, next_slice, zarr_format
):
    """What cannot be read is never taken for empty."""
    store = tmp_path / "cube.zarr"
    path = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append(
        "--zarr-format", zarr_format, "--encoding", "air:chunk=4x4x5", path, store
    )
    chunk = store / "air" / ("0.0.0" if zarr_format == "2" else "c/0/0/0")
    chunk.write_bytes(chunk.read_bytes()[:-9])
    with cubes.unchanged(store):
        done = cubes.append(next_slice, store, status=1)
    assert "air" in done.message


# The file system


@pytest.fixture
def as_nobody(is_root, tmp_path):
    """A prefix that runs the command as a user who may not do everything."""
    if not is_root:
        return []
    for folder in [tmp_path, *tmp_path.parents]:
        if not os.stat(folder).st_mode & 0o001 and str(folder).startswith("/tmp/"):
            folder.chmod(0o755)
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def test_a_target_that_nobody_may_write(target, next_slice, as_nobody, is_root):
    if not is_root:
        target.chmod(0o555)
    try:
        with cubes.unchanged(target):
            done = cubes.append(next_slice, target, status=1, prefix=as_nobody)
    finally:
        target.chmod(0o755)
    assert "Permission denied" in done.message
    assert str(target) in done.message


def test_a_store_of_one_user_with_an_array_of_another(
    request, target, next_slice, as_nobody, is_root
):
    """Not everything can be replaced: found before the decision."""
    if not is_root:
        pytest.skip("needs root")
    subprocess.run(["chown", "-R", "65534:65534", target.parent], check=True)
    for path in (target / "air").rglob("*"):
        os.chown(path, 0, 0)
    os.chown(target / "air", 0, 0)
    with cubes.unchanged(target):
        done = cubes.append(next_slice, target, status=1, prefix=as_nobody)
    assert "Permission denied" in done.message
    assert "air" in done.message
    cubes.append(next_slice, target)
    cubes.assert_reads_as(target, cubes.weather(0, 5))


@pytest.fixture
def small_disk(tmp_path, is_root):
    """A file system of 1 MiB, in a mount namespace of the test run's own."""
    if not is_root:
        pytest.skip("needs root to mount")
    folder = tmp_path / "disk"
    folder.mkdir()
    libc = ctypes.CDLL(None, use_errno=True)
    name = os.fsencode(folder)
    if libc.mount(b"tmpfs", name, b"tmpfs", 0, b"size=1m") != 0:
        pytest.skip(f"cannot mount: {os.strerror(ctypes.get_errno())}")
    yield folder
    assert libc.umount2(name, 0) == 0


def fill_the_disk(small_disk, tmp_path, zarr_format, creation):
    """An append that runs out of space: the store, and its tree before."""
    store = small_disk / "cube.zarr"
    # What others give back later.
    (small_disk / "ballast").write_bytes(b"x" * 100_000)
    big = cubes.weather(3, 4, lat=300, lon=400)
    big["air"][:] = np.random.default_rng(1).random(big["air"].shape)
    path = cubes.write(big, tmp_path / "big.nc")
    small = cubes.write(cubes.weather(0, 1, lat=300, lon=400), tmp_path / "small.nc")
    if not creation:
        cubes.append("--zarr-format", zarr_format, small, store)
    before = cubes.tree(store)
    done = cubes.append("--zarr-format", zarr_format, path, store, status=1)
    assert "No space left on device" in done.message
    assert str(store) in done.message
    return store, before, small


@FORMATS
@pytest.mark.parametrize("creation", [True, False])
def test_a_full_disk(small_disk, tmp_path, zarr_format, creation):
    """What was there is there, and can be read; the next run appends."""
    store, before, small = fill_the_disk(small_disk, tmp_path, zarr_format, creation)
    after = cubes.tree(store)
    assert {key: after[key] for key in before} == before
    (small_disk / "ballast").unlink()
    if creation:
        cubes.append("--zarr-format", zarr_format, small, store)
    else:
        cubes.run("driver", "mdimappend", "recover", store, command="gdal")
        assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []
    assert cubes.open_xarray(store).sizes["time"] == 1


@FORMATS
@pytest.mark.parametrize("creation", [True, False])
def test_a_full_disk_is_free_again_afterwards(
    small_disk, tmp_path, zarr_format, creation
):
    """Undoing must not need the space that is missing."""
    store, before, _ = fill_the_disk(small_disk, tmp_path, zarr_format, creation)
    assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("room", [0, 4, 8, 16, 24, 32, 48, 64, 96])
def test_a_disk_that_fills_at_any_moment(small_disk, tmp_path, room):
    """Whatever runs out of space, the target is as before or as after."""
    store = small_disk / "cube.zarr"
    paths = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append(paths[0], store)
    before = cubes.tree(store)
    free = os.statvfs(small_disk)
    ballast = max(0, free.f_bavail * free.f_bsize - room * 1024)
    (small_disk / "ballast").write_bytes(b"x" * ballast)
    done = cubes.append(paths[1], store, status=None)
    (small_disk / "ballast").unlink()
    if done.status == 0:
        cubes.assert_reads_as(store, cubes.weather(0, 4))
        return
    assert done.status == 1, done
    assert "No space left on device" in done.message
    state = cubes.run("driver", "mdimappend", "recover", store, command="gdal")
    assert cubes.tree(store) == before, state
    cubes.append(paths[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))
