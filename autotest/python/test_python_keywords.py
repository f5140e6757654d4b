"""Keywords that editors and type checkers know, durations of all kinds, and messages
in Python's words."""

import datetime
import importlib.util
import logging
import re
import subprocess
import sys
from pathlib import Path

import cubes
import gdalmdimappend as mda
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from gdalmdimappend import _keywords
from gdalmdimappend._words import in_python

HOME = Path(__file__).parents[2]
PACKAGE = HOME / "apps/python"


def day(number, **coordinates):
    time = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    air = np.full((1, 3), number, "f4")
    return xr.Dataset({"air": (("time", "x"), air)}, {"time": time, **coordinates})


# Types.


def test_the_keywords_are_those_of_the_schema():
    path = PACKAGE / "make_keywords.py"
    spec = importlib.util.spec_from_file_location("make_keywords", path)
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    written = (PACKAGE / "gdalmdimappend/_keywords.py").read_text()
    assert made.formatted(made.page()) == written


def test_every_keyword_is_one_that_append_takes(store):
    """Each by itself, as nothing."""
    for name in _keywords.AppendKeywords.__optional_keys__:
        mda.append([], store, **{name: None})
    with pytest.raises(mda.UsageError):
        mda.append([], store, on_duplikate="skip")


USE = """
import datetime
import gdalmdimappend
import gdalmdimappend.dask
import numpy as np
import pandas as pd
import xarray as xr
from osgeo import gdal
from pathlib import Path
from typing import Any

gdalmdimappend.append(["a.nc"], "c.zarr", step=datetime.timedelta(days=1), on_crs="ignore")
gdalmdimappend.append("a.nc", "c.zarr", lock_timeout=np.timedelta64(5, "m"), vary="lat")
gdalmdimappend.append("a.nc", "c.zarr", wait=False, encoding={"air": {"dtype": "i2"}})
gdalmdimappend.begin("c.zarr", "a.nc", lease="5min", attrs={"title": None})
gdalmdimappend.append(iter(["a.nc"]), "c.zarr", variables={"air": {"dims": ["time"]}})
gdalmdimappend.append([xr.Dataset()], "c.zarr", encoding={"*": {"chunks": [1, None]}})
gdalmdimappend.append(xr.Dataset(), "c.zarr", encoding="air:dtype=i2")
gdalmdimappend.append(lambda: "a.nc", Path("c.zarr"), label=datetime.date(2024, 1, 1))
packing: dict[str, Any] = {"air": xr.Dataset().encoding}
gdalmdimappend.append(
    gdal.OpenEx("a.nc"),
    "c.zarr",
    encoding={"air": {"dtype": np.dtype("i2"), "scale_factor": np.float32(0.5)}},
)
gdalmdimappend.append("a.nc", "c.zarr", encoding=packing)
gdalmdimappend.recover("c.zarr", lock_timeout=datetime.timedelta(seconds=1))
"""

MISUSE = """
import gdalmdimappend

gdalmdimappend.append("a.nc", "c.zarr", on_duplikate="skip")
gdalmdimappend.append("a.nc", "c.zarr", on_duplicate="skipp")
gdalmdimappend.append("a.nc", "c.zarr", keep_going="maybe")
gdalmdimappend.append("a.nc", "c.zarr", step=[1])
gdalmdimappend.append(5, "c.zarr")
gdalmdimappend.append("a.nc", 5)
gdalmdimappend.append("a.nc", "c.zarr", encoding={"air": {"dtyp": "i2"}})
gdalmdimappend.append("a.nc", "c.zarr", encoding={"air": {"level": "high"}})
gdalmdimappend.append("a.nc", "c.zarr", variables={"air": {"encodings": {}}})
gdalmdimappend.begin("c.zarr", "a.nc", encoding={"air": {"chunks": 5}})
"""


def checked(folder, **texts):
    """The lines of each that mypy complains about: it reads what they import once."""
    for name, text in texts.items():
        (folder / f"{name}.py").write_text(text)
    files = [f"{name}.py" for name in texts]
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--ignore-missing-imports", *files],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": "/usr/bin:/bin", "MYPYPATH": str(PACKAGE)},
        check=False,
    )
    assert re.search("^Found [0-9]+ errors? in|^Success", done.stdout, re.M), done
    return {
        name: [
            int(line)
            for line in re.findall(rf"^{name}\.py:(\d+): error", done.stdout, re.M)
        ]
        for name in texts
    }


