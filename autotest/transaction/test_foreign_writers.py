"""Writers that know nothing of the lock append to the store during an append: a
conflict that is reported, and what they wrote stays as it is."""

import shutil

import cubes
import numpy as np
import preload
import pytest
import zarr
from osgeo import gdal

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
LAYOUTS = {"aligned": "air:chunk=1x2x5", "merging": "air:chunk=2x2x5"}


def foreign_days(first=3, days=3):
    """The same labels as the slice's, with other values."""
    found = cubes.weather(first, days)
    found["air"] = found["air"] + 5000
    return found


def make_target(folder, store, zarr_format, layout):
    first = cubes.write(cubes.weather(0, 3), folder / "first.nc")
    words = ["--zarr-format", zarr_format, "--encoding", LAYOUTS[layout]]
    words += ["--encoding", "time:units=keep"]
    cubes.append(*words, first, store)
    return cubes.write(cubes.weather(3, 3), folder / "second.nc")


def by_xarray(store, zarr_format):
    days = foreign_days().drop_vars(["elevation", "lat", "lon"])
    for name in days.variables:
        days[name].encoding.clear()
    days.to_zarr(str(store), append_dim="time", zarr_format=zarr_format)
    return cubes.concat([cubes.weather(0, 3), foreign_days()])


def by_resize(store, zarr_format):
    """Rows that nobody writes: all fill."""
    group = zarr.open_group(str(store), mode="r+", use_consolidated=False)
    group["air"].resize((6, 4, 5))
    group["time"].resize((6,))
    zarr.consolidate_metadata(str(store), zarr_format=zarr_format)
    fill = group["air"].fill_value or 0
    days = foreign_days()
    days["air"][:] = fill
    days["time"] = ("time", np.full(3, group["time"].fill_value or 0), days.time.attrs)
    return cubes.concat([cubes.weather(0, 3), days])


def by_gdal(store, zarr_format):
    days = foreign_days()
    dataset = gdal.OpenEx(str(store), gdal.OF_MULTIDIM_RASTER | gdal.OF_UPDATE)
    root = dataset.GetRootGroup()
    air = root.OpenMDArray("air")
    air.Resize([6, 4, 5])
    air.WriteArray(days["air"].values, array_start_idx=[3, 0, 0])
    time = root.OpenMDArray("time")
    if time.GetDimensions()[0].GetSize() < 6:
        time.Resize([6])
    time.WriteArray(days["time"].values, array_start_idx=[3])
    del air, time, root
    dataset.Close()
    return cubes.concat([cubes.weather(0, 3), days])


FOREIGN = {"xarray": by_xarray, "resize": by_resize, "GDAL": by_gdal}

# Where the append stops: call, path, which.
BEFORE_DECISION = {
    "planned, nothing written": ("open", "/air/", 1),
    "some chunks written": ("open", "/air/", 2),
    "documents staged": ("rename", "/manifest", 1),
    "documents checked": ("link", "/decision", 1),
}


def expect_foreign(store, expected, consolidated=True):
    """What the foreign writer wrote is what each reader sees."""
    rows = expected.sizes["time"]
    for use in (True, False) if consolidated else (False,):
        found = cubes.open_xarray(store, consolidated=use, raw=True)
        for name in ("air", "time"):
            assert cubes.same(found[name].values[:rows], expected[name].values), (
                f"{name}, consolidated={use}:\n{found[name].values}"
            )


def expect_frozen(store, next_slice):
    """Reported by all, changed by none, until a human says so."""
    state = cubes.tree(store)
    done = cubes.run("driver", "mdimappend", "recover", store, command="gdal", status=1)
    assert "conflict" in done.stderr
    done = cubes.append(next_slice, store, status=1)
    assert "conflict" in done.message
    assert "--set-aside" in done.message
    status = cubes.run("driver", "mdimappend", "status", store, command="gdal")
    assert "pending: " in status.stdout
    assert cubes.tree(store) == state
    assert len(cubes.leftovers(store)) == 1
    words = ("driver", "mdimappend", "recover", "--set-aside", store)
    done = cubes.run(*words, command="gdal")
    assert "set aside: " in done.stdout
    assert cubes.tree(store) == state
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("where", BEFORE_DECISION)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("writer", FOREIGN)
@FORMATS
def test_a_foreign_append_before_the_decision(
    tmp_path, store, zarr_format, writer, layout, where
):
    second = make_target(tmp_path, store, zarr_format, layout)
    call, part, number = BEFORE_DECISION[where]
    words = ("--num-threads", 1, second, store)
    with preload.stopped_before(call, part, *words, number=number) as process:
        expected = FOREIGN[writer](store, zarr_format)
        done = preload.go_on(process)
    assert done.status == 1, done
    assert "conflict" in done.stderr, done
    consolidated = writer != "GDAL"
    if where == "documents checked" and writer == "resize":
        # Decided by then, and so not withdrawn: only what is written is sure.
        expected = cubes.concat([cubes.weather(0, 3)])
    expect_foreign(store, expected, consolidated)
    expect_frozen(store, second)
    expect_foreign(store, expected, consolidated)
    go_on_from_here(tmp_path, store, writer)


