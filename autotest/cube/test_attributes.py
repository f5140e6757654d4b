"""Attributes, CRS, units and nodata of the first slice arrive unharmed."""

import json

import cubes
import netCDF4
import numpy as np
import pytest
import xarray as xr
import zarr
from osgeo import osr

FORMATS = pytest.mark.parametrize("zarr_format", ["2", "3"])


def raw_attributes(store, name):
    """An array's attributes as they lie in the store."""
    v3 = store / name / "zarr.json"
    if v3.exists():
        return json.loads(v3.read_text())["attributes"]
    return json.loads((store / name / ".zattrs").read_text())


def consolidated_attributes(store, name):
    v3 = (
        json.loads((store / "zarr.json").read_text())
        if (store / "zarr.json").exists()
        else None
    )
    if v3:
        if not name:
            return v3["attributes"]
        return v3["consolidated_metadata"]["metadata"][name]["attributes"]
    nodes = json.loads((store / ".zmetadata").read_text())["metadata"]
    return nodes[f"{name}/.zattrs" if name else ".zattrs"]


ODD = {
    "zulu": "first of all, not in alphabetical order",
    "unicode": 'größe 日本 \U0001f30d "quoted" \\ / \t \n end',
    "empty": "",
    "whole": 7,
    "big": 2**53 + 1,
    "bigger": 2**63 - 1,
    "smallest": -(2**63),
    "small": 5e-324,
    "tenth": 0.1,
    "list": [1, 2, 3],
    "real list": [0.1, 2.0, -1e300],
    "texts": ["a", "ü", ""],
    "nested": {"a": {"b": [1, {"c": None}], "z": True}, "0": False},
    "nothing": None,
    "alpha": "last",
}


@FORMATS
@pytest.mark.parametrize("source_format", [2, 3])
def test_attributes_of_a_zarr_slice(tmp_path, store, source_format, zarr_format):
    part = tmp_path / "slice.zarr"
    cubes.weather(0, 2).to_zarr(part, zarr_format=source_format, consolidated=False)
    group = zarr.open_group(str(part), mode="r+")
    group.attrs.put(ODD)
    before = dict(group["elevation"].attrs)
    group["elevation"].attrs.put({**before, **ODD})
    cubes.append("--zarr-format", zarr_format, part, store)

    for attributes in (raw_attributes(store, ""), consolidated_attributes(store, "")):
        assert attributes == ODD
        assert list(attributes) == list(ODD)
    for attributes in (
        raw_attributes(store, "elevation"),
        consolidated_attributes(store, "elevation"),
    ):
        kept = {k: attributes[k] for k in ODD}
        assert kept == ODD
        assert [k for k in attributes if k in ODD] == list(ODD)
    # Exact: 2**53 + 1 is no double.
    assert raw_attributes(store, "")["big"] == 9007199254740993
    assert type(raw_attributes(store, "")["tenth"]) is float
    found = cubes.read_gdal_attributes(store, "elevation")
    assert found["unicode"] == ODD["unicode"]


@FORMATS
def test_attributes_of_a_netcdf_slice(tmp_path, store, zarr_format):
    path = tmp_path / "odd.nc"
    values = {
        "zulu": "first",
        "unicode": "größe 日本 \U0001f30d",
        "int64": np.int64(2**53 + 1),
        "uint64": np.uint64(2**64 - 1),
        "int8": np.int8(-5),
        "float32": np.float32(0.1),
        "float64": np.float64(0.1),
        "not a number": np.float64("nan"),
        "limits": np.array([-np.inf, np.inf]),
        "range": np.array([1, 2**53 + 1], "int64"),
        "alpha": "last",
    }
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("time", 1)
        dataset.createVariable("time", "i4", ("time",))[:] = 0
        variable = dataset.createVariable("data", "f4", ("time",))
        variable[:] = 1
        for key, value in values.items():
            variable.setncattr(key, value)
            dataset.setncattr(key, value)
    cubes.append("--zarr-format", zarr_format, path, store)
    for name in ("", "data"):
        found = raw_attributes(store, name)
        kept = [key for key in found if key in values]
        assert kept == list(values)
        assert found["int64"] == 9007199254740993
        assert found["uint64"] == 18446744073709551615
        assert found["range"] == [1, 9007199254740993]
        assert found["int8"] == -5
        assert np.float32(found["float32"]) == np.float32(0.1)
        assert found["float64"] == 0.1
        assert found["unicode"] == values["unicode"]
        assert np.isnan(float(found["not a number"]))
        assert [float(v) for v in found["limits"]] == [-np.inf, np.inf]
    # Every reader opens it.
    assert cubes.open_xarray(store)["data"].attrs["int64"] == 2**53 + 1
    zarr.open_group(str(store), mode="r")["data"].attrs.asdict()
    cubes.read_gdal_attributes(store, "data")


