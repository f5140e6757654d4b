"""What is asked for as a date is one, or its slice is refused."""

import contextlib

import cubes
import netCDF4
import numpy as np
import pytest
from cubes import gdal

FORMS = "Dates are understood as 2024-01-05, "


def raster(path, **metadata):
    memory = gdal.GetDriverByName("MEM").Create("", 4, 3, 1)
    memory.SetGeoTransform([0, 1, 0, 3, 0, -1])
    memory.SetMetadata(metadata)
    gdal.GetDriverByName("GTiff").CreateCopy(path, memory)
    return path


def times(store):
    return [str(t)[:19] for t in cubes.open_xarray(store).time.values]


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("20240105", "2024-01-05T00:00:00"),
        ("2024005", "2024-01-05T00:00:00"),
        ("202401051020", "2024-01-05T10:20:00"),
        ("20240105_102030", "2024-01-05T10:20:30"),
        ("2024005T102030", "2024-01-05T10:20:30"),
        ("2024-01", "2024-01-01T00:00:00"),
    ],
)
def test_dates_in_metadata(tmp_path, store, text, date):
    path = raster(tmp_path / "a.tif", D=text)
    assert not cubes.append("--label-from", "metadata:D", path, store).report.get(
        "warnings"
    )
    assert times(store) == [date]
    later = raster(tmp_path / "b.tif", D="20240106102030")
    cubes.append("--label-from", "metadata:D", later, store)
    assert times(store) == [date, "2024-01-06T10:20:30"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("01/05/2024", "day and month may stand either way round"),
        ("05.01.2024", "day and month may stand either way round"),
        ("05-JAN-24", "its year has two digits"),
        ("2024-02-30", "there is no such day"),
        ("20240230", "there is no such day"),
        ("2023366", "there is no such day"),
        ("2024-01-05T10:20:60", "no such time of day"),
        ("2024010510", "its ten digits"),
        ("nan", "expected"),
        ("north", "expected"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_what_is_no_date_is_refused(tmp_path, store, text, why, first):
    """As the first label, and as a later one of a cube of dates."""
    good = raster(tmp_path / "good.tif", D="2024-01-01")
    bad = raster(tmp_path / "bad.tif", D=text)
    words = ["--label-from", "metadata:D"]
    if not first:
        cubes.append(*words, good, store)
    with contextlib.nullcontext() if first else cubes.unchanged(store):
        done = cubes.append(*words, bad, store, status=5)
    assert done.message.count("bad.tif'") == 1
    assert f"the label '{text}' is not a date (" in done.message
    assert why in done.message
    assert FORMS in done.message
    assert done.message.rstrip().endswith("Nothing was written.")
    assert store.exists() is not first


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (["--label", "2024-02-30"], "a.tif"),
        (["--label", "north"], "a.tif"),
        (["--label-from", "name:x_%Y%m%d.tif"], "x_20240230.tif"),
    ],
)
def test_given_or_in_the_name(tmp_path, store, words, name):
    path = raster(tmp_path / name)
    done = cubes.append(*words, path, store, status=5)
    assert "is not a date (" in done.message
    assert not store.exists()


def test_a_name_has_to_be_a_date_along_any_dimension(tmp_path, store):
    words = ["--append-dim", "scene"]
    path = raster(tmp_path / "x_20240230.tif")
    pattern = ["--label-from", "name:x_%Y%m%d.tif"]
    assert "no such d" in cubes.append(*words, *pattern, path, store, status=5).message
    # Among texts, too: they would have no order after it.
    cubes.append(*words, "--label", "north", raster(tmp_path / "n.tif"), store)
    with cubes.unchanged(store):
        cubes.append(*pattern, path, store, status=5)


def test_forms_of_products_may_be_given(tmp_path, store):
    labels = ["--label", "05-JAN-2024", "--label", "2024-006T12:00:00"]
    cubes.append(*labels, raster(tmp_path / "0.tif"), raster(tmp_path / "1.tif"), store)
    assert times(store) == ["2024-01-05T00:00:00", "2024-01-06T12:00:00"]


