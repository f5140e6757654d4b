"""One group of a file or a store as the slice (--slice-group)."""

import json
import os
import warnings

import cubes
import gdalmdimappend as mda
import h5py
import netCDF4
import numpy as np
import parts
import pytest
import xarray as xr
import zarr
from numcodecs import Blosc, Zstd
from osgeo import gdal

UNITS = "days since 2024-01-01"


def netcdf4(path, day=0):
    """Coordinates in the root, data in groups; one group has a grid of its own."""
    rng = np.random.default_rng(day)
    with netCDF4.Dataset(path, "w") as file:
        file.title = "the root's"
        for name, size in {"time": None, "lat": 3, "lon": 4}.items():
            file.createDimension(name, size)
        time = file.createVariable("time", "f8", ("time",))
        time.units = UNITS
        time.bounds = "time_bnds"
        time[:] = [day]
        file.createDimension("nv", 2)
        file.createVariable("time_bnds", "f8", ("time", "nv"))[:] = [[day, day + 1]]
        for name, size in {"lat": 3, "lon": 4}.items():
            file.createVariable(name, "f8", (name,))[:] = np.arange(size)
        crs = file.createVariable("crs", "i4", ())
        crs.grid_mapping_name = "latitude_longitude"
        file.createVariable("height", "f4", ("lat", "lon"))[:] = 7
        group = file.createGroup("product")
        group.title = "the group's"
        air = group.createVariable("air", "f4", ("time", "lat", "lon"), zlib=True)
        air.units, air.grid_mapping, air.coordinates = "K", "crs", "/height"
        air[:] = rng.random((1, 3, 4))
        fine = group.createGroup("fine")
        fine.createDimension("lon", 5)
        fine.createVariable("lon", "f8", ("lon",))[:] = np.arange(5) / 2
        rain = fine.createVariable("rain", "f4", ("time", "lat", "lon"))
        rain.units = "mm"
        rain.coordinates = "../../height"
        rain[:] = rng.random((1, 3, 5))
    return path


def imerg(path, second, unlimited=False, name="Grid", mode="w"):
    """As GPM's IMERG has it: all in /Grid, with dimension scales."""
    rng = np.random.default_rng(second)
    with h5py.File(path, mode) as file:
        grid = file.create_group(name)
        grid.attrs["GridHeader"] = "x"
        values = {
            "time": np.array([second], "i4"),
            "lon": np.arange(6, dtype="f4"),
            "lat": np.arange(4, dtype="f4"),
        }
        units = "seconds since 1970-01-01 00:00:00 UTC", "degrees_east", "degrees_north"
        for (name, each), unit in zip(values.items(), units, strict=True):
            shape = (None,) if unlimited and name == "time" else None
            scale = grid.create_dataset(name, data=each, maxshape=shape)
            scale.make_scale(name)
            scale.attrs["units"] = np.bytes_(unit)
        for key in ("precipitation", "Intermediate/IRprecipitation"):
            data = rng.random((1, 6, 4)).astype("f4")
            array = grid.create_dataset(key, data=data, chunks=(1, 6, 2))
            array.attrs["units"] = np.bytes_("mm/hr")
            array.attrs["_FillValue"] = np.float32(-9999.9)
            for i, name in enumerate(values):
                array.dims[i].attach_scale(grid[name])
    return path


