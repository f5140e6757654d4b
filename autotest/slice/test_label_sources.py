"""Labels out of metadata and names, in the forms that products have them."""

import cubes
import h5py
import numpy as np
import pytest
import xarray as xr

DAYS = ["2024-01-05", "2024-01-06"]


def raster(path, **metadata):
    memory = cubes.gdal.GetDriverByName("MEM").Create("", 4, 3, 1)
    memory.SetGeoTransform([0, 1, 0, 3, 0, -1])
    memory.SetMetadata(metadata)
    cubes.gdal.GetDriverByName("GTiff").CreateCopy(path, memory)
    return path


def times(store):
    return [str(t)[:19] for t in cubes.open_xarray(store).time.values]


@pytest.mark.parametrize(
    "form",
    [
        "{day:02}-JAN-2024 10:20:30.000000",
        "2024-0{day:02}T10:20:30Z",
        "202401{day:02}102030",
        "202401{day:02}T102030",
        "2024-01-{day:02}_10:20:30",
        "2024/01/{day:02} 10:20:30",
        "{day} January 2024 10:20:30 UTC",
    ],
)
def test_dates_of_products_become_dates(tmp_path, store, form):
    paths = [
        raster(tmp_path / f"{day}.tif", SENSING_TIME=form.format(day=day))
        for day in (5, 6)
    ]
    cubes.append("--label-from", "metadata:SENSING_TIME", *paths, store)
    assert times(store) == [f"{day}T10:20:30" for day in DAYS]
    late = raster(tmp_path / "late.tif", SENSING_TIME=form.format(day=4))
    with cubes.unchanged(store):
        words = ["--label-from", "metadata:SENSING_TIME", late, store]
        assert "does not come after" in cubes.append(*words, status=5).stderr


def test_numbers_and_texts_go_on_as_what_they_are(tmp_path, store):
    """In cubes whose labels are numbers, or texts: as they were before."""
    first, second = "2024010510", "20240106102030"
    paths = [raster(tmp_path / f"{t}.tif", T=t) for t in (first, second)]
    cubes.append("--append-dim", "time", "--label", first, paths[0], store)
    cubes.append("--label-from", "metadata:T", paths[1], store)
    raw = cubes.open_xarray(store, raw=True)
    assert raw.time.values.tolist() == [int(first), int(second)]


@pytest.mark.parametrize("text", ["32-JAN-2024", "2024-367T00:00:00", "north"])
def test_what_is_no_date_is_a_text(tmp_path, store, text):
    path = raster(tmp_path / "a.tif", WHERE=text)
    cubes.append("--append-dim", "scene", "--label-from", "metadata:WHERE", path, store)
    assert cubes.open_xarray(store).scene.values.tolist() == [text]


def test_a_folder_of_the_path_has_the_date(tmp_path, store):
    """As a product of EOPF: its name is that of a store, bands are groups in it."""
    paths = []
    for day in ("20240105", "20240106"):
        product = tmp_path / f"S02MSIL2A_{day}T103021_A.zarr"
        bands = xr.Dataset({"b02": (("y", "x"), np.ones((3, 4)))})
        bands.to_zarr(product, group="measurements/reflectance/r10m", zarr_format=2)
        paths.append(product / "measurements" / "reflectance" / "r10m")
    pattern = "name:S02MSIL2A_%Y%m%dT%H%M%S_*.zarr"
    cubes.append("--label-from", pattern, *paths, store)
    assert times(store) == [f"{day}T10:30:21" for day in DAYS]
    with cubes.unchanged(store):
        words = ["--label-from", "name:S2_%Y.zarr", paths[0], store]
        assert "the name 'r10m' does not match" in cubes.append(*words, status=5).stderr


def test_folders_that_are_the_date(tmp_path, store):
    paths = []
    for day in ("05", "06"):
        folder = tmp_path / "2024" / "01" / day
        folder.mkdir(parents=True)
        paths.append(raster(folder / "scene.tif"))
    cubes.append("--label-from", "name:%Y/%m/%d/*.tif", *paths, store)
    assert times(store) == [f"{day}T00:00:00" for day in DAYS]


def test_a_subdatasets_file_has_the_date(tmp_path, store):
    names = []
    for day in ("20240105", "20240106"):
        path = tmp_path / f"orbit_{day}.h5"
        with h5py.File(path, "w") as file:
            file["swath/a"] = np.ones((3, 4), "i2")
        names.append(f'HDF5:"{path}"://swath/a')
    cubes.append("--label-from", "name:orbit_%Y%m%d.h5", *names, store)
    assert times(store) == [f"{day}T00:00:00" for day in DAYS]


def dated(path, *texts):
    data = {"a": (("time", "x"), np.ones((len(texts), 3)))}
    xr.Dataset(data, {"time": np.array(texts, object)}).to_netcdf(path)
    return path


def test_texts_that_are_dates_are_in_order(tmp_path, store):
    cubes.append(dated(tmp_path / "0.nc", "2024-01-05", "2024-01-06T12:00:00Z"), store)
    for says, name, *texts in (
        ("does not come after", "early", "2024-01-06T11:00:00Z"),
        ("its labels fall", "unordered", "2024-01-08", "2024-01-07"),
    ):
        with cubes.unchanged(store):
            path = dated(tmp_path / f"{name}.nc", *texts)
            result = cubes.append(path, store, status=5)
        assert says in result.stderr
    cubes.append(dated(tmp_path / "1.nc", "2024-01-07"), store)
    found = cubes.open_xarray(store).time.values.tolist()
    assert found == ["2024-01-05", "2024-01-06T12:00:00Z", "2024-01-07"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("2024-01-02T01:00:00+01:00", "does not come after 2024-01-02"),
        ("2024-01-02T23:30:00-01:00", ""),
        ("--", "the label '--' is not a date, and the target's labels are"),
        ("20240103", "the label '20240103' is not a date"),
        ("2023-366", "there is no such day"),
    ],
)
def test_what_comes_after_texts_that_are_dates(tmp_path, store, text, says):
    """Whatever the time zone it is written in, an instant is in once."""
    first = dated(tmp_path / "0.nc", "2024-01-01T00:00:00Z", "2024-01-02T00:00:00Z")
    cubes.append(first, store)
    done = cubes.append(dated(tmp_path / "1.nc", text), store, status=5 if says else 0)
    assert says in done.stderr
    assert cubes.open_xarray(store).time.size == (2 if says else 3)


def test_other_texts_have_no_order(tmp_path, store):
    for number, text in enumerate(["north", "2024-01-05", "2023-01-01"]):
        cubes.append(dated(tmp_path / f"{number}.nc", text), store)
    assert cubes.open_xarray(store).time.size == 3
