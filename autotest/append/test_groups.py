"""--groups: what a file has in several groups is one commit."""

import json
import shutil

import cubes
import grouped
import netCDF4
import numpy as np
import pytest
import xarray as xr

BOTH = pytest.mark.parametrize("shared", [False, True], ids=["own", "shared"])


def outcomes(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def log(store):
    words = ["driver", "mdimappend", "log", "--json", "--last", "0", store]
    return json.loads(cubes.run(*words, command="gdal").stdout)


@BOTH
@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_all_groups_of_a_file_are_one_commit(
    tmp_path, zarr_format, consolidated, shared
):
    store = tmp_path / "cube.zarr"
    files = [
        grouped.write(tmp_path / "0.nc", 0, 2, shared=shared),
        grouped.write(tmp_path / "1.nc", 2, 1, shared=shared),
        grouped.write(tmp_path / "2.nc", 3, 2, shared=shared),
    ]
    words = ["--groups", "--zarr-format", zarr_format]
    words += [] if consolidated else ["--consolidated", "no"]
    cubes.append(*words, files[0], store)
    done = cubes.append(*words, *files[1:], store)
    assert outcomes(done) == ["appended"] * 2
    grouped.assert_holds(store, 5)
    records = log(store)
    assert [record["format"] for record in records] == ["mdimappend log 2"] * 3
    for record in records:
        groups = {member["group"] for member in record["members"]}
        assert groups - {""} == set(grouped.GROUPS)
    again = cubes.append(*words, *files, store)
    assert outcomes(again) == ["already there"] * 3
    assert len(log(store)) == 3
    assert cubes.leftovers(store) == []


def test_batches_grow_all_groups(tmp_path):
    store = tmp_path / "cube.zarr"
    files = [grouped.write(tmp_path / f"{i}.nc", i) for i in range(5)]
    cubes.append("--groups", "--slices-per-commit", 5, *files, store)
    grouped.assert_holds(store, 5)
    (record,) = log(store)
    assert [len(member["slices"]) for member in record["members"]] == [5] * 3
    assert {tuple(member["map"]) for member in record["members"]} == {
        tuple(f"slice {i} 0:1" for i in range(5))
    }


def test_below_a_group_of_the_store(tmp_path):
    store = tmp_path / "cube.zarr"
    file = grouped.write(tmp_path / "0.nc", 0)
    following = grouped.write(tmp_path / "1.nc", 1)
    cubes.append("--groups", "--group", "orbit", file, store)
    cubes.append("--groups", "--group", "orbit", following, store)
    sizes = grouped.sizes(store)
    assert sizes == {f"orbit/{group}": 2 for group in grouped.GROUPS}


def test_a_group_that_was_not_there_is_made_in_the_commit_of_the_others(tmp_path):
    store = tmp_path / "cube.zarr"
    two = ("grid", "grid/quality")
    cubes.append("--groups", grouped.write(tmp_path / "0.nc", 0, groups=two), store)
    cubes.append("--groups", grouped.write(tmp_path / "1.nc", 1), store)
    assert grouped.sizes(store) == {"grid": 2, "grid/quality": 2, "swath": 1}
    newest = log(store)[0]
    made = {member["group"]: member["created_by"] for member in newest["members"]}
    assert made == {"grid": 1, "grid/quality": 1, "swath": 2}


def test_a_slice_that_is_in_one_group_completes_the_others(tmp_path):
    """Each group's labels say what it has."""
    store = tmp_path / "cube.zarr"
    cubes.append("--groups", grouped.write(tmp_path / "0.nc", 0), store)
    cubes.append(
        "--groups", grouped.write(tmp_path / "1.nc", 1, groups=("grid",)), store
    )
    done = cubes.append("--groups", grouped.write(tmp_path / "2.nc", 1), store)
    rows = {each["group"]: each["rows"] for each in done.report["slices"][0]["groups"]}
    assert rows == {"grid": 0, "grid/quality": 1, "swath": 1}
    grouped.assert_holds(store, 2)


@pytest.mark.parametrize("group", grouped.GROUPS)
def test_one_group_that_is_refused_refuses_all(tmp_path, group):
    store = tmp_path / "cube.zarr"
    right = grouped.write(tmp_path / "0.nc", 0)
    wrong = grouped.write(tmp_path / "1.nc", 1)
    name, _ = grouped.GROUPS[group]
    for path, units in ((right, "m"), (wrong, "K")):
        with netCDF4.Dataset(path, "a") as file:
            file[group][name].units = units
    cubes.append("--groups", right, store)
    before = cubes.tree(store)
    done = cubes.append("--groups", wrong, store, status=5)
    assert f"group '/{group}': array '{name}'" in done.stderr
    assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []


def test_values_that_do_not_fit_undo_all_groups(tmp_path):
    """Found while the last one is written."""
    store = tmp_path / "cube.zarr"
    packed = ["--groups", "--encoding", "swell:dtype=int16,scale_factor=0.25"]
    cubes.append(*packed, grouped.write(tmp_path / "0.nc", 0), store)
    wrong = grouped.write(tmp_path / "1.nc", 1)
    with netCDF4.Dataset(wrong, "a") as file:
        file["swath"]["swell"][:] = 1e9
    before = cubes.tree(store)
    done = cubes.append("--groups", wrong, store, status=5)
    assert "array 'swath/swell'" in done.stderr
    assert cubes.tree(store) == before
    assert cubes.leftovers(store) == []


def inherited(first, days=1):
    """A tree of xarray's whose child has its labels in its parent."""
    time = ("time", np.arange(first, first + days), {"units": "days since 2000-01-01"})
    return xr.DataTree.from_dict(
        {
            "/": xr.Dataset(coords={"time": time}),
            "/a": xr.Dataset({"v": (("time", "x"), np.full((days, 2), float(first)))}),
        }
    )


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_labels_of_a_parent_grow_with_its_children(tmp_path, zarr_format, consolidated):
    store = tmp_path / "cube.zarr"
    inherited(0, 2).to_zarr(store, zarr_format=zarr_format, consolidated=consolidated)
    slice_of_tree = tmp_path / "2.zarr"
    inherited(2).to_zarr(slice_of_tree)
    whole = cubes.write(inherited(2)["a"].to_dataset(), tmp_path / "a.nc")
    labels = cubes.write(xr.Dataset(coords=inherited(2).coords), tmp_path / "root.nc")
    before = cubes.tree(store)
    alone = cubes.append("--group", "a", whole, store, status=5)
    assert "its labels are in the group '/'" in alone.stderr
    root = cubes.append(labels, store, status=5)
    assert "the group '/a' of the target has its labels in '/'" in root.stderr
    assert cubes.tree(store) == before
    cubes.append("--groups", slice_of_tree, store)
    with xr.open_datatree(
        store, engine="zarr", decode_times=False, consolidated=consolidated
    ) as tree:
        assert tree["a"]["v"].values.tolist() == [[0, 0], [0, 0], [2, 2]]
        assert tree["time"].values.tolist() == [0, 1, 2]
    assert outcomes(cubes.append("--groups", slice_of_tree, store)) == ["already there"]
    # Other values under the same label are found in the child, too.
    shutil.rmtree(slice_of_tree)
    changed = inherited(2)
    changed["a"]["v"].values[:] = 7
    changed.to_zarr(slice_of_tree)
    done = cubes.append("--groups", slice_of_tree, store, status=5)
    assert "with different values in array 'v'" in done.stderr


def test_a_dry_run_shows_all_groups(tmp_path):
    store = tmp_path / "cube.zarr"
    file = grouped.write(tmp_path / "0.nc", 0, 2)
    done = cubes.append("--groups", "--dry-run", file, store)
    planned = {array["path"] for array in done.report["slices"][0]["plan"]["arrays"]}
    assert {"grid/rain", "grid/quality/flag", "swath/swell"} <= planned
    assert not store.exists()
    text = cubes.run("--groups", "--dry-run", file, store).stdout
    assert "would append 2 steps of time" in text
    assert "in 3 groups (/grid, /swath, /grid/quality)" in text


def test_groups_with_other_append_dimensions(tmp_path):
    """Nothing is guessed: two that grow along different ones are two appends."""
    file = grouped.write(tmp_path / "0.nc", 0)
    with netCDF4.Dataset(file, "a") as opened:
        node = opened.createGroup("profile")
        node.createDimension("depth", 2)
        node.createVariable("salt", "f4", ("depth",))[:] = [1, 2]
    store = tmp_path / "cube.zarr"
    cubes.append("--groups", file, store)
    assert set(grouped.sizes(store)) == set(grouped.GROUPS)


def test_no_group_has_the_append_dimension(tmp_path):
    file = tmp_path / "0.nc"
    with netCDF4.Dataset(file, "w") as opened:
        node = opened.createGroup("profile")
        node.createDimension("depth", 2)
        node.createVariable("salt", "f4", ("depth",))[:] = [1, 2]
    done = cubes.append("--groups", file, tmp_path / "cube.zarr", status=5)
    assert "time" in done.stderr
    assert not (tmp_path / "cube.zarr").exists()


def test_the_log_says_which_group(tmp_path):
    store = tmp_path / "cube.zarr"
    first, second = cubes.weather_slices(tmp_path, (1, 1))
    cubes.append("--group", "east", first, second, store)
    cubes.append("--group", "west", first, store)

    def lines(target):
        done = cubes.run("driver", "mdimappend", "log", target, command="gdal")
        return [line.split()[0] + line.split()[2] for line in done.stdout.splitlines()]

    assert lines(store) == ["3/west:", "2/east:", "1/east:"]
    assert lines(store / "west") == ["3/west:"]
    assert lines(store / "east") == ["2/east:", "1/east:"]


def test_the_append_dimension_is_that_of_the_commit_before(tmp_path):
    """The root has no arrays that would say."""
    store = tmp_path / "cube.zarr"
    for step in range(2):
        for group, mode in (("a", "w"), ("b", "a")):
            values = {"v": (("step", "x"), np.full((1, 2), step, "f4"))}
            dataset = xr.Dataset(values, {"step": [step]})
            cubes.write(dataset, tmp_path / f"{step}.nc", group=group, mode=mode)
    cubes.append("--groups", "--append-dim", "step", tmp_path / "0.nc", store)
    cubes.append("--groups", tmp_path / "1.nc", store)
    with xr.open_datatree(store, engine="zarr") as tree:
        assert tree["b/v"].values.tolist() == [[0, 0], [1, 1]]
