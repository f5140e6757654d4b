"""Fixtures of all tests. Helpers are in cubes.py."""

import os
import shutil

import cubes
import pytest
import xarray as xr
from osgeo import gdal

gdal.UseExceptions()
xr.set_options(keep_attrs=True)


@pytest.fixture(scope="session", autouse=True)
def _command():
    """Without the command every test would fail for the same reason."""
    assert shutil.which(cubes.COMMAND), (
        f"{cubes.COMMAND} is not on PATH: use `./dev test`"
    )


@pytest.fixture
def store(tmp_path):
    """Where the target goes."""
    return tmp_path / "cube.zarr"


@pytest.fixture(params=["2", "3"])
def target(request, store, tmp_path):
    """A cube of days 0, 1 and 2, once in each Zarr format."""
    path = cubes.write(cubes.weather(0, 3), tmp_path / "first.nc")
    cubes.append("--zarr-format", request.param, path, store)
    return store


@pytest.fixture
def two_slices(tmp_path):
    return cubes.weather_slices(tmp_path, (3, 2))


@pytest.fixture(scope="session")
def is_root():
    return os.geteuid() == 0
