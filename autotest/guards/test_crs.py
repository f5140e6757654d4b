"""Slices on another grid than the target's: another CRS, another place, another
order. What is the same is told by meaning, however it is written."""

import cubes
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal, osr

FORMATS = pytest.mark.parametrize("zarr_format", [2, 3])
UTM32 = {
    "grid_mapping_name": "transverse_mercator",
    "longitude_of_central_meridian": 9.0,
    "latitude_of_projection_origin": 0.0,
    "scale_factor_at_central_meridian": 0.9996,
    "false_easting": 500000.0,
    "false_northing": 0.0,
    "semi_major_axis": 6378137.0,
    "inverse_flattening": 298.257223563,
    "longitude_of_prime_meridian": 0.0,
    "geographic_crs_name": "WGS 84",
    "horizontal_datum_name": "World Geodetic System 1984",
}


def crs(epsg):
    made = osr.SpatialReference()
    made.ImportFromEPSG(epsg)
    return made


def wkt(epsg, form="WKT2_2019"):
    return crs(epsg).ExportToWkt([f"FORMAT={form}"])


def part(path, label, mapping, attribute="crs", name="crs"):
    """A NetCDF slice in this grid mapping (None: without)."""
    dataset = xr.Dataset(
        {"data": (("time", "y", "x"), np.full((1, 2, 3), label, "int16"))},
        {
            "time": ("time", np.array([label], "int32")),
            "y": (
                "y",
                [5000300.0, 5000200.0],
                {"units": "m", "standard_name": "projection_y_coordinate"},
            ),
            "x": (
                "x",
                [300000.0, 300100.0, 300200.0],
                {"units": "m", "standard_name": "projection_x_coordinate"},
            ),
        },
    )
    if mapping is not None:
        dataset[name] = ((), np.int32(0), mapping)
        dataset["data"].attrs["grid_mapping"] = attribute
    for variable in dataset.variables:
        dataset[variable].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


SAME = {
    "WKT2": {"crs_wkt": wkt(32632)},
    "WKT1": {"crs_wkt": wkt(32632, "WKT1_GDAL")},
    "ESRI": {"spatial_ref": wkt(32632, "WKT1_ESRI")},
    "EPSG": {"spatial_ref": "EPSG:32632"},
    "CF": UTM32,
    "CF and WKT": {**UTM32, "crs_wkt": wkt(32632)},
}
OTHER = {
    "zone 33": {"crs_wkt": wkt(32633)},
    "zone 33 by EPSG": {"spatial_ref": "EPSG:32633"},
    "zone 33 by CF": {**UTM32, "longitude_of_central_meridian": 15.0},
    "southern": {"crs_wkt": wkt(32732)},
    "LAEA": {"crs_wkt": wkt(3035)},
    "WGS 84": {"crs_wkt": wkt(4326)},
    "another datum": {"crs_wkt": wkt(23032)},
}