@FORMATS
def test_units_and_long_names(two_slices, store, zarr_format):
    keep = ("--encoding", "time:units=keep")
    cubes.append("--zarr-format", zarr_format, *keep, *two_slices, store)
    expected = cubes.weather(0, 5)
    found = cubes.open_xarray(store, decode_times=False)
    xr.testing.assert_identical(found, expected)
    opened = cubes.open_gdal(store)
    air = opened.GetRootGroup().OpenMDArray("air")
    assert air.GetUnit() == "K"


@FORMATS
@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("float32", np.nan),
        ("float32", -9999.0),
        ("float32", np.float32(1e20)),
        ("float64", -1e300),
        ("int16", -32768),
        ("int16", 0),
        ("uint8", 255),
        ("int64", -(2**63)),
        ("int64", 2**53 + 1),
        ("uint64", 2**64 - 1),
    ],
)
def test_nodata_is_seen_alike_by_all_readers(tmp_path, store, dtype, fill, zarr_format):
    fill = np.dtype(dtype).type(fill)

    def part(first):
        with netCDF4.Dataset(tmp_path / f"{first}.nc", "w") as dataset:
            dataset.createDimension("time", 1)
            dataset.createDimension("x", 3)
            dataset.createVariable("time", "i4", ("time",))[:] = first
            data = dataset.createVariable("data", dtype, ("time", "x"), fill_value=fill)
            data.set_auto_maskandscale(False)
            data[:] = np.array([[1, fill, 3]], dtype)
        return tmp_path / f"{first}.nc"

    cubes.append("--zarr-format", zarr_format, part(0), part(1), store)
    for use in (True, False):
        found = xr.open_zarr(store, consolidated=use, chunks=None)["data"]
        assert found.isnull().values.tolist() == [[False, True, False]] * 2
        raw = xr.open_zarr(store, consolidated=use, chunks=None, mask_and_scale=False)
        declared = raw["data"].attrs["_FillValue"]
        assert cubes.same(np.asarray(declared, dtype), fill)
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("data")
    if np.dtype(dtype).kind == "f":
        assert cubes.same(array.GetNoDataValueAsDouble(), np.float64(fill))
    elif dtype == "int64":
        assert array.GetNoDataValueAsInt64() == fill
    elif dtype == "uint64":
        # GDAL's driver clamps it to what int64 holds.
        assert array.GetNoDataValueAsUInt64() == 2**63 - 1
    else:
        assert array.GetNoDataValueAsDouble() == fill