def go_on_from_here(folder, store, writer):
    """Appending goes on with the store as the foreign writer left it."""
    if writer != "xarray":  # The others leave no labels, or an old root document.
        return
    third = cubes.write(cubes.weather(6, 2), folder / "third.nc")
    cubes.append(third, store)
    days = [cubes.weather(0, 3), foreign_days(), cubes.weather(6, 2)]
    expect_foreign(store, cubes.concat(days))
    assert cubes.leftovers(store) == []


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("writer", ["xarray", "GDAL"])
@FORMATS
def test_a_foreign_append_between_decision_and_documents(
    tmp_path, store, zarr_format, writer, layout
):
    """The decision is taken, chunks that hold committed data have been moved: the
    documents are looked at once more."""
    second = make_target(tmp_path, store, zarr_format, layout)
    barrier = ("syncfs", "cube.zarr.mdimappend", second, store)
    with preload.stopped_before(*barrier, number=3) as process:
        assert list(cubes.sidecar(store).glob("journal/*/decision"))
        expected = FOREIGN[writer](store, zarr_format)
        done = preload.go_on(process)
    assert done.status == 1, done
    assert "was changed while the append was applied" in done.stderr, done
    consolidated = writer != "GDAL"
    expect_foreign(store, expected, consolidated)
    expect_frozen(store, second)
    expect_foreign(store, expected, consolidated)
    go_on_from_here(tmp_path, store, writer)


@FORMATS
def test_a_kill_and_a_foreign_append_then_a_recovery(tmp_path, store, zarr_format):
    second = make_target(tmp_path, store, zarr_format, "aligned")
    for moment in (("open", "/air/", 2), ("link", "/decision", 1)):
        again = store.with_name(f"{moment[0]}.zarr")
        for suffix in ("", ".mdimappend"):
            shutil.copytree(f"{store}{suffix}", f"{again}{suffix}")
        call, part, number = moment
        words = ("--num-threads", 1, second, again)
        with preload.stopped_before(call, part, *words, number=number) as process:
            process.kill()
            process.communicate()
        expected = by_xarray(again, zarr_format)
        expect_foreign(again, expected)
        expect_frozen(again, second)
        expect_foreign(again, expected)
        go_on_from_here(tmp_path, again, "xarray")


def test_a_chunk_is_changed_between_two_slices_of_a_commit(tmp_path, store):
    """It is not merged with rows that nobody has checked."""
    paths = cubes.weather_slices(tmp_path, (3, 3, 4))
    cubes.append("--encoding", "air:chunk=4x4x5", paths[0], store)
    before = cubes.tree(store)
    words = ("--slices-per-commit", 2, *paths[1:], store)
    # The second one's plan is written before it: it goes on beyond the first's chunk.
    with preload.stopped_before("rename", "/plan", *words, number=2) as process:
        chunks = store / "air" / "c"
        shutil.copy(chunks / "0" / "0" / "0", chunks / "1" / "0" / "0")
        done = preload.go_on(process)
    assert done.status == 1, done
    assert "air/c/1/0/0' is not as it was written by this append" in done.stderr
    cubes.run("driver", "mdimappend", "recover", store, command="gdal")
    assert cubes.tree(store) == before
    cubes.append(*words)
    cubes.assert_reads_as(store, cubes.weather(0, 10))


@FORMATS
@pytest.mark.parametrize("values", ["some", "none"])
def test_what_lies_at_the_key_of_a_new_chunk_is_kept_until_the_commit(
    tmp_path, store, zarr_format, values
):
    """It may be a foreign writer's that has not come to its documents yet."""
    second = make_target(tmp_path, store, zarr_format, "aligned")
    if values == "none":  # All fill: the chunk is to be without an object.
        days = cubes.weather(3, 3)
        days["air"][:] = np.nan
        cubes.write(days, second)
    names = {2: ("0.0.0", "4.0.0"), 3: ("c/0/0/0", "c/4/0/0")}[zarr_format]
    old, new = (store / "air" / name for name in names)
    new.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(old, new)
    content = new.read_bytes()
    words = ("link", "/decision", "--num-threads", 1, second, store)
    with preload.stopped_before(*words) as process:
        assert new.read_bytes() == content
        done = preload.go_on(process)
    assert done.status == 0, done
    found = cubes.open_xarray(store, raw=True)["air"].values
    expected = cubes.field(range(6), 4, 5)
    if values == "none":
        expected[3:] = np.nan
    assert cubes.same(found, expected)
    # In V2 there is no fill value to leave it to.
    assert new.exists() == (values == "some" or zarr_format == 2)
    assert cubes.leftovers(store) == []
