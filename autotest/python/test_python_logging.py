"""What is traced and warned of, in Python's logging."""

import concurrent.futures
import json
import logging
import os
import subprocess
import sys

import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal

LOGGER = "gdalmdimappend"
NAMED = "append: slices named: 1"


def day(number):
    time = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    return xr.Dataset({"air": (("time", "x"), np.ones((1, 3)))}, {"time": time})


def lines(caplog, level=logging.DEBUG):
    return [
        each.getMessage()
        for each in caplog.records
        if each.name == LOGGER and each.levelno == level
    ]


@pytest.fixture
def heard():
    """What a handler of the user's hears of GDAL's debug messages."""
    texts = []

    def hear(kind, number, text):
        if kind == gdal.CE_Debug:
            texts.append(text)

    gdal.PushErrorHandler(hear)
    yield texts
    gdal.PopErrorHandler()


def test_steps_are_logged_for_debugging(store, caplog):
    with caplog.at_level(logging.DEBUG, LOGGER):
        mda.append(day(0), store)
    told = lines(caplog)
    assert told.count(NAMED) == 1
    assert not any(line.startswith("MDIMAPPEND") for line in told)
    assert lines(caplog, logging.WARNING) == []


def test_a_verbs_steps_are_logged(store, caplog):
    mda.append(day(0), store)
    with caplog.at_level(logging.DEBUG, LOGGER):
        mda.status(store)
        mda.recover(store)
    assert "status: begins" in lines(caplog)
    assert "recover: begins" in lines(caplog)


def test_a_transaction_of_parts_says_which_it_is(store, caplog):
    with caplog.at_level(logging.DEBUG, LOGGER):
        transaction = mda.begin(store, day(0), create=True)
        transaction.commit([transaction.write(day(0), 0)])
    name = transaction.token["transaction"]
    assert f"{name}: write by its token" in lines(caplog)
    assert f"{name}: commit by its token" in lines(caplog)


@pytest.mark.parametrize("level", [logging.INFO, logging.WARNING])
def test_otherwise_nobody_is_asked_to_tell(store, caplog, level):
    asked = []

    def progress(fraction, name):
        for option in ("MDIMAPPEND_TRACE", "CPL_DEBUG"):
            asked.append(gdal.GetConfigOption(option))

    with caplog.at_level(level, LOGGER):
        mda.append(day(0), store, progress=progress)
    assert set(asked) == {None}
    assert lines(caplog) == []


def test_the_process_configuration_stays_as_it_is(store, caplog):
    with caplog.at_level(logging.DEBUG, LOGGER):
        mda.append(day(0), store)
    assert gdal.GetConfigOption("MDIMAPPEND_TRACE") is None
    assert gdal.GetConfigOption("CPL_DEBUG") is None


def test_gdals_own_debug_messages_stay_away(store, caplog):
    with caplog.at_level(logging.DEBUG, LOGGER):
        mda.append(day(0), store)
    assert not any(
        line.startswith(("GDAL:", "OGR:", "ZARR:")) for line in lines(caplog)
    )


def test_warnings_are_warnings_also_while_debugging(store, caplog):
    mda.append(day(0), store)
    with caplog.at_level(logging.DEBUG, LOGGER):
        mda.append(day(1).assign(more=("time", [1])), store)
    (warning,) = lines(caplog, logging.WARNING)
    assert "more" in warning


def test_threads_log_each_line_once(tmp_path, caplog):
    count = 4
    with (
        caplog.at_level(logging.DEBUG, LOGGER),
        concurrent.futures.ThreadPoolExecutor(count) as pool,
    ):
        stores = [tmp_path / f"{number}.zarr" for number in range(count)]
        appended = pool.map(lambda store: mda.append(day(0), store).rows, stores)
        assert list(appended) == [1] * count
    assert lines(caplog).count(NAMED) == count


def test_what_the_user_asked_gdal_for_goes_on_to_the_users_handler(store, heard):
    with gdal.config_option("CPL_DEBUG", "MDIMAPPEND"):
        mda.append(day(0), store)
    assert f"MDIMAPPEND: {NAMED}" in heard


def test_the_logger_comes_before_the_users_handler(store, heard, caplog):
    with (
        gdal.config_option("CPL_DEBUG", "MDIMAPPEND"),
        caplog.at_level(logging.DEBUG, LOGGER),
    ):
        mda.append(day(0), store)
    assert heard == []
    assert lines(caplog).count(NAMED) == 1


def test_gdals_own_bridge_to_logging_stays(store):
    code = """
import json, logging, sys
import gdalmdimappend as mda, numpy as np, xarray as xr
from osgeo import gdal

class Keep(logging.Handler):
    def emit(self, record):
        seen.append([record.name, record.levelname, record.getMessage()])

seen = []
logging.getLogger().addHandler(Keep())
gdal.DontUseExceptions()
gdal.ConfigurePythonLogging("mine", enable_debug=False)
logging.getLogger("gdalmdimappend").setLevel(logging.DEBUG)
mda.append(xr.Dataset({"a": ("time", [1.0])}, {"time": [0]}), sys.argv[1])
gdal.Error(gdal.CE_Warning, 1, "still here")
print(json.dumps(seen))
"""
    done = subprocess.run(
        [sys.executable, "-c", code, store],
        capture_output=True,
        text=True,
        env=os.environ,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    seen = json.loads(done.stdout)
    assert [LOGGER, "DEBUG", NAMED] in seen
    assert all(name == LOGGER for name, *_ in seen[:-1])
    assert seen[-1][0] == "mine"
    assert "still here" in seen[-1][2]