def tree(path, day=0, zarr_format=3, consolidated=True):
    time = np.datetime64("2024-01-01", "ns") + np.timedelta64(day, "D")
    rng = np.random.default_rng(day)
    crs = ((), 0, {"grid_mapping_name": "latitude_longitude"})
    air = ("time", "x"), rng.random((1, 300)), {"units": "K", "grid_mapping": "crs"}
    deep = {"n": (("time", "y"), rng.integers(9, size=(1, 3)))}
    nodes = {
        "/": xr.Dataset({"crs": crs}, {"time": [time]}, {"title": "the root's"}),
        "/a": xr.Dataset({"air": air}, attrs={"title": "the group's"}),
        "/a/b": xr.Dataset(deep, {"y": [3, 5, 7]}),
        "/empty": xr.Dataset(),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        xr.DataTree.from_dict(nodes).to_zarr(
            path, zarr_format=zarr_format, consolidated=consolidated
        )
    return path


def same_in(cube, pieces, dim="time"):
    want = np.concatenate(pieces)
    assert np.array_equal(cube.values, want)
    assert cube.dims[0] == dim


def refused(*arguments, status=5):
    done = cubes.append(*arguments, status=status)
    assert "Nothing was written" in done.message
    return done.message


# NetCDF-4


def test_coordinates_of_the_root_are_seen_in_a_group(tmp_path, store):
    paths = [netcdf4(tmp_path / f"{day}.nc", day) for day in range(2)]
    cubes.append("--slice-group", "/product", *paths, store)
    opened = [xr.open_dataset(path, group="product") for path in paths]
    with xr.open_zarr(store) as cube:
        same_in(cube.air, [each.air.values for each in opened])
        assert cube.attrs == opened[0].attrs == {"title": "the group's"}
        assert set(cube.variables) == {
            *("air", "time", "time_bnds", "lat", "lon", "crs", "height"),
        }
        assert cube.time.values.astype("M8[D]").astype(str).tolist() == [
            "2024-01-01",
            "2024-01-02",
        ]
        assert cube.height.dims == ("lat", "lon")
        assert "height" in cube.air.coords
        assert cube.air.units == "K"
        assert cube.crs.grid_mapping_name == "latitude_longitude"
    stored = zarr.open_group(store)["air"].attrs.asdict()
    assert stored["coordinates"] == "height"
    assert stored["grid_mapping"] == "crs"


def test_a_dimension_of_the_group_hides_one_above(tmp_path, store):
    """And so does not have the coordinate, nor what lies along it, of that one."""
    path = netcdf4(tmp_path / "a.nc")
    cubes.append("--slice-group", "product/fine/", path, store)
    with (
        xr.open_zarr(store) as cube,
        xr.open_dataset(path, group="product/fine") as part,
    ):
        assert np.array_equal(cube.rain.values, part.rain.values)
        assert np.array_equal(cube.lon.values, part.lon.values)
        assert set(cube.variables) == {"rain", "time", "time_bnds", "lat", "lon"}


@pytest.mark.parametrize("spelled", ["/", "", "//"])
def test_the_root_is_a_group(tmp_path, store, spelled):
    path = netcdf4(tmp_path / "a.nc")
    cubes.append("--slice-group", spelled, path, store)
    with xr.open_zarr(store) as cube:
        assert cube.attrs["title"] == "the root's"
        assert set(cube.variables) == {
            *("time", "time_bnds", "lat", "lon", "crs", "height"),
        }


def test_arrays_are_chosen_among_those_of_the_group(tmp_path, store):
    path = netcdf4(tmp_path / "a.nc")
    words = ("--exclude-array", "height", "--array", "air")
    cubes.append("--slice-group", "product", *words, path, store)
    with xr.open_zarr(store) as cube:
        assert set(cube.variables) == {"air", "time", "time_bnds", "lat", "lon", "crs"}


def test_a_coordinate_without_its_dimension_is_not_taken(tmp_path, store):
    """Of the dimension in the group, which has none, and the same size."""
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("x", 2)
        file.createVariable("x", "i4", ("x",))[:] = [1, 2]
        group = file.createGroup("g")
        group.createDimension("x", 2)
        group.createDimension("time", 1)
        group.createVariable("time", "i4", ("time",)).units = UNITS
        group["time"][:] = 1
        group.createVariable("v", "i4", ("time", "x"))[:] = 5
    cubes.append("--slice-group", "g", path, store)
    assert set(xr.open_zarr(store).variables) == {"time", "v"}


def test_texts_of_characters(tmp_path, store):
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("station", 2)
        file.createDimension("length", 5)
        names = file.createVariable("name", "S1", ("station", "length"))
        names[:] = netCDF4.stringtochar(np.array(["Aachn", "Bonn"], "S5"))
        group = file.createGroup("g")
        group.createDimension("time", 1)
        group.createVariable("time", "i4", ("time",)).units = UNITS
        group["time"][:] = 1
        group.createVariable("v", "i4", ("time", "station"))[:] = 5
        group["v"].coordinates = "name"
        own = group.createVariable("own", "S1", ("station", "length"))
        own[:] = netCDF4.stringtochar(np.array(["abc", "de"], "S5"))
    cubes.append("--slice-group", "g", path, store)
    with xr.open_zarr(store) as cube:
        assert cube.name.values.tolist() == ["Aachn", "Bonn"]
        assert cube.own.values.tolist() == ["abc", "de"]


def test_large_arrays_are_read_by_blocks(tmp_path, store):
    """Those of the group, where the root has one of the name, too."""
    path = tmp_path / "a.nc"
    rng = np.random.default_rng(1)
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 2)
        file.createDimension("x", 200_000)
        file.createVariable("time", "i4", ("time",)).units = UNITS
        file["time"][:] = [1, 2]
        for where in (file, file.createGroup("g")):
            v = where.createVariable("v", "f8", ("time", "x"), zlib=True)
            v[:] = rng.random((2, 200_000))
    done = cubes.append(
        "--slice-group", "g", path, store, env={**os.environ, "CPL_DEBUG": "MDIMAPPEND"}
    )
    assert "'v' is read by blocks" in done.stderr
    want = netCDF4.Dataset(path)["g/v"][:]
    assert np.array_equal(xr.open_zarr(store).v.values, want)


