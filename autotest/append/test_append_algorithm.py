"""`gdal mdim append`, gdal.alg.mdim.append and gdal.Run: the same algorithm."""

import json

import cubes
import pytest
from osgeo import gdal


def algorithm():
    found = gdal.Algorithm("mdim", "append")
    assert found is not None
    return found


def test_gdal_lists_it_once():
    text = cubes.run("mdim", "--help", command="gdal").stdout
    assert text.count("append:") == 1
    text = cubes.run("--help", command="gdal").stdout
    assert text.count("mdim:") == 1


def test_gdal_mdim_append(two_slices, store):
    done = cubes.run("mdim", "append", *two_slices, store, command="gdal")
    assert "appended 3 steps of time" in done.stdout
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_gdal_mdim_append_reports_json(two_slices, store):
    done = cubes.run(
        "mdim", "append", "--report", "json", *two_slices, store, command="gdal"
    )
    assert [s["outcome"] for s in json.loads(done.stdout)["slices"]] == ["appended"] * 2


@pytest.mark.parametrize(
    ("case", "status"), [("usage", 1), ("missing", 4), ("refused", 5), ("locked", 3)]
)
def test_gdal_mdim_append_exits_with(two_slices, store, tmp_path, case, status):
    cubes.append(two_slices[0], store)
    words = [two_slices[1], store]
    if case == "usage":
        words.insert(0, "--nonsense")
    elif case == "missing":
        two_slices[1].unlink()
    elif case == "refused":
        cubes.write(cubes.weather(3, 2, lat=9), two_slices[1])
    else:
        words[:0] = ["--lock-timeout", "0"]
    with cubes.unchanged(store), cubes.locked(store, case == "locked"):
        cubes.run("mdim", "append", *words, command="gdal", status=status)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_gdal_run(two_slices, store, zarr_format):
    assert gdal.Run(
        "mdim",
        "append",
        input=[str(p) for p in two_slices],
        output=str(store),
        zarr_format=zarr_format,
    )
    cubes.assert_reads_as(store, cubes.weather(0, 5))


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", ["yes", "no"])
def test_gdal_alg_mdim_append(two_slices, store, zarr_format, consolidated):
    gdal.alg.mdim.append(
        input=[str(p) for p in two_slices],
        output=str(store),
        zarr_format=zarr_format,
        consolidated=consolidated,
    )
    cubes.assert_reads_as(
        store, cubes.weather(0, 5), consolidated=consolidated == "yes"
    )


def test_open_datasets_are_slices_too(two_slices, store):
    opened = [gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER) for path in two_slices]
    gdal.alg.mdim.append(input=opened, output=str(store))
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_a_dataset_in_memory_is_a_slice(store):
    memory = gdal.GetDriverByName("MEM").CreateMultiDimensional("a slice")
    root = memory.GetRootGroup()
    time = root.CreateDimension("time", gdal.DIM_TYPE_TEMPORAL, None, 2)
    x = root.CreateDimension("x", None, None, 3)
    kind = gdal.ExtendedDataType.Create(gdal.GDT_Float32)
    data = root.CreateMDArray("data", [time, x], kind)
    data.WriteArray(cubes.np.arange(6, dtype="float32").reshape(2, 3))
    labels = root.CreateMDArray(
        "time", [time], gdal.ExtendedDataType.Create(gdal.GDT_Int32)
    )
    labels.WriteArray(cubes.np.arange(2, dtype="int32"))
    gdal.alg.mdim.append(input=[memory], output=str(store))
    cubes.assert_reads_as(store, {"data": [[0, 1, 2], [3, 4, 5]], "time": [0, 1]})


def test_errors_are_exceptions_with_the_whole_message(two_slices, store, tmp_path):
    missing = tmp_path / "missing.nc"
    with pytest.raises(RuntimeError) as raised:
        gdal.alg.mdim.append(input=[str(missing)], output=str(store))
    assert f"slice '{missing}' cannot be opened" in str(raised.value)
    assert str(raised.value).endswith("Nothing was written.")
    assert not store.exists()


def test_the_return_code_is_an_output(two_slices, store):
    run = algorithm()
    run["input"] = [str(two_slices[0])]
    run["output"] = str(store)
    assert run.Run()
    assert run["return-code"] == 0
    run = algorithm()
    run["input"] = ["/does/not/exist.nc"]
    run["output"] = str(store)
    with pytest.raises(RuntimeError, match="cannot be opened"):
        run.Run()
    assert run["return-code"] == 4


