"""Another program writes under the sidecar: what the log says of slices is not
believed then, and `log` and `status` tell. The shortcut past comparing values is what
is at stake: each test offers a slice that the log names by path and state."""

import json
import shutil

import cubes
import numpy as np
import pytest
import xarray as xr
import zarr


def days(folder, count=3):
    """Files of a day each."""
    folder.mkdir(exist_ok=True)
    return cubes.weather_slices(folder, (1,) * count)


def outcome(done):
    return [entry["outcome"] for entry in done.report["slices"]]


def log(store):
    done = cubes.run(
        "driver", "mdimappend", "log", "--json", "--last", "0", store, command="gdal"
    )
    return json.loads(done.stdout)


def status(store):
    done = cubes.run("driver", "mdimappend", "status", "--json", store, command="gdal")
    return json.loads(done.stdout)


def of_all_of(names):
    days = [xr.load_dataset(name, decode_times=False) for name in names]
    return xr.concat(days, dim="time", data_vars="minimal")


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("made_by", ["us", "xarray"])
def test_a_store_that_xarray_has_written_anew_is_compared(
    tmp_path, zarr_format, made_by
):
    """Same path, same labels, other values: today's worst case. Where xarray had made
    the store, too, its documents may be the same to the byte."""
    names = days(tmp_path / "days")
    store = tmp_path / "cube.zarr"
    if made_by == "xarray":
        of_all_of(names[:2]).to_zarr(store, zarr_format=zarr_format)
        cubes.append(names[2], store)
    else:
        cubes.append("--zarr-format", zarr_format, *names, store)
    again = cubes.append(names[2], store)
    assert outcome(again) == ["already there"]
    cube = cubes.open_xarray(store, raw=True).load()
    cube["air"].values[:] += 1
    for variable in cube.variables.values():
        variable.encoding = {}
    cube.to_zarr(store, mode="w", zarr_format=zarr_format)
    assert status(store)["content"]["written_by_others"] is True
    before = cubes.tree(store)
    done = cubes.append(names[2], store, status=5)
    assert "with different values in array 'air'" in done.stderr
    assert cubes.tree(store) == before


def test_the_chain_of_digests_goes_on_where_nobody_else_writes(tmp_path):
    """Runs, batches, replaced steps, attributes, a copy of the whole archive: none of
    these is another program's change."""
    names = days(tmp_path / "days", 6)
    store = tmp_path / "cube.zarr"
    cubes.append(names[0], names[1], store)
    cubes.append("--slices-per-commit", 2, names[2], names[3], store)
    changed = xr.open_dataset(names[1], decode_times=False).load()
    changed["air"].values[:] += 1
    changed.to_netcdf(tmp_path / "changed.nc")
    cubes.append("--on-duplicate", "replace", tmp_path / "changed.nc", store)
    cubes.append("--attributes", "update", names[4], store)
    moved = tmp_path / "elsewhere"
    shutil.copytree(store, moved / "cube.zarr")
    shutil.copytree(cubes.sidecar(store), moved / "cube.zarr.mdimappend")
    cubes.append(names[5], moved / "cube.zarr")
    records = log(moved / "cube.zarr")
    assert [record["documents"]["chain_from"] for record in records] == [1] * 6
    for later, earlier in zip(records, records[1:], strict=False):
        before, after = later["documents"]["before"], earlier["documents"]["after"]
        assert before == after, f"commit {later['sequence']}"
    assert status(moved / "cube.zarr")["content"]["written_by_others"] is False


def test_a_commit_after_a_foreign_change_begins_the_chain_anew(tmp_path):
    names = days(tmp_path / "days", 4)
    store = tmp_path / "cube.zarr"
    cubes.append(*names[:2], store)
    zarr.open_group(store)["air"].attrs["long_name"] = "of another program"
    zarr.consolidate_metadata(store)
    cubes.append(names[2], store)
    cubes.append(names[3], store)
    records = log(store)
    assert [r["documents"]["chain_from"] for r in records] == [3, 3, 1, 1]
    text = cubes.run("driver", "mdimappend", "log", store, command="gdal").stdout
    told = [line for line in text.splitlines() if "another program" in line]
    assert [line.split()[0] for line in told] == ["3"]
    # What was brought before is compared, what came after is known.
    changed = zarr.open_group(store)["air"]
    changed[:] = changed[:] + 1
    assert outcome(cubes.append(names[3], store)) == ["already there"]
    cubes.append(names[0], store, status=5)


def unlabelled(folder, count):
    """Files that make steps without labels."""
    folder.mkdir()
    for i in range(count):
        data = xr.Dataset({"v": (("time", "x"), np.full((1, 3), float(i)))})
        data.to_netcdf(folder / f"{i}.nc")
    return sorted(folder.iterdir())