# HDF5


@pytest.mark.parametrize("unlimited", [False, True])
def test_imerg(tmp_path, store, unlimited):
    seconds = 1704067200, 1704069000
    paths = [imerg(tmp_path / f"{s}.HDF5", s, unlimited) for s in seconds]
    cubes.append("--slice-group", "/Grid", *paths, store)
    pieces = [h5py.File(path)["Grid/precipitation"] for path in paths]
    with xr.open_zarr(store) as cube:
        same_in(cube.precipitation, pieces)
        assert cube.precipitation.dims == ("time", "lon", "lat")
        assert set(cube.variables) == {"precipitation", "time", "lon", "lat"}
        assert cube.precipitation.units == "mm/hr"
        assert cube.lat.units == "degrees_north"


def test_a_group_in_a_group_of_hdf5(tmp_path, store):
    path = imerg(tmp_path / "a.h5", 1704067200)
    cubes.append("--slice-group", "Grid/Intermediate", path, store)
    with xr.open_zarr(store) as cube, h5py.File(path) as file:
        data = file["Grid/Intermediate/IRprecipitation"]
        assert np.array_equal(cube.IRprecipitation.values, data)
        assert set(cube.variables) == {"IRprecipitation", "time", "lon", "lat"}
        assert "GridHeader" not in cube.attrs


def test_what_hdf5_says_of_attributes_by_any_name(tmp_path, store):
    """An attribute without a value is none, whichever link leads to its array."""
    path = imerg(tmp_path / "a.h5", 1704067200)
    with h5py.File(path, "a") as file:
        file["Another"] = file["Grid"]
        array = file["Grid/precipitation"]
        array.attrs["valid_min"] = h5py.Empty("f4")
        array.attrs["scale_factor"] = np.float16(2)
    for number, group in enumerate(("Grid", "Another")):
        message = refused("--slice-group", group, path, f"{store}{number}")
        assert "'scale_factor' is of a type that GDAL does not read" in message
    with h5py.File(path, "a") as file:
        del file["Grid/precipitation"].attrs["scale_factor"]
    for number, group in enumerate(("Grid", "Another")):
        cubes.append("--slice-group", group, path, f"{store}{number}")
        array = zarr.open_group(f"{store}{number}")["precipitation"]
        assert array.attrs["valid_min"] == []


