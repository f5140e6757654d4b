"""The driver MDIMAPPEND: reading a target, and copying a slice to it."""

import contextlib
import json
import os
import shutil
import subprocess
import threading
import xml.etree.ElementTree as ElementTree

import cubes
import numpy as np
import preload
import pytest
from osgeo import gdal, osr

MULTIDIM = gdal.OF_MULTIDIM_RASTER
TRANSLATE = "gdalmdimtranslate"


def driver():
    return gdal.GetDriverByName("MDIMAPPEND")


def name(store):
    return f"MDIMAPPEND:{store}"


def opened(path):
    return gdal.OpenEx(str(path), MULTIDIM)


def copy(slice_dataset, store, *options, **more):
    return driver().CreateCopy(name(store), slice_dataset, options=[*options], **more)


def days(store):
    return opened(name(store)).GetRootGroup().OpenMDArray("time").GetShape()[0]


def log(store):
    words = ("driver", "mdimappend", "log", "--json", "--last", "0", store)
    return json.loads(cubes.run(*words, command="gdal").stdout)


def in_memory(time, values, description=""):
    """A slice that is no file."""
    dataset = gdal.GetDriverByName("MEM").CreateMultiDimensional(description)
    root = dataset.GetRootGroup()
    t = root.CreateDimension("time", gdal.DIM_TYPE_TEMPORAL, None, len(time))
    x = root.CreateDimension("x", None, None, values.shape[1])
    real = gdal.ExtendedDataType.Create(gdal.GDT_Float32)
    whole = gdal.ExtendedDataType.Create(gdal.GDT_Int32)
    root.CreateMDArray("data", [t, x], real).WriteArray(values)
    root.CreateMDArray("time", [t], whole).WriteArray(np.asarray(time, "int32"))
    return dataset


