"""What the plugin and the command show to whoever is linked with them."""

import shutil
import subprocess
from pathlib import Path

import cubes
import pytest
from osgeo import gdal


def exported(file):
    """Names as they are in the source."""
    if not shutil.which("nm"):
        pytest.skip("nm (binutils) is not installed")
    words = ["nm", "--dynamic", "--defined-only", "--demangle", "--format=posix", file]
    lines = subprocess.check_output(words, text=True).splitlines()
    # A name, a letter, and two numbers.
    return {line.rsplit(" ", 3)[0] for line in lines}


def plugin():
    folders = gdal.GetConfigOption("GDAL_DRIVER_PATH").split(":")
    found = [Path(folder) / "gdal_MDIMAPPEND.so" for folder in folders]
    return next(file for file in found if file.exists())


def test_of_the_plugin_only_its_registration_is_seen():
    assert exported(plugin()) == {"GDALRegister_MDIMAPPEND"}


def test_of_the_command_nothing_is_seen():
    seen = exported(shutil.which(cubes.COMMAND))
    assert [name for name in seen if "mdimappend" in name.lower()] == []
