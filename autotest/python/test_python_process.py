"""The user's process: GDAL's exceptions and messages, logging, progress, Ctrl-C."""

import logging
import os
import signal
import subprocess
import sys
import threading
import time

import gdalmdimappend as mda
import numpy as np
import pytest
import xarray as xr
from osgeo import gdal


def day(number, x=3):
    time = [np.datetime64("2024-01-01", "ns") + np.timedelta64(number, "D")]
    return xr.Dataset({"air": (("time", "x"), np.ones((1, x)))}, {"time": time})


def python(*arguments, code, **environment):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
        check=False,
    )


@pytest.fixture
def exceptions_off():
    gdal.DontUseExceptions()
    yield
    gdal.UseExceptions()


def fail_and_succeed(store):
    mda.append(day(0), store)
    with pytest.raises(mda.SliceRefused):
        mda.append(day(1, x=4), store)
    with pytest.raises(mda.SliceUnavailable):
        mda.append("no.nc", store)
    with pytest.raises(mda.UsageError):
        mda.append(day(1), store, apend_dim="a")
    with pytest.raises(mda.AppendError):
        mda.status("no.zarr")


def test_gdal_with_exceptions_stays_so(store):
    fail_and_succeed(store)
    assert gdal.GetUseExceptions()
    with pytest.raises(RuntimeError):
        gdal.Open("no.tif")


def test_gdal_without_exceptions_stays_so(store, exceptions_off):
    fail_and_succeed(store)
    assert not gdal.GetUseExceptions()
    with gdal.quiet_errors():
        assert gdal.Open("no.tif") is None


def test_the_users_error_handler_stays_and_hears_nothing(store):
    heard = []
    gdal.PushErrorHandler(lambda *message: heard.append(message))
    try:
        fail_and_succeed(store)
        assert heard == []
        gdal.Error(gdal.CE_Warning, 1, "still here")
        assert len(heard) == 1
    finally:
        gdal.PopErrorHandler()