def scene(path, value, size=(5, 4)):
    """A raster of one band."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), *size, 1, gdal.GDT_Int16)
    dataset.SetGeoTransform((600000, 10, 0, 5000000, 0, -10))
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32631)
    dataset.SetSpatialRef(crs)
    dataset.GetRasterBand(1).WriteArray(np.full(size[::-1], value, "int16"))
    dataset.Close()
    return path


# Reading


def test_a_target_opens_for_reading(target):
    dataset = opened(name(target))
    assert dataset.GetDriver().GetDescription() == "MDIMAPPEND"
    assert dataset.GetDescription() == name(target)
    root = dataset.GetRootGroup()
    for array, values in cubes.read_gdal(target).items():
        assert cubes.same(root.OpenMDArray(array).ReadAsArray(), values)
    assert dataset.GetFileList() is None


def test_the_name_may_be_quoted_relative_and_in_small_letters(target, monkeypatch):
    monkeypatch.chdir(target.parent)
    for text in (f'MDIMAPPEND:"{target}"', "MDIMAPPEND:cube.zarr", name(f"{target}/")):
        assert days(text.partition(":")[2]) == 3
        assert opened(text.replace("MDIMAPPEND", "mdimappend")) is not None


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("MDIMAPPEND:", "'MDIMAPPEND:' is neither MDIMAPPEND:path nor"),
        ('MDIMAPPEND:"cube.zarr', "lacks a quotation mark"),
        ('MDIMAPPEND:"cube.zarr"air', 'nor MDIMAPPEND:"path":/array'),
        ("MDIMAPPEND:/no/such", "target '/no/such': the folder '/no' does not exist"),
        ("MDIMAPPEND:no.zarr", "target 'no.zarr' does not exist"),
    ],
)
def test_what_is_no_target_is_refused(text, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for flags in (MULTIDIM, gdal.OF_RASTER):
        with pytest.raises(RuntimeError) as raised:
            gdal.OpenEx(text, flags)
        assert message in str(raised.value)


def test_only_names_with_the_prefix_are_its(target):
    assert gdal.IdentifyDriver(str(target)).GetDescription() == "Zarr"
    assert gdal.IdentifyDriver(name(target)).GetDescription() == "MDIMAPPEND"
    with pytest.raises(RuntimeError):
        gdal.OpenEx(str(target), MULTIDIM, allowed_drivers=["MDIMAPPEND"])


def test_updating_is_refused(target):
    for flags in (MULTIDIM, gdal.OF_RASTER):
        with cubes.unchanged(target), pytest.raises(RuntimeError) as raised:
            gdal.OpenEx(name(target), flags | gdal.OF_UPDATE)
        assert f"'{target}' is open for reading only" in str(raised.value)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_group_is_named_by_an_option_or_a_path(two_slices, store, zarr_format):
    words = ("--group", "ocean/air", "--zarr-format", zarr_format)
    cubes.append(*words, *two_slices, store)
    by_option = gdal.OpenEx(name(store), MULTIDIM, open_options=["GROUP=ocean/air"])
    by_path = opened(name(store / "ocean/air"))
    for dataset in (by_option, by_path):
        root = dataset.GetRootGroup()
        assert root.OpenMDArray("air").GetShape() == (5, 4, 5)
    with pytest.raises(RuntimeError, match="has no group 'ocean/none'"):
        opened(name(store / "ocean/none"))


def test_a_classic_raster_has_bands_georeferencing_and_subdatasets(target):
    whole = gdal.Open(name(target))
    names = [text for text, _ in whole.GetSubDatasets()]
    assert names == [f'MDIMAPPEND:"{target}":/{a}' for a in ("air", "elevation")]
    air = gdal.Open(names[0])
    plain = gdal.Open(f'ZARR:"{target}":/air')
    assert air.RasterCount == 3
    assert air.GetGeoTransform() == plain.GetGeoTransform()
    assert cubes.same(air.ReadAsArray(), plain.ReadAsArray())
    assert cubes.same(gdal.Open(names[0] + ":1").ReadAsArray(), air.ReadAsArray()[1])
    with pytest.raises(RuntimeError, match="multidimensional raster, leave it out"):
        opened(names[0])


def test_looking_at_a_raster_leaves_no_statistics(target):
    with cubes.unchanged(target):
        air = gdal.Open(f'MDIMAPPEND:"{target}":/air')
        assert air.GetRasterBand(1).ComputeStatistics(False)[0] == 1
        air.Close()


def test_options_of_the_zarr_driver_are_passed_on(target):
    options = ["USE_CONSOLIDATED_METADATA=NO"]
    dataset = gdal.OpenEx(name(target), MULTIDIM, open_options=options)
    assert dataset.GetRootGroup().OpenMDArray("air").GetShape() == (3, 4, 5)
    theirs = ElementTree.fromstring(
        gdal.GetDriverByName("Zarr").GetMetadataItem("DMD_OPENOPTIONLIST")
    )
    ours = {option.get("name") for option in option_list("DMD_OPENOPTIONLIST")}
    # Those that are left out write into the store, or are for other stores.
    assert {option.get("name") for option in theirs} - ours == {
        "CACHE_TILE_PRESENCE",
        "CACHE_KERCHUNK_JSON",
    }
    assert "GROUP" in ours


def test_no_list_of_chunks_is_left_in_the_store(target):
    options = ["CACHE_TILE_PRESENCE=YES"]
    with cubes.unchanged(target), gdal.quiet_errors():
        dataset = gdal.OpenEx(name(target), MULTIDIM, open_options=options)
        dataset.GetRootGroup().OpenMDArray("air").ReadAsArray()
        dataset.Close()


def test_a_store_that_nobody_appended_to_opens(tmp_path, store):
    cubes.weather(0, 3).to_zarr(store)
    assert days(store) == 3
    assert not cubes.sidecar(store).exists()


def test_who_may_only_read_opens_it(target):
    """And its sidecar, which is another user's."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("cannot become another user")
    code = (
        "from osgeo import gdal; gdal.UseExceptions();"
        f"print(gdal.OpenEx({name(target)!r}, {MULTIDIM}).GetRootGroup()"
        ".OpenMDArray('time').GetShape())"
    )
    for folder in target.parents:
        if folder.stat().st_uid == 0 and len(folder.parts) > 2:
            folder.chmod(0o755)
    words = ("--reuid=65534", "--clear-groups", "python3", "-c", code)
    done = cubes.run(*words, command="setpriv", status=None)
    assert done.stdout == "(3,)\n", done


# Appends that are under way, or were interrupted


def test_an_undecided_append_leaves_the_old_cube_readable(tmp_path):
    store, _ = cubes.interrupted(tmp_path)
    sidecar = cubes.tree(cubes.sidecar(store))
    assert days(store) == 2
    assert cubes.tree(cubes.sidecar(store)) == sidecar


def half_applied(store, second):
    """The append of `second`, decided, with some of its documents in place."""
    return preload.stopped_before("rename", "zarr.json", second, store, number=2)


