"""The Python package with targets in object stores."""

import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
from faults import Rule, Status
from osgeo import gdal

KEY = "x/cube.zarr"


def day(number):
    time = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    return xr.Dataset({"air": (("time", "x"), np.full((1, 3), number))}, {"time": time})


@pytest.fixture(params=["s3", "gcs", "az"])
def store(request):
    store = request.getfixturevalue(request.param)
    # For all threads: zarr-python reads in its own.
    with gdal.config_options(store.config, thread_local=False):
        gdal.VSICurlClearCache()
        yield store
        gdal.VSICurlClearCache()


@pytest.mark.parametrize("zarr_format", [2, 3])
@pytest.mark.parametrize("consolidated", [True, False])
def test_a_cube_grows_and_is_read(zarr_format, consolidated, store):
    settings = {"zarr_format": zarr_format, "consolidated": consolidated}
    mda.append([day(0), day(1)], store.uri(KEY), **settings)
    kwargs = {"consolidated": consolidated}
    assert mda.open(store.uri(KEY), **kwargs).air[:, 0].values.tolist() == [0, 1]
    report = mda.append([day(1), day(2)], store.path(KEY))
    assert [each.outcome for each in report.slices] == ["already there", "appended"]
    assert mda.open(store.path(KEY), **kwargs).air[:, 0].values.tolist() == [0, 1, 2]
    status = mda.status(store.uri(KEY))
    assert status.appends == 3
    assert not status.pending
    assert mda.log(store.uri(KEY))[0].first_label == "2024-01-03"
    assert not mda.recover(store.uri(KEY))


def test_what_cannot_be_read_is_an_error_and_no_missing_chunk(s3):
    with gdal.config_options(s3.config, thread_local=False):
        mda.append(day(7), s3.uri(KEY))
        gdal.VSICurlClearCache()
        cube = mda.open(s3.uri(KEY))
        s3.server.rules = [Rule(Status(403, "AccessDenied"), key="air/c/")]
        with pytest.raises(OSError, match="air/c/"):
            cube.air.load()
        s3.server.rules = []
        gdal.VSICurlClearCache()
        assert cube.air.load()[0, 0] == 7


def test_its_lock_cannot_be_held_from_python(s3):
    with pytest.raises(mda.UsageError, match="local"):
        mda.Lock(s3.uri(KEY))