def test_the_report_is_an_output(two_slices, store):
    run = algorithm()
    run["input"] = [str(p) for p in two_slices]
    run["output"] = str(store)
    run["report"] = "json"
    assert run.Run()
    report = json.loads(run["output-string"])
    assert [s["rows"] for s in report["slices"]] == [3, 2]


def test_progress_grows_to_one(two_slices, store):
    seen = []

    def progress(fraction, message, data):
        seen.append(fraction)
        return 1

    run = algorithm()
    run["input"] = [str(p) for p in two_slices]
    run["output"] = str(store)
    assert run.Run(progress)
    assert seen == sorted(seen)
    assert seen[-1] == 1


def test_progress_that_says_stop_rolls_back(two_slices, store):
    cubes.append(two_slices[0], store)
    run = algorithm()
    run["input"] = [str(two_slices[1])]
    run["output"] = str(store)
    with cubes.unchanged(store):
        with pytest.raises(RuntimeError, match="(?i)interrupted"):
            run.Run(lambda fraction, message, data: 0)
        assert run["return-code"] == 1
    cubes.append(two_slices[1], store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_dry_run_in_process_writes_nothing(two_slices, store, tmp_path):
    before = cubes.tree(tmp_path)
    gdal.alg.mdim.append(
        input=[str(p) for p in two_slices[:1]], output=str(store), dry_run=True
    )
    assert cubes.tree(tmp_path) == before


def test_status_says_what_is_there(two_slices, store):
    cubes.append(*two_slices, store)
    done = cubes.run("driver", "mdimappend", "status", store, command="gdal")
    lines = done.stdout.splitlines()
    assert lines[0] == "not locked"
    assert lines[1].startswith("2 appends logged, the last at ")
    assert lines[1].endswith("2000-01-04 to 2000-01-05")
    assert lines[2] == "nothing pending"
    done = cubes.run("driver", "mdimappend", "status", "--json", store, command="gdal")
    status = json.loads(done.stdout)
    assert status["appends"] == 2
    assert status["locked"] is False
    assert status["pending"] == []


def test_status_names_who_holds_the_lock(two_slices, store):
    cubes.append(two_slices[0], store)
    with cubes.locked(store):
        done = cubes.run("driver", "mdimappend", "status", store, command="gdal")
        assert done.stdout.startswith("locked by ")
        done = cubes.run(
            "driver", "mdimappend", "unlock", store, command="gdal", status=3
        )
        assert "is held by " in done.stderr
        assert "Nothing was changed." in done.stderr
    done = cubes.run("driver", "mdimappend", "unlock", store, command="gdal")
    assert done.stdout.startswith("not locked: ")


@pytest.mark.parametrize("verb", ["status", "recover", "log", "unlock"])
def test_verbs_want_a_target(tmp_path, verb):
    missing = tmp_path / "missing.zarr"
    # By the program itself, which started.py does not start.
    words = ["driver", "mdimappend", verb, missing]
    done = cubes.run(*words, command="gdal", prefix=["env"], status=1)
    assert f"target '{missing}' does not exist" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_recover_finds_nothing_to_do(two_slices, store):
    cubes.append(*two_slices, store)
    words = ["driver", "mdimappend", "recover", store]
    with cubes.unchanged(store):
        done = cubes.run(*words, command="gdal", prefix=["env"])
    assert done.stdout == "nothing to recover\n"


@pytest.mark.parametrize(
    "words",
    [
        ["mdim", "convert", "{slice}", "{store}"],
        ["mdim", "convert", "--of", "MDIMAPPEND", "{slice}", "{store}"],
        ["mdim", "append", "--if", "GTiff", "{slice}", "{store}"],
        ["mdim", "append", "{slice}"],
        ["driver", "mdimappend", "nonsense", "{store}"],
    ],
)
def test_the_target_survives_wrong_calls(two_slices, store, words):
    cubes.append(two_slices[0], store)
    with cubes.unchanged(store):
        done = cubes.run(
            *[w.format(slice=two_slices[1], store=store) for w in words],
            command="gdal",
            status=None,
        )
        assert done.status != 0