def test_a_calendar_of_a_cube_may_have_the_day(tmp_path, store):
    with netCDF4.Dataset(tmp_path / "m.nc", "w") as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        file.createVariable("a", "f4", ("time", "x"))[:] = np.zeros((1, 3))
        time = file.createVariable("time", "i4", ("time",))
        time.setncatts({"units": "days since 2024-02-01", "calendar": "360_day"})
        time[:] = [27]
    cubes.append(tmp_path / "m.nc", store)
    with netCDF4.Dataset(tmp_path / "map_20240230.nc", "w") as file:
        file.createDimension("x", 3)
        file.createVariable("a", "f4", ("x",))[:] = np.ones(3)
    pattern = ["--label-from", "name:map_%Y%m%d.nc"]
    cubes.append(*pattern, tmp_path / "map_20240230.nc", store)
    assert str(cubes.open_xarray(store).time.values[1]) == "2024-02-30 00:00:00"


@pytest.mark.parametrize(
    ("label", "says"),
    [
        ("9999-12-31", "the label of 'time' is 9999-12-31: is it right?"),
        ("0000-01-01", "the label of 'time' is 0000-01-01: is it right?"),
        ("1704449430.5", "is stored as a mere number"),
    ],
)
def test_doubtful_labels_are_said_to_be_so(tmp_path, store, label, says):
    report = cubes.append("--label", label, raster(tmp_path / "a.tif"), store).report
    assert len(report["warnings"]) == 1
    assert says in report["warnings"][0]
    named = store.parent / "scenes.zarr"
    words = ["--append-dim", "scene", "--label", "20240105"]
    report = cubes.append(*words, tmp_path / "a.tif", named).report
    assert not report.get("warnings")


def test_a_bad_date_is_one_slices_fault(tmp_path, store):
    paths = [
        raster(tmp_path / f"{number}.tif", D=text)
        for number, text in enumerate(["2024-01-01", "01/05/2024", "2024-03-01"])
    ]
    words = ["--keep-going", "--label-from", "metadata:D"]
    done = cubes.append(*words, *paths, store, status=5)
    assert [s["outcome"] for s in done.report["slices"]] == [
        "appended",
        "failed",
        "appended",
    ]
    assert done.report["slices"][1]["exit_status"] == 5
    assert times(store) == ["2024-01-01T00:00:00", "2024-03-01T00:00:00"]


def test_in_a_list_too(tmp_path, store):
    lines = tmp_path / "lines"
    path = raster(tmp_path / "a.tif")
    lines.write_text(
        "".join(
            f'{{"slice": "{path}", "label": "{label}"}}\n'
            for label in ("2024-01-01", "2024-02-30", "2024-03-01")
        )
    )
    words = ["--keep-going", "--slices-from", lines, "-o", store]
    done = cubes.append(*words, status=5)
    assert "the label '2024-02-30' is not a date" in done.message
    assert times(store) == ["2024-01-01T00:00:00", "2024-03-01T00:00:00"]


def test_units_that_say_no_time(tmp_path, store):
    with netCDF4.Dataset(tmp_path / "m.nc", "w") as file:
        file.createDimension("time", None)
        file.createDimension("x", 3)
        file.createVariable("a", "f4", ("time", "x"))[:] = np.zeros((1, 3))
        time = file.createVariable("time", "f8", ("time",))
        time.units = "day as %Y%m%d.%f"
        time[:] = [20240105.5]
    report = cubes.append(tmp_path / "m.nc", store).report
    assert "have units 'day as %Y%m%d.%f', which say neither" in report["warnings"][0]


@pytest.mark.parametrize(
    ("label", "day"),
    [
        ("20240105", "2024-01-05T00:00:00"),
        ("2024005", "2024-01-05T00:00:00"),
        ("20240105102030", "2024-01-05T10:20:30"),
        ("2024-01-05T10:20:30+01:00", "2024-01-05T09:20:30"),
    ],
)
def test_forms_of_dates_as_a_refusal_lists_them(tmp_path, store, label, day):
    path = raster(tmp_path / "a.tif")
    cubes.append("--label", label, path, store)
    assert str(cubes.open_xarray(store).time.values[0]).startswith(day)