def test_nothing_is_said_on_standard_error_or_as_a_python_warning(store):
    done = python(
        store,
        code="""
import sys
import gdalmdimappend as mda, numpy as np, xarray as xr
day = xr.Dataset({"air": ("time", [1.0])}, {"time": [0]})
mda.append([day, day.assign(more=("time", [1]), time=[1])], sys.argv[1])
try:
    mda.append(day.rename(air="b"), sys.argv[1])
except mda.SliceRefused as error:
    print(error)
""",
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert "air" in done.stdout


def test_warnings_go_to_the_logger_once(store, caplog):
    mda.append(day(0), store)
    more = [day(n).assign(more=("time", [1])) for n in (1, 2)]
    with caplog.at_level(logging.WARNING, "gdalmdimappend"):
        report = mda.append(more, store)
    logged = [each.getMessage() for each in caplog.records]
    assert len(logged) == 1
    assert "more" in logged[0]
    assert report.warnings == tuple(logged)


def test_xarrays_warnings_go_to_the_logger(store, caplog):
    dataset = day(0).assign_coords({"a b": ("x", [1, 2, 3])})
    with caplog.at_level(logging.WARNING, "gdalmdimappend"):
        mda.append(dataset, store)
    assert "space in its name" in caplog.text


# Progress


def test_progress_goes_from_nothing_to_all(store):
    seen = []
    mda.append(
        [day(0), day(1)], store, progress=lambda *seen_now: seen.append(seen_now)
    )
    fractions = [fraction for fraction, _ in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert {name for _, name in seen} == {"slice 1", "slice 2"}


def test_progress_of_who_knows_how_many_is_of_each(store):
    seen = []
    slices = (day(n) for n in range(2))
    mda.append(slices, store, progress=lambda *seen_now: seen.append(seen_now))
    whole = [name for fraction, name in seen if fraction == 1.0]
    assert list(dict.fromkeys(whole)) == ["slice 1", "slice 2"]


@pytest.mark.parametrize("answer", [False, 0, np.False_])
def test_false_ends_the_run(answer, store):
    def progress(fraction, name):
        return answer if name == "slice 2" else None

    with pytest.raises(mda.Cancelled) as error:
        mda.append(map(day, range(3)), store, progress=progress)
    assert [each.outcome for each in error.value.report.slices][0] == "appended"
    assert mda.open(store).sizes["time"] == 1
    assert mda.status(store).pending == ()


def test_an_exception_in_the_callback_ends_the_run(store):
    def progress(fraction, name):
        if name == "slice 2":
            raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        mda.append(map(day, range(3)), store, progress=progress)
    assert mda.open(store).sizes["time"] == 1


def test_who_waits_for_a_lock_can_be_cancelled(store):
    mda.append(day(0), store)
    started = time.monotonic()

    def progress(fraction, name):
        return time.monotonic() < started + 0.5

    with mda.Lock(store), pytest.raises(mda.Cancelled, match="waiting for the lock"):
        mda.append(day(1), store, progress=progress, lock_timeout="forever")


def test_tqdm(store, capsys):
    pytest.importorskip("tqdm")
    mda.append([day(0), day(1)], store, progress="tqdm")
    assert "2.0/2" in capsys.readouterr().err
    mda.append((day(n) for n in (2, 3)), store, progress=True)


def test_tqdm_that_is_not_there(store, monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    mda.append(day(0), store, progress=True)
    with pytest.raises(mda.UsageError, match="tqdm is not installed"):
        mda.append(day(1), store, progress="tqdm")


# Ctrl-C


@pytest.fixture(autouse=True)
def heeds_ctrl_c():
    """Also where the tests run in the background, and SIGINT is ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def interrupt():
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_while_a_slice_is_written(store):
    before = signal.getsignal(signal.SIGINT)

    def progress(fraction, name):
        if name == "slice 2":
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        mda.append(map(day, range(3)), store, progress=progress)
    assert signal.getsignal(signal.SIGINT) is before
    assert mda.open(store).sizes["time"] == 1
    assert mda.status(store).pending == ()


def test_ctrl_c_while_a_slice_is_waited_for(store):
    entered, ended = threading.Event(), []

    def slices():
        try:
            yield day(0)
            while not (store / "zarr.json").exists():
                time.sleep(0.01)
            entered.set()
            time.sleep(0.3)
            yield day(1)
        finally:
            ended.append(True)

    main = threading.get_ident()

    def kill():
        entered.wait(30)
        signal.pthread_kill(main, signal.SIGINT)

    killer = threading.Thread(target=kill)
    killer.start()
    with pytest.raises(KeyboardInterrupt):
        mda.append(slices(), store)
    killer.join()
    assert ended == [True]
    assert mda.status(store).pending == ()


def test_ctrl_c_while_a_lock_is_waited_for(store):
    mda.append(day(0), store)
    main = threading.get_ident()
    timer = threading.Timer(0.5, signal.pthread_kill, (main, signal.SIGINT))
    with mda.Lock(store):
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            mda.append(day(1), store, lock_timeout="forever")


def test_appending_from_another_thread(store):
    reports = []
    thread = threading.Thread(
        target=lambda: reports.append(mda.append(map(day, range(2)), store))
    )
    thread.start()
    thread.join()
    assert reports[0].rows == 2


def test_many_threads_append_one_after_the_other(store):
    mda.append(day(0), store)
    errors = []

    def append():
        try:
            mda.append([day(n) for n in range(1, 5)], store, on_duplicate="skip")
        except mda.AppendError as error:
            errors.append(error)

    threads = [threading.Thread(target=append) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert mda.open(store).sizes["time"] == 5


# The plugin


def test_without_the_plugin_the_error_says_how_to_get_it(tmp_path):
    done = python(
        code="""
import gdalmdimappend as mda
try:
    mda.append("a.nc", "b.zarr")
except mda.PluginMissing as error:
    print(error)
""",
        GDAL_DRIVER_PATH=str(tmp_path),
    )
    assert "GDAL_DRIVER_PATH" in done.stdout, done.stderr
    assert gdal.VersionInfo("RELEASE_NAME") in done.stdout


def test_neither_xarray_nor_numpy_is_needed_for_files(store, tmp_path):
    day(0).to_netcdf(tmp_path / "a.nc")
    done = python(
        tmp_path / "a.nc",
        store,
        code="""
import sys
sys.modules["xarray"] = None
sys.modules["numpy"] = None
import gdalmdimappend as mda
print(mda.append(sys.argv[1], sys.argv[2]).rows, mda.status(sys.argv[2]).appends)
""",
    )
    assert done.stdout == "1 1\n", done.stderr
