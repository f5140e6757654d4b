"""The creation options of groups, of the driver."""

import cubes
import grouped
import parts
from osgeo import gdal


def test_all_groups_of_a_dataset_in_one_commit(store, tmp_path):
    driver = gdal.GetDriverByName("MDIMAPPEND")
    for day in range(2):
        path = grouped.write(tmp_path / f"{day}.nc", first=day)
        with gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER) as source:
            driver.CreateCopy(f"MDIMAPPEND:{store}", source, options=["GROUPS=YES"])
    grouped.assert_holds(store, 2)
    assert [len(record["members"]) for record in parts.log(store)] == [3, 3]


def test_one_group_of_a_dataset(store, tmp_path):
    path = grouped.write(tmp_path / "0.nc")
    driver = gdal.GetDriverByName("MDIMAPPEND")
    with gdal.OpenEx(str(path), gdal.OF_MULTIDIM_RASTER) as source:
        driver.CreateCopy(f"MDIMAPPEND:{store}", source, options=["SLICE_GROUP=/swath"])
    assert list(cubes.open_xarray(store).data_vars) == ["swell"]
