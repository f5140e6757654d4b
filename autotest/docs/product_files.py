"""Small files with the structure of real products, for the recipes."""

from pathlib import Path

import netCDF4
import numpy as np
import xarray as xr
from osgeo import gdal, osr

DAYS = ("2024-01-01", "2024-01-02", "2024-01-03")


def era5(folder: Path) -> None:
    """ERA5 of the Climate Data Store since 2024: `valid_time`, beside it a scalar
    `number` and a text `expver` for each step."""
    for number, day in enumerate(DAYS):
        times = np.datetime64(day, "ns") + np.arange(4) * np.timedelta64(6, "h")
        grid = (4, 5, 8)
        t2m = 280 + number + np.linspace(0, 10, 160).reshape(grid)
        grib = {"GRIB_paramId": 167, "GRIB_dataType": "an", "units": "K"}
        data = xr.Dataset(
            {"t2m": (("valid_time", "latitude", "longitude"), t2m.astype("f4"), grib)},
            {
                "valid_time": ("valid_time", times, {"standard_name": "time"}),
                "latitude": (
                    "latitude",
                    np.linspace(60, 50, 5),
                    {"units": "degrees_north"},
                ),
                "longitude": (
                    "longitude",
                    np.linspace(0, 17.5, 8),
                    {"units": "degrees_east"},
                ),
                "number": ((), 0, {"units": "1", "standard_name": "realization"}),
                "expver": ("valid_time", np.array(["0001"] * 4, object)),
            },
            {"Conventions": "CF-1.7", "institution": "ECMWF"},
        )
        data.valid_time.encoding = {"units": "seconds since 1970-01-01"}
        data.to_netcdf(folder / f"era5_{day}.nc", unlimited_dims=["valid_time"])


def era5_packed(folder: Path) -> None:
    """The older kind: int16, with a scale and an offset of each file's own."""
    for number, day in enumerate(DAYS):
        with netCDF4.Dataset(folder / f"packed_{day}.nc", "w") as file:
            for name, size in (("time", None), ("latitude", 5), ("longitude", 8)):
                file.createDimension(name, size)
            time = file.createVariable("time", "i4", "time")
            time.units = "hours since 1900-01-01 00:00:0.0"
            time[:] = 1086960 + 24 * number + np.arange(0, 24, 6)
            for name, units, ends in (
                ("latitude", "degrees_north", (60, 50)),
                ("longitude", "degrees_east", (0, 17.5)),
            ):
                axis = file.createVariable(name, "f4", name)
                axis.units = units
                axis[:] = np.linspace(*ends, file.dimensions[name].size)
            t2m = file.createVariable(
                "t2m",
                "i2",
                ("time", "latitude", "longitude"),
                fill_value=np.int16(-32767),
            )
            t2m.setncatts({"missing_value": np.int16(-32767), "units": "K"})
            t2m.scale_factor = 0.0017 + number * 0.0001
            t2m.add_offset = 285.0 + number
            t2m[:] = 280 + number + np.linspace(0, 10, 160).reshape(4, 5, 8)