def test_without_labels_a_slice_that_may_be_gone_is_refused(tmp_path):
    """Appended twice it would be wrong, left out it would be lost: who has written the
    store anew has to say."""
    names = unlabelled(tmp_path / "steps", 3)
    store = tmp_path / "cube.zarr"
    cubes.append(*names[:2], store)
    assert outcome(cubes.append(names[1], store)) == ["already there"]
    first = cubes.open_xarray(store).isel(time=slice(0, 1)).load()
    for variable in first.variables.values():
        variable.encoding = {}
    first.to_zarr(store, mode="w")
    before = cubes.tree(store)
    done = cubes.append(names[0], store, status=5)
    assert "commit 1 brought it" in done.stderr
    assert "append it with --again" in done.stderr
    assert cubes.tree(store) == before
    cubes.append("--again", names[1], store)
    cubes.append(names[2], store)
    assert cubes.read_zarr(store)["v"][:, 0].tolist() == [0.0, 1.0, 2.0]
    # What was appended since is known, with --again too; the rest still is not.
    assert outcome(cubes.append("--again", *names[1:], store)) == ["already there"] * 2
    cubes.append(names[0], store, status=5)


def test_a_group_is_known_after_many_commits_of_another(tmp_path):
    """Its newest record is found by a hint, however far back that is."""
    store = tmp_path / "cube.zarr"
    names = unlabelled(tmp_path / "steps", 2)
    cubes.append("--group", "old", *names, store)
    cubes.append("--group", "busy", *unlabelled(tmp_path / "others", 105), store)
    again = cubes.append("--group", "old", *names, store)
    assert outcome(again) == ["already there"] * 2
    first = xr.open_zarr(store, group="old").isel(time=slice(0, 1)).load()
    for variable in first.variables.values():
        variable.encoding = {}
    first.to_zarr(store, group="old", mode="w", consolidated=False)
    zarr.consolidate_metadata(store)
    done = cubes.append("--group", "old", names[0], store, status=5)
    assert "commit 1 brought it" in done.stderr
    (hint,) = (cubes.sidecar(store) / "log" / "members").iterdir()
    hint.write_text("{}")
    cubes.append("--group", "old", "--again", names[1], store)
    assert cubes.read_zarr(store, "old")["v"][:, 0].tolist() == [0.0, 1.0]


def test_records_of_earlier_versions_are_believed_as_they_were(tmp_path):
    """They have no digests: nothing is known of foreign changes, and a rerun after an
    upgrade costs what it did."""
    names = days(tmp_path / "days", 2)
    store = tmp_path / "cube.zarr"
    cubes.append(names[0], store)
    record = cubes.sidecar(store) / "log/000000000001.json"
    text = json.loads(record.read_text())
    for key in ("documents", "map", "size"):
        del text[key]
    record.write_text(json.dumps(text))
    values = zarr.open_group(store)["air"]
    values[:] = values[:] + 1
    assert outcome(cubes.append(names[0], store)) == ["already there"]
    cubes.append(names[1], store)
    assert log(store)[0]["documents"]["chain_from"] == 1


def test_what_a_record_says_of_rows_and_attributes(tmp_path):
    names = days(tmp_path / "days", 4)
    store = tmp_path / "cube.zarr"
    settings = tmp_path / "settings.yaml"
    settings.write_text("attrs:\n  title: weather\n  to: '{{ last_label }}'\n")
    say = ["--settings", settings]
    cubes.append(*say, names[0], store)
    cubes.append(*say, names[1], store)
    changed = of_all_of(names[1:3])
    changed["air"].values[0] += 1
    changed.to_netcdf(tmp_path / "changed.nc")
    cubes.append(
        *say, "--on-duplicate", "replace", tmp_path / "changed.nc", names[3], store
    )
    last, third, second, first = log(store)
    assert first["map"] == ["slice 0 0:1"]
    assert second["map"] == ["cube 0:1", "slice 0 0:1"]
    assert third["map"] == ["cube 0:1", "slice 0 0:2"]
    assert last["map"] == ["cube 0:3", "slice 0 0:1"]
    assert [r["size"] for r in (first, second, third, last)] == [1, 2, 3, 4]
    texts = [r.get("attributes", {}).get("to") for r in (first, second, third, last)]
    assert texts[0] is None
    assert {text["first"] for text in texts[1:]} == {'"2000-01-01"'}
    assert [text["now"] for text in texts[1:]] == [
        '"2000-01-02"',
        '"2000-01-03"',
        '"2000-01-04"',
    ]
