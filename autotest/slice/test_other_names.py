"""Files under names that say little of them, and what libraries keep in them."""

import gzip
import json
import os
import shutil

import cubes
import h5py
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr


def as_netcdf4(path, days, **options):
    cubes.weather(days, 1).to_netcdf(path, engine="netcdf4", **options)
    return path


# Compressed as a whole


def compressed(path):
    with open(path, "rb") as plain, gzip.open(f"{path}.gz", "wb") as packed:
        shutil.copyfileobj(plain, packed)
    path.unlink()
    return f"/vsigzip/{path}.gz"


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF4"])
def test_a_file_that_gzip_has_compressed(tmp_path, store, form):
    slices = []
    for i in range(3):
        path = cubes.write(cubes.weather(i, 1), tmp_path / f"{i}.nc", format=form)
        slices.append(compressed(path))
    before = sorted(os.listdir(tmp_path))
    words = ["--input-format", "HDF5"] if form == "NETCDF4" else []
    cubes.append(*words, *slices[:2], store)
    cubes.append(*words, "--wait", "5s", "--poll-interval", "0.1s", slices[2], store)
    with xr.open_zarr(store) as cube:
        assert cube.air.values.tolist() == cubes.weather(0, 3).air.values.tolist()
    again = cubes.append(*words, *slices, store)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}
    # GDAL would leave a note beside each.
    assert set(os.listdir(tmp_path)) - set(before) == {
        store.name,
        f"{store.name}.mdimappend",
    }


def test_one_that_was_exchanged_is_another(tmp_path, store):
    path = cubes.write(cubes.weather(0, 1), tmp_path / "a.nc", format="NETCDF3_CLASSIC")
    name = compressed(path)
    cubes.append(name, store)
    cubes.write(cubes.weather(1, 1), path, format="NETCDF3_CLASSIC")
    assert compressed(path) == name
    assert cubes.append(name, store).report["slices"][0]["rows"] == 1
    cubes.assert_reads_as(store, cubes.weather(0, 2))


# NetCDF-4 by another name


def wrf(path, day):
    with netCDF4.Dataset(path, "w") as file:
        for name, size in (("Time", None), ("south_north", 3), ("west_east", 4)):
            file.createDimension(name, size)
        time = file.createVariable("XTIME", "f8", ("Time",))
        time.units = "hours since 2018-07-14"
        time[:] = [24 * day, 24 * day + 12]
        field = file.createVariable("T2", "f4", ("Time", "south_north", "west_east"))
        field[:] = np.arange(24).reshape(2, 3, 4) + day


@pytest.mark.parametrize(
    "form", ["wrfout_d01_2018-07-{}_00:00:00", "day_{}", "day_{}.h5", "day.{}.he5"]
)
def test_netcdf4_is_known_by_what_is_in_it(tmp_path, store, monkeypatch, form):
    monkeypatch.chdir(tmp_path)
    names = [form.format(14 + day) for day in range(2)]
    for day, name in enumerate(names):
        wrf(name, day)
    words = ("--append-dim", "Time", "--rename", "XTIME=Time")
    cubes.append(*words, *names, store)
    with xr.open_zarr(store, decode_times=False) as cube:
        assert cube.sizes == {"Time": 4, "south_north": 3, "west_east": 4}
        assert cube.T2[2].values.tolist() == (np.arange(12).reshape(3, 4) + 1).tolist()
    again = cubes.append(*words, *names, store)
    assert {each["outcome"] for each in again.report["slices"]} == {"already there"}


def test_other_hdf5_is_what_it_was(tmp_path, store):
    path = tmp_path / "plain.h5"
    with h5py.File(path, "w") as file:
        for name, values in (("time", [0.0, 1.0]), ("x", [1.0, 2.0, 3.0])):
            file[name] = values
            file[name].make_scale(name)
        file["time"].attrs["units"] = "days since 2000-01-01"
        file["v"] = np.ones((2, 3), "f4")
        for axis, name in enumerate(("time", "x")):
            file["v"].dims[axis].attach_scale(file[name])
    cubes.append(path, store)
    with xr.open_zarr(store) as cube:
        assert cube.v.shape == (2, 3)


def test_a_driver_that_is_named_is_used(tmp_path, store):
    path = tmp_path / "day"
    wrf(path, 0)
    done = cubes.append("--if", "HDF5", "--append-dim", "Time", path, store, status=5)
    assert "size 0" in done.message