def test_an_append_that_was_killed_half_applied_is_refused(two_slices, store):
    cubes.append(two_slices[0], store)
    with half_applied(store, two_slices[1]) as process:
        process.kill()
        process.communicate()
    before = cubes.tree(store), cubes.tree(cubes.sidecar(store))
    for flags in (MULTIDIM, gdal.OF_RASTER):
        with pytest.raises(RuntimeError) as raised:
            gdal.OpenEx(name(store), flags)
        assert "was interrupted after its commit was decided" in str(raised.value)
        assert "`gdal driver mdimappend recover`" in str(raised.value)
    assert (cubes.tree(store), cubes.tree(cubes.sidecar(store))) == before
    cubes.run("driver", "mdimappend", "recover", store, command="gdal")
    assert days(store) == 5


def what_is_read(store):
    """How many days, all of them right, or why it was refused."""
    try:
        root = opened(name(store)).GetRootGroup()
    except RuntimeError as refusal:
        return str(refusal)
    air = root.OpenMDArray("air").ReadAsArray()
    assert root.OpenMDArray("time").GetShape() == (len(air),)
    assert cubes.same(air, cubes.weather(0, len(air)).air.values)
    return len(air)


@pytest.mark.parametrize(
    ("call", "consolidated"),
    [("link", "yes"), ("rename", "yes"), ("rename", "no"), ("unlink", "yes")],
)
def test_wherever_an_append_is_killed_no_mixture_is_read(
    two_slices, store, call, consolidated
):
    """Before its n-th such call, for each n: it is the old cube, then it is refused,
    and then it is the new one."""
    options = ("--encoding", "air:chunk=2x2x5", "--consolidated", consolidated)
    words = (call, str(store), "--num-threads", "1", two_slices[1], store)
    found = []
    for number in range(1, 100):
        shutil.rmtree(store, ignore_errors=True)
        shutil.rmtree(cubes.sidecar(store), ignore_errors=True)
        cubes.append(*options, two_slices[0], store)
        try:
            with preload.stopped_before(*words, number=number) as process:
                process.kill()
                process.communicate()
        except AssertionError:
            break
        found.append(what_is_read(store))
    kinds = [kind if isinstance(kind, int) else "refused" for kind in found]
    assert kinds == sorted(kinds, key=[3, "refused", 5].index)
    assert "refused" in kinds
    assert all("driver mdimappend recover`" in f for f in found if isinstance(f, str))


