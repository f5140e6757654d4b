"""The command `gdalmdimappend`: what it prints, reports and exits with."""

import json
import os

import cubes
import pytest


def test_the_first_slice_makes_the_target_and_others_follow(two_slices, store):
    done = cubes.run(*two_slices, store)
    first, second, summary = done.stdout.splitlines()
    assert first.startswith(
        f"{two_slices[0]}: appended 3 steps of time, 2000-01-01 to 2000-01-03, to a "
        "new target ("
    )
    assert second.startswith(
        f"{two_slices[1]}: appended 2 steps of time, 2000-01-04 to 2000-01-05 ("
    )
    assert summary == "2 slices: 2 appended (5 steps of time)"
    assert (
        done.stderr == "0...10...20...30...40...50...60...70...80...90...100 - done.\n"
    )
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    assert cubes.leftovers(store) == []


def test_the_report_says_what_was_done(two_slices, store):
    cubes.append(two_slices[0], store)
    report = cubes.append("--message", "second day", two_slices[1], store).report
    (entry,) = report.pop("slices")
    assert report == {
        "target": str(store),
        "append_dim": "time",
        "exit_status": 0,
        "message": "",
        "recovered": {"undone": [], "finished": []},
        "warnings": [],
    }
    assert entry.pop("seconds") >= 0
    assert entry.pop("bytes") > 0
    assert entry == {
        "slice": str(two_slices[1]),
        "outcome": "appended",
        "first_row": 3,
        "rows": 2,
        "rows_replaced": 0,
        "rows_already_there": 0,
        "first_label": "2000-01-04",
        "last_label": "2000-01-05",
        "created": False,
        "sequence": 2,
        "chunks": 2,
        "altered_values": 0,
        "largest_rounding": {},
    }
    log = cubes.run(
        "driver", "mdimappend", "log", "--json", store, command="gdal"
    ).stdout
    newest, oldest = json.loads(log)
    assert newest["message"] == "second day"
    assert newest["command"].startswith("gdalmdimappend --report json --message")
    assert [newest["first_row"], oldest["first_row"]] == [3, 0]
    assert oldest["slices"][0]["name"] == str(two_slices[0])


def test_quiet_prints_nothing(two_slices, store):
    done = cubes.run("--quiet", *two_slices, store)
    assert (done.stdout, done.stderr) == ("", "")


def test_a_progress_bar_ends_at_the_end(two_slices, store):
    done = cubes.run(*two_slices, store)
    assert done.stderr.startswith("0...10...20...")
    assert done.stderr.endswith("100 - done.\n")
    assert "..." not in done.stdout


def test_json_comes_without_a_progress_bar(two_slices, store):
    assert cubes.append(*two_slices, store).stdout.startswith("{")


def test_a_rerun_appends_nothing(two_slices, store):
    cubes.append(*two_slices, store)
    with cubes.unchanged(store):
        report = cubes.append(*two_slices, store).report
    assert [s["outcome"] for s in report["slices"]] == ["already there"] * 2
    assert [s["rows_already_there"] for s in report["slices"]] == [3, 2]
    assert [s["rows"] for s in report["slices"]] == [0, 0]


def test_a_rerun_appends_what_is_missing(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 2))
    cubes.append(*slices[:2], store)
    report = cubes.append(*slices, store).report
    assert [s["outcome"] for s in report["slices"]] == [
        "already there",
        "already there",
        "appended",
    ]
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_of_an_overlapping_slice_the_new_part_is_appended(tmp_path, store):
    cubes.append(cubes.write(cubes.weather(0, 4), tmp_path / "a.nc"), store)
    overlapping = cubes.write(cubes.weather(2, 5), tmp_path / "b.nc")
    (entry,) = cubes.append(overlapping, store).report["slices"]
    assert (entry["rows"], entry["rows_already_there"]) == (3, 2)
    assert entry["first_label"] == "2000-01-05"
    cubes.assert_reads_as(store, cubes.weather(0, 7))


