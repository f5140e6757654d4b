"""Durations as people write them; what is ambiguous is refused with the spellings."""

import re

import cubes
import pytest
import xarray as xr


@pytest.fixture
def daily(tmp_path):
    return cubes.weather_slices(tmp_path, (1, 1, 1))


@pytest.mark.parametrize(
    "text",
    ["1D", "1d", "1 day", "1 days", "1day", "24h", "24 hours", "24hr", "1440min"]
    + [
        "1440 minutes",
        "1440mins",
        "86400s",
        "86400 sec",
        "86400000ms",
        "1 Day",
        "0.5 days",
        "1 d",
        "23h60m",
        "23h 60 min",
    ],
)
def test_a_step_in_other_words(daily, store, text, tmp_path):
    expected = 5 if text.startswith("0.5") else 0
    done = cubes.append("--step", text, *daily, store, status=expected)
    assert len(done.report["slices"]) == (2 if expected else 3)
    settings = tmp_path / "settings.yaml"
    settings.write_text(f"append_step: '{text}'\n")
    cubes.append("--settings", settings, *daily, tmp_path / "b.zarr", status=expected)


@pytest.mark.parametrize(
    ("text", "months"), [("1mo", 1), ("2 months", 2), ("1 year", 12)]
)
def test_a_step_of_calendar_months(tmp_path, store, text, months):
    paths = []
    for number in range(3):
        year, month = divmod(number * months, 12)
        date = xr.date_range(f"{2024 + year}-{month + 1:02}-01", periods=1)
        data = xr.Dataset({"air": (("time", "x"), [[1.0, 2.0]])}, {"time": date})
        paths.append(cubes.write(data, tmp_path / f"{number}.nc"))
    cubes.append("--step", text, *paths, store)
    cubes.append("--step", "1W", *paths, tmp_path / "b.zarr", status=5)


@pytest.mark.parametrize("text", ["5m", "1M", "-5m"])
def test_minutes_or_months(daily, store, text):
    done = cubes.append("--step", text, *daily, store, status=2)
    assert "minutes are spelled min, months mo" in done.message
    assert not store.exists()


@pytest.mark.parametrize(
    "text", ["0.1s", "0.1 seconds", "100ms", "1e2 ms", "0.0015m", "0.1 Sec", "0.00003h"]
)
def test_a_wait_in_other_words(store, tmp_path, text):
    """None of these is long."""
    missing = tmp_path / "no.nc"
    done = cubes.append("--wait", text, missing, store, status=4, timeout=20)
    waited = float(re.search("Waited ([0-9.]+) s", done.message)[1])
    assert 0.05 < waited < 15


@pytest.mark.parametrize(
    "text", ["5m", "1d", "1 day", "2 weeks", "90 minutes", "1 D", "1h30m"]
)
def test_what_waits_for_a_lock(daily, store, text):
    words = ("--lock-timeout", text, "--poll-interval", text, "--lease", "5m")
    cubes.append(*words, daily[0], store)


@pytest.mark.parametrize("text", ["5M", "1mo", "1 year", "soon", "-1s", "5 fortnights"])
def test_what_is_no_duration(daily, store, text):
    for option in ("--lock-timeout", "--wait"):
        done = cubes.append(option, text, *daily, store, status=2)
        assert f"'{text}' is not a duration" in done.message
    if text == "5M":
        assert "minutes are spelled min" in done.message