def test_a_copy_recovers_first(two_slices, store):
    cubes.append(two_slices[0], store)
    with half_applied(store, two_slices[1]) as process:
        process.kill()
        process.communicate()
    copy(opened(two_slices[1]), store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    assert len(log(store)) == 2


def test_an_append_that_is_being_applied_is_waited_for(two_slices, store):
    cubes.append(two_slices[0], store)
    with half_applied(store, two_slices[1]) as process:
        with pytest.raises(RuntimeError) as raised:
            opened(name(store))
        assert "an append is being applied by" in str(raised.value)
        assert str(process.pid) in str(raised.value)
        later = threading.Timer(0.5, preload.go_on, [process])
        later.start()
        assert days(store) == 5
        later.join()


def test_opening_again_and_again_beside_a_writer(tmp_path, store):
    slices = cubes.weather_slices(tmp_path, (3, *[1] * 20))
    cubes.append(slices[0], store)
    words = ("--quiet", "--durability", "process", *slices[1:], store)
    seen = []
    with cubes.start(*words) as writer:
        while writer.poll() is None:
            root = opened(name(store)).GetRootGroup()
            seen.append(root.OpenMDArray("time").GetShape()[0])
            assert root.OpenMDArray("air").GetShape()[0] == seen[-1]
        assert writer.returncode == 0
    assert seen == sorted(seen)
    assert days(store) == 23


# Copying slices


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_gdalmdimtranslate(two_slices, store, zarr_format):
    for path in two_slices:
        options = ("-co", "APPEND_DIM=time", "-co", f"ZARR_FORMAT={zarr_format}")
        words = ("-of", "MDIMAPPEND", path, name(store), *options)
        done = cubes.run(*words, command=TRANSLATE)
        assert done.stderr == ""
    cubes.assert_reads_as(store, cubes.weather(0, 5))
    assert (store / "zarr.json").exists() == (zarr_format == 3)


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_multidimtranslate(two_slices, store, zarr_format):
    for path in two_slices:
        returned = gdal.MultiDimTranslate(
            name(store),
            opened(path),
            format="MDIMAPPEND",
            creationOptions=[f"ZARR_FORMAT={zarr_format}"],
        )
    assert returned.GetRootGroup().OpenMDArray("air").GetShape() == (5, 4, 5)
    assert returned.GetDescription() == name(store)
    cubes.assert_reads_as(store, cubes.weather(0, 5))


def test_a_part_of_a_slice_is_a_slice(two_slices, store):
    for first, last in ((0, 1), (2, 2)):
        gdal.MultiDimTranslate(
            name(store),
            opened(two_slices[0]),
            format="MDIMAPPEND",
            subsetSpecs=[f"time({first},{last})"],
            creationOptions=["APPEND_DIM=time"],
        )
    found = cubes.read_gdal(store)
    assert cubes.same(found["air"], cubes.weather(0, 3).air.values)


@pytest.mark.parametrize("description", ["", "a slice"])
def test_datasets_in_memory(store, description):
    for first in (0, 2):
        values = np.arange(6, dtype="float32").reshape(2, 3) + first
        copy(in_memory([first, first + 1], values, description), store)
    expected = {
        "data": [[0, 1, 2], [3, 4, 5], [2, 3, 4], [5, 6, 7]],
        "time": [0, 1, 2, 3],
    }
    cubes.assert_reads_as(store, expected)
    # The same again: nothing happens.
    with cubes.unchanged(store):
        copy(in_memory([2, 3], values), store)
    with (
        cubes.unchanged(store),
        pytest.raises(RuntimeError, match="with different values"),
    ):
        copy(in_memory([2, 3], values + 1), store)


def test_rasters_are_given_a_label(tmp_path, store):
    for day in (5, 6):
        raster = gdal.Open(scene(tmp_path / f"{day}.tif", day))
        returned = copy(raster, store, f"LABEL=2024-01-0{day}")
    assert returned.GetRootGroup().OpenMDArray("band1").GetShape() == (2, 4, 5)
    with cubes.unchanged(store):
        copy(raster, store, "LABEL=2024-01-06")
    words = ("-of", "MDIMAPPEND", scene(tmp_path / "7.tif", 7), name(store))
    cubes.run(*words, "-co", "LABEL=2024-01-07", command=TRANSLATE)
    cube = cubes.open_xarray(store)
    assert [str(t)[:10] for t in cube.time.values] == [
        "2024-01-05",
        "2024-01-06",
        "2024-01-07",
    ]
    assert cube.band1.values[:, 0, 0].tolist() == [5, 6, 7]
    with cubes.unchanged(store), pytest.raises(RuntimeError, match="no label is given"):
        copy(raster, store)


def test_a_raster_is_copied_as_it_is_in_memory(tmp_path, store):
    """Not as its file is."""
    changed = gdal.Open(scene(tmp_path / "a.tif", 1))
    changed.SetGeoTransform((0, 1, 0, 4, 0, -1))
    copy(changed, store, "LABEL=2024-01-05")
    assert cubes.open_xarray(store).y.values[0] == 3.5
    gdal.GetDriverByName("GTiff").Delete(str(tmp_path / "a.tif"))


def test_the_log_names_the_file_and_knows_it_again(two_slices, store):
    copy(opened(two_slices[0]), store)
    copy(opened(two_slices[1]), store)
    logged = [record["slices"][0] for record in log(store)]
    assert [s["name"] for s in logged] == [str(p) for p in reversed(two_slices)]
    assert all(s["state"] for s in logged)
    assert log(store)[0]["command"] == "GDAL driver MDIMAPPEND"
    # By the command, and by the driver.
    report = cubes.append(*two_slices, store).report
    assert [s["outcome"] for s in report["slices"]] == ["already there"] * 2
    with cubes.unchanged(store):
        copy(opened(two_slices[1]), store)
    assert len(log(store)) == 2


def test_slices_without_labels_are_known_by_their_files(tmp_path, store):
    for number in range(2):
        unlabelled = cubes.weather(number, 1).drop_vars("time")
        cubes.write(unlabelled, tmp_path / f"{number}.nc")
    for number in (0, 1, 1):
        copy(opened(tmp_path / f"{number}.nc"), store)
    assert cubes.read_gdal(store)["air"].shape == (2, 4, 5)


def test_a_target_is_a_slice_too(two_slices, store, tmp_path):
    cubes.append(*two_slices, store)
    copy(opened(name(store)), tmp_path / "other.zarr")
    cubes.assert_reads_as(tmp_path / "other.zarr", cubes.weather(0, 5))


def test_progress_is_passed_through(two_slices, store):
    seen = []
    copy(opened(two_slices[0]), store, callback=lambda f, *_: seen.append(f) or 1)
    assert seen == sorted(seen)
    assert seen[-1] == 1
    with cubes.unchanged(store), pytest.raises(RuntimeError, match="interrupted"):
        copy(opened(two_slices[1]), store, callback=lambda *_: 0)


def test_a_refusal_says_what_the_command_says(two_slices, store, tmp_path):
    cubes.append(two_slices[0], store)
    wrong = cubes.write(cubes.weather(3, 2, lat=9), tmp_path / "wrong.nc")
    by_command = cubes.append(wrong, store, status=5).message
    assert by_command.endswith("Nothing was written.")
    with cubes.unchanged(store), pytest.raises(RuntimeError) as raised:
        copy(opened(wrong), store)
    assert str(raised.value) == by_command
    words = ("-of", "MDIMAPPEND", wrong, name(store))
    with cubes.unchanged(store):
        done = cubes.run(*words, command=TRANSLATE, status=1)
    assert done.stderr == f"ERROR 1: {by_command}\n"


def test_without_exceptions_nothing_is_returned(two_slices, store):
    gdal.DontUseExceptions()
    try:
        with gdal.quiet_errors():
            assert copy(opened(two_slices[0]), store, "STEP=nonsense") is None
            assert "nonsense" in gdal.GetLastErrorMsg()
            assert copy(opened(two_slices[0]), store) is not None
    finally:
        gdal.UseExceptions()


def test_a_locked_target_is_left_alone(two_slices, store):
    cubes.append(two_slices[0], store)
    with (
        cubes.locked(store),
        cubes.unchanged(store),
        pytest.raises(RuntimeError, match="^locked by process"),
    ):
        copy(opened(two_slices[1]), store, "LOCK_TIMEOUT=0")


# Creation options


def option_list(item):
    return ElementTree.fromstring(driver().GetMetadataItem(item))


def test_the_options_are_those_of_the_command():
    usage = json.loads(subprocess.check_output([cubes.COMMAND, "--json-usage"]))
    not_here = {
        *("input", "output", "input-format", "open-option", "slices-from"),
        *("wait", "poll-interval", "ready-suffix", "slice-config"),
        *("target-config", "slices-per-commit", "keep-going", "dry-run", "report"),
        *("quiet", "verbose", "progress", "config", "help", "json-usage"),
    }
    arguments = {a["name"]: a for a in usage["input_arguments"]}
    expected = {n.replace("-", "_").upper(): n for n in set(arguments) - not_here}
    lists = [
        option_list("DMD_CREATIONOPTIONLIST"),
        option_list("DMD_MULTIDIM_DATASET_CREATIONOPTIONLIST"),
    ]
    for options in lists:
        assert {o.get("name") for o in options} == set(expected)
        for option in options:
            argument = arguments[expected[option.get("name")]]
            assert option.get("description").startswith(argument["description"])
            assert [v.text for v in option] == argument.get("choices", [])
            assert option.get("default") == (
                str(argument["default"])
                if isinstance(argument.get("default"), str | int)
                and not isinstance(argument.get("default"), bool)
                else None
            )


def test_options_shape_a_new_target(two_slices, store):
    options = (
        "ENCODING=air:dtype=int16,scale=0.1,chunk=3x2x5",
        "encoding=elevation:dtype=int32",
        "EXCLUDE_ARRAY=no,such",
        "REQUIRE_ALIGNED=YES",
        "CONSOLIDATED=no",
    )
    copy(opened(two_slices[0]), store, *options)
    raw = cubes.open_xarray(store, consolidated=False, raw=True)
    assert raw.air.dtype == "int16"
    assert raw.elevation.dtype == "int32"
    assert len(cubes.objects(store)) == 2
    with cubes.unchanged(store), pytest.raises(RuntimeError, match="--require-aligned"):
        copy(opened(two_slices[1]), store, "REQUIRE_ALIGNED=YES")


def test_a_settings_file_is_an_option(two_slices, store, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("target_dir: elsewhere.zarr\nexcluded_variables: [elevation]\n")
    copy(opened(two_slices[0]), store, f"SETTINGS={settings}")
    expected = cubes.weather(0, 3).drop_vars("elevation")
    cubes.assert_reads_as(store, expected)


def test_settings_of_a_dry_run_are_refused(two_slices, store, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("dry_run: true\n")
    with pytest.raises(RuntimeError, match="a settings file says dry_run. Nothing was"):
        copy(opened(two_slices[0]), store, f"SETTINGS={settings}")
    assert not store.exists()


def test_a_group_of_the_settings_is_returned(two_slices, store, tmp_path):
    settings = tmp_path / "settings.yaml"
    settings.write_text("group: ocean\n")
    returned = copy(opened(two_slices[0]), store, f"SETTINGS={settings}")
    assert returned.GetRootGroup().OpenMDArray("air").GetShape() == (3, 4, 5)


def test_overwriting_is_an_option(two_slices, store):
    cubes.append(two_slices[0], store)
    copy(opened(two_slices[1]), store, "OVERWRITE=YES")
    cubes.assert_reads_as(store, cubes.weather(3, 2))


def test_a_group_is_made_and_returned(two_slices, store):
    for path in two_slices:
        returned = copy(opened(path), store, "GROUP=ocean")
    assert returned.GetRootGroup().OpenMDArray("air").GetShape() == (5, 4, 5)
    cubes.assert_reads_as(store, cubes.weather(0, 5), group="ocean")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("COMPRESS=ZSTD", "there is no creation option 'COMPRESS'"),
        ("DRY_RUN=YES", "there is no creation option 'DRY_RUN'"),
        ("ARRAY:COMPRESS=ZSTD", "array options go into ENCODING"),
        ("ON_CRS=maybe", "the creation option ON_CRS cannot be 'maybe'"),
        ("ZARR_FORMAT=4", "the creation option ZARR_FORMAT cannot be '4'"),
        ("OVERWRITE=perhaps", "the creation option OVERWRITE cannot be 'perhaps'"),
        ("ENCODING", "the creation option 'ENCODING' is not NAME=VALUE"),
    ],
)
def test_wrong_options_are_refused(two_slices, store, option, message):
    cubes.append(two_slices[0], store)
    with cubes.unchanged(store), pytest.raises(RuntimeError) as raised:
        copy(opened(two_slices[1]), store, option)
    assert message in str(raised.value)
    assert "Nothing was written." in str(raised.value)


def test_an_option_that_is_there_twice_is_refused(two_slices, store):
    with pytest.raises(RuntimeError, match="STEP is given twice"):
        copy(opened(two_slices[0]), store, "STEP=1D", "STEP=2D")
    assert not store.exists()


# Wrong calls leave the target as it is


def names(store):
    return [str(store), name(store), f'MDIMAPPEND:"{store}":/air', f'ZARR:"{store}"']


@pytest.fixture(params=range(4), ids=["plain", "prefix", "array", "ZARR"])
def any_name(request, target):
    return names(target)[request.param]


def refuse(call, *arguments):
    with pytest.raises(RuntimeError) as raised:
        call(*arguments)
    return str(raised.value)


def test_deleting_is_refused(target, any_name):
    with cubes.unchanged(target):
        message = refuse(driver().Delete, any_name)
    assert f"'{any_name}' is not deleted" in message
    assert "belong together" in message


def test_renaming_is_refused(target, any_name, tmp_path):
    with cubes.unchanged(target):
        message = refuse(driver().Rename, str(tmp_path / "new.zarr"), any_name)
        assert f"'{any_name}' is not renamed" in message
        refuse(driver().Rename, any_name, str(tmp_path / "new.zarr"))


def test_copying_files_is_refused(target, any_name, tmp_path):
    with cubes.unchanged(target):
        message = refuse(driver().CopyFiles, str(tmp_path / "new.zarr"), any_name)
        assert f"the files of '{any_name}' are not copied" in message
        refuse(driver().CopyFiles, any_name, str(tmp_path / "day0000.nc"))


def test_creating_is_refused(target, any_name):
    with cubes.unchanged(target):
        assert "no create method" in refuse(driver().Create, any_name, 5, 4)
        message = refuse(driver().CreateMultiDimensional, any_name)
        assert "no CreateMultiDimensional method" in message


def test_a_copy_to_a_name_without_the_prefix_is_refused(target, tmp_path):
    """GDAL deletes what is there before it calls a driver: it is kept from that."""
    multidim = opened(cubes.write(cubes.weather(3, 2), tmp_path / "next.nc"))
    raster = gdal.Open(scene(tmp_path / "a.tif", 1))
    relative = tmp_path / "link.zarr"
    relative.symlink_to(target)
    inside = target / "air"
    document = next(p for p in target.iterdir() if p.is_file())
    for source in (multidim, raster):
        for path in (target, f"{target}/", relative, inside, document):
            with cubes.unchanged(target):
                message = refuse(driver().CreateCopy, str(path), source)
                assert f"'{path}' does not begin with MDIMAPPEND:" in message
        with cubes.unchanged(target):
            refuse(driver().CreateCopy, f'ZARR:"{target}"', source)
            refuse(driver().CreateCopy, f'MDIMAPPEND:"{target}":/air', source)
    # Twice the same, and after somebody has looked for it.
    with cubes.unchanged(target):
        for _ in range(2):
            assert gdal.IdentifyDriver(str(target)).GetDescription() == "Zarr"
            refuse(driver().CreateCopy, str(target), multidim)


def test_a_copy_to_a_file_leaves_the_file(two_slices, tmp_path):
    other = scene(tmp_path / "a.tif", 1)
    for path in (two_slices[0], other):
        before = path.read_bytes()
        refuse(driver().CreateCopy, str(path), opened(two_slices[1]))
        assert path.read_bytes() == before


def test_a_refused_copy_leaves_other_drivers_alone(target, tmp_path):
    """They delete what is in their way, as ever."""
    source = gdal.Open(scene(tmp_path / "a.tif", 1))
    refuse(driver().CreateCopy, str(target), source)
    assert gdal.IdentifyDriver(str(target)).GetDescription() == "Zarr"
    shutil.copytree(target, tmp_path / "other.zarr")
    gdal.GetDriverByName("Zarr").Delete(str(tmp_path / "other.zarr"))
    assert not (tmp_path / "other.zarr").exists()


def test_gdals_own_copy_is_refused(target, tmp_path):
    source = gdal.Open(scene(tmp_path / "a.tif", 1))
    multidim = opened(cubes.write(cubes.weather(3, 2), tmp_path / "next.nc"))
    with gdal.config_option("GDAL_DEFAULT_CREATE_COPY", "YES"):
        for text in names(target):
            with cubes.unchanged(target):
                refuse(driver().CreateCopy, text, source)
                refuse(driver().CreateCopy, text, multidim)


def test_a_copy_of_the_target_to_itself(target):
    """GDAL deletes those files of an old copy that the source does not need."""
    plain = gdal.Open(f'ZARR:"{target}":/air')
    whole = gdal.Open(str(target))
    with cubes.unchanged(target):
        for source in (plain, whole, opened(target), opened(name(target))):
            for text in names(target):
                with gdal.quiet_errors(), contextlib.suppress(RuntimeError):
                    driver().CreateCopy(text, source)


def test_a_dataset_that_is_to_be_deleted_when_it_closes(target):
    with cubes.unchanged(target):
        for flags in (MULTIDIM, gdal.OF_RASTER):
            dataset = gdal.OpenEx(name(target), flags)
            dataset.MarkSuppressOnClose()
            with gdal.quiet_errors():
                del dataset


def test_a_raster_is_not_written_to(target):
    calls = [
        lambda d: d.SetMetadataItem("a", "b"),
        lambda d: d.SetGeoTransform((0, 1, 0, 0, 0, 1)),
        lambda d: d.SetProjection("EPSG:4326"),
        lambda d: d.CreateMaskBand(gdal.GMF_PER_DATASET),
        lambda d: d.BuildOverviews("NEAREST", [2]),
        lambda d: d.GetRasterBand(1).Fill(7),
        lambda d: d.GetRasterBand(1).WriteArray(np.zeros((4, 5), "float32")),
        lambda d: d.GetRasterBand(1).SetNoDataValue(3),
        lambda d: d.GetRasterBand(1).SetMetadataItem("a", "b"),
        lambda d: d.GetRasterBand(1).GetDefaultHistogram(),
    ]
    beside = sorted(target.parent.iterdir())
    with cubes.unchanged(target):
        for call in calls:
            dataset = gdal.Open(f'MDIMAPPEND:"{target}":/air')
            with gdal.quiet_errors(), contextlib.suppress(RuntimeError):
                call(dataset)
            dataset.Close()
    assert sorted(target.parent.iterdir()) == beside


PROGRAMS = [
    "gdalmdimtranslate -of MDIMAPPEND SLICE PLAIN",
    "gdalmdimtranslate --overwrite -of MDIMAPPEND -co STEP=9D SLICE PREFIX",
    "gdal mdim convert -f MDIMAPPEND SLICE PLAIN",
    "gdal mdim convert -f MDIMAPPEND --overwrite SLICE PLAIN",
    "gdal mdim convert -f MDIMAPPEND --overwrite SLICE PREFIX",
    "gdal mdim convert --overwrite SLICE PREFIX",
    "gdal raster convert -f MDIMAPPEND RASTER PLAIN",
    "gdal raster convert -f MDIMAPPEND --overwrite RASTER PLAIN",
    "gdal raster convert -f MDIMAPPEND --overwrite RASTER PREFIX",
    "gdal raster convert --overwrite RASTER PREFIX",
    "gdal raster convert -f MDIMAPPEND --append RASTER PLAIN",
    "gdal raster resize -f MDIMAPPEND --overwrite --size 3,3 RASTER PLAIN",
    "gdal raster pipeline read RASTER ! write -f MDIMAPPEND --overwrite PLAIN",
    "gdal vector convert -f MDIMAPPEND --overwrite RASTER PLAIN",
    "gdal_translate -of MDIMAPPEND RASTER PLAIN",
    "gdal_translate -of MDIMAPPEND RASTER PREFIX",
    "gdalwarp -overwrite -of MDIMAPPEND RASTER PREFIX",
    "gdal_create -of MDIMAPPEND -outsize 3 3 PLAIN",
    "gdal_create -of MDIMAPPEND -outsize 3 3 PREFIX",
    "gdal dataset delete -f MDIMAPPEND PLAIN",
    "gdal dataset delete PREFIX",
    "gdal dataset rename -f MDIMAPPEND PLAIN new.zarr",
    "gdal dataset rename PREFIX new.zarr",
    "gdal dataset copy -f MDIMAPPEND SLICE PLAIN",
    "gdal dataset copy --overwrite SLICE PREFIX",
    "gdalmanage delete -f MDIMAPPEND PLAIN",
    "gdalmanage delete PREFIX",
    "gdalmanage rename -f MDIMAPPEND PLAIN new.zarr",
    "gdaladdo PREFIX 2",
    "gdaladdo -ro PREFIX 2",
    "gdal_edit -a_srs EPSG:4326 PREFIX",
]


@pytest.mark.parametrize("line", PROGRAMS)
def test_programs_leave_the_target_as_it_is(target, tmp_path, line):
    words = {
        "PLAIN": "cube.zarr",
        "PREFIX": "MDIMAPPEND:cube.zarr",
        "SLICE": str(cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")),
        "RASTER": str(scene(tmp_path / "a.tif", 1)),
    }
    command, *arguments = [words.get(word, word) for word in line.split()]
    if not shutil.which(command):
        pytest.skip(f"{command} is not installed")
    logged = cubes.tree(cubes.sidecar(target) / "log")
    with cubes.unchanged(target):
        done = cubes.run(*arguments, command=command, status=None, cwd=tmp_path)
    assert "ERROR" in done.stderr or done.status != 0, done
    assert cubes.tree(cubes.sidecar(target) / "log") == logged


@pytest.mark.parametrize(
    "line",
    [
        "gdalmdimtranslate --overwrite -of MDIMAPPEND SLICE PLAIN",
        "gdal dataset copy --overwrite -f MDIMAPPEND SLICE PLAIN",
    ],
)
def test_programs_that_delete_before_they_look_for_a_driver(target, tmp_path, line):
    """What docs/commands/driver_mdimappend.md warns of. That this fails may be good
    news."""
    words = {
        "PLAIN": str(target),
        "SLICE": str(cubes.write(cubes.weather(3, 2), tmp_path / "next.nc")),
    }
    command, *arguments = [words.get(word, word) for word in line.split()]
    cubes.run(*arguments, command=command, status=None)
    assert not target.exists()


def test_it_comes_before_the_driver_that_would_delete():
    """GDAL asks drivers in their order whom to have a name deleted by."""
    order = [gdal.GetDriver(i).GetDescription() for i in range(gdal.GetDriverCount())]
    assert order.index("MDIMAPPEND") < order.index("Zarr")