# Attributes


@pytest.mark.parametrize(
    ("form", "driver"),
    [
        ("NETCDF4", "netCDF"),
        ("NETCDF4", "HDF5"),
        ("NETCDF3_CLASSIC", "netCDF"),
        ("NETCDF4_CLASSIC", "netCDF"),
    ],
)
def test_an_attribute_without_a_value_has_none(tmp_path, store, form, driver):
    path = as_netcdf4(tmp_path / "a.nc", 0, format=form)
    with netCDF4.Dataset(path, "a") as file:
        for owner in (file, file["air"]):
            for kind in ("f8", "i4", "f4", "i2"):
                owner.setncattr(f"none_{kind}", np.array([], kind))
            owner.setncattr("one", np.array([7], "i4"))
            owner.setncattr("text", "")
    cubes.append("--input-format", driver, path, store)
    group = zarr.open_group(store, mode="r")
    for attributes in (group.attrs, group["air"].attrs):
        for kind in ("f8", "i4", "f4", "i2"):
            assert attributes[f"none_{kind}"] == []
        assert attributes["one"] == 7
        assert attributes["text"] == ""


@pytest.mark.parametrize("form", ["NETCDF3_CLASSIC", "NETCDF4"])
def test_a_missing_value_without_a_value_is_none(tmp_path, store, form):
    """What the driver says instead may be a value of the array."""
    path = tmp_path / "a.nc"
    with netCDF4.Dataset(path, "w", format=form) as file:
        file.createDimension("time", 1)
        file.createDimension("x", 3)
        time = file.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01"
        time[:] = [0]
        array = file.createVariable("v", "f8", ("time", "x"))
        array.setncattr("missing_value", np.array([], "f8"))
        array[:] = [[0.0, 1.0, 2.0]]
    cubes.append(path, store)
    with xr.open_zarr(store) as cube:
        assert cube.v.values.tolist() == [[0.0, 1.0, 2.0]]


def test_a_scale_factor_without_a_value_is_refused(tmp_path, store):
    path = as_netcdf4(tmp_path / "a.nc", 0)
    with netCDF4.Dataset(path, "a") as file:
        file["air"].setncattr("scale_factor", np.array([], "f8"))
    done = cubes.append(path, store, status=5)
    assert "array 'air': its attribute 'scale_factor' is [], which is no number" in (
        done.message
    )
    cubes.append("--exclude-array", "air", "--vary", "elevation", path, store)


def nczarr(folder, number):
    path = folder / f"{number}.zarr"
    with netCDF4.Dataset(f"file://{path}#mode=nczarr,file", "w") as file:
        file.createDimension("time", 1)
        file.createDimension("x", 2)
        time = file.createVariable("time", "i4", ("time",))
        time.units = "hours since 2024-01-01"
        time[:] = [number]
        file.createVariable("v", "f4", ("time", "x"))[:] = number
        file.title = "mine"
    return path


def test_bookkeeping_of_nczarr_stays_behind(tmp_path, store):
    cubes.append(*(nczarr(tmp_path, i) for i in range(2)), store)
    for document in [*store.rglob("zarr.json")]:
        assert "nczarr" not in document.read_text().lower()
    with xr.open_zarr(store) as cube:
        assert cube.v.values.tolist() == [[0, 0], [1, 1]]
        assert cube.attrs["title"] == "mine"


@pytest.mark.parametrize("mode", ["replace", "update"])
def test_nor_does_it_come_with_attributes_of_later_slices(tmp_path, store, mode):
    for i in range(2):
        cubes.append("--attributes", mode, nczarr(tmp_path, i), store)
    assert "nczarr" not in (store / "zarr.json").read_text().lower()


def test_a_cube_that_has_it_already_says_how_it_goes_away(tmp_path, store):
    """Earlier versions took it along."""
    cubes.append(nczarr(tmp_path, 0), store)
    zarr.open_array(store / "v", mode="a").attrs["_nczarr_array"] = {"dims": []}
    zarr.consolidate_metadata(store)
    with cubes.unchanged(store):
        done = cubes.append(nczarr(tmp_path, 1), store, status=1)
    assert "delete that attribute and consolidate" in done.message
    del zarr.open_array(store / "v", mode="a").attrs["_nczarr_array"]
    zarr.consolidate_metadata(store)
    cubes.append(nczarr(tmp_path, 1), store)
    assert xr.open_zarr(store).sizes["time"] == 2


