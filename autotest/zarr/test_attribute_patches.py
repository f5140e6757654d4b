"""Patched attributes, as zarr-python and xarray read them; all else is unchanged."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import cubes
import numpy as np
import pytest
import xarray as xr
import zarr

TITLE = {"title": "größe \U0001f30d", "limits": [-np.inf, np.nan], "n": 2**53 + 1}


def patch(folder, wanted):
    """patchAttributes on folder/store.zarr, by tests/zarr/attributes_test.cpp."""
    (folder / "wanted.json").write_text(json.dumps(wanted))
    build = Path(shutil.which(cubes.COMMAND)).parent.parent
    done = subprocess.run(
        [
            build / "tests" / "mdimappend_tests",
            "--gtest_filter=PatchAttributes.isReadByOthers",
        ],
        env={**os.environ, "MDIMAPPEND_TEST_STORES": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[       OK ]" in done.stdout


def documents(store):
    return {
        str(path.relative_to(store)): path.read_text()
        for path in store.rglob("*")
        if path.name == "zarr.json" or path.name.startswith(".z")
    }


def attributes(store, consolidated):
    """Of each node by path, as zarr-python sees them."""
    group = zarr.open_group(str(store), mode="r", use_consolidated=consolidated)
    found = {path: dict(node.attrs) for path, node in group.members(max_depth=None)}
    return {"": dict(group.attrs), **found}


@pytest.mark.parametrize("formatting", ["as written", "minified", "tabs", "CRLF"])
@pytest.mark.parametrize("consolidated", [True, False])
@pytest.mark.parametrize("zarr_format", [2, 3])
def test_patched_attributes_are_read_by_all(
    tmp_path, zarr_format, consolidated, formatting
):
    store = tmp_path / "store.zarr"
    cube = cubes.weather(0, 2)
    cube["air"].encoding["_FillValue"] = -1.0
    cube["air"].encoding["scale_factor"] = 0.5
    cube.to_zarr(store, zarr_format=zarr_format, consolidated=False)
    cube.to_zarr(store, group="in/ner", zarr_format=zarr_format, consolidated=False)
    if consolidated:
        zarr.consolidate_metadata(str(store))
    for key, text in documents(store).items():
        if formatting != "as written":
            separators = (",", ":") if formatting == "minified" else None
            indent = None if formatting == "minified" else "\t"
            text = json.dumps(json.loads(text), indent=indent, separators=separators)
        if formatting == "CRLF":
            text = text.replace("\n", "\r\n")
        (store / key).write_bytes(text.encode())
    before = documents(store)
    present = attributes(store, None)
    data = xr.open_zarr(str(store), consolidated=False, chunks=None).load()

    kept = present["air"]
    wanted = {
        "": TITLE,
        "in": {"k": {"l": []}},
        "in/ner": {},
        "air": {**kept, "units": "1", "new": None, "long_name": kept["long_name"]},
        "in/ner/lat": {**present["in/ner/lat"], "units": "degrees"},
    }
    patch(tmp_path, wanted)

    expected = {**present, **wanted}
    for use in (True, False) if consolidated else (False,):
        found = attributes(store, use)
        assert found.keys() == expected.keys()
        for path, values in expected.items():
            np.testing.assert_equal(found[path], values)
        opened = xr.open_zarr(str(store), consolidated=use, chunks=None)
        np.testing.assert_equal(opened.attrs, TITLE)
        xr.testing.assert_equal(opened, data)
        assert opened["air"].attrs["units"] == "1"
    # All else is what it was: put back, the documents are the same JSON.
    patch(tmp_path, {path: present[path] for path in wanted})
    for key, text in documents(store).items():
        np.testing.assert_equal(json.loads(text), json.loads(before.get(key, "{}")))