def test_links_that_lead_back(tmp_path, store):
    path = imerg(tmp_path / "a.h5", 1704067200)
    with h5py.File(path, "a") as file:
        file["Grid/up"] = file["/"]
        file["Grid/self"] = file["Grid"]
        file["soft"] = h5py.SoftLink("/Grid")
        file["nowhere"] = h5py.SoftLink("/nothing")
        for i in range(20):
            group = file.create_group(f"twice{i}")
            if i:
                group["one"] = group["other"] = file[f"twice{i - 1}"]
    cubes.append("--slice-group", "/Grid", path, store)
    message = refused("--slice-group", "/Grd", path, store, status=5)
    assert "did you mean '/Grid'?" in message


# Zarr


@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_a_tree_of_zarr(tmp_path, store, zarr_format, consolidated):
    paths = [tree(tmp_path / f"{i}.zarr", i, zarr_format, consolidated) for i in (0, 1)]
    cubes.append("--slice-group", "/a", *paths, store)
    pieces = [zarr.open_group(path)["a/air"][:] for path in paths]
    with xr.open_zarr(store) as cube:
        same_in(cube.air, pieces)
        assert cube.attrs == {"title": "the group's"}
        assert set(cube.variables) == {"air", "time", "crs"}
        assert cube.time.values.astype("M8[D]").astype(str).tolist() == [
            "2024-01-01",
            "2024-01-02",
        ]
    deep = tmp_path / "deep.zarr"
    cubes.append("--slice-group", "a/b", *paths, deep)
    pieces = [zarr.open_group(path)["a/b/n"][:] for path in paths]
    with xr.open_zarr(deep) as cube:
        same_in(cube.n, pieces)
        assert set(cube.variables) == {"n", "time", "y"}
        assert cube.y.values.tolist() == [3, 5, 7]
        assert cube.attrs == {}
    again = cubes.append("--slice-group", "a/b", *paths, deep)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}


def test_a_part_of_a_store_names_the_whole(tmp_path, store):
    path = tree(tmp_path / "0.zarr")
    message = refused(path / "a", store)
    assert "in a group above" in message
    assert "--slice-group" in message


def test_documents_of_the_group_tell_the_state_of_a_store(tmp_path, store):
    path = tree(tmp_path / "0.zarr")
    words = ("--slice-group", "a")
    cubes.append(*words, path, store)
    first = state_in_log(store)
    document = path / "a/air/zarr.json"
    document.write_text(document.read_text() + "\n")
    cubes.append(*words, path, tmp_path / "other.zarr")
    assert state_in_log(tmp_path / "other.zarr") != first
    assert first.endswith(", group /a")


def time_and_v(group, **attributes):
    time = group.create_array("time", data=np.array([1], "i4"))
    time.attrs.update({"_ARRAY_DIMENSIONS": ["time"], "units": UNITS})
    v = group.create_array("v", data=np.array([1.0]))
    v.attrs.update({"_ARRAY_DIMENSIONS": ["time"], **attributes})


def test_an_array_above_that_gdal_does_not_read_is_named(tmp_path, store):
    path = tmp_path / "0.zarr"
    root = zarr.create_group(path, zarr_format=2)
    crs = root.create_array("crs", shape=(1,), dtype="M8[Y]")
    crs.attrs["_ARRAY_DIMENSIONS"] = ["n"]
    time_and_v(root.create_group("g"), grid_mapping="crs")
    message = refused("--slice-group", "g", path, store)
    assert "array 'crs'" in message
    cubes.append("--slice-group", "g", "--exclude-array", "crs", path, store)
    assert set(xr.open_zarr(store).variables) == {"v", "time"}


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_chunks_are_copied_encoded(tmp_path, store, zarr_format):
    """What the target encodes as the slice's group does is not decoded."""
    first, second = (tree(tmp_path / f"{i}.zarr", i, zarr_format) for i in (0, 1))
    with xr.open_dataset(first, group="a") as part, xr.open_zarr(first) as root:
        cube = part.load().assign_coords(time=root.time)
        cube["crs"] = root.crs
    cube.to_zarr(store, zarr_format=zarr_format)
    own, copied = (
        ("air/0.0", "air/1.0") if zarr_format == 2 else ("air/c/0/0", "air/c/1/0")
    )
    chunk = second / "a" / own
    codec = Blosc("zstd", clevel=9) if zarr_format == 2 else Zstd(level=19)
    chunk.write_bytes(codec.encode(codec.decode(chunk.read_bytes())))
    cubes.append("--slice-group", "a", second, store)
    data = zarr.open_group(second)["a/air"]
    assert np.array_equal(zarr.open_group(store)["air"][1:], data[:])
    assert (store / copied).read_bytes() == chunk.read_bytes()