def test_dry_run_writes_nothing_at_all(two_slices, store, tmp_path):
    before = cubes.tree(tmp_path)
    report = cubes.append("--dry-run", two_slices[0], store).report
    (entry,) = report["slices"]
    assert entry["outcome"] == "would append"
    assert entry["created"] is True
    assert {a["path"] for a in entry["plan"]["arrays"]} >= {"air", "time", "elevation"}
    assert cubes.tree(tmp_path) == before
    cubes.append(two_slices[0], store)
    before = cubes.tree(tmp_path)
    (entry,) = cubes.append("--dry-run", two_slices[1], store).report["slices"]
    assert entry["outcome"] == "would append"
    (air,) = [a for a in entry["plan"]["arrays"] if a["path"] == "air"]
    assert (air["chunks_added"], air["chunks_replaced"]) == (1, 0)
    assert cubes.tree(tmp_path) == before


def test_dry_run_refuses_as_the_append_would(tmp_path, store, two_slices):
    cubes.append(two_slices[0], store)
    wrong = cubes.write(cubes.weather(3, 2, lat=3), tmp_path / "wrong.nc")
    with cubes.unchanged(store):
        cubes.append("--dry-run", wrong, store, status=5)


def test_the_first_failing_slice_ends_the_run(tmp_path, store):
    a, b, c = cubes.weather_slices(tmp_path, (2, 2, 2))
    b.unlink()
    done = cubes.append(a, b, c, store, status=4)
    assert [s["outcome"] for s in done.report["slices"]] == ["appended", "failed"]
    assert done.report["exit_status"] == 4
    assert done.report["slices"][1]["exit_status"] == 4
    assert done.report["message"] == done.report["slices"][1]["message"]
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_keep_going_passes_over_what_fails(tmp_path, store):
    a, b, c, d = cubes.weather_slices(tmp_path, (2, 2, 2, 2))
    b.unlink()
    cubes.write(cubes.weather(4, 2, lon=9), c)
    done = cubes.append("--keep-going", a, b, c, d, store, status=4)
    outcomes = [s["outcome"] for s in done.report["slices"]]
    assert outcomes == ["appended", "failed", "failed", "appended"]
    assert [s.get("exit_status") for s in done.report["slices"]] == [None, 4, 5, None]
    # Both failures are named.
    assert str(b) in done.stderr
    assert str(c) in done.stderr
    expected = cubes.concat([cubes.weather(0, 2), cubes.weather(6, 2)])
    cubes.assert_reads_as(store, expected)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ([], "Required argument 'output' has not been specified"),
        (["{store}"], "no slice was named"),
        (["--nonsense", "{slice}", "{store}"], "nonsense"),
        (["--zarr-format", "4", "{slice}", "{store}"], "zarr-format"),
        (["--consolidated", "maybe", "{slice}", "{store}"], "consolidated"),
        (["--report", "xml", "{slice}", "{store}"], "report"),
        (
            ["--label", "1", "--label", "2", "{slice}", "{store}"],
            "2 labels for 1 slice",
        ),
        (["--lock-timeout", "soon", "{slice}", "{store}"], "'soon' is not a duration"),
        (["--encoding", "chunk=1", "{slice}", "{store}"], "NAME:key=value"),
        (["--encoding", "air:chunk=axb", "{slice}", "{store}"], "4x50x50"),
        (["--encoding", "air:compress=rar", "{slice}", "{store}"], "compress=rar"),
        (["--encoding", "air:level=99", "{slice}", "{store}"], "level=99"),
        (["--encoding", "air:colour=red", "{slice}", "{store}"], "key 'colour'"),
    ],
)
def test_wrong_usage_exits_with_2(two_slices, store, arguments, says):
    words = [a.format(slice=two_slices[0], store=store) for a in arguments]
    done = cubes.run(*words, status=2)
    assert says in done.stderr
    assert not store.exists()


def test_help_names_every_option():
    text = cubes.run("--help").stdout
    for option in ("--append-dim", "--label-from", "--keep-going", "--lock-timeout"):
        assert option in text
    usage = json.loads(cubes.run("--json-usage").stdout)
    names = {a["name"] for a in usage["input_arguments"]}
    assert {"input", "output", "append-dim", "group", "dry-run", "report"} <= names