def goes(folder: Path) -> None:
    """GOES ABI L2: one image a file, no dimension of time; the instant is in the
    scalar `t` and in the name; `x` and `y` are scan angles, packed."""
    for minute in (1, 11):
        name = (
            f"OR_ABI-L2-CMIPF-M6C13_G16_s202400112{minute:02}204_e202400112{minute:02}512"
            f"_c202400112{minute:02}587.nc"
        )
        with netCDF4.Dataset(folder / name, "w") as file:
            for axis, size, scale in (("y", 6, -5.6e-05), ("x", 8, 5.6e-05)):
                file.createDimension(axis, size)
                angle = file.createVariable(axis, "i2", axis)
                angle.setncatts(
                    {
                        "scale_factor": np.float32(scale),
                        "add_offset": np.float32(-size * scale / 2),
                        "units": "rad",
                        "axis": axis.upper(),
                        "standard_name": f"projection_{axis}_coordinate",
                    }
                )
                angle.set_auto_maskandscale(False)
                angle[:] = np.arange(size)
            t = file.createVariable("t", "f8")
            t.setncatts(
                {
                    "units": "seconds since 2000-01-01 12:00:00",
                    "standard_name": "time",
                    "axis": "T",
                }
            )
            instant = 757382480.0 + (minute - 1) * 60
            t[...] = instant
            t.bounds = "time_bounds"
            file.createDimension("number_of_time_bounds", 2)
            bounds = file.createVariable("time_bounds", "f8", "number_of_time_bounds")
            bounds[:] = [instant - 30, instant + 30]
            for name, units, value in (
                ("mean_brightness_temperature", "K", 271.5 + minute / 10),
                ("std_dev_brightness_temperature", "K", 20.25 + minute / 10),
                ("percent_uncorrectable_L0_errors", "percent", minute / 1000),
            ):
                scalar = file.createVariable(name, "f4", fill_value=np.float32(-999))
                scalar.units = units
                scalar[...] = value
            cmi = file.createVariable("CMI", "i2", ("y", "x"), fill_value=np.int16(-1))
            cmi.setncatts(
                {
                    "scale_factor": np.float32(0.06145332),
                    "add_offset": np.float32(89.62),
                    "units": "K",
                    "grid_mapping": "goes_imager_projection",
                    "coordinates": "t y x",
                    "valid_range": np.array([0, 4095], "i2"),
                    "ancillary_variables": "DQF",
                }
            )
            cmi.set_auto_maskandscale(False)
            cmi[:] = 2000 + minute + np.arange(48).reshape(6, 8)
            dqf = file.createVariable("DQF", "u1", ("y", "x"), fill_value=np.uint8(255))
            dqf.setncatts(
                {
                    "flag_values": np.array([0, 1, 2, 3], "u1"),
                    "flag_meanings": "good_pixel_qf conditionally_usable_pixel_qf "
                    "out_of_range_pixel_qf no_value_pixel_qf",
                    "grid_mapping": "goes_imager_projection",
                }
            )
            dqf[:] = 0
            mapping = file.createVariable("goes_imager_projection", "i4")
            mapping.setncatts(
                {
                    "grid_mapping_name": "geostationary",
                    "perspective_point_height": 35786023.0,
                    "semi_major_axis": 6378137.0,
                    "semi_minor_axis": 6356752.31414,
                    "longitude_of_projection_origin": -75.0,
                    "latitude_of_projection_origin": 0.0,
                    "sweep_angle_axis": "x",
                }
            )
            file.setncatts({"title": "ABI L2 Cloud and Moisture Imagery"})


def bands(folder: Path) -> None:
    """Landsat and Sentinel-2: a folder a scene, and in it a GeoTIFF a band."""
    for day in ("20240105", "20240121"):
        scene = folder / f"LC09_L2SP_196024_{day}_20240130_02_T1"
        scene.mkdir()
        for number, band in enumerate(("SR_B4", "SR_B5", "QA_PIXEL")):
            dataset = gdal.GetDriverByName("GTiff").Create(
                str(scene / f"{scene.name}_{band}.TIF"), 8, 6, 1, gdal.GDT_UInt16
            )
            dataset.SetGeoTransform((600000, 30, 0, 5800000, 0, -30))
            crs = osr.SpatialReference()
            crs.ImportFromEPSG(32632)
            dataset.SetSpatialRef(crs)
            values = np.arange(48, dtype="u2").reshape(6, 8) + 7000 + 100 * number
            dataset.GetRasterBand(1).WriteArray(values)
            dataset.GetRasterBand(1).SetNoDataValue(0)


def eopf(folder: Path) -> None:
    """EOPF: a Zarr store a scene, whose groups have a resolution each."""
    for day in ("20240105", "20240115"):
        store = folder / f"S2B_MSIL2A_{day}T103329_N0510_R108_T32UNA.zarr"
        for resolution, size in (("r10m", 8), ("r20m", 4)):
            step = 80 // size
            data = xr.Dataset(
                {
                    "b04": (
                        ("y", "x"),
                        np.arange(size * size).reshape(size, size) / 1e3,
                    )
                },
                {
                    "y": 5800000.0 - step * np.arange(size),
                    "x": 600000.0 + step * np.arange(size),
                },
            )
            data.b04.encoding = {
                "dtype": "uint16",
                "scale_factor": 0.0001,
                "add_offset": -0.1,
                "_FillValue": np.uint16(0),
            }
            data.to_zarr(
                store,
                group=f"measurements/reflectance/{resolution}",
                mode="a",
                zarr_format=2,
            )


def write_all(folder: Path) -> None:
    for product in (era5, era5_packed, goes, bands, eopf):
        product(folder)