@FORMATS
def test_packed_values_are_unpacked_alike(tmp_path, store, zarr_format):
    """GDAL's own V3 nodata of -999 at scale 0.01 is -9.99 to xarray."""

    def part(first):
        dataset = cubes.weather(first, 2)
        dataset["air"][:] = dataset["air"] / 100
        dataset["air"][:, 1, 1] = np.nan
        dataset["air"].encoding.update(
            dtype="int16", scale_factor=0.01, add_offset=2.0, _FillValue=np.int16(-999)
        )
        return cubes.write(dataset, tmp_path / f"{first}.nc")

    cubes.append("--zarr-format", zarr_format, part(0), part(2), store)
    expected = cubes.weather(0, 4)["air"].values / 100
    expected[:, 1, 1] = np.nan
    found = cubes.open_xarray(store)["air"].values
    assert np.allclose(found, expected, atol=0.005, equal_nan=True)
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("air")
    assert (array.GetScale(), array.GetOffset()) == (0.01, 2.0)
    unscaled = array.GetUnscaled().ReadAsArray()
    assert np.allclose(unscaled, expected, atol=0.005, equal_nan=True)
    assert cubes.read_zarr(store)["air"].dtype == np.int16
    assert (cubes.read_zarr(store)["air"][:, 1, 1] == -999).all()


@FORMATS
def test_a_cf_grid_mapping(tmp_path, store, zarr_format):
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32633)
    dataset = cubes.weather(0, 2).rename(lat="y", lon="x").drop_vars("elevation")
    dataset["air"].attrs["grid_mapping"] = "utm"
    mapping = {
        "grid_mapping_name": "transverse_mercator",
        "longitude_of_central_meridian": 15.0,
        "false_easting": 500000.0,
        "false_northing": 0.0,
        "latitude_of_projection_origin": 0.0,
        "scale_factor_at_central_meridian": 0.9996,
        "crs_wkt": crs.ExportToWkt(["FORMAT=WKT2"]),
    }
    dataset["utm"] = ((), np.int32(0), mapping)
    for name, axis in (
        ("x", "projection_x_coordinate"),
        ("y", "projection_y_coordinate"),
    ):
        dataset[name].attrs = {"standard_name": axis, "units": "m"}
    path = cubes.write(dataset, tmp_path / "utm.nc")
    cubes.append("--zarr-format", zarr_format, path, store)
    found = cubes.open_xarray(store, decode_times=False)
    attributes = dict(found["utm"].attrs)
    assert attributes["crs_wkt"] == mapping["crs_wkt"]
    for key, value in mapping.items():
        assert attributes[key] == value
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("air")
    found = array.GetSpatialRef()
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    assert found.IsSame(crs)


@FORMATS
def test_the_crs_of_a_geotiff(tmp_path, store, zarr_format):
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32633)
    path = tmp_path / "image.tif"
    image = cubes.gdal.GetDriverByName("GTiff").Create(str(path), 5, 4)
    image.SetSpatialRef(crs)
    image.SetGeoTransform([500000, 10, 0, 4100000, 0, -10])
    image.GetRasterBand(1).WriteArray(np.arange(20, dtype="uint8").reshape(4, 5))
    image.GetRasterBand(1).SetNoDataValue(255)
    image = None
    cubes.append(
        "--append-dim",
        "time",
        "--label",
        "2020-05-01",
        "--zarr-format",
        zarr_format,
        path,
        store,
    )
    array = cubes.open_gdal(store).GetRootGroup().OpenMDArray("band1")
    found = array.GetSpatialRef()
    found.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    crs.SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    assert found.IsSame(crs)
    dataset = cubes.open_xarray(store)
    assert dataset["x"].values.tolist() == [500005, 500015, 500025, 500035, 500045]
    assert dataset["y"].values.tolist() == [4099995, 4099985, 4099975, 4099965]
    assert dataset["time"].values.tolist() == [
        np.datetime64("2020-05-01", "ns").astype(int)
    ]


@FORMATS
def test_attributes_stay_those_of_the_first_slice(tmp_path, store, zarr_format):
    first = cubes.weather(0, 2)
    second = cubes.weather(2, 2)
    second.attrs["title"] = "another"
    second["air"].attrs["comment"] = "later"
    cubes.append(
        "--zarr-format",
        zarr_format,
        "--encoding",
        "time:units=keep",
        cubes.write(first, tmp_path / "0.nc"),
        cubes.write(second, tmp_path / "1.nc"),
        store,
    )
    found = cubes.open_xarray(store, decode_times=False)
    xr.testing.assert_identical(found, cubes.weather(0, 4))