def test_names_with_spaces_and_other_scripts(tmp_path):
    folder = tmp_path / "größe 日本 'quoted' \"x\" 100%, a=b"
    folder.mkdir()
    slices = cubes.weather_slices(folder, (2, 2))
    store = folder / "würfel & co.zarr"
    report = cubes.append(*slices, store).report
    assert report["slices"][0]["slice"] == str(slices[0])
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_the_progress_of_a_rerun_ends_too(two_slices, store):
    cubes.append(*two_slices, store)
    assert "100 - done." in cubes.run(*two_slices, store).stderr


def test_a_name_that_is_not_utf8(tmp_path, store):
    source = cubes.weather_slices(tmp_path, (2,))[0]
    path = os.fsencode(tmp_path) + b"/\xff\xfe.nc"
    os.rename(source, path)
    done = cubes.append(os.fsdecode(path), store)
    assert done.report["slices"][0]["outcome"] == "appended"
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_relative_names_and_a_trailing_slash(tmp_path, store):
    cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("day0000.nc", "cube.zarr/", cwd=tmp_path)
    cubes.append("./day0002.nc", "./cube.zarr", cwd=tmp_path)
    cubes.assert_reads_as(store, cubes.weather(0, 4))
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "cube.zarr",
        "cube.zarr.mdimappend",
        "day0000.nc",
        "day0002.nc",
    ]


def test_a_target_behind_a_link_has_one_sidecar(two_slices, store, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    link = tmp_path / "elsewhere" / "link.zarr"
    cubes.append(two_slices[0], store)
    link.symlink_to(store)
    cubes.append(two_slices[1], link)
    assert not cubes.sidecar(link).exists()
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_arrays_are_chosen_by_name(two_slices, store):
    cubes.append("--array", "air", *two_slices, store)
    assert set(cubes.read_zarr(store)) == {"air", "time", "lat", "lon"}


def test_arrays_are_left_out_by_name(two_slices, store):
    cubes.append("--exclude-array", "elevation", *two_slices, store)
    assert set(cubes.read_zarr(store)) == {"air", "time", "lat", "lon"}


def test_a_new_array_of_later_slices_is_left_out_with_one_warning(tmp_path, store):
    first = cubes.weather(0, 2)
    cubes.append(cubes.write(first, tmp_path / "0.nc"), store)
    paths = []
    for number in (1, 2):
        part = cubes.weather(2 * number, 2)
        part["wind"] = part["air"] * 2
        paths.append(cubes.write(part, tmp_path / f"{number}.nc"))
    done = cubes.append(*paths, store)
    warning = "array 'wind' of the slices is not in the target and was left out"
    assert done.report["warnings"] == [warning]
    assert done.stderr.count(warning) == 1
    cubes.assert_reads_as(store, cubes.weather(0, 6))


def test_require_aligned_refuses_partial_chunks(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (2, 2, 1))
    chunks = ["--encoding", "air:chunk=2x4x5", "--require-aligned"]
    cubes.append(*chunks, *slices[:2], store)
    with cubes.unchanged(store):
        done = cubes.append("--require-aligned", slices[2], store, status=5)
    assert done.message == (
        f"slice '{slices[2]}', array 'air': rows 4 to 5 do not fill whole chunks of "
        "2 (--require-aligned). Nothing was written."
    )


def test_netcdf_names_of_gdal_name_an_array(two_slices, store):
    cubes.append(f'NETCDF:"{two_slices[0]}":air', store)
    assert set(cubes.read_zarr(store)) == {"air", "time", "lat", "lon"}


def test_durability_process_appends_as_well(two_slices, store):
    cubes.append("--durability", "process", *two_slices, store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_a_slice_without_labels_is_in_once_however_it_is_spelled(tmp_path, store):
    """Without labels, the log knows which files are in."""
    unlabelled = cubes.weather(0, 2).drop_vars("time")
    path = cubes.write(unlabelled, tmp_path / "nolabel.nc")
    cubes.append(path, store)
    link = tmp_path / "link.nc"
    link.symlink_to(path)
    for spelling in (path, "nolabel.nc", "./nolabel.nc", link):
        (entry,) = cubes.append(spelling, store, cwd=tmp_path).report["slices"]
        assert entry["outcome"] == "already there", spelling
    other = cubes.write(unlabelled, tmp_path / "other.nc")
    cubes.append(other, store)
    assert cubes.open_xarray(store).sizes["time"] == 4
