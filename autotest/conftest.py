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


@pytest.fixture(scope="session")
def made_targets(tmp_path_factory):
    """Folders with a cube of days 0, 1 and 2, of each Zarr format."""
    made = {}
    for zarr_format in ("2", "3"):
        folder = made[zarr_format] = tmp_path_factory.mktemp("target")
        path = cubes.write(cubes.weather(0, 3), folder / "first.nc")
        cubes.append("--zarr-format", zarr_format, path, folder / "cube.zarr")
    return made


@pytest.fixture(params=["2", "3"])
def target(request, made_targets, tmp_path):
    """A cube of days 0, 1 and 2, once in each Zarr format: a copy of it."""
    shutil.copytree(made_targets[request.param], tmp_path, dirs_exist_ok=True)
    return tmp_path / "cube.zarr"


@pytest.fixture
def two_slices(tmp_path):
    return cubes.weather_slices(tmp_path, (3, 2))


@pytest.fixture(scope="session")
def is_root():
    return os.geteuid() == 0
