"""The examples of README.md and of the guides in docs/ run, and print what they say.

Each block fenced as `sh` is run by bash, in order, one folder for each document;
blocks fenced as `python` are run here, the names of one known to the next; blocks fenced
as anything else are not. A `text` block right after it holds lines that the output must
have, in that order; `...` stands for anything.
docs/format.md: its records are well-formed, byte for byte.
"""

import contextlib
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import product_files
import pytest
import xarray as xr
from documents import BLOCK, HOME, SOURCE, missing_line
from osgeo import gdal, osr

gdal.UseExceptions()

# Starts an append and kills it before its commit. A kill that came too late is
# tried again on a copy of what was there.
INTERRUPT_APPEND = f"""#!{sys.executable}
import pathlib, shutil, subprocess, sys
slice_name, target = sys.argv[1:]
folders = (target, target + ".mdimappend")
journals = pathlib.Path(target + ".mdimappend/journal")
for folder in folders:
    shutil.copytree(folder, "saved." + folder)
for attempt in range(50):
    append = subprocess.Popen(["gdalmdimappend", "--quiet", slice_name, target])
    while append.poll() is None and not any(journals.glob("*/plan")):
        pass
    append.kill()
    append.wait()
    if any(journals.glob("*/plan")) and not any(journals.glob("*/decision")):
        break
    for folder in folders:
        shutil.rmtree(folder)
        shutil.copytree("saved." + folder, folder)
else:
    sys.exit("the append was always over before it could be interrupted")
"""


def scene(path: Path, value: float) -> None:
    """A raster of two bands, as a satellite's scene."""
    dataset = gdal.GetDriverByName("GTiff").Create(str(path), 60, 40, 2, gdal.GDT_Int16)
    dataset.SetGeoTransform((600000, 10, 0, 5000000, 0, -10))
    crs = osr.SpatialReference()
    crs.ImportFromEPSG(32631)
    dataset.SetSpatialRef(crs)
    for band in (1, 2):
        values = np.arange(2400, dtype="i2").reshape(40, 60) + int(value) + band
        dataset.GetRasterBand(band).WriteArray(values)
        dataset.GetRasterBand(band).SetNoDataValue(-1)


@pytest.fixture(scope="module")
def slices(tmp_path_factory):
    """What the documents' examples find in their folder."""
    if not SOURCE.exists():
        pytest.skip(f"{SOURCE} (Debian's ferret-datasets) is not installed")
    folder = tmp_path_factory.mktemp("slices")

    def cdo(*arguments: str) -> None:
        subprocess.run(["cdo", "-s", *arguments], check=True, cwd=folder)

    cdo("-f", "nc4", "splityear", str(SOURCE), "winds_")
    for month in ("1", "2"):
        cdo(
            *("-f", "grb2", f"-seltimestep,{month}", "-chname,UWND,10u,VWND,10v"),
            *("winds_1982.nc", f"month_{month}.grb2"),
        )
    with xr.open_dataset(folder / "winds_1986.nc", decode_times=False) as winds:
        flipped = winds.isel(FNOCY=slice(None, None, -1))
        flipped.to_netcdf(folder / "flipped_1986.nc")
    for number, day in enumerate(("20240105", "20240110", "20240115")):
        scene(folder / f"S2_T31_{day}_B.tif", number)
    scene(folder / "today.tif", 9)
    return folder


@pytest.fixture
def workspace(slices, tmp_path):
    for path in slices.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    tools = tmp_path / "bin"
    tools.mkdir()
    (tools / "interrupt_append").write_text(INTERRUPT_APPEND)
    (tools / "interrupt_append").chmod(0o755)
    return tmp_path


def run_by_bash(code: str, folder: Path) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env={**os.environ, "PATH": f"{folder / 'bin'}:{os.environ['PATH']}"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, f"{code}printed:\n{done.stdout}"
    return done.stdout


def run_by_python(code: str, names: dict[str, object]) -> str:
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(code, "an example", "exec"), names)
    return printed.getvalue()


@pytest.mark.parametrize(
    "document",
    [
        "README.md",
        "docs/guide.md",
        "docs/recipes.md",
        "docs/python.md",
        "docs/distributed.md",
        "docs/commands/driver_mdimappend.md",
    ],
)
def test_examples_run_and_print_what_the_document_says(
    document, workspace, monkeypatch
):
    blocks = list(BLOCK.finditer((HOME / document).read_text()))
    assert blocks, f"{document} has no examples"
    if document == "docs/recipes.md":
        product_files.write_all(workspace)
    monkeypatch.chdir(workspace)
    names: dict[str, object] = {"__name__": "__main__"}
    for block in blocks:
        if block["language"] == "sh":
            printed = run_by_bash(block["code"], workspace)
        else:
            printed = run_by_python(block["code"], names)
        missing = missing_line(block["output"] or "", printed)
        assert missing is None, (
            f"{document}:\n{block['code']}printed:\n{printed}"
            f"but the document has: {missing}"
        )


def test_records_of_the_format_page_are_well_formed():
    text = (HOME / "docs/format.md").read_text()
    found = re.findall(
        r"^    mdimappend (\w+) 1 (\d+) sha256:(\w{64})\n    (\{.*\})$", text, re.M
    )
    assert [kind for kind, *_ in found] == ["plan", "manifest", "decision"]
    records = {}
    for kind, size, digest, body in found:
        body_bytes = (body + "\n").encode()
        assert len(body_bytes) == int(size)
        assert hashlib.sha256(body_bytes).hexdigest() == digest
        header = f"mdimappend {kind} 1 {size} sha256:{digest}\n".encode()
        records[kind] = (json.loads(body), header + body_bytes)
    manifest = records["manifest"][1]
    assert records["decision"][0]["manifest"] == {
        "size": len(manifest),
        "checksum": "sha256:" + hashlib.sha256(manifest).hexdigest(),
    }
    assert records["plan"][0]["sequence"] == records["manifest"][0]["sequence"]


@pytest.mark.parametrize(
    ("page", "command"),
    [
        ("gdal_mdim_append", ["gdalmdimappend"]),
        ("gdal_driver_mdimappend", ["gdal", "driver", "mdimappend", "status"]),
        ("gdal_driver_mdimappend", ["gdal", "driver", "mdimappend", "recover"]),
        ("gdal_driver_mdimappend", ["gdal", "driver", "mdimappend", "log"]),
        ("gdal_driver_mdimappend", ["gdal", "driver", "mdimappend", "unlock"]),
    ],
)
def test_every_option_has_its_place_on_the_commands_page(page, command):
    usage = json.loads(subprocess.check_output([*command, "--json-usage"]))
    text = (HOME / f"docs/commands/{page}.md").read_text()
    for argument in usage["input_arguments"]:
        name = argument["name"]
        assert f"`--{name}" in text, f"{page}.md says nothing of --{name}"