# Faces, and roads into the library


def test_many_slices_in_one_commit_are_opened_again(tmp_path, store):
    paths = [netcdf4(tmp_path / f"{day}.nc", day) for day in range(5)]
    words = ("--slices-per-commit", 3, "--num-threads", 2, "--wait", "5s")
    cubes.append(
        *words, "--poll-interval", "0.05s", "--slice-group", "product", *paths, store
    )
    pieces = [xr.open_dataset(path, group="product").air.values for path in paths]
    same_in(xr.open_zarr(store).air, pieces)
    again = cubes.append("--slice-group", "product", *paths, store)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}


def test_a_settings_file(tmp_path, store):
    path = netcdf4(tmp_path / "a.nc")
    settings = tmp_path / "settings.yaml"
    settings.write_text("slice_group: /product\n")
    cubes.append("--settings", settings, path, store)
    assert "air" in xr.open_zarr(store)


def test_python(tmp_path, store):
    paths = [imerg(tmp_path / f"{s}.h5", s) for s in (1704067200, 1704069000)]
    mda.append(paths[0], store, slice_group="/Grid")
    with gdal.OpenEx(paths[1], gdal.OF_MULTIDIM_RASTER) as dataset:
        mda.append(dataset, store, slice_group="Grid")
    pieces = [h5py.File(path)["Grid/precipitation"] for path in paths]
    same_in(xr.open_zarr(store).precipitation, pieces)
    with pytest.raises(mda.SliceRefused, match=r"slice_group='/Grid'"):
        mda.append(paths[0], tmp_path / "other.zarr")


def test_the_driver(tmp_path, store):
    path = netcdf4(tmp_path / "a.nc")
    source = gdal.OpenEx(path, gdal.OF_MULTIDIM_RASTER)
    options = {"creationOptions": ["SLICE_GROUP=/product"], "format": "MDIMAPPEND"}
    gdal.MultiDimTranslate(f"MDIMAPPEND:{store}", source, **options)
    assert "air" in xr.open_zarr(store)


def test_parts_of_many_processes(tmp_path, store):
    paths = [netcdf4(tmp_path / f"{day}.nc", day) for day in range(3)]
    cubes.append("--slice-group", "product", paths[0], store)
    token = parts.begin(store, paths[1], "--slice-group", "product", "--size", 2)
    receipts = [
        parts.write(token, path, at={"time": step})
        for step, path in enumerate(paths[1:])
    ]
    parts.commit(token, *receipts)
    want = [xr.open_dataset(path, group="product").air.values for path in paths]
    same_in(xr.open_zarr(store).air, want)


# What the log knows


def state_in_log(store):
    (path,) = cubes.sidecar(store).glob("log/[0-9]*.json")
    return json.loads(path.read_text())["slices"][0]["state"]


def unlabelled(path):
    with netCDF4.Dataset(path, "w") as file:
        file.createDimension("time", 2)
        file.createDimension("x", 3)
        for number, name in enumerate(("a", "b")):
            group = file.createGroup(name)
            group.createVariable("v", "i4", ("time", "x"))[:] = number
    return path


def test_two_groups_of_a_file_are_two_slices(tmp_path, store):
    """Also where nothing but the log tells slices apart."""
    path = unlabelled(tmp_path / "a.nc")
    for _ in range(2):
        cubes.append("--slice-group", "a", path, store)
        cubes.append("--slice-group", "b", path, store)
        cubes.append("--slice-group", "/b/", path, store)
    assert xr.open_zarr(store).v.values[:, 0].tolist() == [0, 0, 1, 1]


