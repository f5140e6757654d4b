"""Fixtures of all tests. Helpers are in cubes.py."""

import os
import shutil

import cubes
import pytest
import xarray as xr
from osgeo import gdal

gdal.UseExceptions()
xr.set_options(keep_attrs=True)


def pytest_configure(config):
    config.addinivalue_line(
        "markers",
        "alternates(name): each combination of the other parameters with one value of "
        "this one, in turn; MDIMAPPEND_ALL_SCENARIOS=1: with all of them.",
    )


def pytest_collection_modifyitems(items):
    for item in items:
        mark = item.get_closest_marker("alternates")
        if mark is None or cubes.ALL:
            continue
        turn = 0
        for parameters in item.iter_markers("parametrize"):
            names, cases = parameters.args
            names = names.split(",") if isinstance(names, str) else names
            turn += place(names, cases, item.callspec.params)
            if mark.args[0] in names:
                count = len(cases)
        if turn % count:
            item.add_marker(pytest.mark.skip(reason="a sample"))


def place(names, cases, values):
    """Which of the cases of a parametrisation has these values."""
    for number, case in enumerate(cases):
        if isinstance(case, type(pytest.param())):
            case = case.values
        elif len(names) == 1:
            case = [case]
        if all(v is values[n.strip()] for n, v in zip(names, case, strict=True)):
            return number
    raise AssertionError(f"{names}: no case has {values}")


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