def test_mypy_checks_keywords(tmp_path):
    pytest.importorskip("mypy")
    complaints = checked(tmp_path, use=USE, misuse=MISUSE)
    assert complaints == {"use": [], "misuse": list(range(4, 14))}


# Durations.


DAILY = [
    datetime.timedelta(days=1),
    np.timedelta64(1, "D"),
    np.timedelta64(24, "h"),
    np.timedelta64(86400, "s"),
    np.timedelta64(86400 * 10**9, "ns"),
    pd.Timedelta("1D"),
    pd.offsets.Day(1),
    pd.offsets.Hour(24),
]


@pytest.mark.parametrize("step", DAILY, ids=repr)
@pytest.mark.parametrize("place", ["keyword", "settings"])
def test_a_step(store, step, place):
    words = (
        {"step": step} if place == "keyword" else {"settings": {"append_step": step}}
    )
    mda.append([day(0), day(1)], store, **words)
    with pytest.raises(mda.SliceRefused, match="is 2"):
        mda.append(day(3), store, **words)


@pytest.mark.parametrize("step", [np.timedelta64(1, "M"), pd.offsets.MonthBegin(1)])
def test_a_step_of_a_month(store, step):
    mda.append([day(0), day(31), day(60)], store, step=step)
    with pytest.raises(mda.SliceRefused):
        mda.append(day(61), store, step=step)


@pytest.mark.parametrize(
    "short",
    [
        datetime.timedelta(milliseconds=200),
        np.timedelta64(200, "ms"),
        pd.Timedelta("200ms"),
        0.2,
        "0.2 sec",
    ],
    ids=repr,
)
def test_how_long_to_wait(store, tmp_path, short):
    missing = str(tmp_path / "no.nc")
    for words in (
        {"wait": short, "poll_interval": short},
        {"slice_polling": {"timeout": short, "interval": short}},
        {"settings": {"slice_polling": {"timeout": short, "interval": short}}},
    ):
        with pytest.raises(mda.SliceUnavailable, match="Waited [0-9]([.][0-9]+)? s"):
            mda.append(missing, store, **words)
    mda.append(day(0), store)
    with mda.Lock(store), pytest.raises(mda.Locked):
        mda.append(day(1), store, lock_timeout=short)
    with mda.Lock(store), pytest.raises(mda.Locked), mda.Lock(store, timeout=short):
        pass
    with mda.Lock(store), pytest.raises(mda.Locked):
        mda.recover(store, lock_timeout=short)


@pytest.mark.parametrize("timeout", ["5m", "1h30m", "1 day", "forever", "2", None])
def test_how_long_to_wait_for_a_lock(store, timeout):
    mda.append(day(0), store)
    with mda.Lock(store, timeout=timeout) as lock:
        assert lock.held


@pytest.mark.parametrize(
    "timeout", [-1, float("nan"), True, "5M", "5 mo", "", "soon", np.timedelta64("NaT")]
)
def test_what_is_no_time_to_wait_for_a_lock(store, timeout):
    mda.append(day(0), store)
    with pytest.raises(mda.UsageError, match="is not a duration"):
        mda.Lock(store, timeout=timeout)


@pytest.mark.parametrize(
    "lease", [datetime.timedelta(minutes=5), np.timedelta64(5, "m")]
)
def test_a_lease(store, lease):
    mda.append(day(0), store, lock="lease", lease=lease)
    with mda.begin(store, day(1), lease=lease) as parts:
        assert parts.token["lease"]["seconds"] == 300
        parts.abort()


@pytest.mark.parametrize("step", [np.timedelta64("NaT"), np.timedelta64(1, "ps"), [1]])
def test_what_is_no_step(store, step):
    with pytest.raises(mda.UsageError):
        mda.append(day(0), store, step=step)


# Words.