# What is refused


def test_a_group_that_is_not_there(tmp_path, store):
    path = netcdf4(tmp_path / "a.nc")
    message = refused("--slice-group", "/Product", path, store)
    assert "has no group '/Product'; did you mean '/product'?" in message
    assert "Its groups: '/product', '/product/fine'." in message
    message = refused("--slice-group", "product/coarse/x", path, store)
    assert "has no group '/product/coarse'" in message
    assert not store.exists()


@pytest.mark.parametrize("kind", ["netcdf", "zarr2", "zarr3", "hdf5"])
def test_an_array_is_no_group(tmp_path, store, kind):
    if kind == "netcdf":
        path, array = netcdf4(tmp_path / "a.nc"), "/product/air"
    elif kind == "hdf5":
        path, array = imerg(tmp_path / "a.h5", 1704067200), "/Grid/lat"
    else:
        path, array = tree(tmp_path / "a.zarr", 0, int(kind[-1])), "/a/air"
    message = refused("--slice-group", array, path, store)
    assert f"has no group '{array}': that is an array" in message


def test_names_that_differ_in_case(tmp_path, store):
    path = imerg(tmp_path / "a.h5", 1704067200)
    imerg(path, 1704067200, name="GRID", mode="a")
    with h5py.File(path, "a") as file:
        file["GRID/precipitation"][:] = 1
    cubes.append("--slice-group", "GRID", path, store)
    assert (xr.open_zarr(store).precipitation.values == 1).all()
    assert "did you mean '/Grid'" in refused("--slice-group", "grid", path, store)


def test_ten_thousand_groups(tmp_path, store):
    path = tmp_path / "a.h5"
    with h5py.File(imerg(path, 1704067200), "a") as file:
        for i in range(10_000):
            file.create_group(f"scan{i:05}")
    cubes.append("--slice-group", "Grid", path, store)
    message = refused("--slice-group", "scan1234", path, store)
    assert "did you mean '/scan" in message
    assert len(message) < 1000


def test_names_of_any_bytes(tmp_path, store):
    path = imerg(tmp_path / "a.h5", 1704067200)
    with h5py.File(path, "a") as file:
        for name in (b"bell\x07\n", b"latin\xe9", b"long" * 1000):
            file.create_group(name)["v"] = 1
    for words in (["--slice-group", "nothing"], []):
        message = refused(*words, path, store)
        assert "'/bell__'" in message
        assert "'/latin\u00e9'" in message
        assert len(message) < 700


def test_an_empty_group(tmp_path, store):
    path = tree(tmp_path / "a.zarr")
    message = refused("--slice-group", "empty", path, store)
    assert "its group '/empty' has no arrays" in message
    assert "--slice-group /a takes" in message


def test_a_root_without_arrays_names_the_groups_that_have(tmp_path, store):
    path = imerg(tmp_path / "a.h5", 1704067200)
    message = refused(path, store)
    assert "its root group has no arrays" in message
    assert "'/Grid', '/Grid/Intermediate'" in message
    option = message.split("--slice-group ")[1].split()[0]
    cubes.append("--slice-group", option, path, store)


def test_a_file_without_groups(tmp_path, store):
    path = cubes.write(cubes.weather(0, 1), tmp_path / "a.nc")
    assert "no groups but its root" in refused("--slice-group", "g", path, store)


def test_a_raster_has_no_groups(tmp_path, store):
    path = str(tmp_path / "a.tif")
    gdal.GetDriverByName("GTiff").Create(path, 4, 3)
    message = refused("--slice-group", "g", "--label", "2024-01-01", path, store)
    assert "has no group '/g'" in message


@pytest.mark.parametrize("spelled", ["..", "a/../b", "./a"])
def test_no_path_of_a_group(tmp_path, store, spelled):
    path = netcdf4(tmp_path / "a.nc")
    message = refused("--slice-group", spelled, path, store, status=2)
    assert "no path of a group" in message
