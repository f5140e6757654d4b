"""Slices of each format that GDAL opens."""

import subprocess

import cubes
import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
from osgeo import osr

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


@FORMATS
@pytest.mark.parametrize(
    "file_format", ["NETCDF4", "NETCDF4_CLASSIC", "NETCDF3_CLASSIC", "NETCDF3_64BIT"]
)
def test_netcdf(tmp_path, store, file_format, zarr_format):
    paths = []
    for first in (0, 2):
        path = tmp_path / f"{first}.nc"
        cubes.weather(first, 2).to_netcdf(path, format=file_format)
        paths.append(path)
    cubes.append("--zarr-format", zarr_format, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.mark.parametrize("unlimited", [True, False])
@pytest.mark.parametrize("chunks", [(1, 2, 3), (2, 4, 5), None])
def test_chunked_and_compressed_netcdf(tmp_path, store, unlimited, chunks):
    paths = []
    for first in (0, 3):
        dataset = cubes.weather(first, 3)
        dataset["air"].encoding.update(zlib=True, shuffle=True, chunksizes=chunks)
        paths.append(
            cubes.write(
                dataset,
                tmp_path / f"{first}.nc",
                unlimited_dims=["time"] if unlimited else [],
            )
        )
    cubes.append(*paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 6))


@FORMATS
def test_hdf5_by_h5netcdf(tmp_path, store, zarr_format):
    paths = []
    for first in (0, 2):
        path = tmp_path / f"{first}.h5"
        cubes.weather(first, 2).to_netcdf(path, engine="h5netcdf")
        paths.append(path)
    cubes.append("--zarr-format", zarr_format, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.mark.parametrize("arguments", [[], ["--if", "HDF5"]])
def test_hdf5_with_dimension_scales(tmp_path, store, arguments):
    paths = []
    for first in (0, 2):
        path = tmp_path / f"{first}.h5"
        dataset = cubes.weather(first, 2)
        with h5py.File(path, "w") as file:
            for name in ("time", "lat", "lon"):
                file[name] = dataset[name].values
                file[name].make_scale(name)
                for key, value in dataset[name].attrs.items():
                    file[name].attrs[key] = value
            for name in ("air", "elevation"):
                file.create_dataset(
                    name, data=dataset[name].values, chunks=True, compression="gzip"
                )
                for axis, dimension in enumerate(dataset[name].dims):
                    file[name].dims[axis].attach_scale(file[dimension])
                for key, value in dataset[name].attrs.items():
                    file[name].attrs[key] = value
        paths.append(path)
    cubes.append(*arguments, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


@pytest.mark.parametrize("dims", [("x",), ("time", "x"), ("time", "air")])
def test_a_netcdf_variable_with_the_name_of_another_dimension(tmp_path, store, dims):
    """The library hides it under another name, and GDAL reads zeros."""
    size = {"time": 1, "air": 6, "x": 5}
    paths = {}
    for kind in ("NETCDF4", "NETCDF3_CLASSIC"):
        paths[kind] = tmp_path / f"{kind}.nc"
        with netCDF4.Dataset(paths[kind], "w", format=kind) as file:
            for name in size:
                file.createDimension(name, size[name])
            time = file.createVariable("time", "f8", ("time",))
            time.units = "days since 2000-01-01"
            time[:] = [0]
            values = np.ones([size[name] for name in dims], "f4")
            file.createVariable("air", "f4", dims)[:] = values
            file.createVariable("other", "f4", ("time", "air"))[:] = 2
    done = cubes.append(paths["NETCDF4"], store, status=5)
    assert "array 'air': it has the name of a dimension" in done.message
    cubes.append("--exclude-array", "air", paths["NETCDF4"], store)
    plain = tmp_path / "plain.zarr"
    cubes.append(paths["NETCDF3_CLASSIC"], plain)
    np.testing.assert_array_equal(cubes.read_zarr(plain)["air"], values)


def test_hdf5_without_dimension_scales_is_refused(tmp_path, store):
    path = tmp_path / "bare.h5"
    with h5py.File(path, "w") as file:
        file["air"] = np.ones((2, 4, 5))
    done = cubes.append("--append-dim", "time", path, store, status=5)
    assert f"slice '{path}', array 'air'" in done.message
    assert "its dimensions have no names in the file" in done.message
    assert not store.exists()


def grib(folder, first, days):
    """From south to north: cdo marks grids so, whatever they are."""
    dataset = cubes.weather(first, days, lat=6, lon=8).drop_vars("elevation")
    dataset["lat"] = ("lat", np.linspace(25.0, 50.0, 6), dataset["lat"].attrs)
    dataset["lon"] = ("lon", np.linspace(0.0, 35.0, 8), dataset["lon"].attrs)
    source = cubes.write(dataset, folder / f"{first}.nc")
    path = folder / f"{first}.grb2"
    subprocess.run(
        ["cdo", "-s", "-f", "grb2", "-setparam,0.0.0", source, path],
        check=True,
        capture_output=True,
    )
    return path


def read_by_cdo(path):
    """The values of a GRIB file by (date, latitude, longitude)."""
    table = subprocess.run(
        ["cdo", "-s", "outputtab,date,lat,lon,value", path],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = [line.split() for line in table.splitlines() if not line.startswith("#")]
    return {(d, float(y), float(x)): float(v) for d, y, x, v in rows}


@FORMATS
def test_grib2(tmp_path, store, zarr_format):
    """GRIB by cdo; what cdo reads from it is what has to be in the cube."""
    grids = [grib(tmp_path, first, 2) for first in (0, 2)]
    cubes.append("--zarr-format", zarr_format, *grids, store)
    air = cubes.open_xarray(store)["TMP_0-SFC"]
    expected = {}
    for path in grids:
        expected.update(read_by_cdo(path))
    assert air.size == len(expected) == 4 * 6 * 8
    # As stored: by itself GDAL's driver makes kelvin degrees Celsius.
    assert air.attrs["units"] == "K"
    for (date, y, x), value in expected.items():
        found = float(air.sel(time=date, y=y, x=x).squeeze())
        assert abs(found - value) < 0.02, (date, y, x)


@FORMATS
def test_a_grib_file_of_one_instant(tmp_path, store, zarr_format):
    grids = [grib(tmp_path, first, 1) for first in (0, 1)]
    words = ["--append-dim", "time", "--zarr-format", zarr_format]
    cubes.append(*words, *grids, store)
    air = cubes.open_xarray(store)["TMP_0-SFC"]
    assert air.shape == (2, 6, 8)
    for path in grids:
        for (date, y, x), value in read_by_cdo(path).items():
            found = float(air.sel(time=date, y=y, x=x))
            assert abs(found - value) < 0.02


@FORMATS
@pytest.mark.parametrize("source_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_zarr(tmp_path, store, source_format, consolidated, zarr_format):
    paths = []
    for first in (0, 2):
        path = tmp_path / f"{first}.zarr"
        cubes.weather(first, 2).to_zarr(
            path, zarr_format=source_format, consolidated=consolidated
        )
        paths.append(path)
    cubes.append("--zarr-format", zarr_format, *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def test_a_cube_of_ours_is_a_slice_of_another(tmp_path, store):
    first, second = tmp_path / "a.zarr", tmp_path / "b.zarr"
    slices = cubes.weather_slices(tmp_path, (2, 2))
    cubes.append("--zarr-format", "2", slices[0], first)
    cubes.append("--zarr-format", "3", slices[1], second)
    cubes.append(first, second, store)
    cubes.assert_reads_as(store, cubes.weather(0, 4))


def geotiff(path, values, driver="GTiff", **metadata):
    bands, lines, pixels = values.shape
    memory = cubes.gdal.GetDriverByName("MEM").Create(
        "", pixels, lines, bands, cubes.gdal.GDT_Int16
    )
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32633)
    memory.SetSpatialRef(crs)
    memory.SetGeoTransform([500000, 10, 0, 4100000, 0, -10])
    memory.SetMetadata(metadata)
    for number in range(bands):
        band = memory.GetRasterBand(number + 1)
        band.WriteArray(values[number])
        band.SetNoDataValue(-1)
        band.SetDescription(["red", "green", "blue"][number])
    cubes.gdal.GetDriverByName(driver).CreateCopy(str(path), memory)
    return path


def scene(number, bands=2):
    return np.arange(bands * 20, dtype="int16").reshape(bands, 4, 5) + 100 * number


def assert_scenes(store, dates):
    found = cubes.open_xarray(store)
    assert found["time"].values.astype("M8[s]").tolist() == [
        np.datetime64(d, "s").item() for d in dates
    ]
    raw = cubes.read_zarr(store)
    for index, name in enumerate(["red", "green"]):
        expected = np.stack([scene(n)[index] for n in range(len(dates))])
        assert (raw[name] == expected).all()
        assert raw[name].dtype == np.int16


@FORMATS
@pytest.mark.parametrize("driver", ["GTiff", "COG"])
def test_geotiff_with_labels(tmp_path, store, driver, zarr_format):
    paths = [geotiff(tmp_path / f"{n}.tif", scene(n), driver) for n in range(2)]
    cubes.append(
        "--append-dim",
        "time",
        "--zarr-format",
        zarr_format,
        "--label",
        "2020-05-01",
        "--label",
        "2020-05-11T10:30:00",
        *paths,
        store,
    )
    assert_scenes(store, ["2020-05-01", "2020-05-11T10:30:00"])


def test_geotiff_with_labels_in_names(tmp_path, store):
    paths = [
        geotiff(tmp_path / f"S2_{tile}_2020{month:02}17_x.tif", scene(n))
        for n, (tile, month) in enumerate([("T33", 3), ("T33", 4)])
    ]
    cubes.append(
        "--append-dim", "time", "--label-from", "name:S2_*_%Y%m%d_*.tif", *paths, store
    )
    assert_scenes(store, ["2020-03-17", "2020-04-17"])


def test_a_name_that_does_not_fit_the_pattern(tmp_path, store):
    path = geotiff(tmp_path / "scene.tif", scene(0))
    done = cubes.append(
        "--append-dim",
        "time",
        "--label-from",
        "name:S2_%Y%m%d.tif",
        path,
        store,
        status=None,
    )
    assert done.status in (2, 5)
    assert f"slice '{path}'" in done.message
    assert "S2_%Y%m%d.tif" in done.message
    assert not store.exists()


def test_geotiff_with_labels_in_metadata(tmp_path, store):
    paths = [
        geotiff(
            tmp_path / f"{n}.tif",
            scene(n),
            TIFFTAG_DATETIME=f"2021:0{n + 1}:05 12:00:00",
            ACQUIRED=f"2021-0{n + 1}-05",
        )
        for n in range(2)
    ]
    arguments = ["--append-dim", "time", "--label-from"]
    cubes.append(*arguments, "metadata:TIFFTAG_DATETIME", *paths, store)
    assert_scenes(store, ["2021-01-05T12:00:00", "2021-02-05T12:00:00"])
    other = tmp_path / "other.zarr"
    cubes.append(*arguments, "metadata:ACQUIRED", *paths, other)
    assert_scenes(other, ["2021-01-05", "2021-02-05"])
    done = cubes.append(*arguments, "metadata:MISSING", paths[0], store, status=5)
    assert "has no metadata item 'MISSING'" in done.message


def test_a_geotiff_appended_twice_is_in_once(tmp_path, store):
    path = geotiff(tmp_path / "0.tif", scene(0))
    words = ["--append-dim", "time", "--label", "2020-05-01", path, store]
    cubes.append(*words)
    with cubes.unchanged(store):
        (entry,) = cubes.append(*words).report["slices"]
    assert entry["outcome"] == "already there"
    changed = geotiff(tmp_path / "changed.tif", scene(1))
    with cubes.unchanged(store):
        done = cubes.append("--label", "2020-05-01", changed, store, status=5)
    assert "is already in the target, with different values in array" in done.message


@pytest.mark.parametrize(
    ("labels", "stored"),
    [
        (["1", "2"], [1, 2]),
        (["0.5", "1.25"], [0.5, 1.25]),
        (["north", "south"], ["north", "south"]),
        (["ä 1", "日本"], ["ä 1", "日本"]),
    ],
)
@FORMATS
def test_labels_of_each_kind(tmp_path, store, labels, stored, zarr_format):
    paths = [geotiff(tmp_path / f"{n}.tif", scene(n)) for n in range(2)]
    words = [w for label in labels for w in ("--label", label)]
    cubes.append(
        "--append-dim", "site", "--zarr-format", zarr_format, *words, *paths, store
    )
    assert cubes.open_xarray(store)["site"].values.tolist() == stored
    assert cubes.read_zarr(store)["red"].shape == (2, 4, 5)


def test_a_label_that_is_no_date_in_a_target_of_dates(tmp_path, store):
    paths = [geotiff(tmp_path / f"{n}.tif", scene(n)) for n in range(2)]
    cubes.append("--append-dim", "time", "--label", "2020-05-01", paths[0], store)
    with cubes.unchanged(store):
        done = cubes.append("--label", "tomorrow", paths[1], store, status=5)
    assert "the label 'tomorrow' is not a date" in done.message


def test_a_map_with_a_scalar_time_gets_its_dimension(tmp_path, store):
    """xarray's isel(time=0) leaves the label as a scalar."""
    paths = [
        cubes.write(
            cubes.weather(n, 1).isel(time=0).drop_vars("elevation"),
            tmp_path / f"{n}.nc",
        )
        for n in range(3)
    ]
    cubes.append("--append-dim", "time", *paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 3).drop_vars("elevation"))


def test_slices_of_different_formats_in_one_cube(tmp_path, store):
    paths = [
        tmp_path / "0.nc",
        tmp_path / "1.nc",
        tmp_path / "2.zarr",
        tmp_path / "3.h5",
    ]
    parts = [cubes.weather(2 * n, 2) for n in range(4)]
    parts[0].to_netcdf(paths[0], format="NETCDF4")
    parts[1].to_netcdf(paths[1], format="NETCDF3_64BIT")
    parts[2].to_zarr(paths[2], zarr_format=2)
    parts[3].to_netcdf(paths[3], engine="h5netcdf")
    cubes.append(*paths, store)
    cubes.assert_reads_as(store, cubes.weather(0, 8))


def test_a_slice_in_an_archive(tmp_path, store):
    path = cubes.write(cubes.weather(0, 2).drop_vars("elevation"), tmp_path / "a.nc")
    tiff = geotiff(tmp_path / "0.tif", scene(0))
    subprocess.run(
        ["python3", "-m", "zipfile", "-c", tmp_path / "a.zip", path, tiff], check=True
    )
    words = ["--append-dim", "time", "--label", "2020-05-01"]
    cubes.append(*words, f"/vsizip/{tmp_path}/a.zip/0.tif", store)
    assert (cubes.read_zarr(store)["red"][0] == scene(0)[0]).all()


def test_xarray_opens_what_cdo_made(tmp_path, store):
    """Monthly means by cdo: time bounds, 'hours since' encodings."""
    source = cubes.write(
        cubes.weather(0, 60).drop_vars("elevation"), tmp_path / "days.nc"
    )
    for month in (1, 2):
        subprocess.run(
            [
                "cdo",
                "-s",
                "-monmean",
                f"-selmonth,{month}",
                source,
                tmp_path / f"month{month}.nc",
            ],
            check=True,
            capture_output=True,
        )
    cubes.append(tmp_path / "month1.nc", tmp_path / "month2.nc", store)
    expected = xr.concat(
        [
            xr.open_dataset(tmp_path / f"month{m}.nc", decode_times=False)
            for m in (1, 2)
        ],
        dim="time",
        data_vars="minimal",
    )
    found = cubes.open_xarray(store, decode_times=False)
    expected = cubes.with_times_of(expected, found)
    for name in expected.variables:
        assert cubes.same(found[name].values, expected[name].values), name