def test_chunks_and_dimensions_of_other_libraries_stay_behind(tmp_path, store):
    path = as_netcdf4(tmp_path / "a.nc", 0)
    with netCDF4.Dataset(path, "a") as file:
        file["air"].setncattr("_ChunkSizes", np.array([1, 4, 5], "i4"))
        file["air"].setncattr("_CoordinateAxes", "time lat lon")
        file.setncattr("DODS_EXTRA.Unlimited_Dimension", "time")
    cubes.append(path, store)
    group = zarr.open_group(store, mode="r")
    assert "_ChunkSizes" not in group["air"].attrs
    assert group["air"].attrs["_CoordinateAxes"] == "time lat lon"
    assert "DODS_EXTRA.Unlimited_Dimension" not in group.attrs


# Dimensions of size 0


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [False, True])
def test_arrays_of_a_zarr_slice_without_values_are_left_out(
    tmp_path, store, zarr_format, consolidated
):
    for i in range(2):
        day = cubes.weather(i, 1)
        day["history"] = (("time", "n"), np.ones((1, 0), "f4"))
        path = tmp_path / f"{i}.zarr"
        day.to_zarr(path, zarr_format=zarr_format, consolidated=consolidated)
        done = cubes.append(path, store)
        assert "array 'history' has no values (dimension 'n' has size 0)" in (
            json.dumps(done.report)
        )
    cubes.assert_reads_as(store, cubes.weather(0, 2))


def test_a_zarr_slice_without_steps_is_refused(tmp_path, store):
    cubes.weather(0, 1).isel(time=slice(0)).to_zarr(tmp_path / "none.zarr")
    done = cubes.append(tmp_path / "none.zarr", store, status=5)
    assert "dimension 'time' has size 0" in done.message
    assert not store.exists()


# References


def references(folder, name, of):
    """A reference file as kerchunk makes them; `of` spells the names of files."""

    def array(shape, dtype, dims, **attributes):
        document = {
            **{"zarr_format": 2, "shape": shape, "chunks": shape, "dtype": dtype},
            **{"compressor": None, "filters": None, "fill_value": None, "order": "C"},
        }
        return json.dumps(document), json.dumps(
            {"_ARRAY_DIMENSIONS": dims, **attributes}
        )

    np.arange(6, dtype="<f4").tofile(folder / "v.bin")
    np.array([0, 1], "<f8").tofile(folder / "time.bin")
    refs = {".zgroup": '{"zarr_format": 2}'}
    time = array([2], "<f8", ["time"], units="days since 2000-01-01")
    refs["time/.zarray"], refs["time/.zattrs"] = time
    refs["time/0"] = [of("time.bin"), 0, 16]
    refs["v/.zarray"], refs["v/.zattrs"] = array([2, 3], "<f4", ["time", "x"])
    refs["v/0.0"] = [of("v.bin"), 0, 24]
    refs["x/.zarray"], refs["x/.zattrs"] = array([3], "|i1", ["x"])
    refs["x/0"] = "base64:AAEC"
    (folder / name).write_text(json.dumps({"version": 1, "refs": refs}))


@pytest.mark.parametrize("form", ["{}", "./{}", "data/../{}", "/abs"])
@pytest.mark.parametrize(
    "name", ["refs.json", "./refs.json", 'ZARR:"/vsikerchunk_json_ref/{refs.json}"']
)
def test_references_of_a_file_that_is_named_without_a_folder(
    tmp_path, store, monkeypatch, form, name
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data").mkdir()
    absolute = form == "/abs"
    references(
        tmp_path,
        "refs.json",
        lambda file: str(tmp_path / file) if absolute else form.format(file),
    )
    cubes.append(name, store)
    with xr.open_zarr(store) as cube:
        assert cube.v.values.tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize("away", ["../v.bin", "/etc/hostname", "data/../../v.bin"])
def test_they_lead_nowhere_else(tmp_path, store, monkeypatch, away):
    inside = tmp_path / "inside"
    inside.mkdir()
    monkeypatch.chdir(inside)
    references(inside, "refs.json", lambda file: away)
    done = cubes.append("refs.json", store, status=5)
    assert "neither beside it nor below its folder" in done.message
    assert not store.exists()
