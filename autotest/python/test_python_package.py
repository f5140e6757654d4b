"""The package as it is installed."""

import ast
import graphlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gdalmdimappend as mda
import pytest

HOME = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pip")
    # Building leaves folders beside the sources.
    source = shutil.copytree(HOME / "apps/python", folder / "source")
    words = ["install", "--quiet", "--no-build-isolation", "--no-deps", "--no-index"]
    subprocess.run(
        [sys.executable, "-m", "pip", *words, "--target", folder / "site", source],
        check=True,
    )
    return folder / "site"


def imports_of(file):
    """The package's modules that one imports, those of its functions included.

    What is for types alone is not run.
    """
    found = set()
    nodes = [ast.parse(file.read_text())]
    while nodes:
        node = nodes.pop()
        if isinstance(node, ast.ImportFrom) and node.level == 1:
            found.add(node.module)
        is_for_types = isinstance(node, ast.If) and (
            ast.unparse(node.test) == "TYPE_CHECKING"
        )
        nodes += [] if is_for_types else ast.iter_child_nodes(node)
    return found


def test_no_module_imports_itself_by_way_of_others():
    files = (HOME / "apps/python/gdalmdimappend").glob("*.py")
    modules = {file.stem: imports_of(file) for file in files}
    # Raises CycleError, which has the circle.
    graphlib.TopologicalSorter(modules).prepare()


def test_it_is_imported_from_where_it_was_installed(installed, tmp_path):
    code = """
import json, sys
import gdalmdimappend as mda, xarray as xr
rows = mda.append(xr.Dataset({"a": ("time", [1.0])}, {"time": [0]}), sys.argv[1]).rows
print(json.dumps([mda.__file__, mda.__version__, rows]))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "cube.zarr"],
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=True,
    )
    file, version, rows = json.loads(done.stdout)
    assert Path(file).is_relative_to(installed)
    assert version == mda.__version__
    assert rows == 1


def test_its_types_are_installed(installed):
    assert (installed / "gdalmdimappend" / "py.typed").exists()


def test_there_is_one_version(installed):
    (metadata,) = installed.glob("gdalmdimappend-*.dist-info/METADATA")
    assert f"\nVersion: {mda.__version__}\n" in metadata.read_text()
    cmake = (HOME / "CMakeLists.txt").read_text()
    assert "_version.py" in cmake
    assert not re.search(r"project\(gdalmdimappend VERSION [0-9]", cmake)


def test_all_that_is_exported_has_a_docstring():
    for name in mda.__all__:
        if not name.startswith("__"):
            assert getattr(mda, name).__doc__, name


def test_all_that_is_exported_is_in_the_guide():
    guide = (HOME / "docs/python.md").read_text()
    for name in set(mda.__all__) - {"__version__", "LoggedSlice", "LogRecord"}:
        assert name in guide, name