@pytest.mark.parametrize(
    ("told", "ours"),
    [
        (
            "--on-duplicate replace stores the new ones, skip keeps the old ones.",
            "on_duplicate='replace' stores the new ones, skip keeps the old ones.",
        ),
        ("--merge-shards allows it.", "merge_shards=True allows it."),
        ("2.0 days (--step 1D).", "2.0 days (step='1D')."),
        ("is 2 (--step 1.5), --step 2.", "is 2 (step='1.5'), step='2'."),
        (
            "(--label, or --label-from 'name:*_%Y.tif' where it is in the name)",
            "(label, or label_from='name:*_%Y.tif' where it is in the name)",
        ),
        ("name it with --append-dim.", "name it with append_dim."),
        (
            "--rename valid_time=time calls it so",
            "rename={'valid_time': 'time'} calls it so",
        ),
        ("--lock lease needs none.", "lock='lease' needs none."),
        (
            "--encoding scanned:units=... gives",
            "encoding={'scanned': {'units': ...}} gives",
        ),
        (
            "`gdal driver mdimappend log` says which.",
            "gdalmdimappend.log() says which.",
        ),
        ("a--b and --no-such-thing at all", "a--b and --no-such-thing at all"),
    ],
)
def test_options_are_keywords(told, ours):
    assert in_python(told) == ours


def test_a_refusal_is_in_pythons_words(store):
    mda.append(day(0), store)
    other = day(0)
    other["air"] += 1
    with pytest.raises(mda.SliceRefused, match="on_duplicate='replace'") as raised:
        mda.append(other, store)
    assert "--" not in str(raised.value)
    assert "--" not in raised.value.report.slices[0].message
    mda.append(other, store, on_duplicate="replace")


def test_a_warning_is_in_pythons_words(store):
    mda.append(day(0).assign(mask=("x", [1, 2, 3])), store)
    other = day(1).assign(mask=("x", [1, 2, 4]))
    report = mda.append(other, store, on_static="ignore")
    (warning,) = report.warnings
    assert warning.endswith("(on_static='ignore')")
    assert mda.log(store)[0].warnings == report.warnings


def test_a_report_names_a_slice_once(store):
    mda.append(day(0), store)
    with pytest.raises(mda.SliceRefused) as raised:
        mda.append(day(1).isel(x=[0]), store)
    assert str(raised.value.report).count("slice 1") == 1


# What is told.


def test_what_became_of_slices_is_logged(store, caplog):
    with caplog.at_level(logging.INFO, "gdalmdimappend"):
        mda.append([day(0), day(1)], store)
        mda.append([day(1), day(2)], store)
    told = [
        each.getMessage() for each in caplog.records if each.levelno == logging.INFO
    ]
    assert told == [
        "slice 1: appended 1 step, 2024-01-01, to a new target",
        "slice 2: appended 1 step, 2024-01-02",
        "slice 1: 1 step already there, 2024-01-02",
        "slice 2: appended 1 step, 2024-01-03",
    ]


def test_failures_are_logged_too(store, caplog):
    def broken():
        raise OSError("no disk")

    with (
        caplog.at_level(logging.INFO, "gdalmdimappend"),
        pytest.raises(mda.SliceUnavailable),
    ):
        mda.append([day(0), broken, day(1)], store, keep_going=True)
    told = [
        each.getMessage() for each in caplog.records if each.levelno == logging.INFO
    ]
    assert "broken: failed: OSError: no disk" in told
    assert len(told) == 3


@pytest.mark.parametrize(
    "nothing", [[], (), iter([])], ids=["list", "tuple", "iterator"]
)
def test_no_slices_at_all(store, nothing, caplog):
    report = mda.append(nothing, store)
    (warning,) = report.warnings
    assert "no slices were given" in warning
    assert [each.getMessage() for each in caplog.records] == [warning]
    assert "no slices" in str(report)
    assert not store.exists()
    assert not cubes.sidecar(store).exists()


def test_without_gdal_it_says_what_to_install(tmp_path):
    """As where GDAL's bindings are not installed."""
    (tmp_path / "osgeo.py").write_text(
        "raise ModuleNotFoundError(\"No module named 'osgeo'\", name='osgeo')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import gdalmdimappend"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": f"{tmp_path}:{PACKAGE}"},
        capture_output=True,
        text=True,
        check=False,
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ModuleNotFoundError: gdalmdimappend needs GDAL's Python")
    assert "python3-gdal" in last
    assert "conda-forge" in last


def test_status_has_what_is_in_it(store):
    mda.append([day(0), day(1)], store)
    content = mda.status(store).content
    assert (content.append_dim, content.steps) == ("time", 2)
    assert (content.first_label, content.last_label) == ("2024-01-01", "2024-01-02")
    (air,) = [each for each in content.arrays if each.name == "air"]
    assert (air.dimensions, air.shape, air.type) == (("time", "x"), (2, 3), "float32")
    assert air.bytes_uncompressed == 24
    assert "2 steps of time, 2024-01-01 to 2024-01-02" in str(mda.status(store))
