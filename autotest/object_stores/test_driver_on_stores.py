"""The driver MDIMAPPEND with targets in object stores."""

import cubes
import pytest
from osgeo import gdal

KEY = "x/cube.zarr"


@pytest.fixture(params=["s3", "gcs", "s3_moto", "az"])
def any_store(request):
    return request.getfixturevalue(request.param)


def driver():
    return gdal.GetDriverByName("MDIMAPPEND")


def opened(name, *options):
    return gdal.OpenEx(name, gdal.OF_MULTIDIM_RASTER, open_options=[*options])


def objects(store, folder):
    return cubes.tree(store.download("", folder))


@pytest.mark.parametrize("zarr_format", [2, 3])
def test_slices_are_copied_and_read(any_store, tmp_path, zarr_format):
    slices = cubes.weather_slices(tmp_path, (3, 2))
    target = "MDIMAPPEND:" + any_store.path(KEY)
    with any_store.configured():
        for path, days in zip(slices, (3, 5), strict=True):
            options = [f"ZARR_FORMAT={zarr_format}"]
            copied = driver().CreateCopy(target, opened(str(path)), options=options)
            # What was read before is in no cache.
            assert copied.GetRootGroup().OpenMDArray("time").GetShape() == (days,)
        for name in (target, "MDIMAPPEND:" + any_store.uri(KEY)):
            air = opened(name).GetRootGroup().OpenMDArray("air").ReadAsArray()
            assert cubes.same(air, cubes.weather(0, 5).air.values)
        quoted = f'MDIMAPPEND:"{any_store.path(KEY)}":/air'
        assert gdal.Open(quoted).RasterCount == 5
    folder = any_store.download(f"{KEY}/", tmp_path / "out")
    cubes.assert_reads_as(folder, cubes.weather(0, 5))


def test_a_group_is_named_by_an_option_or_a_path(s3, tmp_path):
    (path,) = cubes.weather_slices(tmp_path, (3,))
    target = "MDIMAPPEND:" + s3.path(KEY)
    with s3.configured():
        driver().CreateCopy(target, opened(str(path)), options=["GROUP=a/b"])
        for name, *options in ((target, "GROUP=a/b"), (f"{target}/a/b",)):
            root = opened(name, *options).GetRootGroup()
            assert root.OpenMDArray("air").GetShape() == (3, 4, 5)


def test_wrong_calls_leave_all_objects(any_store, tmp_path):
    first, second = cubes.weather_slices(tmp_path, (3, 2))
    plain = any_store.path(KEY)
    with any_store.configured():
        driver().CreateCopy(f"MDIMAPPEND:{plain}", opened(str(first)))
        before = objects(any_store, tmp_path / "before")
        source = opened(str(second))
        for name in (plain, any_store.uri(KEY), f'ZARR:"{plain}"'):
            with pytest.raises(RuntimeError, match="does not begin with MDIMAPPEND:"):
                driver().CreateCopy(name, source)
        for name in (plain, f"MDIMAPPEND:{plain}"):
            with pytest.raises(RuntimeError, match="is not deleted"):
                driver().Delete(name)
            with pytest.raises(RuntimeError, match="is not renamed"):
                driver().Rename(any_store.path("new.zarr"), name)
            with pytest.raises(RuntimeError, match="are not copied"):
                driver().CopyFiles(any_store.path("new.zarr"), name)
    assert objects(any_store, tmp_path / "after") == before


def test_what_is_not_there_is_refused(s3):
    with s3.configured(), pytest.raises(RuntimeError, match="does not exist"):
        opened("MDIMAPPEND:" + s3.path(KEY))