@FORMATS
@pytest.mark.parametrize("first", ["WKT2", "EPSG", "CF"])
def test_the_same_crs(tmp_path, store, zarr_format, first):
    """By WKT 1 and 2, EPSG, CF parameters."""
    paths = [part(tmp_path / "first.nc", 0, SAME[first])]
    paths += [
        part(tmp_path / f"{number}.nc", number, mapping)
        for number, mapping in enumerate(SAME.values(), 1)
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    data = cubes.read_zarr(store)["data"]
    assert data[:, 0, 0].tolist() == list(range(len(paths)))


@FORMATS
def test_grid_mappings_of_other_names(tmp_path, store, zarr_format):
    """CF's long form, and a variable of another name."""
    paths = [
        part(tmp_path / "0.nc", 0, SAME["WKT2"]),
        part(tmp_path / "1.nc", 1, SAME["WKT2"], attribute="crs: x y"),
        part(tmp_path / "2.nc", 2, SAME["WKT2"], "spatial_ref", "spatial_ref"),
    ]
    cubes.append("--zarr-format", zarr_format, *paths, store)
    assert cubes.read_zarr(store)["data"][:, 0, 0].tolist() == [0, 1, 2]


@FORMATS
@pytest.mark.parametrize("other", OTHER)
@pytest.mark.parametrize("first", ["WKT2", "CF"])
def test_another_crs(tmp_path, store, zarr_format, first, other):
    cubes.append(
        "--zarr-format", zarr_format, part(tmp_path / "0.nc", 0, SAME[first]), store
    )
    path = part(tmp_path / "1.nc", 1, OTHER[other])
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert done.message.startswith(f"slice '{path}', array 'data': its CRS is '")
    assert ", the target's is '" in done.message
    if first == "WKT2":
        assert "the target's is 'WGS 84 / UTM zone 32N (EPSG:32632)'" in done.message
    assert done.message.endswith(
        ". Reproject the slice, correct what it says of its CRS, or begin another "
        "cube. Nothing was written."
    )
    cubes.append("--on-crs", "ignore", path, store)
    assert cubes.read_zarr(store)["data"][:, 0, 0].tolist() == [0, 1]


@FORMATS
@pytest.mark.parametrize("known", ["target", "slice"])
def test_a_crs_on_one_side_only(tmp_path, store, zarr_format, known):
    """Nothing to compare with."""
    first = part(tmp_path / "0.nc", 0, SAME["WKT2"] if known == "target" else None)
    second = part(tmp_path / "1.nc", 1, None if known == "target" else SAME["WKT2"])
    cubes.append("--zarr-format", zarr_format, first, second, store)
    assert cubes.read_zarr(store)["data"][:, 0, 0].tolist() == [0, 1]


@FORMATS
@pytest.mark.parametrize(("epsg", "fits"), [(32632, True), (32633, False)])
def test_a_target_that_gdal_made(tmp_path, store, zarr_format, epsg, fits):
    """Its attribute `_CRS`."""
    first = part(tmp_path / "0.nc", 0, SAME["WKT2"])
    gdal.MultiDimTranslate(
        str(store),
        str(first),
        format="Zarr",
        creationOptions=[f"FORMAT=ZARR_V{zarr_format}"],
    )
    document = {2: ".zattrs", 3: "zarr.json"}[zarr_format]
    assert '"_CRS"' in (store / "data" / document).read_text()
    path = part(tmp_path / "1.nc", 1, {"crs_wkt": wkt(epsg)})
    if fits:
        cubes.append(path, store)
        data = cubes.read_gdal(store, consolidated=False)["data"]
        assert data[:, 0, 0].tolist() == [0, 1]
        return
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert "its CRS is 'WGS 84 / UTM zone 33N (EPSG:32633)'" in done.message


def geotiff(path, epsg, value, origin=(300000, 5000000), pixel=100):
    """One band of 3 x 2 pixels."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 3, 2, 1, gdal.GDT_Int16)
    dataset.SetGeoTransform((origin[0], pixel, 0, origin[1], 0, -pixel))
    dataset.SetSpatialRef(crs(epsg))
    dataset.GetRasterBand(1).WriteArray(np.full((2, 3), value, "int16"))
    dataset.Close()
    return path


@FORMATS
def test_geotiffs_of_another_zone(tmp_path, store, zarr_format):
    """The same numbers in x and y, 6 degrees away."""
    label = ["--append-dim", "time", "--label"]
    first = geotiff(tmp_path / "first.tif", 32632, 1)
    cubes.append("--zarr-format", zarr_format, *label, "2024-01-20", first, store)
    other = geotiff(tmp_path / "other.tif", 32633, 2)
    with cubes.unchanged(store):
        done = cubes.append(*label, "2024-01-21", other, store, status=5)
    assert f"slice '{other}', array '" in done.message
    assert (
        "its CRS is 'WGS 84 / UTM zone 33N (EPSG:32633)', the target's is 'WGS 84 / "
        "UTM zone 32N (EPSG:32632)'. Reproject the slice" in done.message
    )
    same = geotiff(tmp_path / "same.tif", 32632, 3)
    cubes.append(*label, "2024-01-21", same, store)
    found = cubes.open_xarray(store)
    assert [str(time)[:10] for time in found["time"].values] == [
        "2024-01-20",
        "2024-01-21",
    ]
    name = next(name for name, array in found.items() if "time" in array.dims)
    assert found[name].values[:, 0, 0].tolist() == [1, 3]


@pytest.mark.parametrize(
    ("origin", "pixel", "fits"),
    [
        ((300000, 5000000), 100, True),
        ((300000.05, 5000000), 100, True),
        ((300050, 5000000), 100, False),
        ((300000, 5000100), 100, False),
        ((300000, 5000000), 101, False),
    ],
)
def test_geotiffs_of_another_place(tmp_path, store, origin, pixel, fits):
    """By a thousandth of a pixel, or more."""
    label = ["--append-dim", "time", "--label"]
    first = geotiff(tmp_path / "first.tif", 32632, 1)
    cubes.append(*label, "2024-01-20", first, store)
    second = geotiff(tmp_path / "second.tif", 32632, 2, origin, pixel)
    if fits:
        cubes.append(*label, "2024-01-21", second, store)
        return
    with cubes.unchanged(store):
        done = cubes.append(*label, "2024-01-21", second, store, status=5)
    assert f"slice '{second}', coordinate '" in done.message
    assert "--on-coordinate" not in done.message


# Coordinates


def curvilinear(path, label, shift=0.0, at=(1, 2)):
    """A slice on a grid that has its latitudes and longitudes in two dimensions."""
    y, x = np.meshgrid(np.arange(3.0), np.arange(4.0), indexing="ij")
    latitude = 50 + y + 0.1 * x
    longitude = 5 + x - 0.1 * y
    latitude[at] += shift
    dataset = xr.Dataset(
        {"data": (("time", "j", "i"), np.full((1, 3, 4), label, "float32"))},
        {
            "time": ("time", np.array([label], "int32")),
            "lat": (("j", "i"), latitude, {"units": "degrees_north"}),
            "lon": (("j", "i"), longitude, {"units": "degrees_east"}),
        },
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


@FORMATS
@pytest.mark.parametrize("shift", [0.0011, -0.0011, 0.5, np.nan])
def test_curvilinear_coordinates_that_differ(tmp_path, store, zarr_format, shift):
    """One value, by more than a thousandth of a cell of one degree."""
    first = curvilinear(tmp_path / "0.nc", 0)
    path = curvilinear(tmp_path / "1.nc", 1, shift)
    cubes.append("--zarr-format", zarr_format, first, store)
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert done.message.startswith(
        f"slice '{path}', coordinate 'lat' differs at position 1, 2: it is "
    )
    assert ", the target has 51.2" in done.message
    assert done.message.endswith(
        " A cube that is made with --vary lat has its own for each step. "
        "Nothing was written."
    )
    before = cubes.read_zarr(store)["lat"]
    cubes.append("--on-coordinate", "ignore", path, store)
    assert cubes.same(cubes.read_zarr(store)["lat"], before)
    assert cubes.read_zarr(store)["data"][:, 0, 0].tolist() == [0, 1]


@FORMATS
@pytest.mark.parametrize("shift", [0.0, 0.0009, -0.0009])
@pytest.mark.parametrize("at", [(1, 2), (2, 3), (0, 0)])
def test_curvilinear_coordinates_that_are_the_same(
    tmp_path, store, zarr_format, shift, at
):
    first = curvilinear(tmp_path / "0.nc", 0)
    path = curvilinear(tmp_path / "1.nc", 1, shift, at)
    cubes.append("--zarr-format", zarr_format, first, path, store)
    assert cubes.read_zarr(store)["data"][:, 0, 0].tolist() == [0, 1]


def on_axis(path, label, x, kind="float64"):
    dataset = xr.Dataset(
        {"data": (("time", "x"), np.full((1, len(x)), label, "float32"))},
        {
            "time": ("time", np.array([label], "int32")),
            "x": ("x", np.asarray(x, kind)),
        },
    )
    for name in dataset.variables:
        dataset[name].encoding["_FillValue"] = None
    return cubes.write(dataset, path)


AXIS = [0.0, 10.0, 20.0, 30.0]


@pytest.mark.parametrize(
    ("x", "says"),
    [
        ([0.0, 10.0, 20.0, 30.0], None),
        ([0.009, 10.009, 19.991, 30.009], None),
        ([0.0, 10.0, 20.011, 30.0], "at position 2: it is 20.011, the target has 20.0"),
        ([30.0, 20.0, 10.0, 0.0], "at position 0: it is 30.0, the target has 0.0"),
        ([10.0, 20.0, 30.0, 40.0], "at position 0: it is 10.0, the target has 0.0"),
        ([0.0, 10.0, np.nan, 30.0], "at position 2: it is "),
    ],
)
@pytest.mark.parametrize("kind", ["float64", "float32"])
@FORMATS
def test_tolerance_of_an_axis(tmp_path, store, zarr_format, kind, x, says):
    """A slice in single precision is no other place."""
    first = on_axis(tmp_path / "0.nc", 0, AXIS)
    cubes.append("--zarr-format", zarr_format, first, store)
    path = on_axis(tmp_path / "1.nc", 1, x, kind)
    if says is None:
        cubes.append(path, store)
        assert cubes.read_zarr(store)["x"].tolist() == AXIS
        return
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert f"slice '{path}', coordinate 'x' differs at position" in done.message
    assert says in done.message or kind == "float32"
    assert "--on-coordinate" not in done.message


def test_longitudes_of_another_turn(tmp_path, store):
    """0 to 360 and -180 to 180 are other numbers: refused, not shifted."""
    cubes.append(on_axis(tmp_path / "0.nc", 0, [0, 90, 180, 270]), store)
    path = on_axis(tmp_path / "1.nc", 1, [-180, -90, 0, 90])
    with cubes.unchanged(store):
        cubes.append(path, store, status=5)


def test_texts_as_coordinates(tmp_path, store):
    def part_with(path, label, names):
        dataset = xr.Dataset(
            {"data": (("time", "station"), np.full((1, 2), label, "float32"))},
            {"time": ("time", np.array([label], "int32")), "station": names},
        )
        return cubes.write(dataset, path)

    cubes.append(part_with(tmp_path / "0.nc", 0, ["Bonn", "Köln"]), store)
    path = part_with(tmp_path / "1.nc", 1, ["Bonn", "Kölle"])
    with cubes.unchanged(store):
        done = cubes.append(path, store, status=5)
    assert (
        "coordinate 'station' differs at position 1: it is 'Kölle', the target has "
        "'Köln'. Nothing was written." in done.message
    )
